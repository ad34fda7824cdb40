import { openOracleLedger } from '@icb/fleet'
import { flag } from '../command.ts'
import type { CommandAction } from '../command.ts'
import { ledgerOf } from './ledger-list.command.ts'

/** `icb ledger create`: makes what the ledger's schema lacks and keeps what is there, also tables of the original tool; a directory is tried by writing. */
export const ledgerCreate: CommandAction = async (app, _args, options) => {
  const oracle = openOracleLedger(await app.config(), app.fleet)
  if (oracle === undefined) {
    const ledger = await ledgerOf(app)
    if (!flag(options, 'dryRun')) await ledger.probe()
    app.print(`the ledger is ${ledger.description}; nothing has to be made there`)
    return { schema: 'ledger-create/1', result: { ledger: ledger.description, objects: [] } }
  }
  if (flag(options, 'dryRun')) {
    const missing = await oracle.missing()
    for (const { ddl } of missing) app.print(`${ddl.replace(/\n\s+/g, '\n  ').trim()}${ddl.endsWith(';') ? '\n/' : ';'}`)
    if (missing.length === 0) app.print('nothing is missing')
    return { schema: 'ledger-create/1', result: { ledger: oracle.description, objects: missing } }
  }
  const made = await oracle.create()
  await oracle.probe()
  for (const { type, name } of made) app.print(`made ${type.toLowerCase()} ${name}`)
  app.print(`${oracle.description} is ready${made.length === 0 ? '; nothing was missing' : ''}`)
  return { schema: 'ledger-create/1', result: { ledger: oracle.description, objects: made } }
}
