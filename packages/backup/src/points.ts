import type { PointEntry, PointState } from '@icb/recovery-point'
import type { Snapshot } from '@icb/storage-core'
import type { StorageDependencies } from './dependencies.ts'

/** One snapshot with everything that is known of it without mounting it. */
export interface ListedPoint {
  readonly snapshot: Snapshot
  readonly state: PointState
  /** Absent: the index does not know the snapshot. */
  readonly entry?: PointEntry
  /** `undefined`: unknown. A point is restorable when it was refreshed, its logs were proven, and nothing is remarked. */
  readonly restorable: boolean | undefined
  /** Newest restore test of this snapshot; absent: never tested, or proofs are not visible from here. */
  readonly proof?: { readonly outcome: 'passed' | 'failed' | 'inconclusive'; readonly at: string; readonly runId: string }
  /** ISO UTC of the newest passed test. */
  readonly provenAt?: string
  readonly pinned?: { readonly reason: string; /** ISO UTC; absent: for ever. */ readonly until?: string }
}

/** Snapshots, oldest first, joined with the points index, the verdicts and the pins: one listing, no call per snapshot. Needs only the storage. */
export function listPoints(deps: StorageDependencies): Promise<readonly ListedPoint[]> {
  throw new Error(`not built yet: ${deps.settings.name}`)
}
