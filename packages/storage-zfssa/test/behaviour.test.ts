import { hasErrorCode, isIcbError } from '@icb/runtime'
import type { CheckResult } from '@icb/runtime'
import { snapshotName } from '@icb/storage-core'
import type { SnapshotStorage } from '@icb/storage-core'
import { DateTime } from 'luxon'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDirectoryEngine } from '../../../tools/lab/src/appliance-zfssa/index.ts'
import type { Appliance, ApplianceFault } from '../../../tools/lab/src/appliance-zfssa/index.ts'
import { zfssaChecks } from '../src/index.ts'
import { collect, makeSite, openOn, openWithRetry, password } from './bench.ts'
import type { Site } from './bench.ts'

const start = DateTime.fromISO('2026-01-01T22:00:00Z', { zone: 'utc' })
const nameOf = (day: number): string => snapshotName('orcl', start.plus({ days: day }), 'host-1')
const share = { project: 'backup', share: 'orcl' }

let site: Site
beforeAll(async () => {
  site = await makeSite()
})
afterAll(() => site[Symbol.asyncDispose]())

async function withShare(options: Parameters<Site['start']>[0] = {}): Promise<Appliance> {
  const appliance = await site.start(options)
  await appliance.engine.createShare(share)
  return appliance
}

describe('listing', () => {
  it('[H37] 10,000 snapshots take one request a page, none a snapshot', async () => {
    const engine = createDirectoryEngine({ directory: `${site.directory}/many` })
    const appliance = await withShare({ engine })
    engine.addEmptySnapshots(share, Array.from({ length: 10_000 }, (_, index) => nameOf(index)))
    const storage = await openOn(appliance)
    const listed = await collect(storage.listSnapshots())
    expect(listed.map(({ name }) => name)).toEqual(Array.from({ length: 10_000 }, (_, index) => nameOf(index)))
    const requests = appliance.requests()
    expect(requests.every(({ method, path }) => method === 'GET' && /\/snapshots\?start=\d+&limit=1000$/.test(path))).toBe(true)
    expect(requests.length).toBeLessThanOrEqual(11)
  })

  it('is whole although the list changes between pages, and where paging is ignored', async () => {
    const engine = createDirectoryEngine({ directory: `${site.directory}/changing` })
    const appliance = await withShare({ engine })
    engine.addEmptySnapshots(share, Array.from({ length: 40 }, (_, index) => nameOf(index)))
    const storage = await openOn(appliance, { pageSize: 10 })
    appliance.quirks.latencyMs = 5
    const listing = collect(storage.listSnapshots())
    const deleting = (async () => {
      for (const day of [0, 1, 2]) await engine.destroySnapshot(share, nameOf(day), { withClones: false })
    })()
    await deleting
    const names = (await listing).map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (let day = 3; day < 40; day++) expect(names).toContain(nameOf(day))
    appliance.quirks.noPaging = true
    expect(await collect(storage.listSnapshots())).toHaveLength(37)
  })

  it('bears what firmware differs in: numbers as texts, properties of the future', async () => {
    const appliance = await withShare()
    Object.assign(appliance.quirks, { numericStrings: true, extraProperties: true })
    const storage = await openOn(appliance, { nfsHost: 'nfs.example.com', mountOptions: 'rw,hard' })
    const { id } = await storage.createSnapshot(nameOf(1))
    const clone = await storage.createClone(id, 'orcl-test')
    expect(clone.mounts).toEqual([{ kind: 'nfs', server: 'nfs.example.com', path: '/export/backup/orcl-test', options: 'rw,hard' }])
    expect(await collect(storage.listSnapshots())).toMatchObject([{ hasClones: true, spaceTotal: expect.any(BigInt) }])
    await expect(storage.deleteSnapshot(id)).rejects.toMatchObject({ code: 'ICB_STORAGE_HAS_CLONES', details: { clones: ['backup/orcl-test'] } })
  })
})

