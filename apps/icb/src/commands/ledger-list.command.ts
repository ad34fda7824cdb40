import { fleetErrors, openLedger } from '@icb/fleet'
import type { KeptLedger } from '@icb/ledger'
import type { AppContext } from '../app-context.ts'
import { text } from '../command.ts'
import type { CommandAction } from '../command.ts'
import { usageErrors } from '../errors.ts'
import { renderTable } from '../table.ts'

/** The ledger of the configuration. @throws ICB_FLEET_NO_LEDGER */
export async function ledgerOf(app: AppContext): Promise<KeptLedger> {
  const ledger = openLedger(await app.config(), app.fleet)
  if (ledger === undefined) throw fleetErrors.NO_LEDGER('no ledger is configured', { hint: 'Set ledger.path in the configuration.' })
  return ledger
}

/** `icb ledger list [db]` */
export const ledgerList: CommandAction = async (app, [database], options) => {
  const limit = Number(text(options, 'limit') ?? '20')
  if (!Number.isInteger(limit) || limit < 1) throw usageErrors.ARGUMENT('--limit takes a whole number from 1 on')
  const entries = await (await ledgerOf(app)).list({ limit, ...(database === undefined ? {} : { database }) })
  const rows = entries.map((entry) => [entry.runId, entry.database, entry.startedAt.slice(0, 19), entry.state === 'running' ? 'running' : (entry.verdict?.outcome ?? ''), entry.verdict?.reasons.map((reason) => reason.code).join(' ') ?? '', entry.verdict?.snapshot ?? entry.snapshot ?? '', entry.host])
  for (const line of renderTable(['RUN', 'DATABASE', 'STARTED (UTC)', 'VERDICT', 'REASONS', 'SNAPSHOT', 'HOST'], rows)) app.print(line)
  return { schema: 'ledger-list/1', result: entries }
}
