import assert from 'node:assert/strict'
import { collect, expectError, failureOf, rule, snapshotsNamed } from './rule.ts'
import type { ConformanceRule } from './rule.ts'

export const creationRules: readonly ConformanceRule[] = [
  rule('snapshot.create.answer', 'a new snapshot is answered as it is listed: ours, without clones', [], async ({ storage, snapshotName }) => {
    const name = snapshotName()
    const created = await storage.createSnapshot(name)
    const [listed] = await snapshotsNamed(storage, name)
    for (const snapshot of [created, listed]) {
      assert.ok(snapshot !== undefined, 'it is listed')
      assert.deepEqual([snapshot.id, snapshot.name, snapshot.ours], [created.id, name, true])
      assert.notEqual(snapshot.hasClones, true, 'no clones yet')
    }
  }),

  rule('snapshot.create.idempotent', 'a repeated creation answers with the first snapshot', [], async ({ storage, snapshotName, repeat, harness }) => {
    const name = snapshotName()
    const first = await storage.createSnapshot(name)
    for (let count = 1; count < repeat; count++) {
      await harness.tick?.()
      const again = await storage.createSnapshot(name)
      assert.deepEqual([again.id, again.createdAt.toMillis()], [first.id, first.createdAt.toMillis()])
    }
    assert.equal((await snapshotsNamed(storage, name)).length, 1)
  }),

  rule('snapshot.create.concurrent', 'callers that create the same name at once get one snapshot', [], async ({ storage, harness, snapshotName, repeat }) => {
    const name = snapshotName()
    const other = (await harness.reopen?.()) ?? storage
    const made = await Promise.all(Array.from({ length: repeat }, (_, index) => (index % 2 === 0 ? storage : other).createSnapshot(name)))
    assert.equal(new Set(made.map(({ id }) => id)).size, 1, 'one id')
    assert.equal((await snapshotsNamed(storage, name)).length, 1, 'one in the listing')
  }),

  rule('snapshot.create.concurrent-names', 'callers that create different names at once get one snapshot each', [], async ({ storage, snapshotName, repeat }) => {
    const names = Array.from({ length: repeat }, () => snapshotName())
    const made = await Promise.all(names.map((name) => storage.createSnapshot(name)))
    assert.equal(new Set(made.map(({ id }) => id)).size, names.length, 'different ids')
    const listed = new Set((await collect(storage.listSnapshots())).map(({ name }) => name))
    for (const name of names) assert.ok(listed.has(name), `${name} is listed`)
  }),

  rule('snapshot.create.foreign-name', 'a name that a foreign snapshot has is refused with EXISTS', [{ harness: 'makeForeignSnapshot' }], async ({ storage, harness, provenance, snapshotName, madeSnapshot }) => {
    const name = provenance === 'mark' ? snapshotName() : madeSnapshot('made-by-hand')
    await harness.makeForeignSnapshot?.(name)
    await expectError('EXISTS', 'createSnapshot', () => storage.createSnapshot(name))
  }),

  rule('snapshot.create.long-name', 'the longest name the storage declares comes back unchanged', [], async ({ storage, snapshotName, madeSnapshot }) => {
    const short = snapshotName()
    const name = madeSnapshot(short.padEnd(Math.min(storage.capabilities.maxNameLength, 200), 'z'))
    const created = await storage.createSnapshot(name)
    assert.equal(created.name, name)
    assert.equal((await snapshotsNamed(storage, name)).length, 1, 'listed under its full name')
    assert.equal((await snapshotsNamed(storage, short)).length, 0, 'not under a shorter one')
  }),

  rule('snapshot.create.lost-answer', 'a creation whose answer was lost is found by the repeated call', [{ harness: 'injectFault' }], async ({ storage, harness, snapshotName }) => {
    const name = snapshotName()
    await harness.injectFault?.({ operation: 'createSnapshot', when: 'after' })
    assert.ok((await failureOf(() => storage.createSnapshot(name))) !== undefined, 'the first call reports the lost answer')
    const again = await storage.createSnapshot(name)
    assert.deepEqual(
      (await snapshotsNamed(storage, name)).map(({ id }) => id),
      [again.id],
    )
  }),

  rule('snapshot.create.failed', 'a creation that failed before the change leaves nothing and can be repeated', [{ harness: 'injectFault' }], async ({ storage, harness, snapshotName }) => {
    const name = snapshotName()
    await harness.injectFault?.({ operation: 'createSnapshot', when: 'before' })
    assert.ok((await failureOf(() => storage.createSnapshot(name))) !== undefined, 'the failure is reported')
    assert.equal((await snapshotsNamed(storage, name)).length, 0)
    await storage.createSnapshot(name)
    assert.equal((await snapshotsNamed(storage, name)).length, 1)
  }),

  rule('snapshot.create.half-made', 'a snapshot that was cut off half way is never listed and its name can be made again', [{ harness: 'makeHalfSnapshot' }], async ({ storage, harness, snapshotName }) => {
    const name = snapshotName()
    await harness.makeHalfSnapshot?.(name)
    assert.equal((await snapshotsNamed(storage, name)).length, 0)
    await storage.createSnapshot(name)
    assert.equal((await snapshotsNamed(storage, name)).length, 1)
  }),

  rule('leftovers.remove', 'removeLeftovers removes and names what was cut off, and nothing else', [{ harness: 'makeHalfSnapshot' }], async ({ storage, harness, snapshotName }) => {
    const [half, whole] = [snapshotName(), snapshotName()]
    await storage.createSnapshot(whole)
    await harness.makeHalfSnapshot?.(half)
    assert.ok(storage.removeLeftovers !== undefined, 'a storage that can leave halves can remove them')
    assert.deepEqual(await storage.removeLeftovers(), [half])
    assert.deepEqual(await storage.removeLeftovers(), [], 'nothing is left for a second call')
    assert.equal((await snapshotsNamed(storage, whole)).length, 1, 'whole snapshots stay')
  }),
]
