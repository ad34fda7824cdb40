import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { loadConfig } from '@icb/config'
import { isIcbError, silentLogger, systemClock } from '@icb/runtime'
import type { CheckResult } from '@icb/runtime'
import { snapshotName, validateAdapterOptions, withRetry } from '@icb/storage-core'
import type { SnapshotStorage } from '@icb/storage-core'
import { DateTime } from 'luxon'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ApplianceFault } from '../../../tools/lab/src/appliance-zfssa/faults.ts'
import { adapter } from '../src/index.ts'
import { collect, makeSite, openOn, password } from './bench.ts'
import type { Site } from './bench.ts'

const start = DateTime.fromISO('2026-03-01T00:00:00Z', { zone: 'utc' })
const nameOf = (n: number): string => snapshotName('orcl', start.plus({ seconds: n }), `r${String(n)}`)

let site: Site
beforeAll(async () => { site = await makeSite() })
afterAll(() => site[Symbol.asyncDispose]())
beforeEach(() => {
  site.softnas.faults.clear()
  site.softnas.faults.forget()
  Object.assign(site.softnas.array.settings, { refusal: 'message', times: 'seconds', pages: true, wrapped: false, namesTold: true })
})

let volumes = 0
/** A volume of its own. */
const volumeOf = async (): Promise<string> => {
  const volume = `db${String(++volumes)}`
  await (await openOn(site, volume)).createVolume({ name: volume })
  return volume
}
const failure = async (call: Promise<unknown>): Promise<unknown> => call.then(() => undefined, (error: unknown) => error)
const onServer = (volume: string): readonly string[] => site.softnas.array.snapshots.filter((each) => each.volume === volume).map(({ name }) => name)
const listed = async (storage: SnapshotStorage): Promise<readonly (readonly [string, boolean])[]> => (await collect(storage.listSnapshots())).map(({ name, ours }) => [name, ours] as const)

describe('login', () => {
  it('is one session; one that ended is renewed once, and close ends it', async () => {
    const storage = await openOn(site, await volumeOf())
    site.softnas.faults.forget()
    await Promise.all([storage.describe(), storage.describe()])
    for (const refusal of ['message', 'redirect', 'page'] as const) {
      site.softnas.array.settings.refusal = refusal
      site.softnas.array.endAllSessions()
      await storage.describe()
    }
    await storage.close?.()
    expect(site.softnas.faults.log.filter(({ path }) => path.endsWith('login.php'))).toHaveLength(4)
    expect(site.softnas.array.sessionCount).toBe(0)
  })

  it.each(['message', 'redirect', 'page'] as const)('a wrong password is told, however the server refuses (%s), once and without a secret', async (refusal) => {
    site.softnas.array.settings.refusal = refusal
    const wrong = await failure((await openOn(site, 'db1', { credentials: { user: 'softnas', password: 'quite-wrong' } })).describe())
    expect(wrong).toMatchObject({ code: 'ICB_STORAGE_AUTH', remedy: 'fix' })
    expect(site.softnas.faults.log.filter(({ path }) => path.endsWith('login.php'))).toHaveLength(1)
    for (const secret of ['quite-wrong', password]) expect(inspect(wrong, { depth: 20, showHidden: true })).not.toContain(secret)
  })

  it('[H41] the certificate is verified; not to do so is a decision that is logged for the server', async () => {
    const volume = await volumeOf()
    site.softnas.faults.forget()
    expect(await failure((await openOn(site, volume, { ca: undefined })).describe())).toMatchObject({ code: 'ICB_STORAGE_TLS' })
    expect(site.softnas.faults.log).toEqual([])
    const warnings: string[] = []
    const logger = { ...silentLogger, warn: (...said: unknown[]) => { warnings.push(String(said.at(-1))) } }
    await (await openOn(site, volume, { ca: undefined, insecure: true }, { logger })).describe()
    expect(warnings).toEqual([expect.stringContaining(site.softnas.address)])
  })
})

