import { reportBackups } from '@icb/backup'
import { newRunId } from '@icb/runtime'
import { withDatabase } from '../app-context.ts'
import type { CommandAction } from '../command.ts'

/** `icb backup-report <db>`: RMAN's own report. Advisory; exit code 1 only when RMAN could not answer. */
export const backupReport: CommandAction = async (app, [name = '']) =>
  withDatabase(app, name, async (connection) => {
    const { clock, host } = connection.context
    const result = await reportBackups({ settings: connection.backupSettings, rman: connection.rman(), runId: newRunId(clock, host.hostId), signal: app.signal })
    for (const { code, text } of result.warnings) app.warn(code, text)
    for (const line of result.lines) app.print(line)
    return { schema: 'backup-report/1', result, exitCode: result.ok ? 0 : 1 }
  })
