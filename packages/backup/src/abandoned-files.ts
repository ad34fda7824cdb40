import { readdir, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { readBackupPieces, readDatafileCopies, readDatafiles, readRmanClients } from '@icb/oracle'
import type { Manifest } from '@icb/recovery-point'
import { runIdTime } from '@icb/runtime'
import type { BackupDependencies } from './dependencies.ts'

export interface AbandonedFilesInput {
  /** The area and the directories of its further volumes. */
  readonly directories: readonly string[]
  /** Of this database, decimal. */
  readonly dbid: string
  readonly cdb: boolean
  /** Milliseconds since 1970: what was last written before may have been listed once, and forgotten since. */
  readonly writtenAfter: number
}

/** What `%U` makes of the name of a backup piece: eight or more letters and digits, piece and copy number. */
const generatedPiece = /^[0-9a-z]{8,}_\d+_\d+$/
/** … and of an image copy: database, DBID, tablespace, file number. */
const generatedCopy = /^data_D-.+_I-(\d+)_TS-.+_FNO-(\d+)_[0-9a-z]+$/

/**
 * From when on an unlisted file of the area can only be of a run that was cut off, by the manifest as that run left it: since the last
 * complete refresh; where there was none yet, since the run that was refreshing began. `undefined`: that cannot be said.
 */
export function cutOffSince(previous: Pick<Manifest, 'state' | 'refreshedAt' | 'runId'> | undefined): number | undefined {
  if (previous === undefined) return undefined
  if (previous.refreshedAt !== undefined) return Date.parse(previous.refreshedAt)
  return previous.state === 'refreshing' ? runIdTime(previous.runId) : undefined
}

/**
 * Removes what RMAN began in the area and will neither finish nor find: it lists a backup piece or an image copy once that is whole, so
 * those of an instance or a session that died stand in no control file. Such a file has a name that RMAN generated, no view lists it,
 * it was last written after `writtenAfter`, and no session of any RMAN client is left in the database that could still write it. A copy
 * besides is of this DBID and shorter than its datafile: one that is whole may be all that is left of it, and is somebody's to catalog.
 * Answers the paths. Call it only for an area that is proven to be the right one, when this run's own RMAN has ended.
 */
export async function removeAbandonedFiles(deps: Pick<BackupDependencies, 'sql' | 'logger' | 'signal'>, input: AbandonedFilesInput): Promise<readonly string[]> {
  const names = (await Promise.all(input.directories.map(async (directory) => (await readdir(directory)).map((name) => join(directory, name))))).flat()
  const fileOf = (path: string): number | undefined => {
    const [, dbid, file] = generatedCopy.exec(basename(path)) ?? []
    return dbid === input.dbid ? Number(file) : undefined
  }
  const pieces = names.filter((path) => generatedPiece.test(basename(path)))
  const copies = names.filter((path) => fileOf(path) !== undefined)
  if (pieces.length + copies.length === 0) return []
  const options = { signal: deps.signal }
  const clients = await readRmanClients(deps.sql, options)
  // After the sessions: what one of them finished meanwhile is listed now.
  const [knownPieces, knownCopies, datafiles] = await Promise.all([readBackupPieces(deps.sql, options), readDatafileCopies(deps.sql, options), readDatafiles(deps.sql, { ...options, cdb: input.cdb })])
  const handles = new Set(knownPieces.map((piece) => piece.handle))
  // By their last part, whatever way leads to them; a datafile may have been switched to its copy.
  const known = new Set([...knownCopies, ...datafiles].map(({ name }) => basename(name)))
  const sizes = new Map(datafiles.map(({ file, bytes, blockSize }) => [file, bytes + BigInt(blockSize)]))
  const removed: string[] = []
  for (const path of [...pieces.filter((each) => !handles.has(each)), ...copies.filter((each) => !known.has(basename(each)))]) {
    const facts = await stat(path, { bigint: true })
    if (!facts.isFile() || Number(facts.mtimeMs) <= input.writtenAfter) continue
    const file = fileOf(path)
    if (file !== undefined && facts.size >= (sizes.get(file) ?? 0n)) continue
    const what = file === undefined ? 'a backup piece' : 'an image copy'
    if (clients.length > 0) {
      deps.logger.warn({ path, sessions: clients.map(({ instance, sid, serial, program }) => ({ instance, sid, serial, program })) }, `${what} that the database does not list was left: an RMAN session may still write it`)
      continue
    }
    await rm(path)
    deps.logger.warn({ path }, `${what} was removed that nobody will finish: its instance or session has died`)
    removed.push(path)
  }
  return removed
}
