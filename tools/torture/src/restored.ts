import { checkHistory } from '../../lab/src/cli/history-check.ts'
import type { Stand } from './stand.ts'

export interface RestoredFiles {
  readonly files: number
  /** Where they are not as the database was. */
  readonly problems: readonly string[]
}

/** Holds every data file of the restored instance against the truth at an SCN. */
export async function compareRestored(stand: Stand, scn: bigint): Promise<RestoredFiles> {
  const { stage, history } = stand
  const files = (await stand.sql('sandbox', stage.slot, 'select name from v$datafile')).map((row) => row[0] ?? '')
  await history.refresh()
  const problems: string[] = []
  for (const path of files) {
    const { file, blocks, differences } = await checkHistory(path, stage.labDirectory, scn, history)
    const [first] = differences
    if (first !== undefined) problems.push(`file ${String(file)}: ${String(differences.length)} of ${String(blocks)} blocks differ from SCN ${String(scn)} (block ${String(first.block)} has SCN ${String(first.scn)}, expected ${String(first.expectedScn)})`)
  }
  return { files: files.length, problems }
}
