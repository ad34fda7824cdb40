import type { Instance } from '../../engine/instance-api.ts'
import { defineView, yesNo } from './view.ts'

const tablespaceOf = (instance: Instance, file: number): { name: string; blockSize: number; record: Instance['controlFile']['datafiles'][number] | undefined } => {
  const record = instance.controlFile.datafiles.find((datafile) => datafile.file === file)
  return { name: record?.tablespace ?? '', blockSize: record?.blockSize ?? 8192, record }
}

defineView('V$DATAFILE_COPY', 'mounted', 'RECID:n STAMP:n NAME:v513 TAG:v32 FILE#:n RFILE#:n CREATION_CHANGE#:n CREATION_TIME:d RESETLOGS_CHANGE#:n RESETLOGS_TIME:d INCREMENTAL_LEVEL:n CHECKPOINT_CHANGE#:n CHECKPOINT_TIME:d ABSOLUTE_FUZZY_CHANGE#:n RECOVERY_FUZZY_CHANGE#:n RECOVERY_FUZZY_TIME:d ONLINE_FUZZY:v3 BACKUP_FUZZY:v3 MARKED_CORRUPT:n MEDIA_CORRUPT:n LOGICALLY_CORRUPT:n BLOCKS:n BLOCK_SIZE:n OLDEST_OFFLINE_RANGE:n DELETED:v3 STATUS:v1 COMPLETION_TIME:d CONTROLFILE_TYPE:v1 KEEP:v3 KEEP_UNTIL:d KEEP_OPTIONS:v11 SCANNED:v3 IS_RECOVERY_DEST_FILE:v3 RMAN_STATUS_RECID:n RMAN_STATUS_STAMP:n CREATION_THREAD#:n CREATION_SIZE:n FOREIGN_DBID:n', ({ instance }) =>
  instance.controlFile.datafileCopies.map((copy) => ({
    RECID: copy.recid,
    STAMP: copy.stamp,
    NAME: copy.name,
    TAG: copy.tag,
    'FILE#': copy.file,
    'RFILE#': copy.file,
    'CREATION_CHANGE#': copy.creationScn,
    CREATION_TIME: tablespaceOf(instance, copy.file).record?.creationTime ?? null,
    'RESETLOGS_CHANGE#': copy.resetlogsScn,
    RESETLOGS_TIME: instance.controlFile.incarnations.find((incarnation) => incarnation.resetlogsScn === copy.resetlogsScn)?.resetlogsTime ?? null,
    INCREMENTAL_LEVEL: copy.incrementalLevel,
    'CHECKPOINT_CHANGE#': copy.checkpointScn,
    CHECKPOINT_TIME: copy.checkpointTime,
    'ABSOLUTE_FUZZY_CHANGE#': copy.absoluteFuzzyScn,
    'RECOVERY_FUZZY_CHANGE#': copy.recoveryFuzzyScn,
    ONLINE_FUZZY: 'NO',
    BACKUP_FUZZY: 'NO',
    MARKED_CORRUPT: copy.markedCorrupt,
    MEDIA_CORRUPT: 0,
    LOGICALLY_CORRUPT: 0,
    BLOCKS: copy.blocks,
    BLOCK_SIZE: copy.blockSize,
    OLDEST_OFFLINE_RANGE: 0,
    DELETED: yesNo(copy.deleted),
    STATUS: copy.status,
    COMPLETION_TIME: copy.completionTime,
    KEEP: 'NO',
    SCANNED: 'NO',
    IS_RECOVERY_DEST_FILE: 'NO',
    FOREIGN_DBID: 0,
  })),
)

