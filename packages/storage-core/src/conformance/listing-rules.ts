import assert from 'node:assert/strict'
import { isOurSnapshotName } from '../snapshot-name.ts'
import { collect, rule, snapshotsNamed } from './rule.ts'
import type { ConformanceRule, RuleRun } from './rule.ts'

async function createMany(run: RuleRun, count: number): Promise<string[]> {
  const names: string[] = []
  for (let made = 0; made < count; made++) {
    const name = run.snapshotName()
    await run.storage.createSnapshot(name)
    names.push(name)
  }
  return names
}

export const listingRules: readonly ConformanceRule[] = [
  rule('listing.order', 'snapshots are listed oldest first', [], async ({ storage, harness, snapshotName }) => {
    // Made in the order of falling names, so that an order by name is not taken for an order by time.
    const names = [snapshotName(), snapshotName(), snapshotName()].reverse()
    for (const name of names) {
      await storage.createSnapshot(name)
      await harness.tick?.()
    }
    const listed = await collect(storage.listSnapshots())
    const times = listed.map(({ createdAt }) => createdAt.toMillis())
    assert.deepEqual(times, times.toSorted((a, b) => a - b))
    if (harness.tick !== undefined) {
      assert.deepEqual(
        listed.map(({ name }) => name).filter((name) => names.includes(name)),
        names,
      )
    }
  }),

  rule('listing.complete', 'a listing of several pages has every snapshot exactly once', [], async (run) => {
    const names = await createMany(run, run.listingSize)
    const listed = (await collect(run.storage.listSnapshots())).filter(({ name }) => names.includes(name)).map(({ name }) => name)
    assert.equal(listed.length, names.length)
    assert.equal(new Set(listed).size, names.length)
  }),

  rule('listing.requests', 'listing makes no request per snapshot', [{ harness: 'requestCount' }], async (run) => {
    const countListing = async (): Promise<number> => {
      const before = run.harness.requestCount?.() ?? 0
      await collect(run.storage.listSnapshots())
      return (run.harness.requestCount?.() ?? 0) - before
    }
    const few = await countListing()
    await createMany(run, run.listingSize)
    const more = (await countListing()) - few
    assert.ok(more <= run.listingSize / 2, `${run.listingSize} more snapshots took ${more} more requests`)
  }),

  rule('listing.foreign', 'foreign snapshots are listed as not ours; names of the seed and of neighbours are told apart by the grammar', [{ harness: 'makeForeignSnapshot' }], async (run) => {
    const { storage, database } = run
    const stamp = '20260101T000000'
    const names = ['weekly', `${database}2-${stamp}Z-0a1b2c3d-x1`, `${database}-${stamp}`, `${database}_${stamp}`, `${database}-${stamp.slice(0, -2)}`, `x${database}-${stamp}`].map((name) => run.madeSnapshot(name))
    for (const name of names) await run.harness.makeForeignSnapshot?.(name)
    for (const name of names) {
      const [listed, ...more] = await snapshotsNamed(storage, name)
      assert.ok(listed !== undefined && more.length === 0, `${name} is listed once`)
      assert.equal(listed.ours, run.provenance === 'name' && isOurSnapshotName(name, database), `ours of ${name}`)
    }
  }),

  rule('listing.times', 'times are UTC, of now by the storage, and the same in answer and listing', [], async ({ storage, harness, snapshotName }) => {
    const [early, late] = [snapshotName(), snapshotName()]
    const first = await storage.createSnapshot(early)
    await harness.tick?.()
    const second = await storage.createSnapshot(late)
    for (const made of [first, second]) {
      const [listed] = await snapshotsNamed(storage, made.name)
      assert.ok(made.createdAt.isValid && made.createdAt.zoneName === 'UTC', `${made.name} was created at ${String(made.createdAt)}`)
      assert.equal(listed?.createdAt.toISO(), made.createdAt.toISO())
    }
    assert.ok(second.createdAt.toMillis() >= first.createdAt.toMillis(), 'time does not run backwards')
    if (harness.tick !== undefined) assert.ok(second.createdAt.toMillis() > first.createdAt.toMillis(), 'each snapshot has its own time')
  }),

  rule('listing.session', 'what one session made another one sees', [{ harness: 'reopen' }], async ({ storage, harness, snapshotName, cloneName }) => {
    const name = snapshotName()
    const made = await storage.createSnapshot(name)
    const clone = storage.capabilities.clones ? await storage.createClone(made.id, cloneName()) : undefined
    const other = await harness.reopen?.()
    assert.ok(other !== undefined)
    assert.deepEqual(
      (await snapshotsNamed(other, name)).map(({ id, ours }) => [id, ours]),
      [[made.id, true]],
    )
    if (clone !== undefined) assert.ok((await collect(other.listClones())).some(({ id }) => id === clone.id))
  }),

  rule('listing.restart', 'a listing that is left early can be started again from the beginning', [], async (run) => {
    await createMany(run, 3)
    for await (const snapshot of run.storage.listSnapshots()) {
      assert.ok(snapshot.name.length > 0)
      break
    }
    assert.ok((await collect(run.storage.listSnapshots())).length >= 3)
  }),
]