describe('snapshots, which the server names by itself', () => {
  it('[M:dorado-softnas] keep our names in the area, and so in every snapshot; another session reads them', async () => {
    const volume = await volumeOf()
    const made = await (await openOn(site, volume)).createSnapshot(nameOf(1))
    expect(onServer(volume)).toEqual([made.id])
    expect(made).toMatchObject({ name: nameOf(1), ours: true, hasClones: undefined })
    site.tick()
    await (await openOn(site, volume)).createSnapshot(nameOf(2))
    expect(await listed(await openOn(site, volume))).toEqual([[nameOf(1), true], [nameOf(2), true]])
    const { engine } = site.softnas.array
    expect(await readFile(join(engine.volume(volume), '.icb', 'softnas-snapshots.json'), 'utf8')).toContain(made.id)
    // Where the area is not mounted nothing counts as ours, and nothing is made.
    const elsewhere = await openOn(site, volume, {}, { areaPath: '/nonexistent/area' })
    expect((await listed(elsewhere)).map(([, ours]) => ours)).toEqual([false, false])
    expect(await failure(elsewhere.createSnapshot(nameOf(3)))).toMatchObject({ code: 'ICB_STORAGE_NOT_FOUND', hint: expect.stringContaining('Mount') as unknown })
    expect(onServer(volume)).toHaveLength(2)
    expect((await elsewhere.describe()).warnings).toHaveLength(1)
  })

  it('are those of this tool only by that record: a snapshot that was deleted and made again by hand under the same name is not', async () => {
    const volume = await volumeOf()
    const storage = await openOn(site, volume)
    const { id } = await storage.createSnapshot(nameOf(1))
    site.softnas.array.removeSnapshot(volume, id)
    site.tick()
    site.softnas.array.createSnapshot(volume, id)
    expect(await listed(storage)).toEqual([[id, false]])
    expect(await failure(storage.deleteSnapshot(id))).toMatchObject({ code: 'ICB_STORAGE_FOREIGN' })
  })

  it('a damaged record stops everything instead of making snapshots foreign', async () => {
    const volume = await volumeOf()
    const storage = await openOn(site, volume)
    await storage.createSnapshot(nameOf(1))
    await writeFile(join(site.softnas.array.engine.volume(volume), '.icb', 'softnas-snapshots.json'), '{"version":1,')
    expect(await failure(listed(storage))).toMatchObject({ code: 'ICB_STORAGE_PROTOCOL', message: expect.stringContaining('softnas-snapshots.json') as unknown })
  })

  it('two in one second are made one after the other, as the server names them by time', async () => {
    const storage = await openOn(site, await volumeOf())
    const made = [await storage.createSnapshot(nameOf(1)), await storage.createSnapshot(nameOf(2))]
    expect(new Set(made.map(({ id }) => id)).size).toBe(2)
  })

  it('[H45] a creation without an answer is found again where the volume shows its snapshots; one of the server\'s schedule is not taken for it', async () => {
    const volume = await volumeOf()
    await site.showSnapshots(volume)
    const storage = await openOn(site, volume)
    await storage.createSnapshot(nameOf(1))
    site.tick()
    site.softnas.faults.add({ match: /command=create/, when: 'after', effect: 'reset' })
    expect(await failure(storage.createSnapshot(nameOf(2)))).toMatchObject({ code: 'ICB_STORAGE_UNREACHABLE' })
    // The next run sees it under its name, before anybody asks for it again.
    expect(await listed(await openOn(site, volume))).toEqual([[nameOf(1), true], [nameOf(2), true]])
    const again = await storage.createSnapshot(nameOf(2))
    expect(onServer(volume)).toHaveLength(2)
    expect(again.id).toBe(onServer(volume)[1])
    // Nothing was made this time, and then the schedule of the server comes.
    site.tick()
    site.softnas.faults.add({ match: /command=create/, when: 'before', effect: 'reset' })
    await failure(storage.createSnapshot(nameOf(3)))
    site.softnas.array.createSnapshot(volume, 'hourly1')
    expect((await listed(storage)).at(-1)).toEqual(['hourly1', false])
    site.tick()
    expect((await storage.createSnapshot(nameOf(3))).id).not.toBe('hourly1')
    expect(onServer(volume)).toHaveLength(4)
  })

  it('where the volume shows none, a creation without an answer is made again and the first one stays as somebody\'s', async () => {
    const volume = await volumeOf()
    const storage = await openOn(site, volume)
    await storage.createSnapshot(nameOf(1))
    site.tick()
    site.softnas.faults.add({ match: /command=create/, when: 'after', effect: 'reset' })
    await failure(storage.createSnapshot(nameOf(2)))
    site.tick()
    await storage.createSnapshot(nameOf(2))
    expect((await listed(storage)).map(([, ours]) => ours)).toEqual([true, false, true])
  })

  it.each([{ times: 'text' }, { pages: false }, { wrapped: true }, { namesTold: false }] as const)('are made, listed and deleted whatever a release does: %o', async (settings) => {
    const volume = await volumeOf()
    Object.assign(site.softnas.array.settings, settings)
    const storage = await openOn(site, volume)
    const ids: string[] = []
    for (let n = 0; n < 3; n++) {
      ids.push((await storage.createSnapshot(nameOf(n))).id)
      site.tick()
    }
    expect(await listed(storage)).toEqual([0, 1, 2].map((n) => [nameOf(n), true]))
    expect((await collect(storage.listSnapshots()))[0]).toMatchObject({ spaceTotal: expect.any(BigInt) as unknown, createdAt: expect.objectContaining({ isValid: true }) as unknown })
    await storage.deleteSnapshot(ids[1]!)
    expect(await listed(storage)).toEqual([[nameOf(0), true], [nameOf(2), true]])
  })

  it('[H37] a listing takes one request per page, and none per snapshot', async () => {
    const volume = await volumeOf()
    for (let n = 0; n < 1000; n++) site.softnas.array.snapshots.push({ name: `hourly${String(n)}`, volume, seconds: 1_772_000_000 + n })
    site.softnas.faults.forget()
    expect(await collect((await openOn(site, volume)).listSnapshots())).toHaveLength(1000)
    // Pages of 200 overlap by 10; one login.
    expect(site.softnas.faults.log).toHaveLength(7)
  })
})