defineView('V$BACKUP_SET', 'mounted', 'RECID:n STAMP:n SET_STAMP:n SET_COUNT:n BACKUP_TYPE:v1 CONTROLFILE_INCLUDED:v3 INCREMENTAL_LEVEL:n PIECES:n START_TIME:d COMPLETION_TIME:d ELAPSED_SECONDS:n BLOCK_SIZE:n INPUT_FILE_SCAN_ONLY:v3 KEEP:v3 KEEP_UNTIL:d KEEP_OPTIONS:v11 MULTI_SECTION:v3', ({ instance }) =>
  instance.controlFile.backupSets.map((set) => ({
    RECID: set.recid,
    STAMP: set.stamp,
    SET_STAMP: set.stamp,
    SET_COUNT: set.setCount,
    BACKUP_TYPE: set.type,
    CONTROLFILE_INCLUDED: yesNo(set.controlfileIncluded),
    INCREMENTAL_LEVEL: set.incrementalLevel,
    PIECES: set.pieces,
    START_TIME: set.startTime,
    COMPLETION_TIME: set.completionTime,
    ELAPSED_SECONDS: Math.round((set.completionTime - set.startTime) / 1000),
    BLOCK_SIZE: 8192,
    INPUT_FILE_SCAN_ONLY: 'NO',
    KEEP: 'NO',
    MULTI_SECTION: yesNo(set.multiSection === true),
  })),
)

defineView('V$BACKUP_PIECE', 'mounted', 'RECID:n STAMP:n SET_STAMP:n SET_COUNT:n PIECE#:n COPY#:n DEVICE_TYPE:v17 HANDLE:v513 COMMENTS:v64 MEDIA:v65 MEDIA_POOL:n CONCUR:v3 TAG:v32 STATUS:v1 START_TIME:d COMPLETION_TIME:d ELAPSED_SECONDS:n DELETED:v3 BYTES:n IS_RECOVERY_DEST_FILE:v3 RMAN_STATUS_RECID:n RMAN_STATUS_STAMP:n COMPRESSED:v3 BACKED_BY_VSS:v3 ENCRYPTED:v3', ({ instance }) =>
  instance.controlFile.backupPieces.map((piece) => {
    const set = instance.controlFile.backupSets.find((candidate) => candidate.recid === piece.setRecid)
    return {
      RECID: piece.recid,
      STAMP: piece.stamp,
      SET_STAMP: set?.stamp ?? piece.stamp,
      SET_COUNT: set?.setCount ?? piece.setRecid,
      'PIECE#': piece.piece,
      'COPY#': 1,
      DEVICE_TYPE: 'DISK',
      HANDLE: piece.handle,
      CONCUR: 'NO',
      TAG: piece.tag,
      STATUS: piece.status,
      START_TIME: piece.completionTime,
      COMPLETION_TIME: piece.completionTime,
      ELAPSED_SECONDS: 0,
      DELETED: yesNo(piece.deleted),
      BYTES: piece.bytes,
      IS_RECOVERY_DEST_FILE: 'NO',
      COMPRESSED: 'NO',
      BACKED_BY_VSS: 'NO',
      ENCRYPTED: 'NO',
    }
  }),
)