describe('what is not ours', () => {
  it('automatic snapshots, shares that are no clones and clones with snapshots are left alone', async () => {
    const appliance = await withShare()
    const storage = await openOn(appliance)
    for (const name of ['.auto-1772402400', '.rr-1', 'weekly']) await appliance.engine.createSnapshot(share, name)
    expect((await collect(storage.listSnapshots())).map(({ ours }) => ours)).toEqual([false, false, false])
    for (const name of ['.auto-1772402400', '.rr-1', 'weekly']) await expect(storage.deleteSnapshot(name)).rejects.toMatchObject({ code: 'ICB_STORAGE_FOREIGN' })
    await expect(storage.deleteClone('orcl')).rejects.toMatchObject({ code: 'ICB_STORAGE_FOREIGN' })
    const { id } = await storage.createSnapshot(nameOf(1))
    await storage.createClone(id, 'orcl-test')
    await appliance.engine.createSnapshot({ project: 'backup', share: 'orcl-test' }, 'by-hand')
    await expect(storage.deleteClone('orcl-test')).rejects.toMatchObject({ code: 'ICB_STORAGE_LOCKED' })
    expect(appliance.requests(/^DELETE/)).toEqual([])
  })

  it('a clone made in the last moment saves its snapshot: nothing is ever confirmed', async () => {
    const appliance = await withShare()
    const storage = await openOn(appliance)
    const { id } = await storage.createSnapshot(nameOf(1))
    // Between question and deletion: the appliance holds the DELETE back until the clone is there.
    appliance.quirks.latencyMs = 60
    const deletion = storage.deleteSnapshot(id).catch((error: unknown) => error)
    await new Promise<void>((resolve) => {
      const poll = (): void => {
        if (appliance.requests(/^GET .*snapshots\//).length > 0) resolve()
        else setTimeout(poll, 2)
      }
      poll()
    })
    await appliance.engine.clone(share, id, { project: 'backup', share: 'sudden' })
    expect(await deletion).toMatchObject({ code: 'ICB_STORAGE_HAS_CLONES' })
    expect((await collect(storage.listSnapshots())).map(({ name }) => name)).toEqual([id])
    expect(appliance.requests(/confirm/)).toEqual([])
  })
})

describe('volumes', () => {
  it('[H45] are made with what a backup share needs, once, and exact in size', async () => {
    const appliance = await site.start()
    const storage = await openOn(appliance)
    await expect(storage.describe()).rejects.toMatchObject({ code: 'ICB_STORAGE_NOT_FOUND' })
    await expect(storage.createSnapshot(nameOf(1))).rejects.toMatchObject({ code: 'ICB_STORAGE_NOT_FOUND' })
    appliance.addFault({ match: /^POST .*filesystems$/, when: 'after', effect: 'reset' })
    const made = await storage.createVolume({ name: 'orcl', size: 5_000_000_000_000n })
    expect(await storage.createVolume({ name: 'orcl' })).toEqual(made)
    expect(made.mounts).toMatchObject([{ kind: 'nfs', server: '127.0.0.1', path: '/export/backup/orcl' }])
    expect(await storage.describe()).toMatchObject({ sizeBytes: 5_000_000_000_000n, warnings: [] })
    await expect(storage.createVolume({ name: 'other' })).rejects.toMatchObject({ code: 'ICB_STORAGE_UNSUPPORTED' })
  })

  it('a property that the appliance refuses is UNSUPPORTED with its text', async () => {
    const storage = await openOn(await site.start())
    await expect(storage.createVolume({ name: 'orcl', options: { compression: 'zstd' } })).rejects.toMatchObject({ code: 'ICB_STORAGE_UNSUPPORTED', message: expect.stringContaining('expecting one of'), details: { fault: 'ERR_INVALID_ARG' } })
  })
})

describe('doctor', () => {
  const results = async (storage: SnapshotStorage): Promise<Record<string, CheckResult>> =>
    Object.fromEntries(await Promise.all(zfssaChecks(storage).map(async (check) => [check.id.replace('storage.zfssa.', ''), await check.run({ signal: AbortSignal.timeout(20_000) })] as const)))
  const statuses = async (storage: SnapshotStorage): Promise<Record<string, string>> => Object.fromEntries(Object.entries(await results(storage)).map(([id, { status }]) => [id, status]))

  it('finds nothing where all is well, and changes nothing', async () => {
    const appliance = await withShare()
    expect(await statuses(await openOn(appliance))).toEqual({ rest: 'ok', login: 'ok', owner: 'ok', share: 'ok', authorisation: 'ok', clock: 'ok' })
    expect((await appliance.engine.scan()).snapshots).toEqual([])
  })

  it('finds REST off, a wrong password, missing rights, a missing share, a wrong owner and a wrong clock', async () => {
    const appliance = await withShare({ nodes: 2 })
    expect(await statuses(await openOn(appliance, { credentials: { user: 'icb', password: { literal: 'wrong-passw0rd' } } }))).toMatchObject({ rest: 'ok', login: 'failed' })
    expect(await statuses(await openOn(appliance, { credentials: { user: 'viewer', password: { literal: password } } }))).toMatchObject({ login: 'ok', share: 'ok', authorisation: 'failed' })
    expect(await results(await openOn(appliance, { share: 'none' }))).toMatchObject({ share: { status: 'failed', summary: expect.stringContaining('none') } })
    expect(await results(await openOn(appliance, { project: 'none' }))).toMatchObject({ share: { status: 'failed', summary: expect.stringContaining('project none') } })
    appliance.quirks.clockSkewSeconds = -600
    expect(await results(await openOn(appliance))).toMatchObject({ clock: { status: 'warning', summary: expect.stringMatching(/behind/) } })
    await appliance.takeover({ keepsRunning: true })
    expect(await statuses(await openOn(appliance))).toMatchObject({ owner: 'failed' })
    await appliance[Symbol.asyncDispose]()
    expect(await results(await openOn(appliance))).toMatchObject({ rest: { status: 'failed', advice: expect.stringContaining('REST service') } })
  })
})

describe('300 faults', () => {
  it('[M:zfssa-ontap] over cycles of snapshot, clone and deletion: nothing is lost, nothing is left over', async () => {
    let seconds = 1_767_304_800
    const appliance = await withShare({ nodes: 2, now: () => ++seconds })
    let seed = 20_260_101
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
      return Math.floor((seed / 2 ** 32) * below)
    }
    const matches = [/^POST .*snapshots$/, /^PUT .*clone$/, /^DELETE .*snapshots\//, /^DELETE .*filesystems\/[^/]+$/, /^GET .*snapshots\?/, /^GET .*filesystems\?/, /^GET .*snapshots\/[^/]+$/]
    const effects: readonly ApplianceFault['effect'][] = ['reset', 'html', 'garbage', 500, 503]
    const options = { peerUrl: appliance.urls[1], timeoutSeconds: 5 }
    const kept = 3
    const done = new Set<string>()
    let failures = 0
    let taken = 0

    /** One run: what the last one left goes first; the new point, its test clone, then retention. */
    const cycle = async (day: number): Promise<void> => {
      const storage = await openWithRetry(appliance, options)
      try {
        for (const clone of await collect(storage.listClones())) await storage.deleteClone(clone.id)
        const made = await storage.createSnapshot(nameOf(day))
        done.add(made.name)
        const clone = await storage.createClone(made.id, `orcl-${String(day)}`)
        await storage.deleteClone(clone.id)
        const ours = (await collect(storage.listSnapshots())).filter((snapshot) => snapshot.ours)
        for (const old of ours.slice(0, -kept)) {
          // From here on it may be gone, whatever the answer.
          done.delete(old.name)
          await storage.deleteSnapshot(old.id)
        }
      } finally {
        await storage.close?.()
      }
    }

    let day = 0
    while (taken < 300) {
      day++
      const count = 1 + random(3)
      for (let each = 0; each < count; each++) {
        appliance.addFault({ match: matches[random(matches.length)] ?? /./, when: random(2) === 0 ? 'before' : 'after', effect: effects[random(effects.length)] ?? 'reset', skip: random(2) })
      }
      if (day % 40 === 0) await appliance.takeover()
      if (day % 40 === 20) await appliance.failback()
      await cycle(day).catch((error: unknown) => {
        if (!isIcbError(error) || !/^ICB_STORAGE_/.test(error.code)) throw error
        expect(hasErrorCode(error, 'ICB_STORAGE_FOREIGN') || hasErrorCode(error, 'ICB_STORAGE_EXISTS'), error.message).toBe(false)
        failures++
      })
      taken = appliance.requests().filter(({ fault }) => fault !== undefined).length
      const there = new Set((await appliance.engine.scan()).snapshots.map(({ name }) => name))
      for (const name of done) expect(there.has(name), `${name} is lost on day ${String(day)}`).toBe(true)
    }
    appliance.faults.clear()
    await cycle(++day)
    const { shares, snapshots } = await appliance.engine.scan()
    expect(shares.map(({ share: name }) => name)).toEqual(['orcl'])
    expect(snapshots).toHaveLength(kept)
    expect(snapshots.map(({ name }) => name)).toContain(nameOf(day))
    expect(appliance.requests(/confirm/)).toEqual([])
    console.log(`${String(taken)} faults in ${String(day)} runs with ${String(appliance.requests().length)} requests: ${String(failures)} runs failed, ${String(snapshots.length)} snapshots and no clone at the end`)
  }, 60_000)
})
