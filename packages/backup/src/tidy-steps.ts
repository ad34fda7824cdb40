import { dirname, join } from 'node:path'
import { readdir, rm, stat } from 'node:fs/promises'
import { readArchivedLogs, readDatabaseClock, readRecoveryArea } from '@icb/oracle'
import { deleteArchivedLogsScript, registerDatabaseScript, resyncCatalogScript } from '@icb/rman'
import { hasErrorCode, isIcbError, pruneJournals } from '@icb/runtime'
import type { JournalRun, Step } from '@icb/runtime'
import { DateTime } from 'luxon'
import { during, known } from './backup-run.ts'
import type { BackupRun } from './backup-run.ts'
import { cleanSnapshots } from './clean.ts'
import { deletableUpTo } from './log-chain.ts'
import { callRman } from './rman-call.ts'

/** Archived logs that nobody needs any more. Never FORCE: the deletion policy of the database has the last word. */
export const logDeletionStep: Step<BackupRun> = {
  name: 'archivelogs-delete', title: 'Delete archived logs',
  async run(run, step) {
    const { settings, point } = run
    const deps = during(run, step)
    const { identity } = known(run.before, 'state of the database')
    const [{ sysdate }, logs] = await Promise.all([readDatabaseClock(deps.sql, { signal: deps.signal }), readArchivedLogs(deps.sql, { resetlogsId: identity.resetlogsId, available: true, signal: deps.signal })])
    const windowStart = DateTime.fromFormat(sysdate, 'yyyy-MM-dd HH:mm:ss', { zone: 'utc' }).minus({ days: settings.recoveryWindowDays }).toFormat('yyyy-MM-dd HH:mm:ss')
    const rows = logs.map((r) => ({ ...r, nextTime: r.nextTime ?? null }))
    const bounds = { redoFrom: known(run.window, 'window').redoFrom, lastScnInPoint: point?.state === 'refreshed' ? point.lastScn : undefined, snapshots: settings.snapshots, windowStart }
    const threads = [...deletableUpTo(rows, bounds)].map(([thread, throughSequence]) => ({ thread, throughSequence }))
    if (threads.length === 0) {
      step.summary('none')
      return
    }
    await step.intend({ threads })
    const held = new Set<string>()
    await callRman(deps, {
      what: 'deleting archived logs', script: deleteArchivedLogsScript({ threads }), deadlineMs: settings.rmanDeadlineMs,
      warn: (code, message) => {
        if (code === 'RMAN-08120' || code === 'RMAN-08137') held.add(code)
        else step.warn(code, message)
      },
    })
    if (held.size > 0) {
      const area = await readRecoveryArea(deps.sql, { signal: deps.signal })
      const full = area !== undefined && area.limitBytes > 0n && Number(area.usedBytes - area.reclaimableBytes) > 0.8 * Number(area.limitBytes)
      step.warn('ICB_BACKUP_WARN_LOGS_HELD', `some archived logs were not deleted, a standby or capture process still needs them (${[...held].join(', ')})${full ? '; the recovery area is more than 80 % full' : ''}`)
    }
    step.summary(threads.map((t) => `thread ${String(t.thread)} up to ${String(t.throughSequence)}`).join(', '))
  },
}

/**
 * Tells the recovery catalog what the control file knows; a database that it does not know is registered first. Each resync is a full
 * one, so a catalog that is down misses nothing: the next run that reaches it catches up.
 */