defineView('V$BACKUP_DATAFILE', 'mounted', 'RECID:n STAMP:n SET_STAMP:n SET_COUNT:n FILE#:n CREATION_CHANGE#:n CREATION_TIME:d RESETLOGS_CHANGE#:n RESETLOGS_TIME:d INCREMENTAL_LEVEL:n INCREMENTAL_CHANGE#:n CHECKPOINT_CHANGE#:n CHECKPOINT_TIME:d ABSOLUTE_FUZZY_CHANGE#:n MARKED_CORRUPT:n MEDIA_CORRUPT:n LOGICALLY_CORRUPT:n DATAFILE_BLOCKS:n BLOCKS:n BLOCK_SIZE:n OLDEST_OFFLINE_RANGE:n COMPLETION_TIME:d CONTROLFILE_TYPE:v1 USED_CHANGE_TRACKING:v3 BLOCKS_READ:n USED_OPTIMIZATION:v3 FOREIGN_DBID:n PLUGGED_READONLY:v3 SECTION_SIZE:n UNDO_OPTIMIZED:v3', ({ instance }) =>
  instance.controlFile.backupDatafiles.map((entry) => {
    const set = instance.controlFile.backupSets.find((candidate) => candidate.recid === entry.setRecid)
    const { record, blockSize } = tablespaceOf(instance, entry.file)
    return {
      RECID: entry.recid,
      STAMP: set?.stamp ?? instance.stamp(entry.completionTime),
      SET_STAMP: set?.stamp ?? instance.stamp(entry.completionTime),
      SET_COUNT: set?.setCount ?? entry.setRecid,
      'FILE#': entry.file,
      'CREATION_CHANGE#': entry.creationScn,
      CREATION_TIME: record?.creationTime ?? null,
      'RESETLOGS_CHANGE#': entry.resetlogsScn,
      RESETLOGS_TIME: instance.controlFile.incarnations.find((incarnation) => incarnation.resetlogsScn === entry.resetlogsScn)?.resetlogsTime ?? null,
      INCREMENTAL_LEVEL: entry.incrementalLevel,
      'INCREMENTAL_CHANGE#': entry.incrementalScn,
      'CHECKPOINT_CHANGE#': entry.checkpointScn,
      CHECKPOINT_TIME: entry.checkpointTime,
      'ABSOLUTE_FUZZY_CHANGE#': entry.absoluteFuzzyScn,
      MARKED_CORRUPT: 0,
      MEDIA_CORRUPT: 0,
      LOGICALLY_CORRUPT: 0,
      DATAFILE_BLOCKS: entry.datafileBlocks,
      BLOCKS: entry.blocksWritten,
      BLOCK_SIZE: blockSize,
      OLDEST_OFFLINE_RANGE: 0,
      COMPLETION_TIME: entry.completionTime,
      USED_CHANGE_TRACKING: yesNo(entry.usedChangeTracking),
      BLOCKS_READ: entry.blocksRead,
      USED_OPTIMIZATION: 'NO',
      FOREIGN_DBID: 0,
      PLUGGED_READONLY: 'NO',
      SECTION_SIZE: entry.sectionBlocks,
      UNDO_OPTIMIZED: 'NO',
    }
  }),
)

defineView('V$RMAN_CONFIGURATION', 'mounted', 'CONF#:n NAME:v65 VALUE:v1025', ({ instance }) => instance.controlFile.rmanConfiguration.map((entry) => ({ 'CONF#': entry.conf, NAME: entry.name, VALUE: entry.value })))

type StatusRow = Instance['controlFile']['rmanStatus'][number]

/** A command's session; a session is its own. */
const sessionOf = (row: StatusRow): { readonly recid: number; readonly stamp: number } => row.parent ?? row

defineView('V$RMAN_STATUS', 'mounted', 'SID:n RECID:n STAMP:n PARENT_RECID:n PARENT_STAMP:n SESSION_RECID:n SESSION_STAMP:n ROW_LEVEL:n ROW_TYPE:v19 COMMAND_ID:v33 OPERATION:v33 STATUS:v23 MBYTES_PROCESSED:n START_TIME:d END_TIME:d INPUT_BYTES:n OUTPUT_BYTES:n OPTIMIZED:v3 OBJECT_TYPE:v13 OUTPUT_DEVICE_TYPE:v17', ({ instance }) =>
  instance.controlFile.rmanStatus.map((entry) => ({
    SID: entry.sid,
    RECID: entry.recid,
    STAMP: entry.stamp,
    PARENT_RECID: entry.parent?.recid ?? null,
    PARENT_STAMP: entry.parent?.stamp ?? null,
    SESSION_RECID: sessionOf(entry).recid,
    SESSION_STAMP: sessionOf(entry).stamp,
    ROW_LEVEL: entry.parent === undefined ? 0 : 1,
    ROW_TYPE: entry.parent === undefined ? 'SESSION' : 'COMMAND',
    COMMAND_ID: entry.commandId,
    OPERATION: entry.operation,
    STATUS: entry.status,
    MBYTES_PROCESSED: Math.round(entry.inputBytes / 1048576),
    START_TIME: entry.startTime,
    END_TIME: entry.endTime,
    INPUT_BYTES: entry.inputBytes,
    OUTPUT_BYTES: entry.outputBytes,
    OPTIMIZED: 'NO',
    OBJECT_TYPE: entry.inputType ?? null,
    OUTPUT_DEVICE_TYPE: entry.parent === undefined ? null : 'DISK',
  })),
)

