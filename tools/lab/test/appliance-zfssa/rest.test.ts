import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import type { IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDirectoryEngine, makeCertificate, startAppliance } from '../../src/appliance-zfssa/index.ts'
import type { Appliance } from '../../src/appliance-zfssa/index.ts'

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what a client in another language sees: untyped JSON
  readonly json: any
}

let directory: string
let appliance: Appliance

function send(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = basic('admin', 'admin-0815'), node = 0): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const outgoing = request(`${appliance.urls[node] ?? ''}${path}`, { method, ca: appliance.certificate.cert, headers: { Accept: 'application/json', ...(text === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers } }, (incoming) => {
      let received = ''
      incoming.setEncoding('utf8').on('data', (chunk: string) => { received += chunk }).once('end', () => {
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text: received, json: received === '' ? undefined : (JSON.parse(received) as unknown) })
      })
    })
    outgoing.once('error', reject).end(text)
  })
}

function namesOf(elements: unknown): string[] {
  return (elements as { name: string }[]).map(({ name }) => name)
}

function basic(user: string, password: string): Record<string, string> {
  return { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'icb-appliance-test-'))
  appliance = await startAppliance({
    engine: createDirectoryEngine({ directory: join(directory, 'shares'), now: () => 1_438_608_702 }),
    certificate: await makeCertificate(directory, ['localhost']), pool: 'pool_0', nodes: 2,
    users: [{ name: 'admin', password: 'admin-0815', rights: 'all' }, { name: 'snapper', password: 'snapper-1', rights: ['takeSnap'] }],
  })
})
afterAll(async () => {
  await appliance[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

const base = '/api/storage/v1/pools/pool_0/projects'

/** The order of calls of a provisioning driver: log in, look at version, cluster and pool, make project and share, snapshot, clone, clean up. */
describe('a client that was written for the real one', () => {
  it('goes through its whole life cycle', async () => {
    const login = await send('POST', '/api/access/v1', undefined, { 'X-Auth-User': 'admin', 'X-Auth-Key': 'admin-0815' })
    expect(login).toMatchObject({ status: 201, headers: { 'x-auth-session': expect.stringMatching(/^\S{31}$/), 'x-zfssa-access-api': '1.0' } })
    expect(namesOf(login.json.access.services)).toContain('storage')
    const session = { 'X-Auth-Session': String(login.headers['x-auth-session']) }

    const version = (await send('GET', '/api/system/v1/version', undefined, session)).json.version
    const pool = (await send('GET', '/api/storage/v1/pools/pool_0', undefined, session)).json.pool
    expect([pool.asn, pool.owner, pool.status]).toEqual([version.asn, version.nodename, 'online'])
    for (const key of ['available', 'free', 'used', 'total', 'usage_data', 'usage_snapshots', 'compression', 'dedupratio']) expect(pool.usage[key], key).toEqual(expect.any(Number))
    expect((await send('GET', '/api/storage/v1/pools', undefined, session)).json.pools).toHaveLength(1)
    expect((await send('GET', '/api/hardware/v1/cluster', undefined, session)).json.cluster).toMatchObject({ state: 'AKCS_CLUSTERED', peer_state: 'AKCS_STRIPPED' })

    expect(await send('POST', base, { name: 'db-backup1' }, session)).toMatchObject({ status: 201, json: { project: { name: 'db-backup1', canonical_name: 'pool_0/local/db-backup1', mountpoint: '/export/db-backup1', creation: '20150803T13:31:42' } } })
    expect(await send('POST', base, { name: 'db-backup1' }, session)).toMatchObject({ status: 409, json: { fault: { code: 409, name: 'ERR_OBJECT_EXISTS', message: expect.any(String) } } })
    const made = await send('POST', `${base}/db-backup1/filesystems`, { name: 'orcl', quota: 1_000_000_000, root_permissions: '755', sharenfs: 'sec=sys,rw=@10.0.0.5/32' }, session)
    expect(made.status).toBe(201)
    expect(made.json.filesystem).toMatchObject({
      name: 'orcl', project: 'db-backup1', pool: 'pool_0', canonical_name: 'pool_0/local/db-backup1/orcl', mountpoint: '/export/db-backup1/orcl', quota: 1_000_000_000, compression: 'off',
      root_permissions: '755', readonly: false, dedup: false, recordsize: 131_072, href: `${base}/db-backup1/filesystems/orcl`, source: { quota: 'local', compression: 'inherited' },
    })
    expect(made.json.filesystem.origin).toBeUndefined()
    const { space_total: total, space_data: data, space_snapshots: held } = made.json.filesystem as Record<string, number>
    expect(total).toBe((data ?? 0) + (held ?? 0))
    expect(await send('PUT', `${base}/db-backup1/filesystems/orcl`, { compression: 'lzjb' }, session)).toMatchObject({ status: 202, json: { filesystem: { compression: 'lzjb', source: { compression: 'local' } } } })
    expect((await send('GET', `${base}/db-backup1/filesystems/orcl?props=true`, undefined, session)).json.props).toContainEqual({ name: 'logbias', label: expect.any(String), immutable: false, type: 'ChooseOne', choices: ['latency', 'throughput'] })

    const snapshots = `${base}/db-backup1/filesystems/orcl/snapshots`
    expect(await send('POST', snapshots, { name: 's1' }, session)).toMatchObject({ status: 201, json: { snapshot: { name: 's1', creation: '20150803T13:31:42', numclones: 0, space_unique: 0, space_data: 0, type: 'snapshot', collection: 'local', canonical_name: 'pool_0/local/db-backup1/orcl@s1', href: `${snapshots}/s1` } } })
    expect((await send('GET', snapshots.replace('/v1/', '/v2/'), undefined, session)).json.snapshots).toMatchObject([{ creation: '2015-08-03T13:31:42Z', href: `${snapshots.replace('/v1/', '/v2/')}/s1` }])
    expect(await send('PUT', `${snapshots}/s1`, { name: 's2' }, session)).toMatchObject({ status: 202, json: { snapshot: { name: 's2' } } })
    expect(await send('PUT', `${snapshots}/s2/clone`, { project: 'db-backup1', share: 'c1', compression: 'gzip-9' }, session)).toMatchObject({ status: 201, json: { filesystem: { name: 'c1', mountpoint: '/export/db-backup1/c1', compression: 'gzip-9', origin: { pool: 'pool_0', project: 'db-backup1', share: 'orcl', snapshot: 's2' } } } })
    expect(await send('PUT', `${snapshots}/s2/clone`, { project: 'db-backup1', share: 'c1' }, session)).toMatchObject({ status: 409, json: { fault: { name: 'ERR_OBJECT_EXISTS' } } })
    expect(await send('GET', `${snapshots}/s2/dependents`, undefined, session)).toMatchObject({ status: 200, json: { dependents: [{ project: 'db-backup1', share: 'c1', href: `${base}/db-backup1/filesystems/c1` }] } })
    expect((await send('GET', `${snapshots}/s2`, undefined, session)).json.snapshot.numclones).toBe(1)
    expect(await send('DELETE', `${snapshots}/s2`, undefined, session)).toMatchObject({ status: 409, json: { fault: { name: 'ERR_CONFIRM_REQUIRED' } } })
    expect(await send('PUT', `${base}/db-backup1/filesystems/c1`, { name: 'c2' }, session)).toMatchObject({ status: 202, json: { filesystem: { name: 'c2', mountpoint: '/export/db-backup1/c2' } } })

    await writeFile(join(await appliance.engine.pathOf({ project: 'db-backup1', share: 'orcl' }), 'later'), 'x')
    expect(await send('POST', snapshots, { name: 's3' }, session)).toMatchObject({ status: 201, json: { snapshot: { space_data: 1 } } })
    expect(await send('PUT', `${snapshots}/s2/rollback`, undefined, session)).toMatchObject({ status: 409, json: { fault: { name: 'ERR_CONFIRM_REQUIRED' } } })
    expect((await send('PUT', `${snapshots}/s2/rollback?confirm=true`, undefined, session)).status).toBe(202)
    await expect(readFile(join(await appliance.engine.pathOf({ project: 'db-backup1', share: 'orcl' }), 'later'))).rejects.toThrow()
    // The dangerous part: a confirmed deletion takes the clone with it.
    expect(await send('DELETE', `${snapshots}/s2?confirm=true`, undefined, session)).toMatchObject({ status: 204, text: '' })
    expect(namesOf((await send('GET', `${base}/db-backup1/filesystems`, undefined, session)).json.filesystems)).toEqual(['orcl'])
    expect((await send('PUT', `${base}/db-backup1/filesystems/orcl`, { nodestroy: true }, session)).status).toBe(202)
    expect(await send('DELETE', `${base}/db-backup1/filesystems/orcl`, undefined, session)).toMatchObject({ status: 403, json: { fault: { name: 'ERR_DENIED' } } })
    await send('PUT', `${base}/db-backup1/filesystems/orcl`, { nodestroy: false }, session)
    expect((await send('DELETE', `${base}/db-backup1/filesystems/orcl`, undefined, session)).status).toBe(204)
    expect((await send('DELETE', '/api/access/v1', undefined, session)).status).toBe(204)
    expect((await send('GET', '/api/storage/v1/pools', undefined, session)).status).toBe(401)
  })

  it('meets the errors of the real one', async () => {
    await send('POST', base, { name: 'errors' })
    await send('POST', `${base}/errors/filesystems`, { name: 'a' })
    const symbol = async (method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<unknown> => {
      const { status, json } = await send(method, path, body, headers)
      return [status, json?.fault?.name]
    }
    expect(await symbol('GET', '/api/storage/v1/pools', undefined, {})).toEqual([401, 'ERR_UNAUTHORIZED'])
    expect(await symbol('GET', '/api/storage/v1/pools/none')).toEqual([404, 'ERR_NOT_FOUND'])
    expect(await symbol('GET', `${base}/none`)).toEqual([404, 'ERR_NOT_FOUND'])
    expect(await symbol('GET', `${base}/errors/filesystems/none`)).toEqual([404, 'ERR_NOT_FOUND'])
    expect(await symbol('POST', `${base}/errors/filesystems`, {})).toEqual([400, 'ERR_MISSING_ARG'])
    expect(await symbol('POST', `${base}/errors/filesystems`, { name: 'b', colour: 'red' })).toEqual([400, 'ERR_UNKNOWN_ARG'])
    expect(await symbol('POST', `${base}/errors/filesystems`, { name: 'b/c' })).toEqual([400, 'ERR_INVALID_ARG'])
    expect(await symbol('PUT', `${base}/errors/filesystems/a`, { compression: 'best' })).toEqual([400, 'ERR_INVALID_ARG'])
    expect(await symbol('POST', `${base}/errors/filesystems/a/snapshots`, { name: '.auto-1' })).toEqual([400, 'ERR_INVALID_ARG'])
    expect(await symbol('PUT', base, {})).toEqual([501, 'ERR_NOT_IMPLEMENTED'])
    expect(await symbol('PUT', `${base}/errors`, { colour: 'red' })).toEqual([400, 'ERR_UNKNOWN_ARG'])
    expect(await symbol('POST', `${base}/errors/filesystems`, { name: 'd', mountpoint: '/tmp/d' })).toEqual([400, 'ERR_INVALID_ARG'])
    expect(await symbol('GET', '/api/storage/v1.7/pools')).toEqual([404, 'ERR_NOT_FOUND'])
    const snapper = basic('snapper', 'snapper-1')
    expect(await symbol('POST', `${base}/errors/filesystems/a/snapshots`, { name: 's' }, snapper)).toEqual([201, undefined])
    expect(await symbol('DELETE', `${base}/errors/filesystems/a/snapshots/s`, undefined, snapper)).toEqual([401, 'ERR_UNAUTHORIZED'])
    appliance.addFault({ match: /pools$/, when: 'before', effect: 503 })
    expect(await symbol('GET', '/api/storage/v1/pools')).toEqual([503, 'ERR_BUSY'])
  })

  it('pages, and reads over the whole appliance', async () => {
    await send('POST', base, { name: 'paging' })
    for (const name of ['a', 'b', 'c']) await send('POST', `${base}/paging/filesystems`, { name })
    const names = async (query: string): Promise<string[]> => namesOf((await send('GET', `${base}/paging/filesystems${query}`)).json.filesystems)
    expect([await names(''), await names('?start=1&limit=1'), await names('?start=2&limit=5'), await names('?start=9')]).toEqual([['a', 'b', 'c'], ['b'], ['c'], []])
    expect((await send('POST', `${base}/paging/snapshots`, { name: 'whole' })).status).toBe(201)
    for (const kind of ['projects', 'filesystems', 'snapshots']) expect((await send('GET', `/api/storage/v1/${kind}`)).json[kind].length, kind).toBeGreaterThanOrEqual(3)
    expect((await send('GET', `${base}/paging/snapshots`)).json.snapshots).toHaveLength(1)
    expect((await send('DELETE', `${base}/paging/snapshots/whole`)).status).toBe(204)
    expect((await send('GET', `${base}/paging/filesystems/a/snapshots`)).json.snapshots).toEqual([])
  })

  it('a project gives its properties to shares and clones, which may have their own', async () => {
    const at = `${base}/given`
    expect(await send('POST', base, { name: 'given', mountpoint: '/export/db', sharenfs: 'rw', default_permissions: '750' })).toMatchObject({ status: 201, json: { project: { mountpoint: '/export/db', sharenfs: 'rw', default_permissions: '750', source: { sharenfs: 'local', compression: 'default' } } } })
    expect((await send('POST', `${at}/filesystems`, { name: 'a' })).json.filesystem).toMatchObject({ mountpoint: '/export/db/a', sharenfs: 'rw', root_permissions: '750', source: { sharenfs: 'inherited' } })
    expect(await send('PUT', at, { compression: 'lz4' })).toMatchObject({ status: 202, json: { project: { name: 'given', compression: 'lz4' } } })
    expect((await send('PUT', `${at}/filesystems/a`, { sharenfs: 'off' })).json.filesystem).toMatchObject({ compression: 'lz4', sharenfs: 'off', source: { compression: 'inherited', sharenfs: 'local' } })
    await send('POST', `${at}/filesystems/a/snapshots`, { name: 's' })
    expect((await send('PUT', `${at}/filesystems/a/snapshots/s/clone`, { project: 'given', share: 'c' })).json.filesystem).toMatchObject({ mountpoint: '/export/db/c', sharenfs: 'rw' })
    expect(await send('PUT', `${at}/filesystems/c`, { mountpoint: '/export/db/a' })).toMatchObject({ status: 400, json: { fault: { name: 'ERR_INVALID_ARG' } } })
    for (const [path, key] of [[at, 'project'], [`${at}/filesystems/a`, 'filesystem'], [`${at}/filesystems/a/snapshots/s`, 'snapshot']] as const) {
      const { json } = await send('GET', `${path}?props=true`)
      expect([json[key].name, json.props[0]], key).toEqual([expect.any(String), { name: expect.any(String), label: expect.any(String), immutable: false, type: expect.any(String) }])
    }
  })

  it('a project\'s snapshot covers every share, is renamed, rolled back and deleted as one, and names its dependents', async () => {
    const at = `${base}/several`
    await send('POST', base, { name: 'several' })
    for (const name of ['a', 'b']) await send('POST', `${at}/filesystems`, { name })
    expect(await send('POST', `${at}/snapshots`, { name: 's1' })).toMatchObject({ status: 201, json: { snapshot: { name: 's1', canonical_name: 'pool_0/local/several@s1', href: `${at}/snapshots/s1`, numclones: 0 } } })
    expect((await send('GET', `${at}/snapshots/s1`)).json.snapshot.share).toBeUndefined()
    await send('POST', `${at}/filesystems/b/snapshots`, { name: 'own' })
    // A name that one share has already: none of them gets it.
    expect(await send('POST', `${at}/snapshots`, { name: 'own' })).toMatchObject({ status: 409, json: { fault: { name: 'ERR_OBJECT_EXISTS' } } })
    expect(namesOf((await send('GET', `${at}/filesystems/a/snapshots`)).json.snapshots)).toEqual(['s1'])
    expect(await send('PUT', `${at}/snapshots/s1`, { name: 's2' })).toMatchObject({ status: 202, json: { snapshot: { name: 's2' } } })
    const listed = (await send('GET', `/api/storage/v1/projects?snaps=true`)).json.projects as { name: string; snapshots: unknown }[]
    expect(namesOf(listed.find(({ name }) => name === 'several')?.snapshots)).toEqual(['s2'])
    await send('PUT', `${at}/filesystems/a/snapshots/s2/clone`, { project: 'several', share: 'c' })
    // The clone is a share without that snapshot; the project has it all the same.
    expect((await send('GET', `${at}/snapshots`)).json.snapshots).toMatchObject([{ name: 's2', numclones: 1 }])
    await send('DELETE', `${at}/filesystems/c`)
    expect(await send('PUT', `${at}/snapshots/s2/rollback`)).toMatchObject({ status: 409, json: { fault: { name: 'ERR_CONFIRM_REQUIRED' } } })
    expect((await send('PUT', `${at}/snapshots/s2/rollback?confirm=true`)).status).toBe(202)
    expect(namesOf((await send('GET', `${at}/filesystems/b/snapshots`)).json.snapshots)).toEqual(['s2'])
    await send('POST', base, { name: 'elsewhere' })
    await send('PUT', `${at}/filesystems/a/snapshots/s2/clone`, { project: 'elsewhere', share: 'c' })
    expect((await send('GET', `${at}/snapshots/s2/dependents`)).json.dependents).toEqual([{ project: 'elsewhere', share: 'c', href: `${base}/elsewhere/filesystems/c` }])
    expect(await send('DELETE', `${at}/snapshots/s2`)).toMatchObject({ status: 409, json: { fault: { name: 'ERR_CONFIRM_REQUIRED' } } })
  })

  it('has services, which a driver switches on before it begins', async () => {
    const nfs = await send('PUT', '/api/service/v1/services/nfs/enable')
    expect([nfs.status, nfs.headers['x-zfssa-service-api']]).toEqual([202, '1.0'])
    expect((await send('GET', '/api/service/v1/services/nfs')).json.service).toMatchObject({ name: 'nfs', '<status>': 'online', href: '/api/service/v1/services/nfs' })
    expect((await send('GET', '/api/service/v1/services')).json.services.length).toBeGreaterThan(3)
    expect((await send('GET', '/api/service/v1/services/none')).status).toBe(404)
    expect((await send('PUT', '/api/service/v1/services/nfs/disable', undefined, basic('snapper', 'snapper-1'))).status).toBe(401)
  })

  it('keeps custom properties by their schema', async () => {
    await send('POST', base, { name: 'custom' })
    expect((await send('POST', `${base}/custom/filesystems`, { name: 'a', 'custom:owner': 'icb' })).status).toBe(400)
    expect((await send('POST', '/api/storage/v1/schema', { property: 'owner', description: 'who made it', type: 'String' })).status).toBe(201)
    expect((await send('POST', `${base}/custom/filesystems`, { name: 'a', 'custom:owner': 'icb' })).json.filesystem['custom:owner']).toBe('icb')
  })

  it('has sessions of one node, and tokens of both', async () => {
    const login = await send('POST', '/api/access/v2', { name: 'icb' }, { 'X-Auth-User': 'admin', 'X-Auth-Key': 'admin-0815' })
    const session = { 'X-Auth-Session': String(login.headers['x-auth-session']) }
    expect(login.headers['x-auth-name']).toBe('icb')
    expect([(await send('GET', '/api/access/v2', undefined, session)).status, (await send('GET', '/api/access/v2', undefined, session, 1)).status]).toEqual([200, 401])
    const token = await send('POST', '/api/user/v2/users/admin/preferences/tokens', { name: 'kept', preserve: true, expiration: 3600 })
    expect(token).toMatchObject({ status: 201, json: { token: { name: 'kept', preserve: true, token_username: 'admin', expiration: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}Z$/) } } })
    const persistent = { 'X-Auth-Session': String(token.headers['x-auth-session']) }
    expect([(await send('GET', '/api/access/v2', undefined, persistent)).status, (await send('GET', '/api/access/v2', undefined, persistent, 1)).status]).toEqual([200, 200])
    expect(namesOf((await send('GET', '/api/user/v2/users/admin/preferences/tokens')).json.tokens)).toContain('kept')
    expect((await send('DELETE', `/api/user/v2/users/admin/preferences/tokens/${String(token.json.token.id)}`)).status).toBe(204)
    expect((await send('GET', '/api/access/v2', undefined, persistent)).status).toBe(401)
    expect((await send('GET', '/api/user/v1/users/admin/preferences/tokens')).status).toBe(404)
  })

  it('a node without the pool shows who has it', async () => {
    expect((await send('GET', '/api/storage/v1/pools/pool_0', undefined, undefined, 1)).json.pool).toMatchObject({ owner: 'zfs-a', status: 'exported' })
    expect((await send('GET', `${base}/errors/filesystems/a`, undefined, undefined, 1)).status).toBe(404)
    await appliance.takeover({ keepsRunning: true })
    expect((await send('GET', `${base}/errors/filesystems/a`, undefined, undefined, 1)).status).toBe(200)
    await appliance.failback()
  })
})

describe('lab appliance zfssa', () => {
  it('says what it runs on, serves, takes scripted faults and ends with its signal', async () => {
    const main = new URL('../../src/main.ts', import.meta.url).pathname
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, 'appliance', 'zfssa', '--engine', 'directory', '--peer-port', '0'], { env: { PATH: process.env['PATH'], LAB_APPLIANCE_PASSWORD: 'secret-pw' }, stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = new Promise<number | null>((resolve) => { child.once('close', resolve) })
    try {
      let text = ''
      const state = await new Promise<{ urls: string[]; engine: string; simulator: string; caFile: string; admin: string }>((resolve, reject) => {
        child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
          if (text.trimEnd().endsWith('}')) resolve(JSON.parse(text) as never)
        })
        child.once('close', () => { reject(new Error(`it ended: ${text}`)) })
      })
      expect(state).toMatchObject({ engine: expect.stringContaining('directories'), simulator: expect.stringContaining('simulator'), urls: [expect.any(String), expect.any(String)] })
      await fetch(`${state.admin}/faults`, { method: 'POST', body: JSON.stringify({ match: 'pools$', when: 'before', effect: 503 }) })
      const ca = await readFile(state.caFile, 'utf8')
      const status = await new Promise<number | undefined>((resolve, reject) => {
        request(`${state.urls[0] ?? ''}/api/storage/v1/pools`, { ca, headers: basic('icb', 'secret-pw') }, (incoming) => { incoming.resume().once('end', () => { resolve(incoming.statusCode) }) }).once('error', reject).end()
      })
      expect(status).toBe(503)
      expect(await (await fetch(`${state.admin}/requests`)).json()).toMatchObject([{ method: 'GET', path: '/api/storage/v1/pools', status: 503 }])
      child.kill('SIGTERM')
      expect(await ended).toBe(0)
    } finally {
      child.kill('SIGKILL')
    }
  })
})
