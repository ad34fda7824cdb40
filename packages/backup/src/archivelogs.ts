import { readArchiveDestinations, readArchivedLogs, readDatafileCopies, readDatafiles, readIdentity, readThreads } from '@icb/oracle'
import type { ArchivedLogRow, IdentityRow } from '@icb/oracle'
import { proveLogChain } from '@icb/recovery-point'
import type { ChainGap } from '@icb/recovery-point'
import { hasErrorCode, pollUntil } from '@icb/runtime'
import { archivelogDirectory, withSlash } from './area-path.ts'
import { copyLogs, crosscheckLogs } from './archivelog-copy.ts'
import type { DatabaseDependencies } from './dependencies.ts'
import { isComplete } from './landing.ts'
import { describeGap, enabledThreads, missingOf, spanOf } from './log-chain.ts'
import type { MissingLog } from './log-chain.ts'
import { assertIdentity } from './preflight.ts'
import { completeSettings } from './settings.ts'
import { currentCopies, windowOfCopies } from './window.ts'

/** One archived log by its identity. */
export interface LogIdentity {
  readonly thread: number
  readonly sequence: number
  readonly resetlogsId: string
}

export interface ArchivelogsOptions {
  /** Copy what is missing and can be copied. */
  readonly copy: boolean
}

export interface ArchivelogsResult {
  /** `ok` only when every expected log is in the area; `unchecked` is never fine. */
  readonly outcome: 'ok' | 'missing' | 'unchecked'
  /** Why it could not be checked. */
  readonly uncheckedReason?: string
  readonly expected: number
  /** Still missing after copying. */
  readonly missing: readonly LogIdentity[]
  readonly copied: readonly LogIdentity[]
  /** Missing and in no other place that this database knows. */
  readonly lost: readonly LogIdentity[]
  readonly warnings: readonly string[]
}

/**
 * Compares the logs that the copies need, per thread of the current incarnation, with what is in the area, and copies what is
 * missing from any other place that has it.
 * @throws ICB_BACKUP_REFUSED_IDENTITY, ICB_BACKUP_RMAN_FAILED
 */
export async function checkArchivelogs(deps: DatabaseDependencies, options: ArchivelogsOptions): Promise<ArchivelogsResult> {
  const { sql, signal } = deps
  const settings = completeSettings(deps.settings)
  const unchecked = (uncheckedReason: string, warnings: readonly string[] = []): ArchivelogsResult => ({ outcome: 'unchecked', uncheckedReason, expected: 0, missing: [], copied: [], lost: [], warnings })
  const identity = await readIdentity(sql, { signal })
  assertIdentity(identity, settings)
  const datafiles = await readDatafiles(sql, { cdb: identity.cdb, signal })
  const window = windowOfCopies([...currentCopies(await readDatafileCopies(sql, { tag: settings.tag, signal }), datafiles).values()], datafiles)
  if (window === undefined) return unchecked('there is no image copy yet, so no log is needed by one')
  const toScn = await lastArchivedScn(deps, identity)
  if (toScn === undefined) return unchecked('V$ARCHIVED_LOG lists no archived log of this incarnation')
  const warnings: string[] = []
  const destinations = await readArchiveDestinations(sql, { allInstances: true, signal })
  const directory = archivelogDirectory(settings.areaPath)
  if (!destinations.some((d) => d.status === 'VALID' && d.destination !== null && withSlash(d.destination) === directory)) warnings.push(`no valid archive destination writes into ${directory}; run \`icb configure\``)
  // A log that only the area ever had cannot be brought back when it is lost there.
  if (!destinations.some((d) => d.status === 'VALID' && d.destination !== null && withSlash(d.destination) !== directory && d.target !== 'STANDBY' && d.target !== 'REMOTE')) {
    warnings.push('the area is the only local archive destination: a log that is lost there has no other source')
  }
  const warn = (_: string, message: string): void => void warnings.push(message)
  const chain = await completeChain(deps, { fromScn: window.redoFrom, toScn, resetlogsId: identity.resetlogsId, resetlogsScn: identity.resetlogsScn, copy: options.copy }, warn)
  const { missing, copied, lost, gaps, logs } = chain
  // A gap that no sequence names begins before what the control file remembers.
  if (missing.length === 0 && gaps.length > 0) return { ...unchecked(gaps.map(describeGap).join('; '), warnings), expected: logs.length, copied }
  return { outcome: missing.length === 0 ? 'ok' : 'missing', expected: logs.length + missing.length, missing, copied, lost, warnings: [...warnings, ...gaps.map(describeGap)] }
}

/** The SCN up to which every enabled thread has archived something, minus one: what is being archived now is not missing yet. */
async function lastArchivedScn(deps: DatabaseDependencies, identity: Pick<IdentityRow, 'resetlogsId'>): Promise<bigint | undefined> {
  const { sql, signal } = deps
  const threads = enabledThreads(await readThreads(sql, { signal })).filter((t) => t.status !== 'CLOSED')
  const rows = await readArchivedLogs(sql, { resetlogsId: identity.resetlogsId, signal })
  const ends = threads.map((t) => rows.filter((r) => r.thread === t.thread && r.archived).reduce((high, r) => (r.nextScn > high ? r.nextScn : high), 0n))
  const lowest = ends.reduce<bigint | undefined>((low, end) => (low === undefined || end < low ? end : low), undefined)
  return lowest === undefined || lowest === 0n ? undefined : lowest - 1n
}

