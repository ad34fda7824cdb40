import { plan } from '@icb/retention'
import type { RetentionCandidate, RetentionPlan, RetentionReasonCode } from '@icb/retention'
import { hasErrorCode, isIcbError, isoNow } from '@icb/runtime'
import { DateTime } from 'luxon'
import type { StorageDependencies } from './dependencies.ts'
import type { BackupEvent } from './events.ts'
import { listPoints, provenLabel } from './points.ts'
import type { ListedPoint } from './points.ts'
import { completeSettings } from './settings.ts'
import type { BackupSettings } from './settings.ts'

export interface CleanOptions {
  readonly dryRun?: boolean
  /** Drop also while backups are overdue. */
  readonly overrideFreeze?: boolean
  /** For the events. */
  readonly runId?: string
}

export interface CleanOutcome {
  readonly snapshotId: string
  readonly snapshot: string
  /** ISO UTC. */
  readonly createdAt: string
  /** `valid`: kept by the plan. `expired`: would be dropped (dry run). `has-clones`, `held`: the storage refused because of a clone or a hold. */
  readonly outcome: 'valid' | 'foreign' | 'expired' | 'dropped' | 'has-clones' | 'held' | 'failed'
  /** The plan's reasons, for people. */
  readonly reasons: readonly string[]
  readonly error?: { readonly code: string; readonly message: string }
}

export interface CleanResult {
  readonly plan: RetentionPlan
  /** Oldest first. */
  readonly outcomes: readonly CleanOutcome[]
  readonly dropped: number
  readonly failed: number
  readonly warnings: readonly string[]
}

/**
 * Plans retention over one listing and drops what the plan gives up. A snapshot that cannot be dropped is an outcome, not an exception.
 * @throws ICB_STORAGE_… when the listing fails; ICB_BACKUP_PINS or ICB_RECOVERY_POINT_… when pins or index cannot be read (nothing is dropped then);
 * ICB_LEASE_LOST, where one is held.
 */
export async function cleanSnapshots(deps: StorageDependencies, options: CleanOptions = {}): Promise<CleanResult> {
  const { clock, settings, storage, signal } = deps
  const points = await listPoints(deps)
  const now = DateTime.fromMillis(clock.now(), { zone: 'utc' })
  const space = await storage.describe({ signal })
  const spaceLow = space.freeBytes !== undefined && space.sizeBytes !== undefined && Number(space.freeBytes) < Number(space.sizeBytes) * completeSettings(settings).spaceLowShare
  // Without restore tests there are no proofs to miss: the floor alone holds.
  const policy = settings.restoreTests ? settings.retention : { ...settings.retention, keepNewestProven: false }
  const proofs = !settings.restoreTests || proofsVisible(deps, points) ? 'known' : 'unknown'
  const retention = plan(points.map(candidateOf), policy, { now, overdue: backupOverdue(points, settings, now), spaceLow, overrideFreeze: options.overrideFreeze === true, proofs })
  if (options.overrideFreeze === true) deps.logger.warn({ database: settings.name }, 'retention runs with its freeze overridden')
  const warnings = [...retention.warnings]

  const outcomes: CleanOutcome[] = []
  for (const { candidate, action, reasons } of retention.decisions) {
    const point = points.find((p) => p.snapshot.id === candidate.id)
    if (point === undefined) continue
    const { snapshot } = point
    const about = { snapshotId: snapshot.id, snapshot: snapshot.name, createdAt: snapshot.createdAt.toUTC().toISO() ?? '', reasons: reasons.map((r) => r.text) }
    if (action === 'keep') outcomes.push({ ...about, outcome: candidate.ours ? 'valid' : 'foreign' })
    else if (options.dryRun === true) outcomes.push({ ...about, outcome: 'expired' })
    else outcomes.push({ ...about, ...(await drop(deps, point, options.runId)) })
  }
  const failed = outcomes.filter((o) => o.outcome === 'failed')
  for (const { snapshot, error } of failed) warnings.push(`snapshot ${snapshot} was not dropped: ${error?.message ?? ''}`)
  return { plan: retention, outcomes, dropped: outcomes.filter((o) => o.outcome === 'dropped').length, failed: failed.length, warnings }
}

