import assert from 'node:assert/strict'
import type { SnapshotHolds, SnapshotLabels } from '../snapshot-storage.ts'
import { collect, expectError, failureOf, rule, snapshotsNamed } from './rule.ts'
import type { ConformanceRule } from './rule.ts'

export const capabilityRules: readonly ConformanceRule[] = [
  rule('capabilities.methods', 'declared holds and labels agree with the methods that are there', [], async ({ storage }) => {
    const methods = storage as Partial<SnapshotHolds & SnapshotLabels>
    const present = { hold: typeof methods.hold === 'function', releaseHold: typeof methods.releaseHold === 'function', setLabels: typeof methods.setLabels === 'function' }
    const { holds, labels } = storage.capabilities
    assert.deepEqual(present, { hold: holds, releaseHold: holds, setLabels: labels })
  }),

  rule('capabilities.clones', 'a storage that declares clones makes them; another one says UNSUPPORTED, lists none and deletes nothing for one', [], async ({ storage, ...run }) => {
    const snapshot = await storage.createSnapshot(run.snapshotName())
    if (storage.capabilities.clones) {
      await storage.createClone(snapshot.id, run.cloneName())
      return
    }
    assert.equal(storage.capabilities.thinClones, false, 'no clones, so no thin ones')
    const name = run.cloneName()
    await expectError('UNSUPPORTED', 'createClone', () => storage.createClone(snapshot.id, name))
    assert.deepEqual(await collect(storage.listClones()), [], 'there are none to list')
    for (const id of [name, snapshot.id]) if ((await failureOf(() => storage.deleteClone(id))) !== undefined) await expectError('UNSUPPORTED', 'deleteClone', () => storage.deleteClone(id))
    assert.equal((await snapshotsNamed(storage, snapshot.name)).length, 1, 'the snapshot stays')
  }),

  rule('capabilities.space', 'space is reported as bytes (bigint), and always when spaceAccounting is declared', [], async ({ storage, snapshotName }) => {
    await storage.createSnapshot(snapshotName())
    for (const snapshot of await collect(storage.listSnapshots())) {
      for (const [key, value] of Object.entries({ spaceTotal: snapshot.spaceTotal, spaceUnique: snapshot.spaceUnique })) {
        assert.ok(value === undefined || (typeof value === 'bigint' && value >= 0n), `${key} of ${snapshot.name} is ${String(value)}`)
      }
      if (storage.capabilities.spaceAccounting && snapshot.ours) assert.equal(typeof snapshot.spaceTotal, 'bigint', `spaceTotal of ${snapshot.name}`)
    }
  }),

  rule('describe.shape', 'describe tells name, mount sources, mechanism and warnings', [], async ({ storage }) => {
    const info = await storage.describe()
    assert.ok(info.name.length > 0, 'name')
    assert.ok(info.mechanism.length > 0, 'mechanism')
    assert.ok(Array.isArray(info.warnings), 'warnings')
    assert.ok(info.mounts.length > 0, 'at least one mount source')
    for (const mount of info.mounts) assert.ok(mount.path.startsWith('/') && (mount.kind === 'path' || mount.server.length > 0), `mount source ${JSON.stringify(mount)}`)
    for (const bytes of [info.sizeBytes, info.freeBytes]) assert.ok(bytes === undefined || (typeof bytes === 'bigint' && bytes >= 0n), `bytes ${String(bytes)}`)
  }),

  rule('volume.create', 'createVolume of the present volume finds it, or says UNSUPPORTED', [], async ({ storage, repeat }) => {
    const { name } = await storage.describe()
    const ids = new Set<string>()
    for (let count = 0; count < repeat; count++) {
      try {
        ids.add((await storage.createVolume({ name })).id)
      } catch {
        await expectError('UNSUPPORTED', 'createVolume', () => storage.createVolume({ name }))
        return
      }
    }
    assert.equal(ids.size, 1, 'every repetition answers with the same volume')
  }),
]
