import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readBackupPieces, readRmanClients } from '@icb/oracle'
import type { BackupDependencies } from './dependencies.ts'

export interface AbandonedPiecesInput {
  /** The area and the directories of its further volumes. */
  readonly directories: readonly string[]
  /** When the copies were last refreshed as a whole, ISO 8601. */
  readonly refreshedAt: string
}

/** What `%U` makes of the name of a backup piece: eight or more letters and digits, piece and copy number. */
const generatedPiece = /^[0-9a-z]{8,}_\d+_\d+$/

/**
 * Removes backup pieces that RMAN began in the area and will neither finish nor find: it lists a piece once it is whole, so those of an
 * instance or a session that died stand in no control file. Such a file has a name that RMAN generated, V$BACKUP_PIECE does not list
 * it, it was last written after the last complete refresh (what is older may have been listed once, and forgotten since), and no
 * session of any RMAN client is left in the database that could still write it. Answers the paths. Call it only for an area that is
 * proven to be the right one, when this run's own RMAN has ended.
 */
export async function removeAbandonedPieces(deps: Pick<BackupDependencies, 'sql' | 'logger' | 'signal'>, { directories, refreshedAt }: AbandonedPiecesInput): Promise<readonly string[]> {
  const paths = (await Promise.all(directories.map(async (directory) => (await readdir(directory)).filter((name) => generatedPiece.test(name)).map((name) => join(directory, name))))).flat()
  if (paths.length === 0) return []
  const clients = await readRmanClients(deps.sql, { signal: deps.signal })
  // After the sessions: a piece that one of them finished meanwhile is listed now.
  const listed = new Set((await readBackupPieces(deps.sql, { signal: deps.signal })).map((piece) => piece.handle))
  const removed: string[] = []
  for (const path of paths.filter((each) => !listed.has(each))) {
    if ((await stat(path)).mtimeMs <= Date.parse(refreshedAt)) continue
    if (clients.length > 0) {
      deps.logger.warn({ path, sessions: clients.map(({ instance, sid, serial, program }) => ({ instance, sid, serial, program })) }, 'a backup piece that the database does not list was left: an RMAN session may still write it')
      continue
    }
    await rm(path)
    deps.logger.warn({ path }, 'a backup piece was removed that nobody will finish: its instance or session has died')
    removed.push(path)
  }
  return removed
}