describe('without clones', () => {
  it('[M:dorado-softnas] every call about clones says so, with the way out', async () => {
    const storage = await openOn(site, await volumeOf())
    const { id } = await storage.createSnapshot(nameOf(1))
    expect(storage.capabilities.clones).toBe(false)
    expect(await failure(storage.createClone(id, 'autorestore'))).toMatchObject({ code: 'ICB_STORAGE_UNSUPPORTED', remedy: 'fix', hint: expect.stringContaining('openzfs') as unknown })
    expect(await collect(storage.listClones())).toEqual([])
    expect(await failure(storage.deleteClone('autorestore'))).toMatchObject({ code: 'ICB_STORAGE_UNSUPPORTED' })
  })

  it('a snapshot that somebody cloned by hand stays, and why is told', async () => {
    const volume = await volumeOf()
    const storage = await openOn(site, volume)
    const { id } = await storage.createSnapshot(nameOf(1))
    const clone = site.softnas.array.cloneByHand(volume, id)
    expect(await failure(storage.deleteSnapshot(id))).toMatchObject({ code: 'ICB_STORAGE_HAS_CLONES', details: { serverText: expect.stringContaining('dependent clones') as unknown } })
    expect(existsSync(site.softnas.array.engine.volume(clone))).toBe(true)
    expect(await listed(storage)).toEqual([[nameOf(1), true]])
  })
})

describe('volumes', () => {
  it('[M:dorado-softnas] are made thin and shared; the same call finds one that is there; a size is refused', async () => {
    const storage = await openOn(site, 'newdb')
    expect(await failure(storage.describe())).toMatchObject({ code: 'ICB_STORAGE_NOT_FOUND', hint: expect.stringContaining('icb volume create') as unknown })
    expect(await failure(storage.createVolume({ name: 'newdb', size: 1024n ** 3n }))).toMatchObject({ code: 'ICB_STORAGE_OPTIONS' })
    for (let twice = 0; twice < 2; twice++) expect(await storage.createVolume({ name: 'newdb' })).toMatchObject({ name: 'newdb', mounts: [{ kind: 'nfs', server: 'softnas-nfs', path: '/pool1/newdb' }] })
    expect(await storage.describe()).toMatchObject({ name: 'newdb', warnings: [] })
    expect(await failure((await openOn(site, 'newdb', { pool: 'none' })).describe())).toMatchObject({ code: 'ICB_STORAGE_NOT_FOUND' })
  })
})

