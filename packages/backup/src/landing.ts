import { stat } from 'node:fs/promises'
import { readArchiveDestinations, readArchivedLogs, readThreads } from '@icb/oracle'
import type { ArchivedLogRow, ThreadRow } from '@icb/oracle'
import { hasErrorCode, isoNow, pollUntil } from '@icb/runtime'
import { archivelogDirectory, withSlash } from './area-path.ts'
import { copyLogs } from './archivelog-copy.ts'
import type { DatabaseDependencies } from './dependencies.ts'
import { backupErrors } from './errors.ts'
import type { BackupEvent } from './events.ts'
import { logThatReaches, neededUpTo, threadsNotLanded } from './log-chain.ts'
import { completeSettings } from './settings.ts'

export interface LandingGoal {
  /** The logs of every thread that has redo must reach behind this SCN. */
  readonly scn: bigint
  readonly resetlogsId: bigint
  /** First SCN of the incarnation. */
  readonly resetlogsScn: bigint
  /** On a standby a log counts only when it is applied too. */
  readonly applied?: boolean
}

export interface Landing {
  /** Complete logs below the area that hold `scn` or later redo. */
  readonly logs: readonly ArchivedLogRow[]
  readonly threads: readonly ThreadRow[]
  /** Logs that only arrived because they were copied. */
  readonly copied: readonly { readonly thread: number; readonly sequence: number }[]
}

/** How long a destination may take before it is pushed. */
const patienceMs = 30_000

type Warn = (code: string, message: string) => void

/**
 * Waits until the log that holds `goal.scn` lies in the area, complete, for every thread that has redo. When the destination is in
 * error or half a minute has passed it is switched on again and what exists elsewhere is copied; that is a warning.
 * @throws ICB_BACKUP_LOG_NOT_LANDED
 */
export async function waitUntilLanded(deps: DatabaseDependencies, goal: LandingGoal, warn: Warn): Promise<Landing> {
  const { landingDeadlineMs } = completeSettings(deps.settings)
  const look = (): Promise<Look> => lookAtArea(deps, goal)
  let seen = await look()
  if (seen.missing.length === 0) return told(deps, seen, [])

  const impatient = (await destinationProblem(deps)) !== undefined ? 0 : Math.min(patienceMs, landingDeadlineMs)
  const first = await poll(deps, impatient, async () => ((seen = await look()).missing.length === 0 ? seen : undefined))
  if (first !== undefined) return told(deps, first, [])

  const problem = await destinationProblem(deps)
  warn('ICB_BACKUP_WARN_DESTINATION', `archived logs did not arrive in ${archivelogDirectory(deps.settings.areaPath)} by themselves${problem === undefined ? ` within ${String(patienceMs / 1000)} s` : `: ${problem.text}`}`)
  if (problem?.destId !== undefined) await deps.sql.execute([`alter system set log_archive_dest_state_${String(problem.destId)}=enable`], { signal: deps.signal })

  const copied: { thread: number; sequence: number }[] = []
  const tried = new Set<string>()
  const second = await poll(deps, Math.max(0, landingDeadlineMs - impatient), async () => {
    seen = await look()
    if (seen.missing.length === 0) return seen
    for (const log of seen.elsewhere) {
      const key = `${String(log.thread)}/${String(log.sequence)}`
      // One copy a log: a copy that failed or did not show up is not repeated in a loop.
      if (tried.has(key)) continue
      tried.add(key)
      await copyLogs(deps, [log], warn)
      copied.push({ thread: log.thread, sequence: log.sequence })
    }
    seen = await look()
    return seen.missing.length === 0 ? seen : undefined
  })
  if (second !== undefined) {
    if (copied.length > 0) warn('ICB_BACKUP_WARN_LOG_COPIED', `${String(copied.length)} archived logs were copied into the area: ${copied.map((l) => `${String(l.thread)}/${String(l.sequence)}`).join(', ')}`)
    return told(deps, second, copied)
  }
  throw backupErrors.LOG_NOT_LANDED(`the log with SCN ${String(goal.scn)} of thread ${seen.missing.map((t) => String(t.thread)).join(', ')} did not arrive in ${archivelogDirectory(deps.settings.areaPath)} within ${String(Math.round(landingDeadlineMs / 1000))} s`, {
    hint: 'Look at V$ARCHIVE_DEST and the mount of the area on every instance; `icb configure` sets the destination up.', details: { scn: String(goal.scn), threads: seen.missing.map((t) => t.thread) },
  })
}

