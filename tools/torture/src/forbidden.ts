import { join } from 'node:path'
import type { DoorCall } from './door.ts'
import { reached } from './findings.ts'
import type { Finding } from './findings.ts'
import { unlessKilled } from './processes.ts'
import { activeRmanSessions } from './stand.ts'
import type { Stand } from './stand.ts'

/** What a test instance must never be told while a file of the source is still among its own. */
export async function forbiddenInSandbox(stand: Stand, call: DoorCall): Promise<readonly Finding[]> {
  const dangerous = call.program === 'rman' ? /^\s*recover\s+database/im.test(call.script) : /^\s*alter\s+database\s+open/im.test(call.script)
  if (!dangerous) return []
  const { stage } = stand
  const rows = (await unlessKilled(stage.slot, () => stand.sql('sandbox', stage.slot, 'select name from v$datafile'))) ?? []
  const outside = rows.map((row) => row[0] ?? '').filter((name) => !name.startsWith(`${join(stand.snapshotDirectory, 'clones')}/`) && !name.startsWith(`${stage.scratch}/`))
  return outside.length === 0 ? [] : [reached(`${call.program} is about to recover or open ${outside[0] ?? ''}${outside.length > 1 ? ` and ${String(outside.length - 1)} more files` : ''} outside the clone`)]
}

export const isMerge = (call: DoorCall): boolean => call.program === 'rman' && /^\s*recover\s+copy\s+of\s+database/im.test(call.script)

/** The copies must not be changed by two at once: RMAN's work outlives its client. */
export async function forbiddenOnProd(stand: Stand, call: DoorCall): Promise<readonly Finding[]> {
  if (!isMerge(call)) return []
  const rows = (await unlessKilled(stand.stage.database, () => stand.sql('prod', stand.stage.database, activeRmanSessions))) ?? []
  return rows.length === 0 ? [] : [reached(`RMAN is about to merge while ${rows.map((row) => row[0] ?? '').join(', ')} still works`)]
}
