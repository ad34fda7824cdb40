import type { Instance } from '../../engine/instance-api.ts'
import type { ArchivedLogRecord, BackupDatafileRecord, BackupPieceRecord, ControlFileData, DatafileCopyRecord, DatafileRecord } from '../../engine/records.ts'

/** Copies of a datafile that can still be recovered: available, of this file and this incarnation. Newest first. */
export function usableCopies(data: ControlFileData, file: DatafileRecord, tag: string | null): DatafileCopyRecord[] {
  return data.datafileCopies
    .filter((copy) => copy.file === file.file && copy.status === 'A' && !copy.deleted && copy.creationScn === file.creationScn && copy.markedCorrupt === 0 && (tag === null || copy.tag === tag))
    .filter((copy) => copy.resetlogsScn === data.resetlogsScn || copy.checkpointScn < data.resetlogsScn)
    .sort((a, b) => (a.checkpointScn === b.checkpointScn ? b.recid - a.recid : a.checkpointScn > b.checkpointScn ? -1 : 1))
}

export interface Increment {
  readonly datafile: BackupDatafileRecord
  readonly pieces: readonly BackupPieceRecord[]
}

/**
 * The incrementals that bring a file from an SCN forward, in order. Each begins at or below where the one before ended:
 * a piece that begins above would leave blocks out.
 */
export function incrementChain(data: ControlFileData, file: number, from: bigint, until: bigint | null): Increment[] {
  const chain: Increment[] = []
  let scn = from
  for (;;) {
    const next = data.backupDatafiles
      .filter((record) => record.file === file && record.incrementalLevel === 1 && record.incrementalScn <= scn && record.checkpointScn > scn && (until === null || record.checkpointScn <= until))
      .map((datafile) => ({ datafile, pieces: data.backupPieces.filter((piece) => piece.setRecid === datafile.setRecid && piece.status === 'A' && !piece.deleted) }))
      .filter(({ pieces }) => pieces.length > 0)
      .sort((a, b) => (a.datafile.checkpointScn > b.datafile.checkpointScn ? -1 : 1))[0]
    if (next === undefined) return chain
    chain.push(next)
    scn = next.datafile.checkpointScn
  }
}

/** The archived logs of this incarnation that are on disk as far as the control file knows. */
export function availableLogs(data: ControlFileData): ArchivedLogRecord[] {
  return data.archivedLogs.filter((log) => log.name !== null && log.archived && !log.deleted && log.status === 'A' && log.resetlogsId === data.resetlogsId)
}

/** Datafiles by number. @throws OraError of `missing` for a number that the database does not have */
export function datafilesOf(instance: Instance, files: readonly number[], missing: (file: number) => Error): DatafileRecord[] {
  return files.map((number) => {
    const found = instance.controlFile.datafiles.find((file) => file.file === number)
    if (found === undefined) throw missing(number)
    return found
  })
}
