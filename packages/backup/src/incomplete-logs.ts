import { readdir } from 'node:fs/promises'
import { readArchivedLogs } from '@icb/oracle'
import type { SqlSession } from '@icb/oracle'
import { archivelogDirectory } from './area-path.ts'

/**
 * Files in the log directory that the database does not list as complete: it is writing them, or a crash left them. A storage that
 * copies file by file must leave them out. Paths relative to the area.
 */
export async function incompleteLogs(sql: SqlSession, areaPath: string, signal: AbortSignal): Promise<readonly string[]> {
  const directory = archivelogDirectory(areaPath)
  const files = await readdir(directory).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  })
  const complete = new Set((await readArchivedLogs(sql, { directory, available: true, signal })).map((row) => row.name))
  return files.filter((file) => !complete.has(`${directory}${file}`)).map((file) => `archivelog/${file}`)
}
