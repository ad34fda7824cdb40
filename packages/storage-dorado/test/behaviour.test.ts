import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { loadConfig } from '@icb/config'
import { isIcbError, systemClock } from '@icb/runtime'
import type { CheckResult } from '@icb/runtime'
import { snapshotName, validateAdapterOptions, withRetry } from '@icb/storage-core'
import type { SnapshotStorage } from '@icb/storage-core'
import { DateTime } from 'luxon'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ApplianceFault } from '../../../tools/lab/src/appliance-zfssa/faults.ts'
import { adapter } from '../src/index.ts'
import { collect, contextFor, makeSite, openOn, password } from './bench.ts'
import type { Site } from './bench.ts'

const start = DateTime.fromISO('2026-03-01T00:00:00Z', { zone: 'utc' })
const nameOf = (n: number): string => snapshotName('orcl', start.plus({ seconds: n }), `r${String(n)}`)

let site: Site
beforeAll(async () => {
  site = await makeSite()
  await (await openOn(site)).createVolume({ name: 'orcl', size: 1024n ** 3n })
})
afterAll(() => site[Symbol.asyncDispose]())
beforeEach(() => {
  site.dorado.faults.clear()
  site.dorado.faults.forget()
})

const failure = async (call: Promise<unknown>): Promise<unknown> => call.then(() => undefined, (error: unknown) => error)

describe('login', () => {
  it('is one session; one that ended is renewed once, and close ends it', async () => {
    const storage = await openOn(site)
    await Promise.all([storage.describe(), storage.describe(), collect(storage.listClones())])
    site.dorado.array.endAllSessions()
    await storage.describe()
    await storage.close?.()
    const sent = site.dorado.faults.log.map(({ method, path }) => `${method} ${path.split('/').at(-1) ?? ''}`)
    expect([sent.filter((each) => each === 'POST sessions').length, sent.filter((each) => each === 'DELETE sessions').length]).toEqual([2, 1])
  })

  it('a wrong password, a missing vStore and an unknown certificate are told apart, and no secret is shown', async () => {
    const wrong = await failure((await openOn(site, { credentials: { user: 'icb', password: 'quite-wrong' } })).describe())
    expect(wrong).toMatchObject({ code: 'ICB_STORAGE_AUTH', remedy: 'fix', details: { arrayCode: '1077949061' } })
    expect(await failure((await openOn(site, { vstore: 'none' })).describe())).toMatchObject({ code: 'ICB_STORAGE_NOT_FOUND', message: expect.stringContaining('vStore none') as unknown })
    expect(await failure((await openOn(site, { ca: undefined })).describe())).toMatchObject({ code: 'ICB_STORAGE_TLS' })
    for (const secret of ['quite-wrong', password]) expect(inspect(wrong, { depth: 20, showHidden: true })).not.toContain(secret)
  })
})

describe('volumes and clones', () => {
  it('[M:dorado-softnas] [K:huaweidorado.restorenfsclient] a clone is shared with the client of the configuration, below its name', async () => {
    const storage = await openOn(site)
    const { id } = await storage.createSnapshot(nameOf(1))
    const clone = await storage.createClone(id, 'autorestore')
    expect(clone.mounts).toMatchObject([{ kind: 'nfs', server: 'dorado-nfs', path: '/autorestore' }])
    const { array } = site.dorado
    const share = [...array.shares.values()].find(({ path }) => path === '/autorestore/')
    expect([...array.clients.values()].filter((each) => each.share === share?.id).map(({ name }) => name)).toEqual(['10.0.0.5'])
    await storage.deleteClone(clone.id)
    expect([...array.shares.values()].map(({ path }) => path)).toEqual(['/orcl/'])
    await storage.deleteSnapshot(id)
  })

  it('a clone that was cut off before it was shared is completed by the next call, and reported when nobody calls', async () => {
    const storage = await openOn(site)
    const { id } = await storage.createSnapshot(nameOf(2))
    site.dorado.faults.add({ match: /^POST .*NFSHARE$/, when: 'before', effect: 'reset' })
    expect(await failure(storage.createClone(id, 'cut'))).toMatchObject({ code: 'ICB_STORAGE_UNREACHABLE' })
    expect(await collect(storage.listClones())).toEqual([])
    const later = await openOn(site, {}, contextFor('orcl', () => systemClock.now() + 2 * 3_600_000))
    expect(await later.listLeftovers?.()).toEqual(['cut'])
    const clone = await storage.createClone(id, 'cut')
    expect(clone.mounts).toHaveLength(1)
    expect(await later.listLeftovers?.()).toEqual([])
    await storage.deleteClone(clone.id)
    await storage.deleteSnapshot(id)
  })

  it('[M:dorado-softnas] a file system needs a size, and its pool must exist', async () => {
    const storage = await openOn(site, { filesystem: 'newdb', pool: 'StoragePool001' })
    expect(await failure(storage.createVolume({ name: 'newdb' }))).toMatchObject({ code: 'ICB_STORAGE_OPTIONS' })
    expect(await failure((await openOn(site, { filesystem: 'newdb', pool: 'none' })).createVolume({ name: 'newdb', size: 1024n ** 3n }))).toMatchObject({ code: 'ICB_STORAGE_NOT_FOUND' })
    expect(await failure((await openOn(site, { filesystem: 'newdb' })).describe())).toMatchObject({ code: 'ICB_STORAGE_NOT_FOUND', hint: expect.stringContaining('icb volume create') as unknown })
    expect(await storage.createVolume({ name: 'newdb', size: 1024n ** 3n })).toMatchObject({ name: 'newdb', mounts: [{ path: '/newdb' }] })
    expect(await storage.describe()).toMatchObject({ sizeBytes: 1024n ** 3n, freeBytes: 1024n ** 3n, warnings: [] })
  })
})

