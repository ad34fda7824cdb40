import assert from 'node:assert/strict'
import { DateTime } from 'luxon'
import type { SnapshotHolds, SnapshotLabels, SnapshotStorage } from '../snapshot-storage.ts'
import { clonesNamed, collect, expectError, failureOf, rule, snapshotsNamed } from './rule.ts'
import type { ConformanceRule } from './rule.ts'

const holds = { capability: 'holds' } as const
const labels = { capability: 'labels' } as const
const holding = (storage: SnapshotStorage): SnapshotHolds => storage as SnapshotStorage & SnapshotHolds
const labelling = (storage: SnapshotStorage): SnapshotLabels => storage as SnapshotStorage & SnapshotLabels

export const abilityRules: readonly ConformanceRule[] = [
  rule('holds.lock', 'a held snapshot is not deleted until it is released', [holds], async ({ storage, snapshotName }) => {
    const name = snapshotName()
    const { id } = await storage.createSnapshot(name)
    await holding(storage).hold(id, { reason: 'conformance' })
    await expectError('LOCKED', 'deleteSnapshot', () => storage.deleteSnapshot(id))
    assert.equal((await snapshotsNamed(storage, name)).length, 1)
    await holding(storage).releaseHold(id)
    await storage.deleteSnapshot(id)
    assert.equal((await snapshotsNamed(storage, name)).length, 0)
  }),

  rule('holds.repeat', 'holding twice and releasing twice succeed; a missing snapshot cannot be held', [holds], async ({ storage, snapshotName }) => {
    const { id } = await storage.createSnapshot(snapshotName())
    for (const reason of ['one', 'two']) await holding(storage).hold(id, { reason })
    for (let count = 0; count < 2; count++) await holding(storage).releaseHold(id)
    await storage.deleteSnapshot(id)
    await holding(storage).releaseHold(id)
    await expectError('NOT_FOUND', 'hold', () => holding(storage).hold(id, { reason: 'three' }))
  }),

  rule('holds.until', 'the end of a hold is listed', [holds], async ({ storage, snapshotName }) => {
    const name = snapshotName()
    const { id } = await storage.createSnapshot(name)
    const until = DateTime.fromISO('2199-01-01T00:00:00Z', { zone: 'utc' })
    await holding(storage).hold(id, { reason: 'conformance', until })
    const [listed] = await snapshotsNamed(storage, name)
    assert.equal(listed?.lockedUntil?.toUTC().toISO(), until.toISO())
    await holding(storage).releaseHold(id)
    const [released] = await snapshotsNamed(storage, name)
    assert.equal(released?.lockedUntil, undefined)
  }),

  rule('labels.kept', 'labels given at creation and set later are listed; others stay', [labels], async ({ storage, snapshotName }) => {
    const name = snapshotName()
    const { id } = await storage.createSnapshot(name, { labels: { 'icb.scn': '100', 'icb.state': 'refreshed' } })
    await labelling(storage).setLabels(id, { 'icb.state': 'proven', 'icb.note': 'a "quoted" text' })
    const [listed] = await snapshotsNamed(storage, name)
    assert.deepEqual({ ...listed?.labels }, { 'icb.scn': '100', 'icb.state': 'proven', 'icb.note': 'a "quoted" text' })
  }),

  rule('labels.missing', 'a missing snapshot cannot be labelled', [labels], async ({ storage, snapshotName }) => {
    const { id } = await storage.createSnapshot(snapshotName())
    await storage.deleteSnapshot(id)
    await expectError('NOT_FOUND', 'setLabels', () => labelling(storage).setLabels(id, { a: 'b' }))
  }),

  rule('signal.aborted', 'a call with an aborted signal rejects and changes nothing', [], async ({ storage, snapshotName, cloneName }) => {
    const signal = AbortSignal.abort()
    const [kept, never] = [snapshotName(), snapshotName()]
    const { id } = await storage.createSnapshot(kept)
    const cloned = cloneName()
    const calls: Record<string, () => Promise<unknown>> = {
      createSnapshot: () => storage.createSnapshot(never, { signal }),
      deleteSnapshot: () => storage.deleteSnapshot(id, { signal }),
      listSnapshots: () => collect(storage.listSnapshots({ signal })),
      listClones: () => collect(storage.listClones({ signal })),
      describe: () => storage.describe({ signal }),
      ...(storage.capabilities.clones ? { createClone: () => storage.createClone(id, cloned, { signal }) } : {}),
    }
    for (const [name, call] of Object.entries(calls)) assert.ok((await failureOf(call)) !== undefined, `${name} goes on although its signal is aborted`)
    assert.deepEqual([(await snapshotsNamed(storage, kept)).length, (await snapshotsNamed(storage, never)).length], [1, 0])
    if (storage.capabilities.clones) assert.equal((await clonesNamed(storage, cloned)).length, 0)
  }),
]
