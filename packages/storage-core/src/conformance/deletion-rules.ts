import assert from 'node:assert/strict'
import { expectError, failureOf, rule, snapshotsNamed } from './rule.ts'
import type { ConformanceRule } from './rule.ts'

export const deletionRules: readonly ConformanceRule[] = [
  rule('snapshot.delete.only-it', 'a deleted snapshot is gone and its neighbours stay', [], async ({ storage, snapshotName }) => {
    const names = [snapshotName(), snapshotName(), snapshotName()]
    const made = []
    for (const name of names) made.push(await storage.createSnapshot(name))
    await storage.deleteSnapshot(made[1]!.id)
    const counts = []
    for (const name of names) counts.push((await snapshotsNamed(storage, name)).length)
    assert.deepEqual(counts, [1, 0, 1])
  }),

  rule('snapshot.delete.missing', 'deleting a snapshot that is gone succeeds', [], async ({ storage, snapshotName, repeat }) => {
    const { id } = await storage.createSnapshot(snapshotName())
    for (let count = 0; count < repeat; count++) await storage.deleteSnapshot(id)
  }),

  rule('snapshot.delete.again', 'a name can be made anew after its deletion, with the contents of now', [], async ({ storage, snapshotName }) => {
    const name = snapshotName()
    const first = await storage.createSnapshot(name)
    await storage.deleteSnapshot(first.id)
    assert.equal((await storage.createSnapshot(name)).name, name)
    assert.equal((await snapshotsNamed(storage, name)).length, 1)
  }),

  rule('snapshot.delete.concurrent', 'callers that delete the same snapshot at once all succeed', [], async ({ storage, harness, snapshotName, repeat }) => {
    const name = snapshotName()
    const other = (await harness.reopen?.()) ?? storage
    const { id } = await storage.createSnapshot(name)
    await Promise.all(Array.from({ length: repeat }, (_, index) => (index % 2 === 0 ? storage : other).deleteSnapshot(id)))
    assert.equal((await snapshotsNamed(storage, name)).length, 0)
  }),

  rule('snapshot.delete.has-clones', 'a snapshot with a clone is not deleted', [{ capability: 'clones' }], async ({ storage, snapshotName, cloneName }) => {
    const name = snapshotName()
    const { id } = await storage.createSnapshot(name)
    const clone = await storage.createClone(id, cloneName())
    await expectError('HAS_CLONES', 'deleteSnapshot', () => storage.deleteSnapshot(id))
    const [listed] = await snapshotsNamed(storage, name)
    assert.ok(listed !== undefined, 'it is still there')
    assert.notEqual(listed.hasClones, false, 'the listing does not deny the clone')
    await storage.deleteClone(clone.id)
    await storage.deleteSnapshot(id)
    assert.equal((await snapshotsNamed(storage, name)).length, 0)
  }),

  rule('snapshot.delete.foreign', 'a foreign snapshot is not deleted', [{ harness: 'makeForeignSnapshot' }], async ({ storage, harness, madeSnapshot }) => {
    const name = madeSnapshot('made-by-hand')
    const id = await harness.makeForeignSnapshot!(name)
    await expectError('FOREIGN', 'deleteSnapshot', () => storage.deleteSnapshot(id))
    assert.equal((await snapshotsNamed(storage, name)).length, 1)
  }),

  rule('snapshot.delete.lost-answer', 'a deletion whose answer was lost can be repeated', [{ harness: 'injectFault' }], async ({ storage, harness, snapshotName }) => {
    const name = snapshotName()
    const { id } = await storage.createSnapshot(name)
    await harness.injectFault?.({ operation: 'deleteSnapshot', when: 'after' })
    assert.ok((await failureOf(() => storage.deleteSnapshot(id))) !== undefined, 'the first call reports the lost answer')
    await storage.deleteSnapshot(id)
    assert.equal((await snapshotsNamed(storage, name)).length, 0)
  }),
]
