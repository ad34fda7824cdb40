import type { Instance } from '../../engine/instance-api.ts'
import { uniqueName } from '../environment.ts'
import { defineView, yesNo, type ViewRow } from './view.ts'
import { isBackup } from '../../engine/records.ts'

/** NEXT_CHANGE# of the log in use: no next change yet. */
const noNextChange = (1n << 48n) - 1n

const later = (instance: Instance): bigint => {
  const [major = 0, minor = 0] = instance.release.split('.').map(Number)
  return major > 12 || (major === 12 && minor >= 2) ? (1n << 64n) - 1n : noNextChange
}

function resetlogsTime(instance: Instance, scn: bigint): number | null {
  return instance.controlFile.incarnations.find((incarnation) => incarnation.resetlogsScn === scn)?.resetlogsTime ?? null
}

defineView('V$DATABASE', 'mounted', 'DBID:n NAME:v9 CREATED:d RESETLOGS_CHANGE#:n RESETLOGS_TIME:d PRIOR_RESETLOGS_CHANGE#:n PRIOR_RESETLOGS_TIME:d LOG_MODE:v12 CHECKPOINT_CHANGE#:n ARCHIVE_CHANGE#:n CONTROLFILE_TYPE:v7 CONTROLFILE_CREATED:d CONTROLFILE_SEQUENCE#:n CONTROLFILE_CHANGE#:n CONTROLFILE_TIME:d OPEN_RESETLOGS:v11 VERSION_TIME:d OPEN_MODE:v20 PROTECTION_MODE:v20 PROTECTION_LEVEL:v20 REMOTE_ARCHIVE:v8 ACTIVATION#:n SWITCHOVER#:n DATABASE_ROLE:v16 ARCHIVELOG_CHANGE#:n ARCHIVELOG_COMPRESSION:v8 SWITCHOVER_STATUS:v20 DATAGUARD_BROKER:v8 GUARD_STATUS:v7 SUPPLEMENTAL_LOG_DATA_MIN:v8 FORCE_LOGGING:v39 PLATFORM_ID:n PLATFORM_NAME:v101 RECOVERY_TARGET_INCARNATION#:n LAST_OPEN_INCARNATION#:n CURRENT_SCN:n FLASHBACK_ON:v18 DB_UNIQUE_NAME:v30 STANDBY_BECAME_PRIMARY_SCN:n FS_FAILOVER_STATUS:v22 PRIMARY_DB_UNIQUE_NAME:v30 MIN_REQUIRED_CAPTURE_CHANGE#:n CDB:v3@12.1', ({ instance, session }) => {
  const file = instance.controlFile
  const current = file.incarnations.find((incarnation) => incarnation.status === 'CURRENT')
  const prior = file.incarnations.filter((incarnation) => incarnation.status === 'PARENT').at(-1)
  return [
    {
      DBID: file.dbid,
      NAME: file.name.toUpperCase(),
      CREATED: file.created,
      'RESETLOGS_CHANGE#': file.resetlogsScn,
      RESETLOGS_TIME: file.resetlogsTime,
      'PRIOR_RESETLOGS_CHANGE#': prior?.resetlogsScn ?? 0,
      PRIOR_RESETLOGS_TIME: prior?.resetlogsTime ?? null,
      LOG_MODE: file.logMode,
      'CHECKPOINT_CHANGE#': file.checkpointScn,
      'ARCHIVE_CHANGE#': file.checkpointScn,
      CONTROLFILE_TYPE: file.type,
      CONTROLFILE_CREATED: file.created,
      'CONTROLFILE_SEQUENCE#': file.sequence,
      'CONTROLFILE_CHANGE#': file.checkpointScn,
      CONTROLFILE_TIME: file.checkpointTime,
      OPEN_RESETLOGS: isBackup(file) ? 'REQUIRED' : file.recoveredToScn === null ? 'NOT ALLOWED' : 'ALLOWED',
      OPEN_MODE: instance.openMode,
      PROTECTION_MODE: 'MAXIMUM PERFORMANCE',
      PROTECTION_LEVEL: instance.status === 'OPEN' ? 'MAXIMUM PERFORMANCE' : 'UNPROTECTED',
      REMOTE_ARCHIVE: 'ENABLED',
      DATABASE_ROLE: file.type === 'STANDBY' ? 'PHYSICAL STANDBY' : 'PRIMARY',
      ARCHIVELOG_COMPRESSION: 'DISABLED',
      SWITCHOVER_STATUS: instance.switchoverStatus(session),
      DATAGUARD_BROKER: 'DISABLED',
      GUARD_STATUS: 'NONE',
      SUPPLEMENTAL_LOG_DATA_MIN: 'NO',
      FORCE_LOGGING: yesNo(file.forceLogging),
      PLATFORM_ID: 13,
      PLATFORM_NAME: 'Linux x86 64-bit',
      'RECOVERY_TARGET_INCARNATION#': current?.incarnation ?? 1,
      'LAST_OPEN_INCARNATION#': current?.incarnation ?? 1,
      CURRENT_SCN: instance.status === 'OPEN' || file.type === 'STANDBY' ? instance.currentScn : 0,
      FLASHBACK_ON: file.flashbackOn ? 'YES' : file.restorePoints?.some((point) => point.guaranteed) === true ? 'RESTORE POINT ONLY' : 'NO',
      DB_UNIQUE_NAME: uniqueName(instance),
      STANDBY_BECAME_PRIMARY_SCN: file.becamePrimaryScn ?? 0,
      FS_FAILOVER_STATUS: 'DISABLED',
      CDB: yesNo(instance.container > 0),
    },
  ]
})

