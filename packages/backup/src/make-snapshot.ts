import { appendPoint } from '@icb/recovery-point'
import type { PointEntry } from '@icb/recovery-point'
import type { Lease, Logger } from '@icb/runtime'
import type { CreateSnapshotOptions, Snapshot, SnapshotStorage } from '@icb/storage-core'

export interface MakeSnapshotDependencies {
  readonly storage: SnapshotStorage
  /** Of the area, where one is held. */
  readonly lease?: Pick<Lease, 'assertHeld'>
  readonly logger: Logger
  readonly signal: AbortSignal
}

/** For what has to be undone after the run's own signal has ended, milliseconds. */
const withdrawMs = 60_000

/**
 * The snapshot of an index entry, which is on disk before. The entry speaks of the area as it was when its window was closed, so the lease
 * must have been held until the snapshot was there: one that came later (this process stood still, or the storage did) may show what the next
 * run has made of the area. It is marked in the index and removed.
 * @throws ICB_LEASE_LOST; ICB_STORAGE_…
 */
export async function makeSnapshot(deps: MakeSnapshotDependencies, name: string, options: Omit<CreateSnapshotOptions, 'signal'>, index?: { readonly areaPath: string; readonly entry: PointEntry }): Promise<Snapshot> {
  const { storage, lease, logger, signal } = deps
  await lease?.assertHeld()
  try {
    const snapshot = await storage.createSnapshot(name, { signal, ...options })
    await lease?.assertHeld()
    return snapshot
  } catch (error) {
    if (await isHeld(lease)) throw error
    await withdraw(storage, name, index).catch((failure: unknown) => {
      logger.error({ snapshot: name, error: failure }, 'a snapshot that came after the lease was lost could not be removed')
    })
    throw error
  }
}

async function isHeld(lease: MakeSnapshotDependencies['lease']): Promise<boolean> {
  return lease === undefined || lease.assertHeld().then(() => true, () => false)
}

async function withdraw(storage: SnapshotStorage, name: string, index: { readonly areaPath: string; readonly entry: PointEntry } | undefined): Promise<void> {
  const signal = AbortSignal.timeout(withdrawMs)
  try {
    if (index !== undefined) {
      const { areaPath, entry } = index
      await appendPoint(areaPath, { ...entry, state: 'damaged', remarks: [...(entry.remarks ?? []), 'the lease was lost before the snapshot was there: it may be of another state'] })
    }
  } finally {
    for await (const snapshot of storage.listSnapshots({ signal })) if (snapshot.name === name && snapshot.ours) await storage.deleteSnapshot(snapshot.id, { signal })
  }
}
