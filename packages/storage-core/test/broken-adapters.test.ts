import { DateTime } from 'luxon'
import { describe, expect, it } from 'vitest'
import { snapshotStorageRules } from '../src/conformance.ts'
import type { SnapshotStorage } from '../src/index.ts'
import { runKit } from './kit-runner.ts'
import { memoryHarness } from './memory-harness.ts'
import { mutants } from './mutants.ts'

type Alter = (storage: SnapshotStorage) => SnapshotStorage

describe('the kit finds the adapter that breaks a rule', () => {
  it('has one broken adapter for every rule', () => {
    expect(Object.keys(mutants).toSorted()).toEqual(snapshotStorageRules.map(({ id }) => id).toSorted())
  })

  it.each(Object.entries(mutants))('%s', async (id, alter) => {
    const report = await runKit({ name: `broken ${id}`, create: () => memoryHarness({}, alter) })
    expect(report.failed.map((failure) => failure.id)).toContain(id)
    expect(report.passed.length, 'the rest of the contract still holds').toBeGreaterThan(0)
  })
})

describe('the kit with an adapter that can do less', () => {
  it('skips what the storage declares it cannot do, with the name of the capability, and passes the rest', async () => {
    const report = await runKit({ name: 'plain', create: () => memoryHarness({ capabilities: { clones: false, holds: false, labels: false, spaceAccounting: false } }) })
    expect(report.failed).toEqual([])
    const reasons = new Map(report.skipped.map(({ id, reason }) => [id, reason]))
    expect(reasons.get('clone.create.idempotent')).toBe('the storage declares "clones: false"')
    expect(reasons.get('holds.lock')).toBe('the storage declares "holds: false"')
    expect(reasons.get('labels.kept')).toBe('the storage declares "labels: false"')
    expect(report.passed).toContain('capabilities.clones')
    expect(report.passed.length + report.skipped.length).toBe(snapshotStorageRules.length)
  })

  it.each<readonly [string, Alter]>([
    ['makes one all the same', (storage) => ({ ...storage, createClone: async (snapshot, name) => ({ id: name, name, snapshot, createdAt: DateTime.utc(), mounts: [] }) })],
    ['lists some that others made', (storage) => ({ ...storage, listClones: async function* () { yield { id: 'x', name: 'x', snapshot: 'y', createdAt: DateTime.utc(), mounts: [] } } })],
    ['calls them thin', (storage) => ({ ...storage, capabilities: { ...storage.capabilities, thinClones: true } })],
    ['removes the snapshot instead', (storage) => ({ ...storage, deleteClone: (id) => storage.deleteSnapshot(id) })],
  ])('finds the adapter that declares no clones and %s', async (_what, alter) => {
    const report = await runKit({ name: 'no clones', rules: ({ id }) => id === 'capabilities.clones', create: () => memoryHarness({ capabilities: { clones: false } }, alter) })
    expect(report.failed.map(({ id }) => id)).toEqual(['capabilities.clones'])
  })

  it('skips what the harness does not offer, with its name', async () => {
    const report = await runKit({
      name: 'bare',
      create: async () => {
        const { storage, database } = await memoryHarness()
        return { storage, database, destroy: async () => undefined }
      },
    })
    expect(report.failed).toEqual([])
    expect(report.skipped.find(({ id }) => id === 'clone.contents')?.reason).toBe('the harness does not offer "files"')
    expect(report.passed).toContain('listing.order')
  })
})

describe('the kit cleans up', () => {
  it('removes what a failed rule made and destroys every harness once', async () => {
    let created = 0
    let destroyed = 0
    const left: number[] = []
    const report = await runKit({
      name: 'broken listing times',
      create: async () => {
        created++
        const harness = await memoryHarness({}, mutants['listing.times'])
        return {
          ...harness,
          destroy: async () => {
            destroyed++
            let count = 0
            for await (const snapshot of harness.storage.listSnapshots()) if (snapshot.ours) count++
            left.push(count)
          },
        }
      },
    })
    expect(report.failed.map(({ id }) => id)).toEqual(['listing.times'])
    expect(destroyed).toBe(created)
    // One snapshot is pinned by the clone that somebody else made of it (clone.delete.foreign); only the harness can remove that.
    expect(left.filter((count) => count > 0)).toEqual([1])
  })
})
