import { checkArchivelogs, createManualSnapshot } from '@icb/backup'
import type { ManualSnapshotResult } from '@icb/backup'
import { withLease } from '@icb/fleet'
import { withDatabase } from '../app-context.ts'
import { flag } from '../command.ts'
import type { CommandAction } from '../command.ts'
import { storageDependencies } from './storage-dependencies.ts'

/**
 * `icb archivelogs <db>`: exit code 1 when a log is missing for good, or when it could not be checked. With `--snapshot` a recovery point
 * follows that has the copies as they are and all logs up to now: what a day between two backups can lose.
 */
export const archivelogs: CommandAction = async (app, [name = ''], options) =>
  withDatabase(app, name, async (connection) =>
    withLease(connection, { action: 'archivelogs', lease: 'area', waitMs: connection.config.maxLockWaitMinutes * 60_000, signal: app.signal }, async ({ runId, signal, lease }) => {
      const { context } = connection
      const result = await checkArchivelogs(
        { settings: connection.backupSettings, clock: context.clock, logger: context.logger, events: context.events, signal, runId, sql: connection.sql(), rman: connection.rman() },
        { copy: !flag(options, 'dryRun') },
      )
      for (const warning of result.warnings) app.warn('ICB_BACKUP_ARCHIVELOGS', warning)
      if (result.outcome === 'unchecked') app.print(`not checked: ${result.uncheckedReason ?? 'unknown reason'}`)
      else app.print(`${String(result.expected)} logs expected, ${String(result.missing.length)} missing, ${String(result.copied.length)} copied`)
      for (const log of result.missing) app.print(`  missing: thread ${String(log.thread)} sequence ${String(log.sequence)}`)
      let point: ManualSnapshotResult | undefined
      if (flag(options, 'snapshot') && !flag(options, 'dryRun')) {
        if (result.outcome !== 'ok') app.warn('ICB_BACKUP_ARCHIVELOGS', 'no recovery point was made: the logs are not whole')
        else {
          const primarySql = connection.primarySql()
          point = await createManualSnapshot(
            { ...(await storageDependencies(app, connection)), database: { sql: connection.sql(), rman: connection.rman(), ...(primarySql === undefined ? {} : { primarySql }) }, signal, lease, runId, tool: context.tool },
            { reason: 'archived logs' },
          )
          for (const warning of point.warnings) app.warn(warning.code, warning.message)
          app.print(`recovery point: ${point.snapshot}${point.entry?.lastScn === undefined ? '' : `, to SCN ${point.entry.lastScn.toString()}`}`)
        }
      }
      return { schema: 'archivelogs/1', result: { ...result, ...(point === undefined ? {} : { point }) }, exitCode: result.outcome === 'ok' ? 0 : 1 }
    }),
  )