defineView('V$DATABASE_INCARNATION', 'mounted', 'INCARNATION#:n RESETLOGS_CHANGE#:n RESETLOGS_TIME:d PRIOR_RESETLOGS_CHANGE#:n PRIOR_RESETLOGS_TIME:d STATUS:v7 RESETLOGS_ID:n PRIOR_INCARNATION#:n FLASHBACK_DATABASE_ALLOWED:v26', ({ instance }) =>
  instance.controlFile.incarnations.map((incarnation, index, all) => {
    const prior = index === 0 ? undefined : all[index - 1]
    return {
      'INCARNATION#': incarnation.incarnation,
      'RESETLOGS_CHANGE#': incarnation.resetlogsScn,
      RESETLOGS_TIME: incarnation.resetlogsTime,
      'PRIOR_RESETLOGS_CHANGE#': prior?.resetlogsScn ?? 0,
      PRIOR_RESETLOGS_TIME: prior?.resetlogsTime ?? null,
      STATUS: incarnation.status,
      RESETLOGS_ID: incarnation.resetlogsId,
      'PRIOR_INCARNATION#': prior?.incarnation ?? 0,
      FLASHBACK_DATABASE_ALLOWED: 'NO',
    }
  }),
)

defineView('V$DATAFILE', 'mounted', 'FILE#:n CREATION_CHANGE#:n CREATION_TIME:d TS#:n RFILE#:n STATUS:v7 ENABLED:v10 CHECKPOINT_CHANGE#:n CHECKPOINT_TIME:d UNRECOVERABLE_CHANGE#:n UNRECOVERABLE_TIME:d LAST_CHANGE#:n LAST_TIME:d OFFLINE_CHANGE#:n ONLINE_CHANGE#:n ONLINE_TIME:d BYTES:n BLOCKS:n CREATE_BYTES:n BLOCK_SIZE:n NAME:v513 PLUGGED_IN:n BLOCK1_OFFSET:n AUX_NAME:v513 FIRST_NONLOGGED_SCN:n FIRST_NONLOGGED_TIME:d FOREIGN_DBID:n PLUGGED_READONLY:v3', async ({ instance }) =>
  Promise.all(
    instance.controlFile.datafiles.map(async (file) => {
      const readable = await instance.fileExists(file.name)
      return {
        'FILE#': file.file,
        'CREATION_CHANGE#': file.creationScn,
        CREATION_TIME: file.creationTime,
        'TS#': file.tablespaceNumber,
        'RFILE#': file.file,
        STATUS: file.status,
        ENABLED: file.enabled,
        'CHECKPOINT_CHANGE#': file.checkpointScn,
        CHECKPOINT_TIME: file.checkpointTime,
        'UNRECOVERABLE_CHANGE#': file.unrecoverableScn,
        UNRECOVERABLE_TIME: file.unrecoverableTime,
        'LAST_CHANGE#': file.stopScn,
        'OFFLINE_CHANGE#': 0,
        'ONLINE_CHANGE#': 0,
        BYTES: readable ? BigInt(file.blocks) * BigInt(file.blockSize) : 0,
        BLOCKS: readable ? file.blocks : 0,
        CREATE_BYTES: BigInt(file.createdBlocks ?? file.blocks) * BigInt(file.blockSize),
        BLOCK_SIZE: file.blockSize,
        NAME: file.name,
        PLUGGED_IN: 0,
        BLOCK1_OFFSET: file.blockSize,
        FIRST_NONLOGGED_SCN: 0,
        FOREIGN_DBID: 0,
        PLUGGED_READONLY: 'NO',
      }
    }),
  ),
)


