import type { Instance } from '../../engine/instance-api.ts'
import type { ArchivedLogRecord, BackupDatafileRecord, BackupPieceRecord, BackupRedologRecord, ControlFileData, DatafileCopyRecord, DatafileRecord } from '../../engine/records.ts'
import { rmanError } from '../../engine/ora-error.ts'

/** Whether what was backed up is of the way that the database went: of this incarnation, or from before it. */
function onTheWay(data: ControlFileData, backup: { readonly resetlogsScn: bigint; readonly checkpointScn: bigint }): boolean {
  return backup.resetlogsScn === data.resetlogsScn || backup.checkpointScn < data.resetlogsScn
}

/** Copies of a datafile that can still be recovered: available, of this file and this incarnation. Newest first. */
export function usableCopies(data: ControlFileData, file: DatafileRecord, tag: string | null): DatafileCopyRecord[] {
  return data.datafileCopies
    .filter((copy) => copy.file === file.file && copy.status === 'A' && !copy.deleted && copy.creationScn === file.creationScn && copy.markedCorrupt === 0 && (tag === null || copy.tag === tag))
    .filter((copy) => onTheWay(data, copy))
    .sort((a, b) => (a.checkpointScn === b.checkpointScn ? b.recid - a.recid : a.checkpointScn > b.checkpointScn ? -1 : 1))
}

/** The pieces of a set in their order; undefined when one of them is not available. */
export function availablePieces(data: ControlFileData, setRecid: number): readonly BackupPieceRecord[] | undefined {
  const set = data.backupSets.find((candidate) => candidate.recid === setRecid)
  if (set === undefined) return undefined
  const pieces = new Map(data.backupPieces.filter((piece) => piece.setRecid === setRecid && piece.status === 'A' && !piece.deleted).map((piece) => [piece.piece, piece]))
  return pieces.size < set.pieces ? undefined : [...pieces.values()].sort((a, b) => a.piece - b.piece)
}

/** A datafile inside a backup set whose pieces are all there. */
export interface SetBackup {
  readonly datafile: BackupDatafileRecord
  readonly pieces: readonly BackupPieceRecord[]
}

/** What a datafile can be restored from. */
export type DatafileBackup =
  | { readonly kind: 'copy'; readonly level: 0 | null; readonly checkpointScn: bigint; readonly checkpointTime: number; readonly absoluteFuzzyScn: bigint; readonly completionTime: number; readonly copy: DatafileCopyRecord }
  | ({ readonly kind: 'set'; readonly level: 0 | null; readonly checkpointScn: bigint; readonly checkpointTime: number; readonly absoluteFuzzyScn: bigint; readonly completionTime: number } & SetBackup)

function setsOf(data: ControlFileData, file: DatafileRecord): SetBackup[] {
  return data.backupDatafiles
    .filter((record) => record.file === file.file && record.creationScn === file.creationScn && onTheWay(data, record))
    .flatMap((datafile) => {
      const pieces = availablePieces(data, datafile.setRecid)
      return pieces === undefined ? [] : [{ datafile, pieces }]
    })
}

/** Copies and full or level 0 backup sets of a file, the newest first; of two that are equal the copy. */
export function datafileBackups(data: ControlFileData, file: DatafileRecord): DatafileBackup[] {
  const copies = usableCopies(data, file, null).map((copy): DatafileBackup => {
    const { checkpointScn, checkpointTime, absoluteFuzzyScn, completionTime } = copy
    return { kind: 'copy', level: copy.incrementalLevel === 0 ? 0 : null, checkpointScn, checkpointTime, absoluteFuzzyScn, completionTime, copy }
  })
  const sets = setsOf(data, file).flatMap((set): DatafileBackup[] => {
    const { incrementalLevel, checkpointScn, checkpointTime, absoluteFuzzyScn, completionTime } = set.datafile
    return incrementalLevel === 1 ? [] : [{ kind: 'set', level: incrementalLevel, checkpointScn, checkpointTime, absoluteFuzzyScn, completionTime, ...set }]
  })
  return [...copies, ...sets].sort((a, b) => (a.checkpointScn === b.checkpointScn ? 0 : a.checkpointScn > b.checkpointScn ? -1 : 1))
}

/**
 * The incrementals that bring a file from an SCN forward, in order. Each begins at or below where the one before ended:
 * one that begins above would leave blocks out.
 */
