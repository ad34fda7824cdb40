import { stringify } from 'yaml'
import type { CommandAction } from '../command.ts'
import { usageErrors } from '../errors.ts'
import { ledgerOf } from './ledger-list.command.ts'

/** `icb ledger show <run>` */
export const ledgerShow: CommandAction = async (app, [runId = '']) => {
  const entry = await (await ledgerOf(app)).find(runId)
  if (entry === undefined) throw usageErrors.ARGUMENT(`the ledger has no run ${runId}`, { hint: 'icb ledger list shows them.' })
  app.print(stringify(JSON.parse(JSON.stringify(entry))).trimEnd())
  return { schema: 'ledger-entry/1', result: entry }
}
