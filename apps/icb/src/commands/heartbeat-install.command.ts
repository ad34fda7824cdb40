import { heartbeatNames, heartbeatStatements } from '@icb/autorestore'
import { readIdentity } from '@icb/oracle'
import { withDatabase } from '../app-context.ts'
import { flag, text } from '../command.ts'
import type { CommandAction } from '../command.ts'
import { usageErrors } from '../errors.ts'

/**
 * `icb heartbeat install <db>`: a row that the database itself touches every minute; a restore test compares it with the point that was
 * restored (`restoreTest.heartbeat: true`). Repeating it makes what is missing and nothing else.
 */
export const heartbeatInstall: CommandAction = async (app, [name = ''], options) =>
  withDatabase(app, name, async (connection) => {
    const tablespace = text(options, 'tablespace') ?? 'USERS'
    if (!/^[A-Za-z][\w$#]{0,29}$/.test(tablespace)) throw usageErrors.ARGUMENT(`--tablespace ${tablespace} is no tablespace name`)
    // `--no-job` arrives as `job: false`.
    const withJob = options['job'] !== false
    const sql = connection.sql()
    const { cdb } = await readIdentity(sql, { signal: app.signal })
    const statements = heartbeatStatements({ cdb, tablespace: tablespace.toUpperCase(), job: withJob })
    const made: string[] = []
    const there: string[] = []
    const dryRun = flag(options, 'dryRun')
    let nothingYet = false
    for (const { what, exists, sql: statement } of statements.make) {
      // What lies in a table that is not there yet cannot be asked for.
      const found = !nothingYet && (await sql.query({ name: `heartbeat ${what}`, sql: exists, columns: { value: 'text' } }, { signal: app.signal })).length > 0
      if (found) {
        there.push(what)
        continue
      }
      made.push(what)
      app.print(`${dryRun ? 'would make' : 'made'} ${what}`)
      if (dryRun) nothingYet = true
      else await sql.execute([statement], { signal: app.signal })
    }
    if (!dryRun) await sql.execute(statements.beat, { signal: app.signal })
    if (made.length === 0) app.print('everything is there already')
    if (!dryRun && !withJob) app.print(`touch it yourself: ${statements.beat.join('; ')}`)
    return { schema: 'heartbeat-install/1', result: { ...heartbeatNames({ cdb }), made, there, dryRun } }
  })