defineView('V$DATAFILE_HEADER', 'mounted', 'FILE#:n STATUS:v7 ERROR:v18 FORMAT:n RECOVER:v3 FUZZY:v3 CREATION_CHANGE#:n CREATION_TIME:d TABLESPACE_NAME:v30 TS#:n RFILE#:n RESETLOGS_CHANGE#:n RESETLOGS_TIME:d CHECKPOINT_CHANGE#:n CHECKPOINT_TIME:d CHECKPOINT_COUNT:n BYTES:n BLOCKS:n NAME:v513 SPACE_HEADER:v40 LAST_DEALLOC_CHANGE#:v16 UNDO_OPT_CURRENT_CHANGE#:v40', async ({ instance }) =>
  Promise.all(
    instance.controlFile.datafiles.map(async (file): Promise<ViewRow> => {
      const header = await instance.readDatafileHeader(file)
      const status = file.status === 'OFFLINE' || file.status === 'RECOVER' ? 'OFFLINE' : 'ONLINE'
      if (header.error !== null) return { 'FILE#': file.file, STATUS: status, ERROR: header.error, FORMAT: 0, 'CREATION_CHANGE#': 0, 'TS#': 0, 'RFILE#': 0, 'RESETLOGS_CHANGE#': 0, 'CHECKPOINT_CHANGE#': 0, CHECKPOINT_COUNT: 0, BYTES: 0, BLOCKS: 0 }
      return {
        'FILE#': file.file,
        STATUS: status,
        FORMAT: 10,
        RECOVER: yesNo(header.recover),
        FUZZY: yesNo(header.fuzzy),
        'CREATION_CHANGE#': file.creationScn,
        CREATION_TIME: file.creationTime,
        TABLESPACE_NAME: file.tablespace,
        'TS#': file.tablespaceNumber,
        'RFILE#': file.file,
        'RESETLOGS_CHANGE#': header.resetlogsScn,
        RESETLOGS_TIME: resetlogsTime(instance, header.resetlogsScn),
        'CHECKPOINT_CHANGE#': header.checkpointScn,
        CHECKPOINT_TIME: header.checkpointTime,
        CHECKPOINT_COUNT: instance.controlFile.sequence,
        BYTES: BigInt(file.blocks) * BigInt(file.blockSize),
        BLOCKS: file.blocks,
        NAME: header.name,
      }
    }),
  ),
)

defineView('V$RECOVER_FILE', 'mounted', 'FILE#:n ONLINE:v7 ONLINE_STATUS:v7 ERROR:v18 CHANGE#:n TIME:d', async ({ instance }) => {
  const rows = await Promise.all(
    instance.controlFile.datafiles.map(async (file): Promise<ViewRow[]> => {
      const header = await instance.readDatafileHeader(file)
      if (header.error === null && !header.recover) return []
      const online = file.status === 'OFFLINE' || file.status === 'RECOVER' ? 'OFFLINE' : 'ONLINE'
      return [{ 'FILE#': file.file, ONLINE: online, ONLINE_STATUS: online, ERROR: header.error, 'CHANGE#': header.error === null ? header.checkpointScn : 0, TIME: header.error === null ? header.checkpointTime : null }]
    }),
  )
  return rows.flat()
})

