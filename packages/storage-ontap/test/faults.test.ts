import { snapshotName, withRetry } from '@icb/storage-core'
import type { SnapshotStorage } from '@icb/storage-core'
import type { OntapFiler } from '@icb/testing'
import { DateTime } from 'luxon'
import { afterAll, describe, expect, it } from 'vitest'
import { impatientClock, makeFilerBench, sharedFiler } from './filer-bench.ts'
import type { FilerBench } from './filer-bench.ts'

/** `npm run faults` has 300 of them in the calls of whole commands. */
const faults = 40
const start = DateTime.fromISO('2026-03-01T00:00:00Z', { zone: 'utc' })

/** What the filer really has for this database: names of snapshots per volume, and clone volumes. */
async function truth(bench: FilerBench): Promise<{ readonly snapshots: readonly (readonly string[])[]; readonly clones: readonly string[] }> {
  const snapshots: string[][] = []
  for (const volume of bench.volumes) snapshots.push((await bench.snapshotsOf(volume)).map(({ name }) => name).sort())
  return { snapshots, clones: (await bench.volumeNames()).filter((name) => name.startsWith('icb')) }
}

async function names(elements: AsyncIterable<{ readonly name: string }>): Promise<string[]> {
  const found: string[] = []
  for await (const { name } of elements) found.push(name)
  return found.sort()
}

/** Answers nothing any more from a request on, as for a process that was killed; of even ones, that request itself is carried out. */
async function blackOut(filer: OntapFiler, at: number): Promise<void> {
  const [skip, kind] = [Math.floor(at / 2), at % 2 === 0 ? 'after' : 'before']
  await filer.control({ do: 'fault', fault: { kind, skip, path: '.' } })
  await filer.control({ do: 'fault', fault: { kind: 'before', path: '.', skip, times: 200 } })
}

/** Calls again until it succeeds, as later runs do. */
async function eventually<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call()
    } catch (error) {
      if (attempt === 10) throw error
    }
  }
}

describe.each([
  { release: '9.6', volumes: 3 },
  { release: '9.16', volumes: 3 },
  { release: '9.10', volumes: 1 },
])('ONTAP $release, $volumes volumes', ({ release, volumes }) => {
  const shared = sharedFiler({ release, jobMs: 2 })
  afterAll(() => shared.dispose())

  it('[H42] converges over faults of all kinds: nothing is lost, nothing is left over', { timeout: 120_000 }, async () => {
    const filer = await shared.get()
    const bench = await makeFilerBench(filer, { volumes })
    await filer.control({ do: 'settings', settings: { cloneBusyMs: 3 } })
    const injected = async (): Promise<number> => ((await filer.control({ do: 'log' })) as { injected: number }).injected
    const before = await injected()
    await filer.control({ do: 'chaos', chaos: { seed: 7, probability: 0.12, limit: faults } })
    const open = async (): Promise<SnapshotStorage> => withRetry(await bench.open(), { clock: impatientClock, attempts: 10 })
    let storage = await open()
    const kept: string[] = []
    for (let cycle = 0; (await injected()) - before < faults; cycle++) {
      // Every other cycle is another process that knows nothing of the failures before.
      if (cycle % 2 === 1) {
        await storage.close?.()
        storage = await open()
      }
      const name = snapshotName(bench.database, start.plus({ seconds: cycle }), cycle.toString(36))
      const snapshot = await eventually(() => storage.createSnapshot(name, { labels: { n: String(cycle) } }))
      const clone = await eventually(() => storage.createClone(snapshot.id, `test-${bench.database}`))
      expect(clone.mounts).toHaveLength(volumes)
      await eventually(() => storage.deleteClone(clone.id))
      if (cycle % 3 === 0) kept.push(snapshot.name)
      else await eventually(() => storage.deleteSnapshot(snapshot.id))
    }
    await filer.control({ do: 'clear-faults' })
    await storage.removeLeftovers?.()
    kept.sort()
    expect(await names(storage.listSnapshots())).toEqual(kept)
    expect(await names(storage.listClones())).toEqual([])
    expect(await truth(bench)).toEqual({ snapshots: bench.volumes.map(() => kept), clones: [] })
    await storage.close?.()
  })

  it('[H32] a snapshot that is interrupted at any request is listed whole or not at all, and the next run makes it', { timeout: 120_000 }, async () => {
    const filer = await shared.get()
    const bench = await makeFilerBench(filer, { volumes })
    const storage = await bench.open()
    let whole = 0
    for (let at = 0; ; at++) {
      const name = snapshotName(bench.database, start.plus({ seconds: at }), `x${at}`)
      // No roll-back gets through.
      await blackOut(filer, at)
      const failed = await storage.createSnapshot(name).then(() => false, () => true)
      await filer.control({ do: 'clear-faults' })
      // A new process sees it whole or not at all.
      const other = await bench.open()
      const listed = (await names(other.listSnapshots())).includes(name)
      const present = (await truth(bench)).snapshots.map((list) => list.includes(name))
      if (listed) {
        expect(present).toEqual(present.map(() => true))
        whole++
      }
      if (!failed) break
      await other.removeLeftovers?.()
      expect(new Set((await truth(bench)).snapshots.map((list) => list.includes(name))).size).toBe(1)
      const made = await other.createSnapshot(name)
      expect((await names(other.listSnapshots())).filter((each) => each === made.name)).toHaveLength(1)
      await other.close?.()
    }
    expect(whole).toBeGreaterThan(0)
    await storage.close?.()
  })

  it('a deletion that is interrupted at any request leaves a whole point or none, and the next run ends it', { timeout: 120_000 }, async () => {
    const filer = await shared.get()
    const bench = await makeFilerBench(filer, { volumes })
    const storage = await bench.open()
    for (let at = 0; ; at++) {
      const { id, name } = await storage.createSnapshot(snapshotName(bench.database, start.plus({ seconds: at }), `d${at}`))
      await blackOut(filer, at)
      const failed = await storage.deleteSnapshot(id).then(() => false, () => true)
      await filer.control({ do: 'clear-faults' })
      const other = await bench.open()
      if ((await names(other.listSnapshots())).includes(name)) expect((await truth(bench)).snapshots.every((list) => list.includes(name))).toBe(true)
      // Retention calls again for what it still sees; what it does not see goes as a leftover.
      await other.deleteSnapshot(id)
      await other.removeLeftovers?.()
      expect((await truth(bench)).snapshots.flat()).toEqual([])
      await other.close?.()
      if (!failed) break
    }
    await storage.close?.()
  })

  it('a clone that is interrupted at any request is listed whole or not at all, and the next call completes it', { timeout: 120_000 }, async () => {
    const filer = await shared.get()
    const bench = await makeFilerBench(filer, { volumes })
    const storage = await bench.open()
    const { id } = await storage.createSnapshot(snapshotName(bench.database, start, 'c'))
    for (let at = 0; ; at++) {
      await blackOut(filer, at)
      const failed = await storage.createClone(id, `cut-${bench.database}`).then(() => false, () => true)
      await filer.control({ do: 'clear-faults' })
      const other = await bench.open()
      for await (const clone of other.listClones()) expect(clone.mounts).toHaveLength(volumes)
      const clone = await other.createClone(id, `cut-${bench.database}`)
      expect(clone.mounts).toHaveLength(volumes)
      await other.deleteClone(clone.id)
      expect((await truth(bench)).clones.filter((volume) => volume.includes(bench.database))).toEqual([])
      await other.close?.()
      if (!failed) break
    }
    await storage.close?.()
  })
})
