import { runBackup } from '@icb/backup'
import type { BackupResult } from '@icb/backup'
import { withRun } from '@icb/fleet'
import type { DatabaseConnection } from '@icb/fleet'
import { withDatabase } from '../app-context.ts'
import type { AppContext } from '../app-context.ts'
import { flag } from '../command.ts'
import type { CommandAction } from '../command.ts'
import { formatDuration } from '../duration.ts'
import { noticeOfError, telling } from '../notices.ts'

function summaryOf(result: BackupResult): readonly string[] {
  const lines: string[] = []
  if (result.outcome === 'skipped') return [`skipped: ${result.skippedReason ?? 'nothing to do'}`]
  if (result.planned !== undefined) return result.planned.map((line) => `would: ${line}`)
  if (result.snapshot !== undefined) lines.push(`snapshot   ${result.snapshot.name}${result.point?.lastScn === undefined ? '' : `, restorable from SCN ${String(result.point.minScn)} to ${result.point.lastScn.toString()}`}`)
  if (result.refresh !== undefined) {
    const { merged, created, skipped, durationMs } = result.refresh
    lines.push(`refresh    ${String(merged.length)} files merged, ${String(created.length)} copied, ${String(skipped.length)} unchanged, ${formatDuration(durationMs)}`)
  }
  if (result.retention !== undefined) lines.push(`retention  ${String(result.retention.dropped)} dropped, ${String(result.retention.outcomes.length - result.retention.dropped)} kept`)
  return lines
}

async function run(app: AppContext, connection: DatabaseConnection, options: Readonly<Record<string, unknown>>): Promise<BackupResult> {
  return withRun(connection, { action: 'backup', lease: 'area', waitMs: connection.config.maxLockWaitMinutes * 60_000, signal: app.signal }, async (scope) => {
    const { context } = connection
    const ledger = connection.ledger()
    const primarySql = connection.primarySql()
    const catalogRman = connection.catalogRman()
    return runBackup(
      {
        settings: connection.backupSettings, clock: context.clock, logger: context.logger, events: context.events, signal: scope.signal, runId: scope.runId,
        storage: await connection.storage(), ...(ledger === undefined ? {} : { ledger }), sql: connection.sql(), ...(primarySql === undefined ? {} : { primarySql }), rman: connection.rman(), ...(catalogRman === undefined ? {} : { catalogRman }),
        journal: scope.journal, lease: scope.lease, unfinished: scope.unfinished, tool: context.tool, environment: (environmentSignal) => connection.environment(environmentSignal),
      },
      { allowFull: flag(options, 'allowFull'), acceptGap: flag(options, 'acceptGap'), allowPurge: flag(options, 'allowPurge'), dryRun: flag(options, 'dryRun'), ...(options['snapshot'] === false ? { snapshot: false } : {}) },
    )
  })
}

/** `icb backup <db>`; who is configured to be told is told how it ended. */
export const backup: CommandAction = async (app, [name = ''], options) =>
  withDatabase(app, name, async (connection) => {
    const result = await telling(app, connection.config, 'backup', () => run(app, connection, options), ({ outcome, error, runId }) => (outcome === 'planned' || outcome === 'skipped' ? undefined : noticeOfError(error, runId)))
    for (const line of summaryOf(result)) app.print(line)
    return { schema: 'backup/1', result, ...(result.error === undefined ? {} : { error: result.error }) }
  })
