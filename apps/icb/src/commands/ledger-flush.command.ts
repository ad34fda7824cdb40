import type { CommandAction } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { ledgerOf } from './ledger-list.command.ts'

/** `icb ledger flush`: verdicts that waited on this host while the ledger was away. Every restore test does the same when it begins. */
export const ledgerFlush: CommandAction = async (app) => {
  const { stored, left } = await (await ledgerOf(app)).flushSpool()
  app.print(`${String(stored)} stored, ${String(left)} still waiting`)
  return { schema: 'ledger-flush/1', result: { stored, left }, exitCode: left > 0 ? exitCodes.failed : exitCodes.done }
}
