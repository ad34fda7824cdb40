import { findDatabase } from '@icb/config'
import { connectDatabase, repairDatabase } from '@icb/fleet'
import type { RepairItem } from '@icb/fleet'
import type { AppContext } from '../app-context.ts'
import type { CommandOutcome } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { renderTable } from '../table.ts'

const words = { found: 'would repair', repaired: 'repaired', kept: 'keeps', failed: 'FAILED' } as const

function row(item: RepairItem): readonly string[] {
  return [words[item.outcome], item.database, item.kind, item.name, item.outcome === 'failed' && item.error instanceof Error ? item.error.message : item.reason]
}

function exitCodeOfRepair(items: readonly RepairItem[], act: boolean): number {
  if (items.some((item) => item.outcome === 'failed')) return exitCodes.failed
  const inUse = items.some((item) => item.kind === 'lease' && item.outcome === 'kept')
  return act && inUse ? exitCodes.locked : exitCodes.done
}

/** `icb doctor [db] --repair [--yes] [--host <id>…]`: what ended runs left, and with `--yes` its removal. */
export async function doctorRepair(app: AppContext, { name, act, hosts }: { readonly name: string | undefined; readonly act: boolean; readonly hosts: readonly string[] }): Promise<CommandOutcome> {
  const config = await app.config()
  const databases = name === undefined ? config.databases : [findDatabase(config, name)]
  const items: RepairItem[] = []
  for (const database of databases) {
    await using connection = connectDatabase(config, database.name, app.fleet)
    // Databases that share a directory find the same objects there.
    for (const item of await repairDatabase(connection, { act, hosts, signal: app.signal })) if (!items.some((known) => known.kind === item.kind && known.name === item.name)) items.push(item)
  }
  if (items.length > 0) for (const line of renderTable(['', 'DATABASE', 'WHAT', 'NAME', 'WHY'], items.map(row))) app.print(line)
  const count = (outcome: RepairItem['outcome']): string => String(items.filter((item) => item.outcome === outcome).length)
  app.print(act ? `${count('repaired')} repaired, ${count('failed')} failed, ${count('kept')} kept` : `${count('found')} to repair${count('found') === '0' ? '' : ' (add --yes)'}, ${count('kept')} kept`)
  return { schema: 'doctor-repair/1', result: { act, items }, exitCode: exitCodeOfRepair(items, act) }
}