interface Look {
  readonly threads: readonly ThreadRow[]
  readonly logs: readonly ArchivedLogRow[]
  readonly missing: readonly ThreadRow[]
  /** Rows of logs that are not in the area and have a copy somewhere else. */
  readonly elsewhere: readonly ArchivedLogRow[]
}

async function lookAtArea(deps: DatabaseDependencies, goal: LandingGoal): Promise<Look> {
  const { signal } = deps
  const [threads, rows] = await Promise.all([readThreads(deps.sql, { signal }), readArchivedLogs(deps.sql, { resetlogsId: goal.resetlogsId, fromScn: goal.scn, available: true, signal })])
  const directory = archivelogDirectory(deps.settings.areaPath)
  const inArea = rows.filter((r) => r.name?.startsWith(directory) === true)
  const logs = (await Promise.all(inArea.map(async (row) => ((await isComplete(row)) ? row : undefined))))
    .filter((row) => row !== undefined)
    .filter((row) => goal.applied !== true || rows.some((r) => r.thread === row.thread && r.sequence === row.sequence && (r.applied === 'YES' || r.applied === 'IN-MEMORY')))
  const missing = threadsNotLanded(threads, logs, goal)
  const wanted = new Map(missing.map((t) => [t.thread, neededUpTo(t, goal.scn)]))
  const elsewhere = rows.filter((r) => {
    const upTo = wanted.get(r.thread)
    return upTo !== undefined && r.name !== null && !r.name.startsWith(directory) && r.firstScn <= upTo && !logs.some((l) => l.thread === r.thread && l.sequence === r.sequence)
  })
  return { threads, logs, missing, elsewhere: [...new Map(elsewhere.map((r) => [`${String(r.thread)}/${String(r.sequence)}`, r])).values()] }
}

/** The control file may say `available` of a file that is not there, or not whole yet as this host sees it. */
export async function isComplete(row: Pick<ArchivedLogRow, 'name' | 'blocks' | 'blockSize'>): Promise<boolean> {
  if (row.name === null) return false
  const found = await stat(row.name).catch(() => undefined)
  return found?.isFile() === true && found.size >= (row.blocks ?? 0) * (row.blockSize ?? 0)
}

/** What keeps the area's destination from working, if that is known. */
async function destinationProblem(deps: DatabaseDependencies): Promise<{ readonly text: string; readonly destId?: number } | undefined> {
  const rows = await readArchiveDestinations(deps.sql, { allInstances: true, signal: deps.signal })
  const directory = archivelogDirectory(deps.settings.areaPath)
  const own = rows.filter((r) => r.destination !== null && withSlash(r.destination) === directory)
  if (own.length === 0) return { text: 'no archive destination writes there (run `icb configure`)' }
  const bad = own.find((r) => r.status !== 'VALID')
  return bad === undefined ? undefined : { text: `destination ${String(bad.destId)} of instance ${String(bad.instance)} is in status ${bad.status}${bad.error === null ? '' : ` (${bad.error})`}`, destId: bad.destId }
}

async function poll<T>(deps: DatabaseDependencies, deadlineMs: number, probe: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await pollUntil({ clock: deps.clock, what: 'archived logs in the backup area', deadlineMs, intervalMs: 100, maxIntervalMs: 2000, signal: deps.signal }, probe)
  } catch (error) {
    if (hasErrorCode(error, 'ICB_DEADLINE_EXPIRED')) return undefined
    throw error
  }
}

function told(deps: DatabaseDependencies, look: Look, copied: Landing['copied']): Landing {
  for (const thread of look.threads) {
    const log = logThatReaches(look.logs, thread.thread, 0n)
    if (log === undefined || log.name === null) continue
    const event: BackupEvent = { type: 'backup.log-landed', at: isoNow(deps.clock), runId: deps.runId, database: deps.settings.name, thread: log.thread, sequence: log.sequence, path: log.name }
    deps.events.emit(event)
  }
  return { logs: look.logs, threads: look.threads, copied }
}
