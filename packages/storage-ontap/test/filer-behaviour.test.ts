import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { X509Certificate } from 'node:crypto'
import { inspect } from 'node:util'
import { isIcbError, Secret, silentLogger } from '@icb/runtime'
import type { CheckResult } from '@icb/runtime'
import { snapshotName, validateAdapterOptions } from '@icb/storage-core'
import type { SnapshotStorage } from '@icb/storage-core'
import { referenceDirectory } from '@icb/testing'
import type { OntapFiler } from '@icb/testing'
import { DateTime } from 'luxon'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { adapter } from '../src/index.ts'
import { contextFor, makeFilerBench, sharedFiler } from './filer-bench.ts'

const shared = sharedFiler({ release: '9.16', jobMs: 2 })
let filer: OntapFiler
beforeEach(async () => {
  filer = await shared.get()
  await filer.control({ do: 'clear-faults' })
  await filer.control({ do: 'settings', settings: { pageSize: 10_000, maxSnapshots: 1023, snaplock: false, multiAdmin: false, partialGroups: false, release: 916, jobMs: 2 } })
})
afterAll(() => shared.dispose())

const start = DateTime.fromISO('2026-03-01T00:00:00Z', { zone: 'utc' })
const nameOf = (database: string, n = 0): string => snapshotName(database, start.plus({ seconds: n }), `r${n}`)
const failure = async (call: Promise<unknown>): Promise<{ readonly code: string; readonly remedy: string; readonly message: string; readonly hint: string | undefined }> => {
  const error: unknown = await call.then(() => undefined, (caught: unknown) => caught)
  if (!isIcbError(error)) throw new Error(`no storage error: ${inspect(error)}`)
  return error
}

describe('logins and certificates', () => {
  it('logs in with a client certificate, and as an SVM\'s own user', async () => {
    const bench = await makeFilerBench(filer)
    const byCertificate = await bench.open({ credentials: undefined, clientCert: filer.clientCertFile, clientKey: filer.clientKeyFile })
    const asVsadmin = await bench.open({ svm: undefined, credentials: { user: 'vsadmin', password: new Secret(filer.password, 'password') } })
    for (const storage of [byCertificate, asVsadmin]) expect((await storage.describe()).name).toBe(bench.volumes[0])
    const users = ((await filer.control({ do: 'log', lines: true })) as { lines: { user: string }[] }).lines.map(({ user }) => user)
    expect(users).toEqual(expect.arrayContaining(['icb-cert', 'vsadmin']))
  })

  it('[H41] refuses a server it cannot verify, and takes a pinned one', async () => {
    const bench = await makeFilerBench(filer)
    expect((await failure((await bench.open({ cacert: undefined })).describe())).code).toBe('ICB_STORAGE_TLS')
    const fingerprint = await new Promise<string>((resolve) => {
      void readFile(join(filer.caFile, '..', 'server.pem')).then((pem) => { resolve(new X509Certificate(pem).fingerprint256) })
    })
    expect((await (await bench.open({ cacert: undefined, fingerprint })).describe()).name).toBe(bench.volumes[0])
    expect((await (await bench.open({ cacert: undefined, insecure: true })).describe()).name).toBe(bench.volumes[0])
  })

  it('tells a wrong password and a missing right apart from anything else, and prints no secret', async () => {
    const bench = await makeFilerBench(filer)
    const wrong = new Secret('quite-wrong-password', 'password')
    const error = await failure((await bench.open({ credentials: { user: 'admin', password: wrong } })).describe())
    expect(error).toMatchObject({ code: 'ICB_STORAGE_AUTH', remedy: 'fix' })
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('quite-wrong-password')
  })

  it('works with the least role of the documentation, and names what a smaller one lacks', async () => {
    const bench = await makeFilerBench(filer, { created: 'by adapter' })
    const least = [
      ['/api/cluster', 'readonly'], ['/api/cluster/jobs', 'readonly'], ['/api/svm/svms', 'readonly'], ['/api/network/ip/interfaces', 'readonly'], ['/api/storage/volumes', 'all'],
      ['/api/storage/volumes/*/snapshots', 'all'], ['/api/application/consistency-groups', 'all'],
    ].map(([path, access]) => ({ path, access }))
    await filer.control({ do: 'user', user: { name: 'icb', password: filer.password, svm: filer.svm, role: least } })
    await filer.control({ do: 'user', user: { name: 'reader', password: filer.password, svm: filer.svm, role: least.map(({ path }) => ({ path, access: 'readonly' })) } })
    const credentials = (user: string): { user: string; password: Secret } => ({ user, password: new Secret(filer.password, 'password') })
    const storage = await bench.open({ credentials: credentials('icb') })
    const snapshot = await storage.createSnapshot(nameOf(bench.database))
    const clone = await storage.createClone(snapshot.id, 'role-clone')
    await storage.deleteClone(clone.id)
    const reader = await bench.open({ credentials: credentials('reader') })
    expect((await reader.describe()).warnings).toEqual([])
    expect(await failure(reader.createSnapshot(nameOf(bench.database, 1)))).toMatchObject({ code: 'ICB_STORAGE_AUTH', hint: expect.stringContaining('role') as unknown })
    await storage.deleteSnapshot(snapshot.id)
  })
})

