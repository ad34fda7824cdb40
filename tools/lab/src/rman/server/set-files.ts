import type { DatafilePartResult } from '../../engine/instance-api.ts'
import type { BackupDatafileRecord, DatafileRecord } from '../../engine/records.ts'
import type { Work } from './work.ts'

/** A file on its way into a backup set. */
export interface SetFile {
  readonly record: DatafileRecord
  readonly level: 0 | 1 | null
  /** Where a level 1 begins; 0 otherwise. */
  readonly sinceScn: bigint
}

/** Nothing can have changed in a file that went read only or offline before its copy was taken. */
export function unchanged(file: SetFile): boolean {
  return file.level === 1 && file.record.stopScn !== null && file.record.stopScn <= file.sinceScn
}

/** `full`, `incremental level 1`: how the lines about a set name it. */
export const levelName = (level: 0 | 1 | null): string => (level === null ? 'full' : `incremental level ${level}`)

/** `nnnd1`: how a piece in the recovery area is called. */
export const levelLabel = (level: 0 | 1 | null): string => (level === null ? 'nnndf' : `nnnd${level}`)

/** A row of V$BACKUP_DATAFILE for what was written of a file. */
export function datafileRow(work: Work, file: SetFile, result: DatafilePartResult, sectionBlocks: number): Omit<BackupDatafileRecord, 'recid' | 'setRecid'> {
  const { instance } = work
  work.bytes.input += result.blocksRead * file.record.blockSize
  return {
    file: file.record.file, creationScn: file.record.creationScn, resetlogsScn: instance.controlFile.resetlogsScn, incrementalLevel: file.level, incrementalScn: result.incrementalScn, checkpointScn: result.checkpointScn,
    checkpointTime: result.checkpointTime, absoluteFuzzyScn: result.absoluteFuzzyScn, sectionBlocks, datafileBlocks: result.blocks, blocksWritten: result.blocksWritten, blocksRead: result.blocksRead, usedChangeTracking: result.usedChangeTracking, completionTime: instance.host.now(),
  }
}
