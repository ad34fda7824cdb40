import { collectFacts } from '@icb/fleet'
import { nagiosAnswer } from '@icb/monitoring'
import { withDatabase } from '../app-context.ts'
import type { CommandAction } from '../command.ts'

/** `icb check <db>`: snapshots, redo, copies, last proven restore and space as one Nagios answer; every error of its own is UNKNOWN (3). */
export const check: CommandAction = async (app, [name = '']) => {
  const json = app.options.json === true
  try {
    return await withDatabase(app, name, async (connection) => {
      const answer = nagiosAnswer(await collectFacts(connection, { signal: app.signal }), app.clock.now())
      return { schema: 'check/1', result: answer, exitCode: answer.exitCode, ...(json ? {} : { plain: answer.output }) }
    })
  } catch (error) {
    const output = `UNKNOWN: ${name}: ${(error as Error).message.replace(/[|\r\n]+/g, ' ')}`
    return { schema: 'check/1', result: { status: 'UNKNOWN', exitCode: 3, output, findings: [] }, exitCode: 3, ...(json ? {} : { plain: output }) }
  }
}