defineView('V$RMAN_OUTPUT', 'started', 'SID:n RECID:n STAMP:n SESSION_RECID:n SESSION_STAMP:n OUTPUT:v130 RMAN_STATUS_RECID:n RMAN_STATUS_STAMP:n SESSION_KEY:n', ({ instance }) =>
  (instance.rmanOutput ?? []).map(({ sid, recid, stamp, text, session, command }) => ({
    SID: sid, RECID: recid, STAMP: stamp, SESSION_RECID: session?.recid ?? null, SESSION_STAMP: session?.stamp ?? null, OUTPUT: text.slice(0, 130), RMAN_STATUS_RECID: command?.recid ?? 0, RMAN_STATUS_STAMP: command?.stamp ?? 0, SESSION_KEY: session?.recid ?? null,
  })),
)

/** One row per session that made a backup. */
defineView('V$RMAN_BACKUP_JOB_DETAILS', 'mounted', 'SESSION_KEY:n SESSION_RECID:n SESSION_STAMP:n COMMAND_ID:v33 START_TIME:d END_TIME:d INPUT_BYTES:n OUTPUT_BYTES:n STATUS_WEIGHT:n OPTIMIZED_WEIGHT:n OBJECT_TYPE_WEIGHT:n OUTPUT_DEVICE_TYPE:v17 AUTOBACKUP_COUNT:n BACKED_BY_OSB:v3 AUTOBACKUP_DONE:v3 STATUS:v23 INPUT_TYPE:v13 OPTIMIZED:v3 ELAPSED_SECONDS:n COMPRESSION_RATIO:n INPUT_BYTES_PER_SEC:n OUTPUT_BYTES_PER_SEC:n INPUT_BYTES_DISPLAY:v4000 OUTPUT_BYTES_DISPLAY:v4000 TIME_TAKEN_DISPLAY:v4000', ({ instance }) =>
  instance.controlFile.rmanStatus.filter((entry) => entry.parent === undefined).flatMap((entry) => {
    const commands = instance.controlFile.rmanStatus.filter((row) => row.parent?.recid === entry.recid && row.parent.stamp === entry.stamp)
    const types = commands.flatMap((row) => (row.operation === 'BACKUP' ? (row.inputType ?? []) : []))
    if (types.length === 0) return []
    const elapsed = Math.round(((entry.endTime ?? instance.host.now()) - entry.startTime) / 1000)
    return [{
      SESSION_KEY: entry.recid,
      SESSION_RECID: entry.recid,
      SESSION_STAMP: entry.stamp,
      COMMAND_ID: entry.commandId,
      START_TIME: entry.startTime,
      END_TIME: entry.endTime,
      INPUT_BYTES: entry.inputBytes,
      OUTPUT_BYTES: entry.outputBytes,
      OUTPUT_DEVICE_TYPE: 'DISK',
      AUTOBACKUP_COUNT: 0,
      AUTOBACKUP_DONE: 'NO',
      STATUS: entry.status,
      // The weightiest of what was backed up names the job.
      INPUT_TYPE: ['DB FULL', 'DB INCR', 'DATAFILE FULL', 'DATAFILE INCR', 'ARCHIVELOG', 'CONTROLFILE', 'SPFILE'].find((type) => types.includes(type)) ?? null,
      OPTIMIZED: 'NO',
      ELAPSED_SECONDS: elapsed,
      COMPRESSION_RATIO: entry.outputBytes > 0 ? entry.inputBytes / entry.outputBytes : null,
      INPUT_BYTES_PER_SEC: elapsed > 0 ? entry.inputBytes / elapsed : null,
      OUTPUT_BYTES_PER_SEC: elapsed > 0 ? entry.outputBytes / elapsed : null,
      INPUT_BYTES_DISPLAY: megabytes(entry.inputBytes),
      OUTPUT_BYTES_DISPLAY: megabytes(entry.outputBytes),
      TIME_TAKEN_DISPLAY: clock(elapsed),
    }]
  }),
)

