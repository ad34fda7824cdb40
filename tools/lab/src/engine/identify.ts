import { stat } from 'node:fs/promises'
import { readPieceHeader } from '../storage/backup-piece.ts'
import { readControlFile } from '../storage/control-file.ts'
import { Datafile } from '../storage/datafile.ts'
import { isMissing } from '../storage/file-io.ts'
import { REDO_BLOCK, readRedoHeader } from '../storage/redo-log.ts'
import type { FileIdentity } from './instance-api.ts'
import type { Kernel } from './kernel.ts'

/** Bytes of a block of a control file. */
export const CONTROL_BLOCK = 16_384

/** What RMAN-07517 says of a file that is none of ours or was not finished. */
const CORRUPT = 'The file header is corrupted'

/** What a file is by its header. Never raises for what it finds. */
export async function identifyFile(kernel: Kernel, path: string): Promise<FileIdentity> {
  const real = kernel.host.real(path)
  try {
    return (await datafileCopy(real)) ?? (await archivedLog(real, kernel)) ?? (await piece(real)) ?? (await controlFile(real)) ?? { kind: 'unreadable', reason: CORRUPT }
  } catch (error) {
    return { kind: 'unreadable', reason: isMissing(error) ? 'The file could not be found' : CORRUPT }
  }
}

async function datafileCopy(real: string): Promise<FileIdentity | undefined> {
  const datafile = await Datafile.open(real, 'r')
  if (datafile === undefined) return undefined
  const { header } = datafile
  const size = await datafile.size()
  await datafile.close()
  if (size < (header.blocks + 1) * datafile.blockSize) return { kind: 'unreadable', reason: CORRUPT }
  return {
    kind: 'datafile-copy', dbid: header.dbid,
    record: {
      tag: header.copy?.tag ?? null, file: header.file, tablespace: header.tablespace, creationScn: header.creationScn, resetlogsScn: header.resetlogsScn, incrementalLevel: header.copy?.incrementalLevel ?? null,
      checkpointScn: header.checkpointScn, checkpointTime: header.checkpointTime, absoluteFuzzyScn: header.absoluteFuzzyScn, recoveryFuzzyScn: 0n, markedCorrupt: 0, blocks: header.blocks,
      blockSize: datafile.blockSize, completionTime: header.copy?.completionTime ?? header.checkpointTime,
    },
  }
}

/** Only a log that was finished: its header knows where it ends, and the file is that long. */
async function archivedLog(real: string, kernel: Kernel): Promise<FileIdentity | undefined> {
  const found = await readRedoHeader(real)
  if (found === undefined) return undefined
  const { header, size } = found
  if (header.bytes === null || header.nextScn === null || size < header.bytes) return { kind: 'unreadable', reason: CORRUPT }
  return {
    kind: 'archived-log', dbid: header.dbid,
    record: {
      thread: header.thread, sequence: header.sequence, resetlogsScn: header.resetlogsScn, resetlogsId: header.resetlogsId, firstScn: header.firstScn, firstTime: header.firstTime, nextScn: header.nextScn,
      nextTime: header.nextTime ?? header.firstTime, blocks: Math.ceil(header.bytes / REDO_BLOCK) - 1, blockSize: REDO_BLOCK, creator: 'RMAN', archived: true, applied: 'NO', completionTime: kernel.host.now(), ...(header.endOfRedo === true ? { endOfRedo: true as const } : {}),
    },
  }
}

async function piece(real: string): Promise<FileIdentity | undefined> {
  const header = await readPieceHeader(real)
  if (header === undefined) return undefined
  const { dbid, contains, tag, setCount, setStamp, created, datafiles, logs } = header
  return { kind: 'backup-piece', dbid, contains, tag, setCount, setStamp, piece: header.piece, bytes: (await stat(real)).size, created, datafiles, logs }
}

async function controlFile(real: string): Promise<FileIdentity | undefined> {
  const data = await readControlFile(real)
  if (data === undefined) return undefined
  const { checkpointScn, checkpointTime, resetlogsScn } = data
  const blocks = Math.ceil((await stat(real)).size / CONTROL_BLOCK)
  return {
    kind: 'control-file', dbid: data.dbid,
    record: { tag: null, file: 0, tablespace: '', creationScn: 0n, resetlogsScn, incrementalLevel: null, checkpointScn, checkpointTime, absoluteFuzzyScn: 0n, recoveryFuzzyScn: 0n, markedCorrupt: 0, blocks, blockSize: CONTROL_BLOCK, completionTime: checkpointTime },
  }
}