export interface ChainGoal {
  readonly fromScn: bigint
  readonly toScn: bigint
  readonly resetlogsId: bigint
  readonly resetlogsScn: bigint
  /** Copy what is missing from wherever the database still has it. */
  readonly copy: boolean
  /** How long logs may still be on their way before they count as missing. Default: not at all. */
  readonly patienceMs?: number
}

export interface ChainOutcome {
  /** The logs of the chain that are in the area, per thread in order. */
  readonly logs: readonly ArchivedLogRow[]
  readonly gaps: readonly ChainGap[]
  /** The logs that the gaps consist of, as far as they can be named. */
  readonly missing: readonly LogIdentity[]
  readonly copied: readonly LogIdentity[]
  readonly lost: readonly LogIdentity[]
  /** What the repository says of the missing logs, as far as it lists them. */
  readonly missingRows: readonly ArchivedLogRow[]
}

/** Proves the chain in the area by the repository and by the files themselves, and (with `copy`) fills its holes. */
export async function completeChain(deps: DatabaseDependencies, goal: ChainGoal, warn: (code: string, message: string) => void): Promise<ChainOutcome> {
  const identified = (log: { readonly thread: number; readonly sequence: number }): LogIdentity => ({ thread: log.thread, sequence: log.sequence, resetlogsId: String(goal.resetlogsId) })
  let seen = await look(deps, goal)
  if (!isWhole(seen) && goal.patienceMs !== undefined) seen = await lookPatiently(deps, goal, goal.patienceMs, seen)
  const outcome = (copied: readonly LogIdentity[]): ChainOutcome => ({
    logs: seen.logs, gaps: seen.gaps, missing: seen.missing.map(identified), copied, lost: lostOf(seen).map(identified), missingRows: seen.missingRows,
  })
  if (isWhole(seen) || !goal.copy) return outcome([])

  // A chain that begins or ends too soon names one log only; after copying it the next one shows.
  const copied = new Map<string, LogIdentity>()
  for (;;) {
    const wanted = seen.elsewhere.filter((l) => !copied.has(`${String(l.thread)}/${String(l.sequence)}`))
    if (wanted.length === 0) break
    if (seen.vanished.length > 0) await crosscheckLogs(deps, warn)
    await copyLogs(deps, wanted, warn)
    for (const log of wanted) copied.set(`${String(log.thread)}/${String(log.sequence)}`, identified(log))
    seen = await look(deps, goal)
    if (isWhole(seen)) break
  }
  return outcome([...copied.values()])
}

interface Look {
  readonly logs: readonly ArchivedLogRow[]
  readonly gaps: readonly ChainGap[]
  readonly missing: readonly MissingLog[]
  /** Missing logs that are listed at another place. */
  readonly elsewhere: readonly ArchivedLogRow[]
  /** Listed in the area, not whole on disk. */
  readonly vanished: readonly ArchivedLogRow[]
  /** One row of each missing log that is listed at all, the area's own first. */
  readonly missingRows: readonly ArchivedLogRow[]
}

async function look(deps: DatabaseDependencies, goal: ChainGoal): Promise<Look> {
  const { sql, signal } = deps
  const directory = archivelogDirectory(deps.settings.areaPath)
  const [threads, rows] = await Promise.all([readThreads(sql, { signal }), readArchivedLogs(sql, { resetlogsId: goal.resetlogsId, fromScn: goal.fromScn, available: true, signal })])
  const there = await Promise.all(rows.filter((r) => r.name?.startsWith(directory) === true).map(async (row) => ({ row, complete: await isComplete(row) })))
  const complete = there.filter((t) => t.complete).map((t) => t.row)
  const proof = proveLogChain(complete.map((row) => ({ ...row, resetlogsId: String(row.resetlogsId), row })), spanOf(threads, rows, goal))
  const missing = proof.gaps.flatMap(missingOf)
  const elsewhere = missing.flatMap((m) => rows.find((r) => r.thread === m.thread && r.sequence === m.sequence && r.name !== null && !r.name.startsWith(directory)) ?? [])
  const vanished = there.filter((t) => !t.complete).map((t) => t.row)
  const missingRows = missing.flatMap((m) => [...vanished, ...elsewhere].find((r) => r.thread === m.thread && r.sequence === m.sequence) ?? [])
  return { logs: proof.logs.map((l) => l.row), gaps: proof.gaps, missing, elsewhere, vanished, missingRows }
}

async function lookPatiently(deps: DatabaseDependencies, goal: ChainGoal, deadlineMs: number, first: Look): Promise<Look> {
  let seen = first
  try {
    await pollUntil({ clock: deps.clock, what: 'archived logs on their way into the area', deadlineMs, intervalMs: 100, maxIntervalMs: 2000, signal: deps.signal }, async () => {
      seen = await look(deps, goal)
      // What is listed and not on disk is gone, not on its way.
      return isWhole(seen) || seen.vanished.length > 0 ? true : undefined
    })
  } catch (error) {
    if (!hasErrorCode(error, 'ICB_DEADLINE_EXPIRED')) throw error
  }
  return seen
}

function isWhole(seen: Look): boolean {
  return seen.gaps.length === 0
}

function lostOf(seen: Look): readonly MissingLog[] {
  return seen.missing.filter((m) => !seen.elsewhere.some((e) => e.thread === m.thread && e.sequence === m.sequence))
}
