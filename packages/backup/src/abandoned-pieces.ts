import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readBackupPieces, readDatabaseClock, readInstanceStarts } from '@icb/oracle'
import { DateTime } from 'luxon'
import type { BackupDependencies } from './dependencies.ts'

export interface AbandonedPiecesInput {
  /** The area and the directories of its further volumes. */
  readonly directories: readonly string[]
  /** When the copies were last refreshed as a whole, ISO 8601. */
  readonly refreshedAt: string
}

/** What `%U` makes of the name of a backup piece: eight or more letters and digits, piece and copy number. */
const generatedPiece = /^[0-9a-z]{8,}_\d+_\d+$/

/** DATE of the dictionary, in seconds. */
const seconds = (date: string): number => DateTime.fromFormat(date, 'yyyy-MM-dd HH:mm:ss', { zone: 'utc' }).toSeconds()

/**
 * Removes backup pieces that RMAN began in the area and will neither finish nor find: it lists a piece once it is whole, so those of an
 * instance that died stand in no control file. Such a file has a name that RMAN generated, V$BACKUP_PIECE does not list it, it was last
 * written after the last complete refresh (what is older may have been listed once, and forgotten since), and before any instance of
 * the database that could still write it was started. Answers the paths. Call it only for an area that is proven to be the right one.
 */
export async function removeAbandonedPieces(deps: Pick<BackupDependencies, 'sql' | 'clock' | 'logger' | 'signal'>, { directories, refreshedAt }: AbandonedPiecesInput): Promise<readonly string[]> {
  const paths = (await Promise.all(directories.map(async (directory) => (await readdir(directory)).filter((name) => generatedPiece.test(name)).map((name) => join(directory, name))))).flat()
  if (paths.length === 0) return []
  const [pieces, starts, { sysdate }] = await Promise.all([readBackupPieces(deps.sql, { signal: deps.signal }), readInstanceStarts(deps.sql, { signal: deps.signal }), readDatabaseClock(deps.sql, { signal: deps.signal })])
  const listed = new Set(pieces.map((piece) => piece.handle))
  // Both by the database's clock: its zone, and whether it is right, does not matter.
  const longestUp = Math.max(...starts.map(({ startedAt }) => seconds(sysdate) - seconds(startedAt)))
  const startedAt = deps.clock.now() - (longestUp + 1) * 1000
  const removed: string[] = []
  for (const path of paths.filter((each) => !listed.has(each))) {
    const { mtimeMs } = await stat(path)
    if (mtimeMs <= Date.parse(refreshedAt) || mtimeMs >= startedAt) continue
    await rm(path)
    deps.logger.warn({ path }, 'a backup piece was removed that an instance left unfinished when it died')
    removed.push(path)
  }
  return removed
}
