import { checkArchivelogs } from '@icb/backup'
import { withLease } from '@icb/fleet'
import { withDatabase } from '../app-context.ts'
import { flag } from '../command.ts'
import type { CommandAction } from '../command.ts'

/** `icb archivelogs <db>`: exit code 1 when a log is missing for good, or when it could not be checked. */
export const archivelogs: CommandAction = async (app, [name = ''], options) =>
  withDatabase(app, name, async (connection) =>
    withLease(connection, { action: 'archivelogs', lease: 'area', waitMs: connection.config.maxLockWaitMinutes * 60_000, signal: app.signal }, async ({ runId, signal }) => {
      const { context } = connection
      const result = await checkArchivelogs(
        { settings: connection.backupSettings, clock: context.clock, logger: context.logger, events: context.events, signal, runId, sql: connection.sql(), rman: connection.rman() },
        { copy: !flag(options, 'dryRun') },
      )
      for (const warning of result.warnings) app.warn('ICB_BACKUP_ARCHIVELOGS', warning)
      if (result.outcome === 'unchecked') app.print(`not checked: ${result.uncheckedReason ?? 'unknown reason'}`)
      else app.print(`${String(result.expected)} logs expected, ${String(result.missing.length)} missing, ${String(result.copied.length)} copied`)
      for (const log of result.missing) app.print(`  missing: thread ${String(log.thread)} sequence ${String(log.sequence)}`)
      return { schema: 'archivelogs/1', result, exitCode: result.outcome === 'ok' ? 0 : 1 }
    }),
  )