describe('listing', () => {
  it('10,000 snapshots take one request per page, and none per snapshot', { timeout: 120_000 }, async () => {
    await filer.control({ do: 'settings', settings: { maxSnapshots: 20_000 } })
    const bench = await makeFilerBench(filer)
    const names = Array.from({ length: 10_000 }, (_, n) => nameOf(bench.database, n))
    await filer.control({ do: 'seed-snapshots', svm: filer.svm, volume: bench.volumes[0], names })
    const storage = await bench.open()
    const before = await bench.requests()
    let [count, last] = [0, 0]
    for await (const { createdAt, ours, spaceTotal } of storage.listSnapshots()) {
      count++
      expect(ours && createdAt.toMillis() >= last && typeof spaceTotal === 'bigint').toBe(true)
      last = createdAt.toMillis()
    }
    expect(count).toBe(10_000)
    // The release, the volume, the clones, ten pages.
    expect((await bench.requests()) - before).toBe(13)
  })
})

describe('doctor', () => {
  const results = async (storage: SnapshotStorage): Promise<Record<string, CheckResult>> =>
    Object.fromEntries(await Promise.all((adapter.checks?.(storage) ?? []).map(async (check) => [check.id.replace('storage.ontap.', ''), await check.run({ signal: AbortSignal.timeout(20_000) })] as const)))

  it('finds nothing where all is well, and changes nothing', async () => {
    const bench = await makeFilerBench(filer, { volumes: 3, created: 'by adapter' })
    const storage = await bench.open()
    await storage.createSnapshot(nameOf(bench.database))
    const before = [await bench.volumeNames(), await bench.snapshotsOf(bench.volumes[0]!)]
    expect(await results(storage)).toMatchObject({ reachable: { status: 'ok' }, volume: { status: 'ok' }, role: { status: 'ok' }, listing: { status: 'ok', summary: '1 snapshots (0 locked), 0 clones' } })
    expect([await bench.volumeNames(), await bench.snapshotsOf(bench.volumes[0]!)]).toEqual(before)
  })

  it('finds each right that the role lacks', async () => {
    const bench = await makeFilerBench(filer, { volumes: 2, created: 'by adapter' })
    const role = [['/api/cluster', 'readonly'], ['/api/cluster/jobs', 'none'], ['/api/network/ip/interfaces', 'readonly'], ['/api/storage/volumes', 'read_create'], ['/api/storage/volumes/*/snapshots', 'read_create'], ['/api/application/consistency-groups', 'readonly']].map(([path, access]) => ({ path, access }))
    await filer.control({ do: 'user', user: { name: 'lacking', password: filer.password, svm: filer.svm, role } })
    const { role: found } = await results(await bench.open({ credentials: { user: 'lacking', password: new Secret(filer.password, 'password') } }))
    expect(found).toMatchObject({ status: 'failed', advice: expect.stringContaining('rest-role') as unknown })
    expect((found?.details?.['missing'] as string[]).map((right) => right.replace(/ \(.*/, ''))).toEqual(['deleting snapshots', 'changing clones', 'deleting clones', 'making consistency groups', 'deleting snapshots of consistency groups', 'reading jobs'])
  })

  it('finds half sets, locked snapshots, a missing volume, a wrong password and a filer that is away', async () => {
    await filer.control({ do: 'settings', settings: { release: 906 } })
    const bench = await makeFilerBench(filer, { volumes: 2, created: 'by adapter' })
    const storage = await bench.open({ holds: true })
    const whole = await storage.createSnapshot(nameOf(bench.database))
    await storage.hold!(whole.id, { reason: 'audit', until: DateTime.utc().plus({ hours: 1 }) })
    const half = nameOf(bench.database, 1)
    await bench.admin('POST', `/storage/volumes/${(await bench.volume(bench.volumes[1]!)).uuid}/snapshots`, { name: half, comment: '{"icb":1,"set":"x","of":2}' })
    expect(await results(storage)).toMatchObject({
      volume: { status: 'warning', summary: expect.stringContaining(`the snapshot ${half} is incomplete`) as unknown },
      listing: { status: 'ok', summary: expect.stringMatching(new RegExp(`^1 snapshots \\(1 locked: ${whole.name} until `)) as unknown },
    })
    expect(await results(await bench.open({ additionalvolumesuffixes: ['_2', '_9'] }))).toMatchObject({ reachable: { status: 'failed', summary: expect.stringContaining('_9') as unknown } })
    expect(await results(await bench.open({ credentials: { user: 'admin', password: new Secret('quite-wrong', 'password') } }))).toMatchObject({ reachable: { status: 'failed', remedy: 'fix' }, role: { status: 'failed' } })
    expect(await results(await bench.open({ filer: 'https://127.0.0.1:9' }))).toMatchObject({ reachable: { status: 'failed', remedy: 'retry' } })
  })
})

describe('a new volume', () => {
  it('hides its snapshot directory also where only the command line can, and says what to do where the role forbids that', async () => {
    const shown = async (name: string): Promise<unknown> => {
      await filer.control({ do: 'settings', settings: { release: 916 } })
      return (await bench.admin('GET', `/storage/volumes?name=${name}&fields=snapshot_directory_access_enabled`))['records']
    }
    await filer.control({ do: 'settings', settings: { release: 906 } })
    const bench = await makeFilerBench(filer, { created: 'by adapter' })
    expect(await shown(bench.volumes[0]!)).toMatchObject([{ snapshot_directory_access_enabled: false }])
    await filer.control({ do: 'settings', settings: { release: 906 } })
    const role = ['/api/cluster', '/api/svm/svms', '/api/storage/volumes', '/api/cluster/jobs', '/api/private/cli/version'].map((path) => ({ path, access: 'all' }))
    await filer.control({ do: 'user', user: { name: 'nocli', password: filer.password, svm: filer.svm, role } })
    const warnings: string[] = []
    const forbidden = await makeFilerBench(filer, { created: false })
    const storage = await forbidden.open({ mounthost: 'nfs.example', credentials: { user: 'nocli', password: new Secret(filer.password, 'password') } }, { logger: { ...silentLogger, warn: (_fields, message) => warnings.push(message ?? '') } })
    await storage.createVolume({ name: forbidden.database, size: 1024n ** 3n })
    expect(warnings).toEqual([expect.stringContaining('-snapdir-access false')])
    expect(await shown(forbidden.volumes[0]!)).toMatchObject([{ snapshot_directory_access_enabled: true }])
  })
})

describe('several volumes', () => {
  it('a volume that the area got later does not hide or remove older points', async () => {
    const bench = await makeFilerBench(filer, { volumes: 2 })
    const older = await (await bench.open()).createSnapshot(nameOf(bench.database))
    const more = { additionalvolumesuffixes: ['_2', '_3'] }
    const storage = await bench.open(more)
    await storage.createVolume({ name: bench.database, size: 3n * 1024n ** 3n })
    // The group is completed, and from then on calls its older snapshot partial.
    const newer = await storage.createSnapshot(nameOf(bench.database, 1))
    await storage.removeLeftovers?.()
    const left = (await bench.snapshotsOf(bench.volumes[0]!)).map(({ name }) => name)
    expect(left).toEqual([older.name, newer.name])
    const listed = []
    for await (const { name } of storage.listSnapshots()) listed.push(name)
    expect(listed).toEqual(left)
    expect((await storage.createClone(older.id, `older-${bench.database}`)).mounts).toHaveLength(2)
    expect((await storage.createSnapshot(older.name)).id).toBe(older.id)
  })

  it('[H32] a snapshot of the group that lacks a volume is refused and removed', async () => {
    const bench = await makeFilerBench(filer, { volumes: 3 })
    const storage = await bench.open()
    await filer.control({ do: 'settings', settings: { partialGroups: true } })
    expect((await failure(storage.createSnapshot(nameOf(bench.database)))).code).toBe('ICB_STORAGE_PROTOCOL')
    for (const volume of bench.volumes) expect(await bench.snapshotsOf(volume)).toEqual([])
  })

  it('a volume in somebody else\'s consistency group is said so', async () => {
    const bench = await makeFilerBench(filer, { volumes: 2 })
    await bench.admin('POST', '/application/consistency-groups', { name: `other_${bench.database}`, svm: { name: filer.svm }, volumes: [{ name: bench.volumes[1], provisioning_options: { action: 'add' } }] })
    expect(await failure((await bench.open()).createSnapshot(nameOf(bench.database)))).toMatchObject({ code: 'ICB_STORAGE_UNSUPPORTED', message: expect.stringContaining(`other_${bench.database}`) as unknown })
  })

  it('[M:zfssa-ontap] a clone hangs below one root, in the places of the live volumes', async () => {
    const bench = await makeFilerBench(filer, { volumes: 3, created: 'by adapter' })
    const storage = await bench.open({ mounthost: 'nfs.example' })
    const { id } = await storage.createSnapshot(nameOf(bench.database))
    const clone = await storage.createClone(id, `auto-${bench.database}`)
    expect(clone.mounts.map((mount) => [mount.kind === 'nfs' ? mount.server : '', mount.path])).toEqual([`/auto-${bench.database}`, `/auto-${bench.database}/2`, `/auto-${bench.database}/3`].map((path) => ['nfs.example', path]))
    expect(await storage.describe()).toMatchObject({ mounts: [{ path: `/oc1_${bench.database}` }, { path: `/oc1_${bench.database}/2` }, { path: `/oc1_${bench.database}/3` }], warnings: [] })
    await storage.deleteClone(clone.id)
    expect((await bench.volumeNames()).filter((name) => name.includes(`auto_${bench.database}`))).toEqual([])
  })
})

describe('what keeps a snapshot', () => {
  it('SnapLock: it is listed as locked and refused, until the compliance clock says otherwise', async () => {
    await filer.control({ do: 'settings', settings: { snaplock: true } })
    const bench = await makeFilerBench(filer)
    const storage = await bench.open()
    const { id } = await storage.createSnapshot(nameOf(bench.database))
    const volume = await bench.volume(bench.volumes[0]!)
    const soon = new Date(Date.now() + 3_600_000).toISOString()
    await bench.admin('PATCH', `/storage/volumes/${volume.uuid}/snapshots/${id}`, { snaplock_expiry_time: soon })
    for await (const snapshot of storage.listSnapshots()) expect(snapshot.lockedUntil?.toMillis()).toBe(Date.parse(soon))
    expect(await failure(storage.deleteSnapshot(id))).toMatchObject({ code: 'ICB_STORAGE_LOCKED', remedy: 'wait' })
  })

  it('a pin is tamper-proof where that is asked for and licensed: nobody can release it, and it can only be prolonged', async () => {
    const bench = await makeFilerBench(filer)
    const volume = await bench.volume(bench.volumes[0]!)
    const storage = await bench.open({ holds: 'tamperproof' })
    const { id } = await storage.createSnapshot(nameOf(bench.database))
    const [soon, later] = [DateTime.utc().plus({ hours: 1 }).startOf('second'), DateTime.utc().plus({ hours: 2 }).startOf('second')]
    expect(await failure(storage.hold!(id, { reason: 'audit', until: soon }))).toMatchObject({ code: 'ICB_STORAGE_UNSUPPORTED', hint: expect.stringContaining('snapshot-locking-enabled') as unknown })
    await filer.control({ do: 'settings', settings: { snaplock: true } })
    await bench.admin('PATCH', `/storage/volumes/${volume.uuid}`, { snapshot_locking_enabled: true })
    const licensed = await bench.open({ holds: 'tamperproof' })
    expect(await failure(licensed.hold!(id, { reason: 'audit' }))).toMatchObject({ code: 'ICB_STORAGE_UNSUPPORTED', hint: expect.stringContaining('--until') as unknown })
    await licensed.hold!(id, { reason: 'audit', until: later })
    await licensed.hold!(id, { reason: 'audit', until: soon })
    for await (const snapshot of licensed.listSnapshots()) expect(snapshot.lockedUntil?.toMillis()).toBe(later.toMillis())
    expect(await failure(licensed.releaseHold!(id))).toMatchObject({ code: 'ICB_STORAGE_LOCKED', hint: expect.stringContaining('ends by itself') as unknown })
    expect(await failure(licensed.deleteSnapshot(id))).toMatchObject({ code: 'ICB_STORAGE_LOCKED' })
  })

  it('a clone in the recovery queue is named as a possible reason', async () => {
    const bench = await makeFilerBench(filer)
    const storage = await bench.open()
    const { id } = await storage.createSnapshot(nameOf(bench.database))
    const clone = await storage.createClone(id, `queued-${bench.database}`)
    await bench.admin('PATCH', `/storage/volumes/${clone.id}`, { nas: { path: '' } })
    await bench.admin('DELETE', `/storage/volumes/${clone.id}`)
    expect(await failure(storage.deleteSnapshot(id))).toMatchObject({ code: 'ICB_STORAGE_LOCKED', hint: expect.stringContaining('recovery queue') as unknown })
  })

  it('multi-admin verification ends the call and says who must act', async () => {
    const bench = await makeFilerBench(filer)
    const storage = await bench.open()
    const { id } = await storage.createSnapshot(nameOf(bench.database))
    await filer.control({ do: 'settings', settings: { multiAdmin: true } })
    expect(await failure(storage.deleteSnapshot(id))).toMatchObject({ code: 'ICB_STORAGE_AUTH', hint: expect.stringContaining('approve') as unknown })
  })
})

describe('jobs', () => {
  it('a job that outlasts its deadline, or whose record is gone, is found by the next call', async () => {
    const bench = await makeFilerBench(filer)
    const storage = await bench.open({ jobTimeoutSeconds: 1 })
    const { id } = await storage.createSnapshot(nameOf(bench.database))
    await filer.control({ do: 'settings', settings: { jobMs: 600 } })
    expect(await failure(storage.createClone(id, `slow-${bench.database}`))).toMatchObject({ code: 'ICB_STORAGE_BUSY', remedy: 'retry' })
    await filer.control({ do: 'settings', settings: { jobMs: 2 } })
    expect((await (await bench.open()).createClone(id, `slow-${bench.database}`)).snapshot).toBe(id)
  })

  it('codes of failed jobs become errors with the right remedy', async () => {
    const bench = await makeFilerBench(filer)
    const storage = await bench.open()
    const expected = [['524486', 'BUSY', 'retry'], ['525062', 'NO_SPACE', 'operator'], ['460770', 'PROTOCOL', 'operator'], ['918701', 'UNSUPPORTED', 'fix']] as const
    for (const [index, [code, name, remedy]] of expected.entries()) {
      await filer.control({ do: 'job-failure', pattern: 'POST /api/storage/volumes', code, message: 'made up' })
      expect(await failure(storage.createSnapshot(nameOf(bench.database, index)))).toMatchObject({ code: `ICB_STORAGE_${name}`, remedy })
    }
  })
})

const reference = referenceDirectory()
describe.skipIf(reference === undefined)('the original\'s configuration (needs the reference data)', () => {
  it('works unchanged apart from credentials and addresses', async () => {
    const { loadConfig } = await import('@icb/config')
    const path = join(reference ?? '', 'seed-config', 'backup.netapp.sample.cfg')
    const config = await loadConfig(path, { env: {} })
    const { storage } = config.databases.find(({ name }) => name === 'cdb1')!
    expect(storage.adapter).toBe('ontap')
    const options = validateAdapterOptions(adapter, storage.options, storage.origins)
    expect(options).toMatchObject({ filer: '10.10.10.11', mounthost: '10.10.10.12', volumeprefix: 'oc1_', cacert: 'certificatefile.cer' })
    const opened = await adapter.open({ ...options, filer: filer.url, cacert: filer.caFile, aggregate: 'aggr1', credentials: { user: 'vsadmin', password: new Secret(filer.password, 'password') } }, contextFor('cdb1'))
    const volume = await opened.createVolume({ name: 'cdb1', size: 1024n ** 3n })
    expect(volume).toMatchObject({ name: 'oc1_cdb1', mounts: [{ server: '10.10.10.12', path: '/oc1_cdb1' }] })
    const snapshot = await opened.createSnapshot(nameOf('cdb1'))
    await opened.deleteSnapshot(snapshot.id)
  })
})
