import assert from 'node:assert/strict'
import { clonesNamed, collect, expectError, failureOf, rule, snapshotsNamed } from './rule.ts'
import type { ConformanceRule } from './rule.ts'

const clones = { capability: 'clones' } as const

export const cloneRules: readonly ConformanceRule[] = [
  rule('clone.list', 'clones are listed with origin, UTC time and mount sources', [clones], async ({ storage, snapshotName, cloneName }) => {
    const snapshot = await storage.createSnapshot(snapshotName())
    const name = cloneName()
    const made = await storage.createClone(snapshot.id, name)
    const [listed] = await clonesNamed(storage, name)
    for (const clone of [made, listed]) {
      assert.ok(clone !== undefined, 'it is listed')
      assert.deepEqual([clone.id, clone.name, clone.snapshot], [made.id, name, snapshot.id])
      assert.ok(clone.createdAt.isValid && clone.createdAt.zoneName === 'UTC', `created at ${String(clone.createdAt)}`)
      assert.ok(clone.mounts.length > 0 && clone.mounts.every((mount) => mount.path.startsWith('/')), 'mount sources')
      assert.deepEqual(clone.mounts, made.mounts)
    }
    const volume = await storage.describe()
    assert.ok(!made.mounts.some((mount) => volume.mounts.some((other) => other.path === mount.path)), 'a clone is mounted from elsewhere than the volume')
  }),

  rule('clone.create.idempotent', 'a repeated creation answers with the first clone', [clones], async ({ storage, snapshotName, cloneName, repeat }) => {
    const snapshot = await storage.createSnapshot(snapshotName())
    const name = cloneName()
    const ids = new Set<string>()
    for (let count = 0; count < repeat; count++) ids.add((await storage.createClone(snapshot.id, name)).id)
    assert.equal(ids.size, 1)
    assert.equal((await clonesNamed(storage, name)).length, 1)
  }),

  rule('clone.create.concurrent', 'callers that create the same clone at once get one', [clones], async ({ storage, harness, snapshotName, cloneName, repeat }) => {
    const snapshot = await storage.createSnapshot(snapshotName())
    const name = cloneName()
    const other = (await harness.reopen?.()) ?? storage
    const made = await Promise.all(Array.from({ length: repeat }, (_, index) => (index % 2 === 0 ? storage : other).createClone(snapshot.id, name)))
    assert.equal(new Set(made.map(({ id }) => id)).size, 1)
    assert.equal((await clonesNamed(storage, name)).length, 1)
  }),

  rule('clone.create.several', 'one snapshot can have several clones', [clones], async ({ storage, snapshotName, cloneName }) => {
    const snapshot = await storage.createSnapshot(snapshotName())
    const made = [await storage.createClone(snapshot.id, cloneName()), await storage.createClone(snapshot.id, cloneName())]
    assert.equal(new Set(made.map(({ id }) => id)).size, 2)
    assert.equal(new Set(made.map(({ mounts }) => mounts[0]?.path)).size, 2, 'each has a place of its own')
    assert.equal((await collect(storage.listClones())).filter(({ snapshot: origin }) => origin === snapshot.id).length, 2, 'both are listed')
    await storage.deleteClone(made[0]!.id)
    assert.equal((await clonesNamed(storage, made[1]!.name)).length, 1, 'the other stays')
  }),

  rule('clone.create.other-snapshot', 'a clone name that belongs to another snapshot is refused with EXISTS', [clones], async ({ storage, snapshotName, cloneName }) => {
    const [first, second] = [await storage.createSnapshot(snapshotName()), await storage.createSnapshot(snapshotName())]
    const name = cloneName()
    await storage.createClone(first.id, name)
    await expectError('EXISTS', 'createClone', () => storage.createClone(second.id, name))
    assert.deepEqual(
      (await clonesNamed(storage, name)).map(({ snapshot }) => snapshot),
      [first.id],
    )
  }),

  rule('clone.create.missing-snapshot', 'a clone of a snapshot that is gone is refused with NOT_FOUND', [clones], async ({ storage, snapshotName, cloneName }) => {
    const { id } = await storage.createSnapshot(snapshotName())
    await storage.deleteSnapshot(id)
    const name = cloneName()
    await expectError('NOT_FOUND', 'createClone', () => storage.createClone(id, name))
    assert.equal((await clonesNamed(storage, name)).length, 0)
  }),

  rule('clone.create.lost-answer', 'a clone whose answer was lost is found by the repeated call', [clones, { harness: 'injectFault' }], async ({ storage, harness, snapshotName, cloneName }) => {
    const snapshot = await storage.createSnapshot(snapshotName())
    const name = cloneName()
    await harness.injectFault?.({ operation: 'createClone', when: 'after' })
    assert.ok((await failureOf(() => storage.createClone(snapshot.id, name))) !== undefined, 'the first call reports the lost answer')
    const again = await storage.createClone(snapshot.id, name)
    assert.deepEqual(
      (await clonesNamed(storage, name)).map(({ id }) => id),
      [again.id],
    )
  }),

  rule('clone.delete.missing', 'a deleted clone is gone, and deleting it again succeeds', [clones], async ({ storage, snapshotName, cloneName, repeat }) => {
    const snapshot = await storage.createSnapshot(snapshotName())
    const name = cloneName()
    const { id } = await storage.createClone(snapshot.id, name)
    for (let count = 0; count < repeat; count++) await storage.deleteClone(id)
    assert.equal((await clonesNamed(storage, name)).length, 0)
    assert.equal((await snapshotsNamed(storage, snapshot.name)).length, 1, 'its snapshot stays')
  }),

  rule('clone.delete.not-a-clone', 'deleteClone never removes a snapshot', [clones], async ({ storage, snapshotName }) => {
    const snapshot = await storage.createSnapshot(snapshotName())
    const failure = await failureOf(() => storage.deleteClone(snapshot.id))
    // Where snapshots and clones have separate kinds of ids, it is a missing clone: then success is right.
    if (failure !== undefined) await expectError('FOREIGN', 'deleteClone of a snapshot', () => storage.deleteClone(snapshot.id))
    assert.equal((await snapshotsNamed(storage, snapshot.name)).length, 1)
  }),

  rule('clone.delete.foreign', 'a clone that this tool did not make is not deleted and its name is taken', [clones, { harness: 'makeForeignClone' }], async ({ storage, harness, snapshotName, cloneName }) => {
    const snapshot = await storage.createSnapshot(snapshotName())
    const name = cloneName()
    const id = await harness.makeForeignClone!(snapshot.id, name)
    await expectError('FOREIGN', 'deleteClone', () => storage.deleteClone(id))
    await expectError('EXISTS', 'createClone', () => storage.createClone(snapshot.id, name))
  }),

  rule('clone.delete.lost-answer', 'a deletion whose answer was lost can be repeated', [clones, { harness: 'injectFault' }], async ({ storage, harness, snapshotName, cloneName }) => {
    const snapshot = await storage.createSnapshot(snapshotName())
    const name = cloneName()
    const { id } = await storage.createClone(snapshot.id, name)
    await harness.injectFault?.({ operation: 'deleteClone', when: 'after' })
    assert.ok((await failureOf(() => storage.deleteClone(id))) !== undefined, 'the first call reports the lost answer')
    await storage.deleteClone(id)
    assert.equal((await clonesNamed(storage, name)).length, 0)
  }),

  rule('clone.contents', 'a clone shows the volume as it was when its snapshot was made', [clones, { harness: 'files' }], async ({ storage, harness, snapshotName, cloneName }) => {
    const files = harness.files!
    await files.write('data/one', 'first')
    const snapshot = await storage.createSnapshot(snapshotName())
    await files.write('data/one', 'second')
    const clone = await storage.createClone(snapshot.id, cloneName())
    assert.equal(await files.readInClone(clone, 'data/one'), 'first')
    assert.equal(await files.read('data/one'), 'second')
  }),

  rule('clone.isolated', 'writes to a clone reach neither volume, snapshot nor another clone', [clones, { harness: 'files' }], async ({ storage, harness, snapshotName, cloneName }) => {
    const files = harness.files!
    await files.write('data/one', 'first')
    const snapshot = await storage.createSnapshot(snapshotName())
    const before = await storage.createClone(snapshot.id, cloneName())
    const written = await storage.createClone(snapshot.id, cloneName())
    await files.writeInClone(written, 'data/one', 'changed')
    const after = await storage.createClone(snapshot.id, cloneName())
    assert.equal(await files.readInClone(written, 'data/one'), 'changed')
    assert.deepEqual([await files.read('data/one'), await files.readInClone(before, 'data/one'), await files.readInClone(after, 'data/one')], ['first', 'first', 'first'])
    assert.equal((await collect(storage.listClones())).filter(({ snapshot: origin }) => origin === snapshot.id).length, 3)
  }),

  rule('clone.repeat-keeps', 'a repeated creation does not reset what was written to the clone', [clones, { harness: 'files' }], async ({ storage, harness, snapshotName, cloneName }) => {
    const files = harness.files!
    await files.write('data/one', 'first')
    const snapshot = await storage.createSnapshot(snapshotName())
    const name = cloneName()
    await files.writeInClone(await storage.createClone(snapshot.id, name), 'data/one', 'changed')
    assert.equal(await files.readInClone(await storage.createClone(snapshot.id, name), 'data/one'), 'changed')
  }),
]