defineView('V$TEMPFILE', 'mounted', 'FILE#:n CREATION_CHANGE#:n CREATION_TIME:d TS#:n RFILE#:n STATUS:v7 ENABLED:v10 BYTES:n BLOCKS:n CREATE_BYTES:n BLOCK_SIZE:n NAME:v513', async ({ instance }) =>
  Promise.all(
    instance.controlFile.tempfiles.map(async (file) => {
      const blocks = (await instance.fileExists(file.name)) ? file.blocks : 0
      return { 'FILE#': file.file, 'TS#': tablespacesOf(instance).find((t) => t.name === file.tablespace && t.conId === (file.conId ?? 0))?.number ?? null, CON_ID: file.conId ?? 0, 'RFILE#': file.file, STATUS: 'ONLINE', ENABLED: 'READ WRITE', BYTES: BigInt(blocks) * 8192n, BLOCKS: blocks, CREATE_BYTES: BigInt(file.blocks) * 8192n, BLOCK_SIZE: 8192, NAME: file.name }
    }),
  ),
)

/** Tablespaces of all containers; a temporary one has no datafile that would know its number, so it comes after the others. */
function tablespacesOf(instance: Instance): readonly { readonly name: string; readonly number: number; readonly conId: number; readonly temporary: boolean }[] {
  const found = new Map<string, { name: string; number: number; conId: number; temporary: boolean }>()
  const { datafiles, tempfiles } = instance.controlFile
  for (const { tablespace: name, tablespaceNumber: number, conId = 0 } of datafiles) found.set(`${conId}.${name}`, { name, number, conId, temporary: false })
  for (const { tablespace: name, conId = 0 } of tempfiles) {
    const number = Math.max(2, ...[...found.values()].filter((t) => t.conId === conId).map((t) => t.number)) + 1
    if (!found.has(`${conId}.${name}`)) found.set(`${conId}.${name}`, { name, number, conId, temporary: true })
  }
  return [...found.values()]
}

defineView('V$TABLESPACE', 'mounted', 'TS#:n NAME:v30 INCLUDED_IN_DATABASE_BACKUP:v3 BIGFILE:v3 FLASHBACK_ON:v3 ENCRYPT_IN_BACKUP:v3', ({ instance }) =>
  tablespacesOf(instance).map((t) => ({ 'TS#': t.number, NAME: t.name, INCLUDED_IN_DATABASE_BACKUP: yesNo(!t.temporary), BIGFILE: 'NO', FLASHBACK_ON: 'YES', CON_ID: t.conId })),
)

defineView('V$THREAD', 'mounted', 'THREAD#:n STATUS:v6 ENABLED:v8 GROUPS:n INSTANCE:v80 OPEN_TIME:d CURRENT_GROUP#:n SEQUENCE#:n CHECKPOINT_CHANGE#:n CHECKPOINT_TIME:d ENABLE_CHANGE#:n ENABLE_TIME:d DISABLE_CHANGE#:n DISABLE_TIME:d LAST_REDO_SEQUENCE#:n LAST_REDO_BLOCK:n LAST_REDO_CHANGE#:n LAST_REDO_TIME:d', ({ instance }) =>
  instance.controlFile.threads.map((thread) => ({
    'THREAD#': thread.thread,
    STATUS: thread.status,
    ENABLED: thread.enabled,
    GROUPS: instance.controlFile.logGroups.filter((group) => group.thread === thread.thread).length,
    INSTANCE: thread.instance,
    OPEN_TIME: instance.startupTime,
    'CURRENT_GROUP#': thread.currentGroup,
    'SEQUENCE#': thread.sequence,
    'CHECKPOINT_CHANGE#': thread.checkpointScn,
    CHECKPOINT_TIME: instance.controlFile.checkpointTime,
    'ENABLE_CHANGE#': instance.controlFile.resetlogsScn,
    ENABLE_TIME: instance.controlFile.resetlogsTime,
    'DISABLE_CHANGE#': 0,
    'LAST_REDO_SEQUENCE#': thread.sequence,
    'LAST_REDO_CHANGE#': thread.status === 'OPEN' && instance.status === 'OPEN' ? instance.currentScn : thread.checkpointScn,
  })),
)

