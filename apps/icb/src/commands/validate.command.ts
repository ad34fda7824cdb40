import { validateBackup } from '@icb/backup'
import { withLease } from '@icb/fleet'
import { withDatabase } from '../app-context.ts'
import type { CommandAction } from '../command.ts'
import { formatDuration } from '../duration.ts'

/** `icb validate <db>`: reads everything that a restore of the live copies would read. Exit code 1 when something is missing or corrupt. */
export const validate: CommandAction = async (app, [name = '']) =>
  withDatabase(app, name, async (connection) =>
    withLease(connection, { action: 'validate', lease: 'area', waitMs: connection.config.maxLockWaitMinutes * 60_000, signal: app.signal }, async ({ runId, signal }) => {
      const result = await validateBackup({ settings: connection.backupSettings, rman: connection.rman(), runId, signal })
      for (const { code, text } of result.warnings) app.warn(code, text)
      for (const file of result.files.filter((each) => each.status === 'FAILED')) app.print(`✗ file ${String(file.file)}: ${String(file.failing)} of ${String(file.blocksExamined)} blocks failed`)
      for (const { code, text } of result.errors) app.print(`✗ ${code}: ${text}`)
      app.print(result.ok ? `✓ everything that a restore would read can be read (${formatDuration(result.durationMs)}); only a restore test proves that it opens` : 'the backup does not hold')
      return { schema: 'validate/1', result, exitCode: result.ok ? 0 : 1 }
    }),
  )
