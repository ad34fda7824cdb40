import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import type { IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FilerSettings } from '../../src/filer-ontap/cluster.ts'
import { startFiler } from '../../src/filer-ontap/filer.ts'
import type { RunningFiler } from '../../src/filer-ontap/filer.ts'

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what a client in another language sees: untyped JSON
  readonly json: any
}

const password = 'Rest-client-1'
let directory: string
let filer: RunningFiler
let ca: Buffer

interface Options {
  readonly user?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
}

function send(method: string, path: string, body?: unknown, { user = 'admin', headers = {} }: Options = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${filer.address.url}/api${path}`, { method, ca, auth: `${user}:${password}`, headers: { Accept: 'application/hal+json', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers } }, (incoming) => {
      let text = ''
      incoming.setEncoding('utf8').on('data', (part: string) => { text += part }).once('end', () => { resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, json: text === '' ? undefined : JSON.parse(text) }) })
    })
    outgoing.once('error', reject).end(body === undefined ? undefined : JSON.stringify(body))
  })
}

async function control(command: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>> {
  const answer = await fetch(filer.address.control, { method: 'POST', body: JSON.stringify(command) })
  if (!answer.ok) throw new Error(await answer.text())
  return (await answer.json()) as Record<string, unknown>
}

const settings = (changed: Partial<FilerSettings>): Promise<unknown> => control({ do: 'settings', settings: changed })
const names = (answer: Answer): string[] => (answer.json.records as { name: string }[]).map(({ name }) => name)
const code = ({ status, json }: Answer): unknown => [status, json?.error?.code]

async function makeVolume(name: string, more: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const answer = await send('POST', '/storage/volumes?return_timeout=30&return_records=true', { name, svm: { name: 'svm1' }, aggregates: [{ name: 'aggr1' }], size: 1024 ** 3, nas: { path: `/${name}` }, ...more })
  expect(answer.status).toBe(201)
  return answer.json.records[0].uuid as string
}

async function makeSnapshot(volume: string, name: string): Promise<string> {
  const answer = await send('POST', `/storage/volumes/${volume}/snapshots?return_timeout=30&return_records=true`, { name })
  expect(answer.status).toBe(201)
  return (await send('GET', `/storage/volumes/${volume}/snapshots?name=${name}`)).json.records[0].uuid as string
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'icb-filer-rest-'))
  filer = await startFiler({ directory, password, settings: { jobMs: 2 } })
  ca = readFileSync(filer.address.caFile)
})
afterAll(async () => {
  await filer.stop()
  rmSync(directory, { recursive: true, force: true })
})

/** The order of calls of a provisioning driver. */
describe('a client that was written for the real one', () => {
  it('goes through its whole life cycle', async () => {
    const cluster = await send('GET', '/cluster?fields=version')
    expect(cluster).toMatchObject({ status: 200, headers: { 'content-type': expect.stringContaining('application/hal+json') }, json: { version: { full: expect.stringMatching(/^NetApp Release 9\.16\.\d/), generation: 9, major: 16, minor: 1 }, _links: { self: { href: '/api/cluster' } } } })
    const [svm, lif] = [(await send('GET', '/svm/svms?name=svm1')).json.records[0], (await send('GET', '/network/ip/interfaces?services=data_nfs,data_iscsi&state=up&enabled=true&fields=name,ip.address,services,location.node.name')).json]
    expect(svm).toEqual({ uuid: expect.any(String), name: 'svm1', _links: { self: { href: `/api/svm/svms/${String(svm.uuid)}` } } })
    expect(lif).toMatchObject({ num_records: 1, records: [{ ip: { address: '127.0.0.1' }, services: ['data_core', 'data_nfs'], location: { node: { name: 'n1' } } }] })
    expect((await send('GET', `/svm/svms/${String(svm.uuid)}`)).json).toMatchObject({ name: 'svm1', state: 'running' })

    const made = await send('POST', '/storage/volumes?return_timeout=0&return_records=true', { name: 'life', 'svm.name': 'svm1', aggregates: [{ name: 'aggr1' }], size: 1024 ** 3, guarantee: { type: 'none' }, 'nas.path': '/life', nas: { uid: 1001, gid: 1001, unix_permissions: '0770', export_policy: { name: 'icb' } }, snapshot_policy: { name: 'none' } })
    expect(made).toMatchObject({ status: 202, headers: { location: expect.stringMatching(/^\/api\/storage\/volumes\/[0-9a-f-]{36}$/) }, json: { num_records: 1, records: [{ name: 'life', uuid: expect.any(String) }] } })
    const job = made.json.job as { uuid: string; _links: { self: { href: string } } }
    expect(job._links.self.href).toBe(`/api/cluster/jobs/${job.uuid}`)
    await expect.poll(async () => (await send('GET', `/cluster/jobs/${job.uuid}?fields=**`)).json.state as string).toBe('success')
    expect((await send('GET', `/cluster/jobs/${job.uuid}`)).json).toMatchObject({ uuid: job.uuid, state: 'success', code: 0, start_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d$/) })
    const { uuid } = made.json.records[0] as { uuid: string }
    const volume = (await send('GET', `/storage/volumes/${uuid}?fields=**`)).json
    expect(volume).toMatchObject({
      name: 'life', size: 1024 ** 3, state: 'online', style: 'flexvol', type: 'rw', svm: { name: 'svm1', uuid: svm.uuid, _links: { self: { href: `/api/svm/svms/${String(svm.uuid)}` } } }, aggregates: [{ name: 'aggr1', uuid: expect.any(String) }],
      nas: { path: '/life', uid: 1001, gid: 1001, unix_permissions: 770, security_style: 'unix', export_policy: { name: 'icb', id: expect.any(Number) } }, snapshot_policy: { name: 'none', uuid: expect.any(String) }, guarantee: { type: 'none' },
      clone: { is_flexclone: false, has_flexclone: false }, space: { used: 0, available: 1024 ** 3, logical_space: { used: 0 }, snapshot: { used: 0, reserve_percent: 0 } }, snapshot_count: 0,
    })
    // Null is absent.
    for (const absent of ['comment', 'consistency_group']) expect(volume).not.toHaveProperty(absent)
    expect(volume.clone).not.toHaveProperty('parent_volume')

    // What files take, what a snapshot refers to, and what its end would free.
    const { directory: files } = await control({ do: 'directory', svm: 'svm1', path: '/life' })
    writeFileSync(join(String(files), 'a.dbf'), Buffer.alloc(50_000))
    const snapshot = await makeSnapshot(uuid, 's1')
    writeFileSync(join(String(files), 'a.dbf'), Buffer.alloc(60_000))
    const listed = (await send('GET', `/storage/volumes/${uuid}/snapshots?name=s1&fields=create_time,size,owners,reclaimable_space`)).json
    expect(listed).toMatchObject({ num_records: 1, reclaimable_space: 50_000, records: [{ uuid: snapshot, name: 's1', size: 50_000, reclaimable_space: 50_000, _links: { self: { href: `/api/storage/volumes/${uuid}/snapshots/${snapshot}` } } }] })
    expect(listed.records[0]).not.toHaveProperty('owners')
    expect((await send('GET', `/storage/volumes/${uuid}?fields=space`)).json.space).toMatchObject({ used: 110_000, available: 1024 ** 3 - 110_000, snapshot: { used: 50_000 } })
    expect((await send('GET', `/storage/volumes/${uuid}/snapshots?name=s1&fields=delta`)).json.delta).toEqual({ size_consumed: 10_000, time_elapsed: expect.stringMatching(/^PT/) })

    const clone = await send('POST', '/storage/volumes?return_timeout=30&return_records=true', { name: 'life_clone', svm: { name: 'svm1' }, clone: { is_flexclone: 'true', parent_volume: { name: 'life' }, parent_snapshot: { name: 's1' } }, nas: { path: '/life_clone' } })
    expect(clone.status).toBe(201)
    expect((await send('GET', `/storage/volumes?clone.parent_volume.uuid=${uuid}&fields=clone.parent_snapshot,clone.is_flexclone,clone.split_estimate`)).json.records).toMatchObject([{ name: 'life_clone', clone: { is_flexclone: true, parent_snapshot: { name: 's1', uuid: snapshot }, split_estimate: 50_000 } }])
    expect((await send('GET', `/storage/volumes/${uuid}/snapshots/${snapshot}`)).json.owners).toEqual(['volume_clone'])
    const refused = await send('DELETE', `/storage/volumes/${uuid}/snapshots/${snapshot}?return_timeout=0`)
    expect(refused.status).toBe(202)
    await expect.poll(async () => (await send('GET', `/cluster/jobs/${String(refused.json.job.uuid)}`)).json as unknown).toMatchObject({ state: 'failure', code: 1638555, error: { code: '1638555', message: expect.stringContaining('has not expired or is locked') } })
    expect(code(await send('DELETE', `/storage/volumes/${uuid}`))).toEqual([409, '524615'])
    // The deletion unmounts; past the recovery queue, so that the snapshot is free.
    expect((await send('DELETE', `/storage/volumes/${String(clone.json.records[0].uuid)}?force=true&return_timeout=30`)).status).toBe(200)
    expect((await send('PATCH', `/storage/volumes/${uuid}/snapshots/${snapshot}?return_timeout=30`, { name: 's2' })).status).toBe(200)
    expect((await send('DELETE', `/storage/volumes/${uuid}/snapshots?name=s2&return_timeout=30`)).json).toMatchObject({ num_records: 1, jobs: [{ uuid: expect.any(String) }] })
    expect((await send('GET', `/storage/volumes/${uuid}/snapshots`)).json).toMatchObject({ num_records: 0, records: [] })
    expect((await send('PATCH', `/storage/volumes?name=life&return_timeout=30`, { autosize: { mode: 'grow', maximum: 2 * 1024 ** 3 }, comment: 'x' })).json).toMatchObject({ num_records: 1, jobs: [{}] })
    expect((await send('GET', `/storage/volumes/${uuid}?fields=autosize,comment`)).json).toMatchObject({ autosize: { mode: 'grow', maximum: 2 * 1024 ** 3, grow_threshold: 85 }, comment: 'x' })
    expect((await send('PATCH', `/storage/volumes/${uuid}?return_timeout=30`, { state: 'offline' })).status).toBe(200)
    expect((await send('GET', `/storage/volumes/${uuid}?fields=state,nas.path`)).json).toEqual({ uuid, name: 'life', state: 'offline', _links: { self: { href: `/api/storage/volumes/${uuid}` } } })
    expect((await send('DELETE', `/storage/volumes/${uuid}?return_timeout=30`)).status).toBe(200)
    expect((await send('GET', '/private/cli/volume/recovery-queue?vserver=svm1')).json.records).toMatchObject([{ vserver: 'svm1', volume: expect.stringMatching(/^life_\d+$/) }])
    expect(code(await send('GET', `/storage/volumes/${uuid}`))).toEqual([404, '918235'])
  })

  it('selects, orders, pages and counts', async () => {
    for (const name of ['q_b', 'q_c', 'q_a', 'q_d', 'q_e']) await makeVolume(name, { comment: name === 'q_c' ? 'odd one' : undefined, size: name === 'q_a' ? 2 * 1024 ** 3 : 1024 ** 3 })
    const list = async (query: string): Promise<string[]> => names(await send('GET', `/storage/volumes?${query}`))
    expect([await list('name=q_*&order_by=name'), await list('name=q_a|q_b'), await list('name=q_*&name=!q_c&order_by=name'), await list('name=q_*&size=>1073741824'), await list('name=q_*&size=<=1073741824&order_by=name desc'), await list('name=q_*&comment=null&order_by=name'), await list('comment=!null&name=q_*'), await list('name=q_b..q_d&order_by=size desc,name desc')])
      .toEqual([['q_a', 'q_b', 'q_c', 'q_d', 'q_e'], ['q_b', 'q_a'], ['q_a', 'q_b', 'q_d', 'q_e'], ['q_a'], ['q_e', 'q_d', 'q_c', 'q_b'], ['q_a', 'q_b', 'q_d', 'q_e'], ['q_c'], ['q_d', 'q_c', 'q_b']])
    for (const order of ['name', 'name desc', 'size desc,name', 'create_time', '']) {
      const [found, seen]: [string[], string[]] = [[], []]
      for (let next: string | undefined = `/storage/volumes?name=q_*&max_records=2${order === '' ? '' : `&order_by=${order}`}`; next !== undefined; ) {
        const page: Answer = await send('GET', next, undefined, { headers: { Accept: 'application/json' } })
        expect(page.json.num_records).toBe(page.json.records.length)
        found.push(...names(page))
        seen.push(String(page.json.num_records))
        const href = page.json._links?.next?.href as string | undefined
        expect(href === undefined || href.startsWith('/api/storage/volumes?')).toBe(true)
        next = href?.slice('/api'.length)
      }
      expect([found, seen], order).toEqual([await list(`name=q_*${order === '' ? '' : `&order_by=${order}`}`), ['2', '2', '1']])
    }
    expect((await send('GET', '/storage/volumes?name=q_*&return_records=false')).json).toEqual({ num_records: 5 })
    expect((await send('GET', '/storage/volumes?name=none')).json).toMatchObject({ records: [], num_records: 0 })
    const plain = (await send('GET', '/storage/volumes?name=q_a&fields=svm', undefined, { headers: { Accept: 'application/json' } })).json
    expect(plain).toEqual({ num_records: 1, records: [{ uuid: expect.any(String), name: 'q_a', svm: { name: 'svm1', uuid: expect.any(String) } }] })
    // Cheap fields for a star, all of them for two.
    const [one, two] = [(await send('GET', '/storage/volumes?name=q_a&fields=*')).json.records[0], (await send('GET', '/storage/volumes?name=q_a&fields=**')).json.records[0]]
    expect([one.nas, two.nas.path]).toEqual([{ export_policy: expect.objectContaining({ name: 'default' }) as unknown }, '/q_a'])
  })

  it('meets the errors of the real one', async () => {
    const uuid = await makeVolume('err')
    const volume = { svm: { name: 'svm1' }, aggregates: [{ name: 'aggr1' }], size: 1024 ** 3 }
    const clone = { svm: { name: 'svm1' }, clone: { is_flexclone: true, parent_volume: { name: 'err' }, parent_snapshot: { name: 's' } } }
    await makeSnapshot(uuid, 's')
    const post = async (body: object): Promise<unknown> => code(await send('POST', '/storage/volumes?return_timeout=30', body))
    expect(await post({ ...volume })).toEqual([400, '2'])
    expect(await post({ ...volume, name: 'err' })).toEqual([409, '917526'])
    expect(await post({ ...volume, name: 'a-b' })).toEqual([400, '917888'])
    expect(await post({ ...volume, name: '1a' })).toEqual([400, '917887'])
    expect(await post({ ...volume, name: 'x'.repeat(204) })).toEqual([400, '917886'])
    expect(await post({ ...volume, name: 'e2', colour: 'red' })).toEqual([400, '262179'])
    expect(await post({ ...volume, name: 'e2', size: 1 })).toEqual([400, '917534'])
    expect(await post({ ...volume, name: 'e2', nas: { uid: 0 } })).toEqual([400, '13565983'])
    expect(await post({ ...volume, name: 'e2', nas: { path: '/none/e2' } })).toEqual([400, '918252'])
    expect(await post({ ...volume, name: 'e2', nas: { path: '/ERR' } })).toEqual([409, '918252'])
    expect(await post({ ...volume, name: 'e2', nas: { export_policy: { name: 'none' } } })).toEqual([400, '918271'])
    expect(await post({ ...volume, name: 'e2', svm: { name: 'none' } })).toEqual([404, '2621462'])
    expect(await post({ ...clone, name: 'e2', snapshot_policy: { name: 'none' } })).toEqual([400, '918247'])
    expect(await post({ ...clone, name: 'e2', nas: { path: '/e2' }, clone: { ...clone.clone, parent_svm: { name: 'svm1' } } })).toEqual([400, '1520442'])
    expect(await post({ ...clone, name: 'e2', clone: { ...clone.clone, parent_snapshot: { name: 'none' } } })).toEqual([404, '1638600'])
    expect(code(await send('GET', '/storage/volumes?fields=nonsense'))).toEqual([400, '262197'])
    expect((await send('GET', '/storage/volumes?fields=nonsense')).json.error).toMatchObject({ target: 'nonsense', message: expect.stringContaining('nonsense') })
    expect(code(await send('GET', '/storage/nonsense'))).toEqual([400, '3'])
    expect(code(await send('GET', '/cluster/jobs/2453aafc-a9a6-11eb-9fc7-080027c8f2a7'))).toEqual([404, '4'])
    expect(code(await send('POST', `/storage/volumes/${uuid}/snapshots?return_timeout=121`, { name: 't' }))).toEqual([400, '2'])
    expect(code(await send('POST', `/storage/volumes/${uuid}/snapshots`, { name: 's' }))).toEqual([409, '525059'])
    expect(code(await send('POST', `/storage/volumes/${uuid}/snapshots`, { name: 'a*b' }))).toEqual([400, '1638518'])
    expect(code(await send('DELETE', '/storage/volumes'))).toEqual([400, '2'])
    expect((await send('GET', '/cluster', undefined, { user: 'nobody' })).status).toBe(401)
    expect(code(await send('PUT', '/storage/volumes', {}))).toEqual([405, '8'])
    await settings({ maxSnapshots: 1 })
    expect(code(await send('POST', `/storage/volumes/${uuid}/snapshots`, { name: 't' }))).toEqual([400, '525062'])
    await settings({ maxSnapshots: 1023 })
  })

  it('groups volumes: one group a volume, one instant, two phases, partial or not', async () => {
    const members = ['g1', 'g2'].map((name) => ({ name, provisioning_options: { action: 'add' } }))
    for (const { name } of members) await makeVolume(name)
    const base = '/application/consistency-groups'
    const made = await send('POST', `${base}?return_timeout=30&return_records=true`, { name: 'cg', svm: { name: 'svm1' }, volumes: members })
    expect(made).toMatchObject({ status: 201, json: { records: [{ name: 'cg' }] } })
    const group = `${base}/${String(made.json.records[0].uuid)}`
    expect(code(await send('POST', base, { name: 'cg2', svm: { name: 'svm1' }, volumes: [{ name: 'g1', 'provisioning_options.action': 'add' }] }))).toEqual([409, '53411865'])
    expect(code(await send('POST', base, { name: 'cg', svm: { name: 'svm1' }, volumes: [] }))).toEqual([400, '2'])
    expect((await send('GET', `${base}?name=cg&svm.name=svm1&fields=uuid,name,volumes.name`)).json.records[0].volumes).toMatchObject([{ name: 'g1' }, { name: 'g2' }])
    expect((await send('POST', `${group}/snapshots?return_timeout=30`, { name: 'one', consistency_type: 'crash', comment: 'c' })).status).toBe(201)
    expect((await send('GET', `${group}/snapshots?name=one&fields=uuid,name,create_time,consistency_type,is_partial,missing_volumes,snapshot_volumes`)).json.records[0]).toMatchObject({ name: 'one', consistency_type: 'crash', is_partial: false, snapshot_volumes: [{ volume: { name: 'g1' }, snapshot: { name: 'one' } }, { volume: { name: 'g2' }, snapshot: { name: 'one' } }] })
    expect((await send('GET', `${group}/snapshots?fields=*`)).json.records[0]).not.toHaveProperty('is_partial')
    expect(code(await send('POST', `${group}/snapshots`, { name: 'one' }))).toEqual([409, '53411921'])

    const begun = await send('POST', `${group}/snapshots?action=start&action_timeout=5&return_timeout=30&return_records=true`, { name: 'two' })
    expect(begun).toMatchObject({ status: 201 })
    const second = `${group}/snapshots/${String(begun.json.records[0].uuid)}`
    expect(names(await send('GET', `${group}/snapshots`))).toEqual(['one'])
    expect(await send('PATCH', `${second}?action=commit`)).toMatchObject({ status: 200, json: {} })
    expect(names(await send('GET', `${group}/snapshots`))).toEqual(['one', 'two'])
    expect(code(await send('PATCH', `${second}?action=commit`))).toEqual([409, '53411925'])
    expect((await send('DELETE', `${second}?return_timeout=30`)).status).toBe(200)
    expect((await send('PATCH', `${group}?return_timeout=30`, { volumes: [{ name: 'g2', provisioning_options: { action: 'remove' } }] })).status).toBe(200)
    expect((await send('GET', `${group}?fields=volumes`)).json.volumes).toMatchObject([{ name: 'g1' }])
    const { uuid } = (await send('GET', '/storage/volumes?name=g2')).json.records[0] as { uuid: string }
    expect(names(await send('GET', `/storage/volumes/${uuid}/snapshots`))).toEqual(['one'])
    expect((await send('DELETE', `${group}?return_timeout=30`)).status).toBe(200)
    expect(code(await send('GET', group))).toEqual([404, '53411842'])
  })

  it('confines logins to their SVM and role', async () => {
    await control({ do: 'svm', name: 'svm2' })
    await control({ do: 'user', user: { name: 'reader', password, svm: 'svm1', role: [{ path: '/api/storage/volumes', access: 'readonly' }, { path: '/api/storage/volumes/*/snapshots', access: 'read_create' }] } })
    const uuid = await makeVolume('scoped')
    const other = await send('POST', '/storage/volumes?return_timeout=30&return_records=true', { name: 'scoped', svm: { name: 'svm2' }, aggregates: [{ name: 'aggr1' }], size: 1024 ** 3 })
    expect([(await send('GET', '/storage/volumes?name=scoped')).json.num_records, (await send('GET', '/storage/volumes?name=scoped', undefined, { user: 'vsadmin' })).json.num_records]).toEqual([2, 1])
    expect(code(await send('GET', `/storage/volumes/${String(other.json.records[0].uuid)}`, undefined, { user: 'vsadmin' }))).toEqual([404, '918235'])
    const svm2 = (await send('GET', '/svm/svms?name=svm2')).json.records[0].uuid as string
    for (const headers of [{ 'X-Dot-SVM-Name': 'svm2' }, { 'X-Dot-SVM-UUID': svm2 }]) expect((await send('GET', '/storage/volumes?name=scoped', undefined, { headers })).json.records).toMatchObject([{ uuid: other.json.records[0].uuid }])
    expect((await send('GET', '/cluster', undefined, { user: 'vsadmin', headers: { 'X-Dot-SVM-Name': 'svm1' } })).status).toBe(400)
    const reader = { user: 'reader' }
    expect((await send('GET', '/storage/volumes', undefined, reader)).status).toBe(200)
    expect((await send('POST', `/storage/volumes/${uuid}/snapshots?return_timeout=30`, { name: 's' }, reader)).status).toBe(201)
    const snapshot = (await send('GET', `/storage/volumes/${uuid}/snapshots`, undefined, reader)).json.records[0].uuid as string
    expect(code(await send('DELETE', `/storage/volumes/${uuid}/snapshots/${snapshot}`, undefined, reader))).toEqual([403, '6'])
    expect(code(await send('DELETE', `/storage/volumes/${uuid}`, undefined, reader))).toEqual([403, '6'])
    expect(code(await send('GET', '/cluster', undefined, reader))).toEqual([403, '6'])
  })

  it('knows in each release what that one has', async () => {
    const uuid = await makeVolume('aged')
    const asked = async (path: string): Promise<unknown> => code(await send('GET', path))
    for (const [release, group, owners, size, hidden, version] of [[906, 400, 400, 400, 400, 403], [910, 200, 200, 200, 400, 200], [916, 200, 200, 200, 200, 200]] as const) {
      await settings({ release })
      expect([
        (await send('GET', '/application/consistency-groups')).status, (await send('GET', `/storage/volumes/${uuid}/snapshots?fields=owners`)).status, (await send('GET', `/storage/volumes/${uuid}/snapshots?fields=size`)).status,
        (await send('GET', '/storage/volumes?fields=snapshot_directory_access_enabled')).status, (await send('GET', '/cluster?fields=version', undefined, { user: 'vsadmin' })).status,
      ], String(release)).toEqual([group, owners, size, hidden, version])
    }
    await settings({ release: 906 })
    expect(await asked('/storage/volumes?fields=snapshot_directory_access_enabled')).toEqual([400, '262197'])
    expect((await send('GET', '/private/cli/version', undefined, { user: 'vsadmin' })).json.records[0].version.full).toContain('9.6')
    expect((await send('PATCH', '/private/cli/volume?vserver=svm1&volume=aged', { 'snapdir-access': 'false' })).status).toBe(200)
    // Early releases do not unmount by themselves.
    expect(code(await send('DELETE', `/storage/volumes/${uuid}`))).toEqual([400, '917536'])
    await settings({ release: 916 })
    expect((await send('GET', `/storage/volumes/${uuid}?fields=snapshot_directory_access_enabled`)).json.snapshot_directory_access_enabled).toBe(false)
  })

  it('has export policies', async () => {
    const made = await send('POST', '/protocols/nfs/export-policies?return_records=true', { name: 'hosts', svm: { name: 'svm1' }, rules: [{ clients: [{ match: '10.0.0.0/24' }], ro_rule: ['sys'], rw_rule: ['sys'] }] })
    expect(made).toMatchObject({ status: 201, json: { num_records: 1, records: [{ id: expect.any(Number), name: 'hosts' }] } })
    expect((await send('GET', `/protocols/nfs/export-policies/${String(made.json.records[0].id)}`)).json).toMatchObject({ name: 'hosts', rules: [{ index: 1, clients: [{ match: '10.0.0.0/24' }] }] })
    expect(code(await send('POST', '/protocols/nfs/export-policies', { name: 'hosts', svm: { name: 'svm1' } }))).toEqual([409, '1'])
    expect(names(await send('GET', '/protocols/nfs/export-policies?svm.name=svm1&order_by=name'))).toEqual(['default', 'hosts', 'icb'])
  })
})