defineView('V$LOG', 'mounted', 'GROUP#:n THREAD#:n SEQUENCE#:n BYTES:n BLOCKSIZE:n MEMBERS:n ARCHIVED:v3 STATUS:v16 FIRST_CHANGE#:n FIRST_TIME:d NEXT_CHANGE#:n NEXT_TIME:d', ({ instance }) =>
  instance.controlFile.logGroups.map((group) => ({
    'GROUP#': group.group,
    'THREAD#': group.thread,
    'SEQUENCE#': group.sequence,
    BYTES: group.sizeBytes,
    BLOCKSIZE: 512,
    MEMBERS: group.members.length,
    ARCHIVED: yesNo(group.archived),
    STATUS: group.status,
    'FIRST_CHANGE#': group.firstScn,
    FIRST_TIME: group.firstTime,
    'NEXT_CHANGE#': group.nextScn ?? later(instance),
  })),
)

defineView('V$LOGFILE', 'mounted', 'GROUP#:n STATUS:v7 TYPE:v7 MEMBER:v513 IS_RECOVERY_DEST_FILE:v3', ({ instance }) => instance.controlFile.logGroups.flatMap((group) => group.members.map((member) => ({ 'GROUP#': group.group, TYPE: 'ONLINE', MEMBER: member, IS_RECOVERY_DEST_FILE: 'NO' }))))

defineView('V$LOG_HISTORY', 'mounted', 'RECID:n STAMP:n THREAD#:n SEQUENCE#:n FIRST_CHANGE#:n FIRST_TIME:d NEXT_CHANGE#:n RESETLOGS_CHANGE#:n RESETLOGS_TIME:d', ({ instance }) =>
  instance.controlFile.logHistory.map((log) => ({
    RECID: log.recid,
    STAMP: instance.stamp(log.nextTime),
    'THREAD#': log.thread,
    'SEQUENCE#': log.sequence,
    'FIRST_CHANGE#': log.firstScn,
    FIRST_TIME: log.firstTime,
    'NEXT_CHANGE#': log.nextScn,
    'RESETLOGS_CHANGE#': log.resetlogsScn,
    RESETLOGS_TIME: resetlogsTime(instance, log.resetlogsScn),
  })),
)

defineView('V$ARCHIVED_LOG', 'mounted', 'RECID:n STAMP:n NAME:v513 DEST_ID:n THREAD#:n SEQUENCE#:n RESETLOGS_CHANGE#:n RESETLOGS_TIME:d RESETLOGS_ID:n FIRST_CHANGE#:n FIRST_TIME:d NEXT_CHANGE#:n NEXT_TIME:d BLOCKS:n BLOCK_SIZE:n CREATOR:v7 REGISTRAR:v7 STANDBY_DEST:v3 ARCHIVED:v3 APPLIED:v9 DELETED:v3 STATUS:v1 COMPLETION_TIME:d DICTIONARY_BEGIN:v3 DICTIONARY_END:v3 END_OF_REDO:v3 BACKUP_COUNT:n ARCHIVAL_THREAD#:n ACTIVATION#:n IS_RECOVERY_DEST_FILE:v3 COMPRESSED:v3 FAL:v3 END_OF_REDO_TYPE:v10 BACKED_BY_VSS:v3', ({ instance }) =>
  instance.controlFile.archivedLogs.map((log) => ({
    RECID: log.recid,
    STAMP: log.stamp,
    NAME: log.name,
    DEST_ID: log.destId,
    'THREAD#': log.thread,
    'SEQUENCE#': log.sequence,
    'RESETLOGS_CHANGE#': log.resetlogsScn,
    RESETLOGS_TIME: resetlogsTime(instance, log.resetlogsScn),
    RESETLOGS_ID: log.resetlogsId,
    'FIRST_CHANGE#': log.firstScn,
    FIRST_TIME: log.firstTime,
    'NEXT_CHANGE#': log.nextScn,
    NEXT_TIME: log.nextTime,
    BLOCKS: log.blocks,
    BLOCK_SIZE: log.blockSize,
    CREATOR: log.creator,
    REGISTRAR: log.creator,
    STANDBY_DEST: yesNo(log.standby === true),
    ARCHIVED: yesNo(log.archived),
    APPLIED: log.applied,
    DELETED: yesNo(log.deleted),
    STATUS: log.status,
    COMPLETION_TIME: log.completionTime,
    DICTIONARY_BEGIN: 'NO',
    DICTIONARY_END: 'NO',
    END_OF_REDO: yesNo(log.endOfRedo === true),
    END_OF_REDO_TYPE: log.endOfRedo === true ? 'SWITCHOVER' : null,
    BACKUP_COUNT: 0,
    'ARCHIVAL_THREAD#': log.thread,
    IS_RECOVERY_DEST_FILE: yesNo(instance.archiveDestinations.some((destination) => destination.id === log.destId && destination.usesRecoveryArea)),
    COMPRESSED: 'NO',
    FAL: 'NO',
    BACKED_BY_VSS: 'NO',
  })),
)

