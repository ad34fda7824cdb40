import { readPoints } from '@icb/recovery-point'
import type { PointEntry, PointState } from '@icb/recovery-point'
import type { LedgerEntry } from '@icb/ledger'
import type { Snapshot } from '@icb/storage-core'
import type { StorageDependencies } from './dependencies.ts'
import { readPins } from './pins.ts'
import type { Pin } from './pins.ts'

/** One snapshot with everything that is known of it without mounting it. */
export interface ListedPoint {
  readonly snapshot: Snapshot
  readonly state: PointState
  /** Absent: the index does not know the snapshot. */
  readonly entry?: PointEntry
  /** `undefined`: unknown. A point is restorable when it was refreshed, its logs were proven, nothing is remarked, and its newest restore test did not fail. */
  readonly restorable: boolean | undefined
  /** Newest restore test of this snapshot that came to a verdict; absent: never tested, or proofs are not visible from here. */
  readonly proof?: { readonly outcome: 'passed' | 'failed' | 'inconclusive'; readonly at: string; readonly runId: string }
  /** ISO UTC of the newest passed test. */
  readonly provenAt?: string
  readonly pinned?: { readonly reason: string; /** ISO UTC; absent: for ever. */ readonly until?: string }
}

/** Label with the ISO time of a passed restore test, on storages that keep labels. */
export const provenLabel = 'icb-proven-at'

/** Snapshots, oldest first, joined with the points index, the verdicts and the pins: one listing, no call per snapshot. Needs only the storage. */
export async function listPoints(deps: Pick<StorageDependencies, 'settings' | 'storage' | 'ledger' | 'logger' | 'signal'>): Promise<readonly ListedPoint[]> {
  const { settings, storage, ledger, logger, signal } = deps
  const snapshots: Snapshot[] = []
  for await (const snapshot of storage.listSnapshots({ signal })) snapshots.push(snapshot)
  // An area that is not mounted here has no index: the points are unknown then, not gone.
  const entries = new Map((await readPoints(settings.areaPath, { logger })).map((entry) => [entry.snapshot, entry]))
  const pins = new Map((await readPins(deps)).map((pin) => [pin.snapshot, pin]))
  const oldest = snapshots[0]?.createdAt.minus({ days: 1 }).toUTC().toISO()
  // No proof is older than its snapshot; the day is for clocks that differ.
  const verdicts = ledger === undefined || oldest === undefined || oldest === null ? [] : await ledger.list({ database: settings.name, since: oldest })
  return snapshots.map((snapshot) => joinPoint(snapshot, entries.get(snapshot.name), pins.get(snapshot.name), verdicts))
}

function joinPoint(snapshot: Snapshot, entry: PointEntry | undefined, pin: Pin | undefined, ledgerEntries: readonly LedgerEntry[]): ListedPoint {
  // The ledger answers newest first.
  const verdicts = ledgerEntries.flatMap((e) => (e.verdict !== undefined && e.verdict.action !== 'restore' && (e.verdict.snapshot ?? e.snapshot) === snapshot.name ? [e.verdict] : []))
  const decided = verdicts.find((v) => v.outcome !== 'inconclusive')
  const newest = decided ?? verdicts[0]
  const provenAt = verdicts.find((v) => v.outcome === 'passed')?.finishedAt ?? snapshot.labels?.[provenLabel]
  const state = entry?.state ?? 'unknown'
  return {
    snapshot, state,
    ...(entry === undefined ? {} : { entry }),
    restorable: decided?.outcome === 'failed' ? false : restorableBy(entry),
    ...(newest === undefined ? {} : { proof: { outcome: newest.outcome, at: newest.finishedAt, runId: newest.runId } }),
    ...(provenAt === undefined ? {} : { provenAt }),
    ...(pin === undefined ? {} : { pinned: { reason: pin.reason, ...(pin.until === undefined ? {} : { until: pin.until }) } }),
  }
}

/** Whether an index entry promises a restorable point; `undefined` where it promises nothing. */
export function restorableBy(entry: PointEntry | undefined): boolean | undefined {
  if (entry === undefined || entry.state === 'unknown') return undefined
  // A snapshot that was made while the database was away: how far its logs reach is not known.
  if (entry.state === 'refreshed' && entry.lastScn === undefined && (entry.remarks ?? []).length === 0) return undefined
  return entry.state === 'refreshed' && entry.minScn !== undefined && entry.lastScn !== undefined && entry.lastScn >= entry.minScn && (entry.remarks ?? []).length === 0
}
