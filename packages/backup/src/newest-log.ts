import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { archivelogDirectory } from './area-path.ts'

/** How many files are asked for their times: names of archived logs tell nothing about age that holds for every LOG_ARCHIVE_FORMAT. */
const mostFiles = 100_000

/** When the newest archived log landed in the area, milliseconds since 1970. `undefined`: the area is not mounted here, or has none. Needs no database. */
export async function newestLogAt(areaPath: string): Promise<number | undefined> {
  const directory = archivelogDirectory(areaPath)
  let newest: number | undefined
  const entries = await readdir(directory, { withFileTypes: true, recursive: true }).catch(() => [])
  for (const entry of entries.slice(0, mostFiles)) {
    if (!entry.isFile()) continue
    const facts = await stat(join(entry.parentPath, entry.name)).catch(() => undefined)
    if (facts !== undefined && facts.size > 0 && (newest === undefined || facts.mtimeMs > newest)) newest = facts.mtimeMs
  }
  return newest
}
