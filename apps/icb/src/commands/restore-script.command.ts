import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { restoreScriptFrom } from '@icb/autorestore'
import { withDatabase } from '../app-context.ts'
import { text } from '../command.ts'
import type { CommandAction } from '../command.ts'
import { usageErrors } from '../errors.ts'

/** `icb restore-script <db>`: everything is read from the manifest, so it also works when the database is gone. */
export const restoreScriptCommand: CommandAction = async (app, [name = ''], options) =>
  withDatabase(app, name, async ({ config, context }) => {
    const from = resolve(text(options, 'from') ?? config.areaPath)
    const until = text(options, 'until')
    if (until !== undefined && !/^\d{1,20}$/.test(until)) throw usageErrors.ARGUMENT('--until takes an SCN')
    const sid = text(options, 'sid') ?? config.sid
    const script = await restoreScriptFrom({
      from, dbid: config.dbid, oracleHome: config.oracleHome ?? '/path/to/oracle/home', parallel: config.parallel, tool: context.tool, ...(sid === undefined ? {} : { sid }), ...(until === undefined ? {} : { untilScn: BigInt(until) }),
    })
    const output = text(options, 'output')
    if (output === undefined) app.print(script)
    else {
      await writeFile(output, script, { mode: 0o750 })
      app.print(`written to ${output}`)
    }
    return { schema: 'restore-script/1', result: { from, ...(output === undefined ? { script } : { output: resolve(output) }) } }
  })