describe('listing', () => {
  it('[H37] takes one request per page, whatever is deleted meanwhile, and none per snapshot', async () => {
    const storage = await openOn(site, { filesystem: 'many' })
    const { id } = await storage.createVolume({ name: 'many', size: 1024n ** 3n })
    for (let n = 0; n < 1000; n++) site.dorado.array.createSnapshot(id, nameOf(n), '')
    site.dorado.faults.forget()
    expect((await collect(storage.listSnapshots())).length).toBe(1000)
    // Pages of 100 overlap by 10.
    expect(site.dorado.faults.log.filter(({ path }) => path.includes('FSSNAPSHOT'))).toHaveLength(12)
    expect(site.dorado.faults.log.length).toBeLessThan(16)
  })
})

describe('doctor', () => {
  const results = async (storage: SnapshotStorage): Promise<readonly CheckResult[]> => Promise.all((adapter.checks?.(storage) ?? []).map((check) => check.run({ signal: AbortSignal.timeout(20_000) })))

  it('finds nothing where all is well, and names what is not', async () => {
    expect(await results(await openOn(site))).toMatchObject([{ status: 'ok' }, { status: 'ok' }])
    expect(await results(await openOn(site, { restorenfsclient: undefined }))).toMatchObject([{ status: 'warning', summary: expect.stringContaining('restorenfsclient') as unknown }, {}])
    expect(await results(await openOn(site, { filesystem: 'none' }))).toMatchObject([{ status: 'failed', remedy: 'fix' }, { status: 'failed' }])
  })
})

describe('faults', () => {
  it('over cycles of snapshot, clone and deletion: nothing is lost, nothing is left over', { timeout: 120_000 }, async () => {
    const { array, faults } = site.dorado
    await (await openOn(site, { filesystem: 'faulty' })).createVolume({ name: 'faulty', size: 1024n ** 3n })
    const effects: readonly ApplianceFault['effect'][] = ['reset', 'html', 503]
    let [seed, taken] = [7, 0]
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
      return Math.floor((seed / 2 ** 32) * below)
    }
    const kept = new Set<string>()
    for (let cycle = 0; taken < 100; cycle++) {
      const storage = withRetry(await openOn(site, { filesystem: 'faulty' }), { clock: systemClock, attempts: 8, firstDelayMs: 1, maxDelayMs: 5 })
      for (let each = 0; each < 4; each++) faults.add({ match: /./, when: random(2) === 0 ? 'before' : 'after', effect: effects[random(effects.length)] ?? 'reset', skip: random(25) })
      try {
        const snapshot = await storage.createSnapshot(nameOf(cycle))
        kept.add(snapshot.name)
        const clone = await storage.createClone(snapshot.id, 'faulty-test')
        await storage.deleteClone(clone.id)
        if (cycle % 3 !== 0) {
          kept.delete(snapshot.name)
          await storage.deleteSnapshot(snapshot.id)
        }
      } catch (error) {
        if (!isIcbError(error)) throw error
      }
      taken = faults.log.filter(({ fault }) => fault !== undefined).length
      faults.clear()
      // The next normal run.
      const next = await openOn(site, { filesystem: 'faulty' })
      for (const clone of await collect(next.listClones())) await next.deleteClone(clone.id)
      for (const snapshot of await collect(next.listSnapshots())) if (!kept.has(snapshot.name)) await next.deleteSnapshot(snapshot.id)
      await next.close?.()
    }
    const live = [...array.fileSystems.values()].find(({ name }) => name === 'faulty')
    expect([...array.snapshots.values()].filter(({ fileSystem }) => fileSystem === live?.id).map(({ name }) => name).sort()).toEqual([...kept].sort())
    expect([...array.fileSystems.values()].filter(({ parent }) => parent !== undefined)).toEqual([])
  })
})

describe('the original\'s configuration', () => {
  it('is taken as it is, credentials from the environment', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'icb-dorado-seed-'))
    try {
      const ini = ['[generic]', 'backupdest: /nfs/backup', 'oraclehome: /u01/db', 'osuser: oracle', 'tnsadmin: /etc/tns', 'snappermodule: huawei', 'snapperclass: HuaweiDorado', '[huaweidorado]', `url: ${site.dorado.url}`, 'vstore: backup', 'mounthost: dorado-nfs', 'restorenfsclient: 10.0.0.5', '[rman]', '[orcl]', 'dbid: 888398667', 'recoverywindow: 2', 'parallel: 4', 'snapexpirationdays: 31', 'snapexpirationmonths: 6', '']
      const path = join(directory, 'backup.cfg')
      await writeFile(path, ini.join('\n'))
      const config = await loadConfig(path, { env: { DBBACKUPSUITE_HUAWEI_USER: 'icb', DBBACKUPSUITE_HUAWEI_PASSWORD: password } })
      const { storage } = config.databases.find(({ name }) => name === 'orcl')!
      expect(storage.adapter).toBe('huaweidorado')
      const options = validateAdapterOptions(adapter, storage.options, storage.origins)
      expect(options).toMatchObject({ url: site.dorado.url, vstore: 'backup', mounthost: 'dorado-nfs', restorenfsclient: '10.0.0.5' })
      // Its files have no key for certificates.
      const opened = await openOn(site)
      expect(await opened.describe()).toMatchObject({ name: 'orcl', mounts: [{ server: 'dorado-nfs', path: '/orcl' }] })
      await opened.close?.()
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })
})