const subjobs: Readonly<Record<string, string>> = { BACKUP: 'BACKUP', VALIDATE: 'VALIDATE', RECOVER: 'ROLLFORWARD' }

/** Backups, merges and validations of all sessions. */
defineView('V$RMAN_BACKUP_SUBJOB_DETAILS', 'mounted', 'SESSION_KEY:n SESSION_RECID:n SESSION_STAMP:n OPERATION:v33 COMMAND_ID:v33 START_TIME:d END_TIME:d INPUT_BYTES:n OUTPUT_BYTES:n OUTPUT_DEVICE_TYPE:v17 STATUS:v23 INPUT_TYPE:v13 INPUT_BYTES_DISPLAY:v4000 OUTPUT_BYTES_DISPLAY:v4000', ({ instance }) =>
  instance.controlFile.rmanStatus.flatMap((entry) => {
    const operation = subjobs[entry.operation]
    if (entry.parent === undefined || operation === undefined || (operation === 'ROLLFORWARD' && entry.inputType === undefined)) return []
    return [{
      SESSION_KEY: entry.parent.recid, SESSION_RECID: entry.parent.recid, SESSION_STAMP: entry.parent.stamp, OPERATION: operation, COMMAND_ID: entry.commandId, START_TIME: entry.startTime, END_TIME: entry.endTime,
      INPUT_BYTES: entry.inputBytes, OUTPUT_BYTES: entry.outputBytes, OUTPUT_DEVICE_TYPE: 'DISK', STATUS: entry.status, INPUT_TYPE: entry.inputType ?? null, INPUT_BYTES_DISPLAY: megabytes(entry.inputBytes), OUTPUT_BYTES_DISPLAY: megabytes(entry.outputBytes),
    }]
  }),
)

function megabytes(bytes: number): string { return `${(bytes / 1_048_576).toFixed(2).padStart(9)}M` }
function clock(seconds: number): string { return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, '0')).join(':') }

defineView('V$BACKUP_REDOLOG', 'mounted', 'RECID:n STAMP:n SET_STAMP:n SET_COUNT:n THREAD#:n SEQUENCE#:n RESETLOGS_CHANGE#:n RESETLOGS_TIME:d FIRST_CHANGE#:n FIRST_TIME:d NEXT_CHANGE#:n NEXT_TIME:d BLOCKS:n BLOCK_SIZE:n TERMINAL:v3', ({ instance }) =>
  instance.controlFile.backupRedologs.map((log) => {
    const set = instance.controlFile.backupSets.find((candidate) => candidate.recid === log.setRecid)
    return {
      RECID: log.recid,
      STAMP: set?.stamp ?? 0,
      SET_STAMP: set?.stamp ?? 0,
      SET_COUNT: set?.setCount ?? log.setRecid,
      'THREAD#': log.thread,
      'SEQUENCE#': log.sequence,
      'RESETLOGS_CHANGE#': log.resetlogsScn,
      RESETLOGS_TIME: instance.controlFile.incarnations.find((incarnation) => incarnation.resetlogsScn === log.resetlogsScn)?.resetlogsTime ?? null,
      'FIRST_CHANGE#': log.firstScn,
      FIRST_TIME: log.firstTime,
      'NEXT_CHANGE#': log.nextScn,
      NEXT_TIME: log.nextTime,
      BLOCKS: log.blocks,
      BLOCK_SIZE: log.blockSize,
      TERMINAL: 'NO',
    }
  }),
)