defineView('V$BLOCK_CHANGE_TRACKING', 'mounted', 'STATUS:v10 FILENAME:v513 BYTES:n', ({ instance }) => {
  const { status, filename, bytes } = instance.controlFile.bct
  return [{ STATUS: status, FILENAME: status === 'DISABLED' ? null : filename, BYTES: status === 'DISABLED' ? null : bytes }]
})
defineView('V$FLASHBACK_DATABASE_LOGFILE', 'mounted', 'NAME:v513 LOG#:n THREAD#:n SEQUENCE#:n BYTES:n FIRST_CHANGE#:n FIRST_TIME:d TYPE:v9', ({ instance }) =>
  instance.controlFile.flashbackLogs.map((name, index) => ({ NAME: name, 'LOG#': index + 1, 'THREAD#': 1, 'SEQUENCE#': index + 1, TYPE: 'NORMAL' })),
)
defineView('V$RESTORE_POINT', 'mounted', 'SCN:n DATABASE_INCARNATION#:n GUARANTEE_FLASHBACK_DATABASE:v3 STORAGE_SIZE:n TIME:t RESTORE_POINT_TIME:t PRESERVED:v3 NAME:v128', ({ instance }) =>
  (instance.controlFile.restorePoints ?? []).map(({ name, scn, time, guaranteed, incarnation }) => ({
    SCN: scn, 'DATABASE_INCARNATION#': incarnation, GUARANTEE_FLASHBACK_DATABASE: yesNo(guaranteed), STORAGE_SIZE: guaranteed ? 1_048_576 : 0, TIME: time, PRESERVED: yesNo(guaranteed), NAME: name,
  })),
)
defineView('V$DATABASE_BLOCK_CORRUPTION', 'mounted', 'FILE#:n BLOCK#:n BLOCKS:n CORRUPTION_CHANGE#:n CORRUPTION_TYPE:v9', ({ instance }) =>
  instance.controlFile.corruptions.filter((corruption) => corruption.type !== 'NOLOGGING' || instance.release.startsWith('11.')).map((corruption) => ({ 'FILE#': corruption.file, 'BLOCK#': corruption.block, BLOCKS: corruption.blocks, 'CORRUPTION_CHANGE#': corruption.scn, CORRUPTION_TYPE: corruption.type })),
)
defineView('V$NONLOGGED_BLOCK', 'mounted', 'FILE#:n BLOCK#:n BLOCKS:n NONLOGGED_START_CHANGE#:n NONLOGGED_START_TIME:d NONLOGGED_END_CHANGE#:n NONLOGGED_END_TIME:d RESETLOGS_CHANGE#:n RESETLOGS_TIME:d OBJECT#:v40 REASON:v7', ({ instance }) =>
  instance.controlFile.corruptions.filter((corruption) => corruption.type === 'NOLOGGING').map((corruption) => ({ 'FILE#': corruption.file, 'BLOCK#': corruption.block, BLOCKS: corruption.blocks, 'NONLOGGED_START_CHANGE#': corruption.scn, REASON: 'UNKNOWN' })), '12.1')