async function drop(deps: StorageDependencies, point: ListedPoint, runId: string | undefined): Promise<Pick<CleanOutcome, 'outcome' | 'error'>> {
  deps.signal.throwIfAborted()
  // The plan is of the state that the lease kept.
  await deps.lease?.assertHeld()
  const { snapshot } = point
  const tell = (outcome: 'dropped' | 'failed'): void => {
    const event: BackupEvent = { type: 'backup.snapshot-dropped', at: isoNow(deps.clock), runId: runId ?? '', database: deps.settings.name, snapshot: snapshot.name, outcome }
    deps.events.emit(event)
  }
  try {
    await deps.storage.deleteSnapshot(snapshot.id, { signal: deps.signal })
    deps.logger.info({ snapshot: snapshot.name }, 'snapshot dropped')
    tell('dropped')
    return { outcome: 'dropped' }
  } catch (error) {
    deps.signal.throwIfAborted()
    deps.logger.warn({ snapshot: snapshot.name, err: error }, 'snapshot not dropped')
    tell('failed')
    const told = { code: isIcbError(error) ? error.code : 'ICB_INTERNAL', message: error instanceof Error ? error.message : String(error) }
    if (hasErrorCode(error, 'ICB_STORAGE_HAS_CLONES')) return { outcome: 'has-clones', error: told }
    return { outcome: hasErrorCode(error, 'ICB_STORAGE_LOCKED') ? 'held' : 'failed', error: told }
  }
}

/** A snapshot that retention gave up a while ago and that is still there. */
export interface OverdueDrop {
  readonly snapshot: string
  /** `clone`: something depends on it; `frozen`: backups are overdue, so nothing is dropped; `failed`: neither, so dropping it fails or never happens. */
  readonly why: 'clone' | 'frozen' | 'failed'
}

/**
 * Snapshots that should have gone before `since` and are still there: what a retention that silently stopped leaves. Pinned and locked ones are
 * meant to stay and are none. Pure, and needs no state: the plan of that moment is made again.
 */
export function overdueDrops(points: readonly ListedPoint[], settings: BackupSettings, times: { readonly now: DateTime; readonly since: DateTime; readonly proofs: 'known' | 'unknown' }): readonly OverdueDrop[] {
  const policy = settings.restoreTests ? settings.retention : { ...settings.retention, keepNewestProven: false }
  const given = (candidates: readonly ListedPoint[], now: DateTime, floor: ReadonlySet<RetentionReasonCode>): ReadonlySet<string> => {
    const situation = { now, overdue: false, proofs: settings.restoreTests ? times.proofs : ('known' as const) }
    const { decisions } = plan(candidates.map((point) => ({ ...candidateOf(point), hasClones: point.snapshot.hasClones === undefined ? undefined : false })), policy, situation)
    return new Set(decisions.filter(({ action, reasons }) => action === 'drop' || (reasons.length > 0 && reasons.every(({ code }) => floor.has(code)))).map(({ candidate }) => candidate.id))
  }
  // Given up by age already then, whatever the floor was, and not needed for the floor now.
  const then = points.filter((point) => point.snapshot.createdAt <= times.since)
  const old = given(then, times.since, new Set(['min-redundancy', 'newest-proven']))
  const now = given(points, times.now, new Set())
  const frozen = backupOverdue(points, settings, times.now)
  return then.filter(({ snapshot }) => old.has(snapshot.id) && now.has(snapshot.id)).map(({ snapshot }) => ({ snapshot: snapshot.name, why: snapshot.hasClones === true ? 'clone' : frozen ? 'frozen' : 'failed' }))
}

/** A proof made on another host counts only where this host can see it: in a shared ledger, or as a label on a snapshot. */
function proofsVisible(deps: StorageDependencies, points: readonly ListedPoint[]): boolean {
  return deps.ledger?.shared === true || points.some((p) => p.snapshot.labels?.[provenLabel] !== undefined)
}

function candidateOf(point: ListedPoint): RetentionCandidate {
  const { snapshot, pinned } = point
  return {
    id: snapshot.id, createdAt: snapshot.createdAt, ours: snapshot.ours, restorable: point.restorable, hasClones: snapshot.hasClones,
    ...(point.provenAt === undefined ? {} : { provenAt: DateTime.fromISO(point.provenAt, { zone: 'utc' }) }),
    ...(pinned === undefined ? {} : { pinnedUntil: pinned.until === undefined ? ('forever' as const) : DateTime.fromISO(pinned.until, { zone: 'utc' }) }),
    ...(snapshot.lockedUntil === undefined ? {} : { lockedUntil: snapshot.lockedUntil }),
  }
}

/**
 * Whether two runs were missed. Snapshots of runs whose refresh fails do not count, or a backup that fails for weeks would look
 * punctual; where the index knows nothing (an area of the seed scripts), every snapshot of ours counts.
 */
export function backupOverdue(points: readonly ListedPoint[], settings: Pick<BackupSettings, 'expectedIntervalHours'>, now: DateTime): boolean {
  const ours = points.filter((p) => p.snapshot.ours)
  const known = ours.filter((p) => p.restorable !== undefined)
  const counted = known.length > 0 ? known.filter((p) => p.restorable === true) : ours
  const newest = counted.reduce<DateTime | undefined>((best, p) => (best === undefined || p.snapshot.createdAt > best ? p.snapshot.createdAt : best), undefined)
  if (newest === undefined) return ours.length > 0
  return now.diff(newest, 'hours').hours > 2 * (settings.expectedIntervalHours ?? 24)
}