export function incrementChain(data: ControlFileData, file: DatafileRecord, from: bigint, until: bigint | null): SetBackup[] {
  const all = setsOf(data, file).filter(({ datafile }) => datafile.incrementalLevel === 1)
  const chain: SetBackup[] = []
  let scn = from
  for (;;) {
    const next = all
      .filter(({ datafile }) => datafile.incrementalScn <= scn && datafile.checkpointScn > scn && (until === null || (datafile.checkpointScn <= until && datafile.absoluteFuzzyScn < until)))
      .sort((a, b) => (a.datafile.checkpointScn > b.datafile.checkpointScn ? -1 : 1))[0]
    if (next === undefined) return chain
    chain.push(next)
    scn = next.datafile.checkpointScn
  }
}

/** Pieces with the control file and copies of it, the newest first. */
export function controlfileBackups(data: ControlFileData): { readonly name: string; readonly piece: BackupPieceRecord | null }[] {
  const pieces = data.backupSets.filter((set) => set.controlfileIncluded).flatMap((set) => (availablePieces(data, set.recid) ?? []).map((piece) => ({ name: piece.handle, piece, completionTime: piece.completionTime })))
  const copies = data.datafileCopies.filter((copy) => copy.file === 0 && copy.status === 'A' && !copy.deleted).map((copy) => ({ name: copy.name, piece: null, completionTime: copy.completionTime }))
  return [...pieces, ...copies].sort((a, b) => b.completionTime - a.completionTime)
}

/** The archived logs of this incarnation that are on disk as far as the control file knows. */
export function availableLogs(data: ControlFileData): ArchivedLogRecord[] {
  return data.archivedLogs.filter((log) => log.standby !== true && log.name !== null && log.archived && !log.deleted && log.status === 'A' && log.resetlogsId === data.resetlogsId)
}

/** An archived log inside a backup set that is there. */
export interface LogBackup {
  readonly log: BackupRedologRecord
  readonly pieces: readonly BackupPieceRecord[]
}

/** The archived logs in backup sets that are there, each once, out of the newest. */
export function backedUpLogs(data: ControlFileData): LogBackup[] {
  const found = new Map<string, LogBackup>()
  for (const log of data.backupRedologs) {
    const pieces = availablePieces(data, log.setRecid)
    if (pieces !== undefined) found.set(logKey(log), { log, pieces })
  }
  return [...found.values()]
}

/** How often RMAN backed a log up: its copies of it, and the sets that hold it. */
export function backupsOfLog(data: ControlFileData, log: ArchivedLogRecord): number {
  const copies = data.archivedLogs.filter((other) => other.creator === 'RMAN' && !other.deleted && logKey(other) === logKey(log) && other.recid !== log.recid)
  const sets = data.backupRedologs.filter((other) => logKey(other) === logKey(log) && availablePieces(data, other.setRecid) !== undefined)
  return copies.length + sets.length
}

export const logKey = (log: { readonly thread: number; readonly sequence: number; readonly resetlogsId: number }): string => `${log.thread}/${log.sequence}/${log.resetlogsId}`

/** RMAN-20201 for a datafile that the database does not have. */
export function noSuchDatafile(file: number): Error {
  return rmanError(20201, 'datafile not found in the recovery catalog', { code: 'RMAN-06010', text: `error while looking up datafile: ${file}` })
}

/** Datafiles by number. @throws OraError RMAN-20201 */
export function datafilesOf(instance: Instance, files: readonly number[]): DatafileRecord[] {
  return files.map((number) => {
    const found = instance.controlFile.datafiles.find((file) => file.file === number)
    if (found === undefined) throw noSuchDatafile(number)
    return found
  })
}

/** Datafiles of tablespaces. @throws OraError RMAN-20202 */
export function datafilesOfTablespaces(instance: Instance, names: readonly string[]): DatafileRecord[] {
  return names.flatMap((name) => {
    const files = instance.controlFile.datafiles.filter((file) => file.tablespace === name)
    if (files.length === 0) throw rmanError(20202, 'Tablespace not found in the recovery catalog', { code: 'RMAN-06019', text: `could not translate tablespace name "${name}"` })
    return files
  })
}

/** The datafiles that a command is about: those of its numbers or tablespaces, else all. @throws OraError RMAN-20201, RMAN-20202 */
export function filesOf(instance: Instance, object: { readonly kind: string; readonly files?: readonly number[]; readonly names?: readonly string[] }): DatafileRecord[] {
  if (object.kind === 'datafile') return datafilesOf(instance, object.files ?? [])
  if (object.kind === 'tablespace') return datafilesOfTablespaces(instance, object.names ?? [])
  return [...instance.controlFile.datafiles]
}