export const catalogStep: Step<BackupRun> = {
  name: 'catalog', title: 'Resync the recovery catalog',
  async run(run, step) {
    const { settings, deps: { catalogRman } } = run
    if (catalogRman === undefined) {
      step.summary('none is used')
      return
    }
    const deps = { ...during(run, step), rman: catalogRman }
    const call = (script: string, what: string): Promise<unknown> => callRman(deps, { what, script, deadlineMs: settings.rmanDeadlineMs, warn: step.warn })
    try {
      try {
        await call(resyncCatalogScript(), 'resyncing the recovery catalog')
        step.summary('resynced')
      } catch (error) {
        if (!hasErrorCode(error, 'ICB_BACKUP_RMAN_FAILED') || !error.message.includes('RMAN-20001')) throw error
        await call(registerDatabaseScript(), 'registering the database in the recovery catalog')
        step.summary('registered')
      }
    } catch (error) {
      step.signal.throwIfAborted()
      step.warn('ICB_BACKUP_WARN_CATALOG', `the recovery catalog was not told of this backup, which is complete without it: ${catalogProblem(error)}`)
      step.summary('not reached')
    }
  },
}

/** Why the catalog was not reached: the connection's own message comes before what follows from it. */
function catalogProblem(error: unknown): string {
  const messages: unknown = isIcbError(error) ? error.details['messages'] : undefined
  const lines: readonly unknown[] = Array.isArray(messages) ? messages : []
  const connection = lines.find((line): line is string => typeof line === 'string' && line.startsWith('RMAN-04004'))
  return connection ?? (error instanceof Error ? error.message : String(error))
}

/** Snapshots by plan. A refresh was good when this runs, and a failure here does not make it bad. */
export const retentionStep: Step<BackupRun> = {
  name: 'retention', title: 'Clean expired snapshots',
  async run(run, step) {
    if (!run.settings.snapshots || run.options.snapshot === false) {
      step.summary(run.settings.snapshots ? 'not this time' : 'snapshots are off')
      return
    }
    try {
      run.retention = await cleanSnapshots(during(run, step), { runId: run.deps.runId })
      for (const warning of run.retention.warnings) step.warn('ICB_BACKUP_WARN_RETENTION', warning)
      const kept = run.retention.outcomes.filter((o) => o.outcome === 'valid').length
      step.summary(`${String(run.retention.dropped)} dropped, ${String(kept)} kept${run.retention.plan.frozen ? ', frozen' : ''}`)
    } catch (error) {
      step.signal.throwIfAborted()
      step.warn('ICB_BACKUP_WARN_RETENTION', `retention failed: ${isIcbError(error) ? `${error.code}: ` : ''}${error instanceof Error ? error.message : String(error)}`)
      step.summary('failed')
    }
  },
}

/** Old journals and old log copies of this database. */
export const housekeepingStep: Step<BackupRun> = {
  name: 'housekeeping', title: 'Remove old journals and logs',
  async run(run, step) {
    const { settings, deps } = run
    try {
      const journals = await pruneJournals(dirname(deps.journal.path), { clock: deps.clock, olderThanDays: settings.logRetentionDays, keep: standsStill })
      const logs = await pruneLogs(join(settings.areaPath, 'backup_logs'), settings.name, deps.clock.now() - settings.logRetentionDays * 86_400_000)
      step.summary(`${String(journals.length)} journals, ${String(logs)} logs`)
    } catch (error) {
      step.signal.throwIfAborted()
      step.warn('ICB_BACKUP_WARN_HOUSEKEEPING', error instanceof Error ? error.message : String(error))
    }
  },
}

/** A restore that a DBA left open can only be removed by what its journal says it made. */
function standsStill(run: JournalRun): boolean {
  return run.header.action === 'restore' && !run.records.some((record) => (record.kind === 'compensated' && record.step === 'restore') || (record.kind === 'end' && (record.data as { readonly ok?: boolean } | undefined)?.ok === false))
}

/** Only logs that carry this database's name as the original scripts and this tool write it: other people's files stay. */
async function pruneLogs(directory: string, database: string, before: number): Promise<number> {
  const names = await readdir(directory).catch(() => [])
  const own = names.filter((name) => name.startsWith(`${database}_`) && /^_\d{8}T\d{6}Z?_[\w-]+\.log$/.test(name.slice(database.length)))
  let removed = 0
  for (const name of own) {
    const path = join(directory, name)
    if ((await stat(path)).mtimeMs >= before) continue
    await rm(path, { force: true })
    removed++
  }
  return removed
}
