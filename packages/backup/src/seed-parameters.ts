import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileDurably } from '@icb/runtime'
import type { SwitchPoint } from './log-switch.ts'

const fileName = 'autorestore.cfg'
/** Parameters that the original's restore reads; `enable_pluggable_database` is absent before 12.1. */
const names = ['db_name', 'undo_tablespace', 'compatible', 'db_block_size', 'db_files', 'enable_pluggable_database']
const closing = ['lastscn', 'lasttime', 'bctfile']

/** Writes `autorestore.cfg` after a refresh, for the readers of the original scripts. `finished`: SYSDATE of the database. */
export async function writeSeedParameters(areaPath: string, parameters: Readonly<Record<string, string>>, finished: string): Promise<void> {
  const lines = names.flatMap((name) => (parameters[name] === undefined ? [] : [`${name}: ${parameters[name]}`]))
  await writeFileDurably(join(areaPath, fileName), `${['[dbparams]', ...lines, `backup-finished: ${finished}`].join('\n')}\n`)
}

/** Adds where the logs end, before a snapshot. An area without the file was never refreshed and gets none. */
export async function closeSeedParameters(areaPath: string, at: SwitchPoint): Promise<void> {
  const path = join(areaPath, fileName)
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return
  const kept = text.split('\n').filter((line) => line.trim() !== '' && !closing.some((name) => new RegExp(`^${name}\\s*[:=]`, 'i').test(line)))
  await writeFileDurably(path, `${[...kept, `lastscn: ${String(at.scn)}`, `lasttime: ${at.time}`, `bctfile: ${at.bctFile ?? ''}`].join('\n')}\n`)
}