describe('doctor', () => {
  const results = async (storage: SnapshotStorage): Promise<readonly CheckResult[]> => Promise.all((adapter.checks?.(storage) ?? []).map((check) => check.run({ signal: AbortSignal.timeout(20_000) })))

  it('finds nothing but the missing clones where all is well, and names what is not', async () => {
    const clones = { status: 'warning', summary: expect.stringContaining('no restore tests') as unknown }
    expect(await results(await openOn(site, await volumeOf()))).toMatchObject([{ status: 'ok' }, { status: 'ok' }, clones])
    expect(await results(await openOn(site, 'none'))).toMatchObject([{ status: 'failed', remedy: 'fix' }, { status: 'failed' }, clones])
  })
})

describe('faults', () => {
  it('over cycles of snapshot and deletion: nothing that was kept is lost, nothing that was not is left over', { timeout: 120_000 }, async () => {
    const { faults } = site.softnas
    const volume = await volumeOf()
    await site.showSnapshots(volume)
    await (await openOn(site, volume)).createSnapshot(nameOf(999))
    const effects: readonly ApplianceFault['effect'][] = ['reset', 'html', 503]
    let [seed, taken] = [7, 0]
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
      return Math.floor((seed / 2 ** 32) * below)
    }
    const kept = new Set<string>([nameOf(999)])
    for (let cycle = 0; taken < 40; cycle++) {
      site.tick()
      const storage = withRetry(await openOn(site, volume), { clock: systemClock, attempts: 6, firstDelayMs: 1, maxDelayMs: 5 })
      for (let each = 0; each < 3; each++) faults.add({ match: /./, when: random(2) === 0 ? 'before' : 'after', effect: effects[random(effects.length)] ?? 'reset', skip: random(12) })
      const name = nameOf(cycle)
      try {
        const snapshot = await storage.createSnapshot(name)
        if (cycle % 3 === 0) kept.add(name)
        else await storage.deleteSnapshot(snapshot.id)
      } catch (error) {
        if (!isIcbError(error)) throw error
      }
      taken = faults.log.filter(({ fault }) => fault !== undefined).length
      faults.clear()
      // The next normal run.
      const next = await openOn(site, volume)
      for (const snapshot of await collect(next.listSnapshots())) if (!kept.has(snapshot.name)) await next.deleteSnapshot(snapshot.id)
      await next.close?.()
    }
    expect((await listed(await openOn(site, volume))).map(([name]) => name).sort()).toEqual([...kept].sort())
  })
})

describe('the original\'s configuration', () => {
  it('[K:softnas.serveraddress] [K:softnas.pool] is taken as it is, with its credentials file; one key more says how the certificate is verified', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'icb-softnas-seed-'))
    try {
      const ini = ['[generic]', 'backupdest: /nfs/backup', 'oraclehome: /u01/db', 'osuser: oracle', 'tnsadmin: /etc/tns', 'snappermodule: softnas', 'snapperclass: SoftNAS', '[softnas]', `serveraddress: ${site.softnas.address}`, 'pool: pool1', `ca: ${site.caFile}`, '[rman]', '[orcl]', 'dbid: 888398667', 'recoverywindow: 2', 'parallel: 4', 'snapexpirationdays: 0', 'snapexpirationmonths: 1', '']
      const path = join(directory, 'backup.cfg')
      await writeFile(path, ini.join('\n'))
      await writeFile(join(directory, 'softnascredentials.cfg'), `[credentials]\nuser=softnas\npassword=${password}\n`, { mode: 0o600 })
      const { storage } = (await loadConfig(path, { env: {} })).databases.find(({ name }) => name === 'orcl')!
      expect(storage.adapter).toBe('softnas')
      expect(storage.options['credentials']).toMatchObject({ password: { file: join(directory, 'softnascredentials.cfg'), section: 'credentials', key: 'password' } })
      const options = validateAdapterOptions(adapter, storage.options, storage.origins)
      expect(options).toMatchObject({ serveraddress: site.softnas.address, pool: 'pool1', ca: site.caFile })
      // The volume is the one of the database's name.
      site.softnas.array.createVolume('orcl')
      const opened = await openOn(site, 'orcl', { ...options, volume: undefined, mounthost: undefined, credentials: { user: 'softnas', password } })
      expect(await opened.describe()).toMatchObject({ name: 'orcl', mounts: [{ server: '127.0.0.1', path: '/pool1/orcl' }] })
      await opened.close?.()
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })
})
