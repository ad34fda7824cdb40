import { addressOf } from './settings-views.ts'
import { defineView, type ViewRow } from './view.ts'
import type { ViewContext } from '../catalog.ts'
import { baseRelease, brandOf } from '../../host/release.ts'
import { instanceNumber, threadNumber } from '../environment.ts'
import { allParameters } from '../parameters.ts'

const isStandby = (instance: ViewContext['instance']): boolean => instance.status !== 'STARTED' && instance.controlFile.type === 'STANDBY'

const editionName = { EE: 'Enterprise Edition', SE: 'Standard Edition' } as const

defineView('V$INSTANCE', 'started', 'INSTANCE_NUMBER:n INSTANCE_NAME:v16 HOST_NAME:v64 VERSION:v17 VERSION_LEGACY:v17@18 VERSION_FULL:v17@18 STARTUP_TIME:d STATUS:v12 PARALLEL:v3 THREAD#:n ARCHIVER:v7 LOG_SWITCH_WAIT:v15 LOGINS:v10 SHUTDOWN_PENDING:v3 DATABASE_STATUS:v17 INSTANCE_ROLE:v18 ACTIVE_STATE:v9 BLOCKED:v3 INSTANCE_MODE:v11@12.1 EDITION:v7@12.1 FAMILY:v80@12.1 DATABASE_TYPE:v15@12.2', ({ instance }) => [
  {
    INSTANCE_NUMBER: instanceNumber(instance),
    INSTANCE_NAME: instance.sid,
    HOST_NAME: instance.host.name,
    VERSION: baseRelease(instance.release),
    VERSION_LEGACY: baseRelease(instance.release),
    VERSION_FULL: instance.release,
    STARTUP_TIME: instance.startupTime,
    STATUS: instance.status,
    PARALLEL: instance.parameters.get('cluster_database')?.value === 'TRUE' ? 'YES' : 'NO',
    'THREAD#': threadNumber(instance),
    ARCHIVER: instance.status !== 'STARTED' && instance.controlFile.logMode === 'ARCHIVELOG' ? 'STARTED' : 'STOPPED',
    LOGINS: 'ALLOWED',
    SHUTDOWN_PENDING: 'NO',
    DATABASE_STATUS: 'ACTIVE',
    INSTANCE_ROLE: isStandby(instance) ? 'PHYSICAL STANDBY' : instance.status === 'OPEN' ? 'PRIMARY_INSTANCE' : 'UNKNOWN',
    ACTIVE_STATE: 'NORMAL',
    BLOCKED: 'NO',
    INSTANCE_MODE: 'REGULAR',
    EDITION: instance.edition,
    DATABASE_TYPE: 'SINGLE',
  },
])

defineView('V$VERSION', 'started', 'BANNER:v80 BANNER_FULL:v160@18 BANNER_LEGACY:v80@18', ({ instance }) => {
  const banner = `Oracle Database ${brandOf(instance.release)} ${editionName[instance.edition]} Release ${baseRelease(instance.release)} - 64bit Production (lab simulator)`
  return [{ BANNER: banner, BANNER_FULL: `${banner}\nVersion ${instance.release}`, BANNER_LEGACY: banner }]
})

defineView('V$PARAMETER', 'started', 'NUM:n NAME:v80 TYPE:n VALUE:v4000 DISPLAY_VALUE:v4000 DEFAULT_VALUE:v255@12.2 ISDEFAULT:v9 ISSES_MODIFIABLE:v5 ISSYS_MODIFIABLE:v9 ISPDB_MODIFIABLE:v5@12.1 ISINSTANCE_MODIFIABLE:v5 ISMODIFIED:v10 ISADJUSTED:v5 ISDEPRECATED:v5 ISBASIC:v5 DESCRIPTION:v255 UPDATE_COMMENT:v255 HASH:n', parameterRows)
defineView('V$SYSTEM_PARAMETER', 'started', 'NUM:n NAME:v80 TYPE:n VALUE:v4000 DISPLAY_VALUE:v4000 DEFAULT_VALUE:v255@12.2 ISDEFAULT:v9 ISSES_MODIFIABLE:v5 ISSYS_MODIFIABLE:v9 ISPDB_MODIFIABLE:v5@12.1 ISINSTANCE_MODIFIABLE:v5 ISMODIFIED:v8 ISADJUSTED:v5 ISDEPRECATED:v5 ISBASIC:v5 DESCRIPTION:v255 UPDATE_COMMENT:v255 HASH:n', parameterRows)
for (const name of ['V$PARAMETER2', 'V$SYSTEM_PARAMETER2']) {
  defineView(name, 'started', 'NUM:n NAME:v80 TYPE:n VALUE:v4000 DISPLAY_VALUE:v4000 ISDEFAULT:v6 ISSES_MODIFIABLE:v5 ISSYS_MODIFIABLE:v9 ISMODIFIED:v10 ISADJUSTED:v5 ISDEPRECATED:v5 ORDINAL:n UPDATE_COMMENT:v255', (context) =>
    parameterRows(context).flatMap((row) =>
      String(row.VALUE ?? '')
        .split(row.NAME === 'control_files' ? /,\s*/ : /(?!)/)
        .map((value, index) => ({ ...pick(row, ['NUM', 'NAME', 'TYPE', 'ISDEFAULT', 'ISSES_MODIFIABLE', 'ISSYS_MODIFIABLE', 'ISMODIFIED', 'ISADJUSTED', 'ISDEPRECATED']), VALUE: value, DISPLAY_VALUE: value, ORDINAL: index + 1 })),
    ),
  )
}

function pick(row: ViewRow, names: readonly string[]): ViewRow {
  return Object.fromEntries(names.map((name) => [name, row[name] ?? null]))
}

function parameterRows({ instance, session }: ViewContext): ViewRow[] {
  return allParameters(instance, session)
    .filter((parameter) => !parameter.name.startsWith('_') || !parameter.isDefault)
    .map((parameter, index) => ({
      NUM: index + 1,
      NAME: parameter.name,
      TYPE: parameter.type,
      VALUE: parameter.value,
      DISPLAY_VALUE: parameter.display,
      ISDEFAULT: parameter.isDefault ? 'TRUE' : 'FALSE',
      ISSES_MODIFIABLE: 'FALSE',
      ISSYS_MODIFIABLE: parameter.modifiable,
      ISPDB_MODIFIABLE: 'FALSE',
      ISINSTANCE_MODIFIABLE: 'FALSE',
      ISMODIFIED: 'FALSE',
      ISADJUSTED: 'FALSE',
      ISDEPRECATED: 'FALSE',
      ISBASIC: 'FALSE',
    }))
}

defineView('V$SPPARAMETER', 'started', 'FAMILY:v80@12.1 SID:v80 NAME:v80 TYPE:v11 VALUE:v255 DISPLAY_VALUE:v255 ISSPECIFIED:v6 ORDINAL:n UPDATE_COMMENT:v255', ({ instance, session }) => {
  const types: Readonly<Record<number, string>> = { 1: 'boolean', 2: 'string', 3: 'integer', 6: 'big integer' }
  return allParameters(instance, session)
    .filter((parameter) => !parameter.name.startsWith('_') || parameter.inSpfile)
    .map((parameter) => {
      const specified = instance.spfile !== null && parameter.inSpfile
      return { SID: '*', NAME: parameter.name, TYPE: types[parameter.type] ?? 'string', VALUE: specified ? parameter.value : null, DISPLAY_VALUE: specified ? parameter.display : null, ISSPECIFIED: specified ? 'TRUE' : 'FALSE', ORDINAL: specified ? 1 : 0 }
    })
})

defineView('V$SESSION', 'started', 'SADDR:v16 SID:n SERIAL#:n AUDSID:n PADDR:v16 USER#:n USERNAME:v128 COMMAND:n STATUS:v8 SERVER:v9 SCHEMANAME:v128 OSUSER:v128 PROCESS:v24 MACHINE:v64 TERMINAL:v30 PROGRAM:v48 TYPE:v10 SQL_ID:v13 MODULE:v64 ACTION:v64 CLIENT_INFO:v64 CLIENT_IDENTIFIER:v64 LOGON_TIME:d LAST_CALL_ET:n EVENT:v64 STATE:v19 SERVICE_NAME:v64', ({ instance, statement }) =>
  [...instance.sessions.values()].map((session) => ({
    SADDR: addressOf(session.sid),
    PADDR: addressOf(session.sid + 100_000),
    SID: session.sid,
    'SERIAL#': session.serial,
    AUDSID: 4294967295,
    'USER#': 0,
    USERNAME: session.username,
    COMMAND: session.status === 'ACTIVE' ? 3 : 0,
    STATUS: session.status,
    SERVER: 'DEDICATED',
    SCHEMANAME: session.username,
    OSUSER: 'oracle',
    MACHINE: instance.host.name,
    PROGRAM: session.program,
    TYPE: 'USER',
    MODULE: session.module,
    ACTION: session.action ?? null,
    CLIENT_INFO: session.clientInfo,
    CLIENT_IDENTIFIER: session.clientIdentifier ?? null,
    LOGON_TIME: session.logonTime,
    LAST_CALL_ET: Math.floor((statement.now - session.logonTime) / 1000),
    SERVICE_NAME: 'SYS$USERS',
  })),
)

defineView('V$SESSION_LONGOPS', 'started', 'SID:n SERIAL#:n OPNAME:v64 TARGET:v64 TARGET_DESC:v32 SOFAR:n TOTALWORK:n UNITS:v32 START_TIME:d LAST_UPDATE_TIME:d TIMESTAMP:d TIME_REMAINING:n ELAPSED_SECONDS:n CONTEXT:n MESSAGE:v512 USERNAME:v128', ({ instance }) =>
  [...instance.sessions.values()].flatMap((session) =>
    session.longOps.map((operation) => {
      const elapsed = Math.max(0, Math.round((operation.lastUpdate - operation.startTime) / 1000))
      return {
        SID: session.sid,
        'SERIAL#': session.serial,
        OPNAME: operation.opname,
        SOFAR: operation.sofar,
        TOTALWORK: operation.totalwork,
        UNITS: 'Blocks',
        START_TIME: operation.startTime,
        LAST_UPDATE_TIME: operation.lastUpdate,
        TIME_REMAINING: operation.sofar > 0 ? Math.round((elapsed * (operation.totalwork - operation.sofar)) / operation.sofar) : null,
        ELAPSED_SECONDS: elapsed,
        CONTEXT: 0,
        MESSAGE: `${operation.opname}: ${String(operation.sofar)} out of ${String(operation.totalwork)} Blocks done`,
        USERNAME: session.username,
      }
    }),
  ),
)

defineView('V$PROCESS', 'started', 'ADDR:v16 PID:n SOSID:v24@12.2 SPID:v24 STID:v24@12.2 PNAME:v5 USERNAME:v15 SERIAL#:n TERMINAL:v30 PROGRAM:v48 BACKGROUND:v1', ({ instance }) => [
  { PID: 2, SPID: String(process.pid), PNAME: 'PMON', USERNAME: 'oracle', 'SERIAL#': 1, PROGRAM: `oracle@${instance.host.name} (PMON)`, BACKGROUND: '1' },
  ...[...instance.sessions.values()].map((session) => ({ ADDR: addressOf(session.sid + 100_000), PID: session.sid + 10, SPID: String(process.pid), USERNAME: 'oracle', 'SERIAL#': session.serial, PROGRAM: `oracle@${instance.host.name} (TNS V1-V3)` })),
])

defineView('V$ARCHIVE_DEST', 'started', 'DEST_ID:n DEST_NAME:v256 STATUS:v9 BINDING:v9 NAME_SPACE:v7 TARGET:v16 ARCHIVER:v10 SCHEDULE:v8 DESTINATION:v256 LOG_SEQUENCE:n REOPEN_SECS:n DELAY_MINS:n MAX_CONNECTIONS:n NET_TIMEOUT:n PROCESS:v10 REGISTER:v3 FAIL_DATE:d FAIL_SEQUENCE:n FAIL_BLOCK:n FAILURE_COUNT:n MAX_FAILURE:n ERROR:v256 ALTERNATE:v256 DEPENDENCY:v256 REMOTE_TEMPLATE:v256 QUOTA_SIZE:n QUOTA_USED:n MOUNTID:n TRANSMIT_MODE:v12 ASYNC_BLOCKS:n AFFIRM:v3 TYPE:v7 VALID_NOW:v16 VALID_TYPE:v15 VALID_ROLE:v12 DB_UNIQUE_NAME:v30 VERIFY:v3', ({ instance }) =>
  destinations(instance).map(({ id, destination }) => ({
    DEST_ID: id,
    DEST_NAME: `LOG_ARCHIVE_DEST_${String(id)}`,
    STATUS: destination?.status ?? 'INACTIVE',
    BINDING: destination?.binding ?? 'OPTIONAL',
    NAME_SPACE: 'SYSTEM',
    TARGET: destination?.service == null ? 'PRIMARY' : 'STANDBY',
    ARCHIVER: 'ARCH',
    SCHEDULE: destination === undefined ? 'INACTIVE' : 'ACTIVE',
    DESTINATION: destination?.service ?? destination?.location ?? null,
    LOG_SEQUENCE: destination === undefined || instance.status === 'STARTED' ? 0 : lastArchived(instance.controlFile.archivedLogs, id),
    REOPEN_SECS: destination?.reopenSeconds ?? 0,
    DELAY_MINS: 0,
    MAX_CONNECTIONS: 1,
    NET_TIMEOUT: 0,
    PROCESS: 'ARCH',
    REGISTER: 'YES',
    FAIL_DATE: destination?.failDate ?? null,
    FAIL_SEQUENCE: destination?.failSequence ?? 0,
    FAIL_BLOCK: 0,
    FAILURE_COUNT: destination?.status === 'ERROR' ? 1 : 0,
    MAX_FAILURE: 0,
    ERROR: destination?.error ?? null,
    TRANSMIT_MODE: 'SYNCHRONOUS',
    AFFIRM: 'NO',
    TYPE: 'PUBLIC',
    VALID_NOW: destination === undefined ? 'UNKNOWN' : (isStandby(instance) ? destination.validFor.standby : destination.validFor.primary) ? 'YES' : 'WRONG VALID_TYPE',
    VALID_TYPE: destination?.validFor.type ?? 'ALL_LOGFILES',
    VALID_ROLE: destination?.validFor.role ?? 'ALL_ROLES',
    DB_UNIQUE_NAME: 'NONE',
    VERIFY: 'NO',
  })),
)

defineView('V$ARCHIVE_DEST_STATUS', 'started', 'DEST_ID:n DEST_NAME:v256 STATUS:v9 TYPE:v16 DATABASE_MODE:v15 RECOVERY_MODE:v34 PROTECTION_MODE:v20 DESTINATION:v256 STANDBY_LOGFILE_COUNT:n STANDBY_LOGFILE_ACTIVE:n ARCHIVED_THREAD#:n ARCHIVED_SEQ#:n APPLIED_THREAD#:n APPLIED_SEQ#:n ERROR:v256 SRL:v3 DB_UNIQUE_NAME:v30 SYNCHRONIZATION_STATUS:v22 SYNCHRONIZED:v3 GAP_STATUS:v24', ({ instance }) =>
  destinations(instance).map(({ id, destination }) => ({
    DEST_ID: id,
    DEST_NAME: `LOG_ARCHIVE_DEST_${String(id)}`,
    STATUS: destination?.status ?? 'INACTIVE',
    TYPE: destination === undefined ? 'UNKNOWN' : destination.service === null ? 'LOCAL' : 'PHYSICAL',
    DATABASE_MODE: destination === undefined ? 'UNKNOWN' : instance.status === 'OPEN' ? 'OPEN' : instance.status,
    RECOVERY_MODE: 'IDLE',
    PROTECTION_MODE: 'MAXIMUM PERFORMANCE',
    DESTINATION: destination?.service ?? destination?.location ?? null,
    'ARCHIVED_THREAD#': destination === undefined ? 0 : 1,
    'ARCHIVED_SEQ#': destination === undefined || instance.status === 'STARTED' ? 0 : lastArchived(instance.controlFile.archivedLogs, id),
    'APPLIED_THREAD#': 0,
    'APPLIED_SEQ#': 0,
    ERROR: destination?.error ?? null,
    SRL: 'NO',
    DB_UNIQUE_NAME: 'NONE',
    SYNCHRONIZATION_STATUS: 'CHECK CONFIGURATION',
    SYNCHRONIZED: 'NO',
  })),
)

function destinations(instance: ViewContext['instance']): { id: number; destination: ViewContext['instance']['archiveDestinations'][number] | undefined }[] {
  return Array.from({ length: 31 }, (_, index) => ({ id: index + 1, destination: instance.archiveDestinations.find((destination) => destination.id === index + 1) }))
}

function lastArchived(logs: ViewContext['instance']['controlFile']['archivedLogs'], destination: number): number {
  return logs.reduce((last, log) => (log.destId === destination && log.archived ? Math.max(last, log.sequence) : last), 0)
}

defineView('V$RECOVERY_FILE_DEST', 'started', 'NAME:v513 SPACE_LIMIT:n SPACE_USED:n SPACE_RECLAIMABLE:n NUMBER_OF_FILES:n', ({ instance, session }) => {
  const parameters = allParameters(instance, session)
  const name = parameters.find((parameter) => parameter.name === 'db_recovery_file_dest')?.value ?? null
  if (name === null || name === '') return []
  const limit = parameters.find((parameter) => parameter.name === 'db_recovery_file_dest_size')?.value ?? '0'
  const held = instance.status === 'STARTED' ? [] : [...instance.controlFile.archivedLogs.map((log) => ({ name: log.name, bytes: BigInt(log.blocks) * BigInt(log.blockSize), deleted: log.deleted })), ...instance.controlFile.backupPieces.map((piece) => ({ name: piece.handle, bytes: BigInt(piece.bytes), deleted: piece.deleted }))].filter((file) => !file.deleted && file.name?.startsWith(`${name}/`) === true)
  return [{ NAME: name, SPACE_LIMIT: limit, SPACE_USED: held.reduce((sum, file) => sum + file.bytes, 0n), SPACE_RECLAIMABLE: 0, NUMBER_OF_FILES: held.length }]
})

/** Of the recovery area's size, by kind of file. */
function recoveryAreaUsage({ instance, session }: ViewContext): ViewRow[] {
  const parameters = allParameters(instance, session)
  const name = parameters.find((parameter) => parameter.name === 'db_recovery_file_dest')?.value ?? ''
  const limit = Number(parameters.find((parameter) => parameter.name === 'db_recovery_file_dest_size')?.value ?? '0')
  const { controlFile } = instance
  const kinds: Readonly<Record<string, readonly { readonly name: string | null; readonly bytes: number; readonly deleted: boolean }[]>> = {
    'CONTROL FILE': [],
    'REDO LOG': controlFile.logGroups.flatMap((group) => group.members.map((member) => ({ name: member, bytes: group.sizeBytes, deleted: false }))),
    'ARCHIVED LOG': controlFile.archivedLogs.map((log) => ({ name: log.name, bytes: log.blocks * log.blockSize, deleted: log.deleted })),
    'BACKUP PIECE': controlFile.backupPieces.map((piece) => ({ name: piece.handle, bytes: piece.bytes, deleted: piece.deleted })),
    'IMAGE COPY': controlFile.datafileCopies.map((copy) => ({ name: copy.name, bytes: copy.blocks * copy.blockSize, deleted: copy.deleted })),
    'FLASHBACK LOG': [],
    'FOREIGN ARCHIVED LOG': [],
    'AUXILIARY DATAFILE COPY': [],
  }
  return Object.entries(kinds).map(([FILE_TYPE, files]) => {
    const held = files.filter((file) => !file.deleted && name !== '' && file.name?.startsWith(`${name}/`) === true)
    const bytes = held.reduce((sum, file) => sum + file.bytes, 0)
    return { FILE_TYPE, PERCENT_SPACE_USED: limit === 0 ? 0 : Math.round((bytes * 10_000) / limit) / 100, PERCENT_SPACE_RECLAIMABLE: 0, NUMBER_OF_FILES: held.length }
  })
}
for (const view of ['V$RECOVERY_AREA_USAGE', 'V$FLASH_RECOVERY_AREA_USAGE']) defineView(view, 'mounted', 'FILE_TYPE:v23 PERCENT_SPACE_USED:n PERCENT_SPACE_RECLAIMABLE:n NUMBER_OF_FILES:n', recoveryAreaUsage)

defineView('V$MANAGED_STANDBY', 'mounted', 'PROCESS:v9 PID:n STATUS:v12 CLIENT_PROCESS:v8 CLIENT_PID:v40 GROUP#:v40 THREAD#:n SEQUENCE#:n BLOCK#:n BLOCKS:n DELAY_MINS:n', ({ instance }) => {
  const thread = instance.controlFile.threads[0]
  const next = instance.controlFile.archivedLogs.filter((log) => log.applied === 'YES').reduce((last, log) => Math.max(last, log.sequence), 0) + 1
  return instance.applying ? [{ PROCESS: 'MRP0', PID: process.pid, STATUS: instance.controlFile.archivedLogs.some((log) => log.applied === 'NO' && !log.deleted) ? 'APPLYING_LOG' : 'WAIT_FOR_LOG', CLIENT_PROCESS: 'N/A', 'THREAD#': thread?.thread ?? 1, 'SEQUENCE#': next, 'BLOCK#': 0, BLOCKS: 0, DELAY_MINS: 0 }] : []
})

defineView('V$ENCRYPTION_WALLET', 'started', 'WRL_TYPE:v20 WRL_PARAMETER:v4000 STATUS:v30 WALLET_TYPE:v20 WALLET_ORDER:v9 FULLY_BACKED_UP:v9', ({ instance }) => {
  const { directory, state } = instance.keystore
  return [{ WRL_TYPE: 'FILE', WRL_PARAMETER: `${directory}/`, STATUS: state.status, WALLET_TYPE: state.type, WALLET_ORDER: 'SINGLE', FULLY_BACKED_UP: 'NO' }]
})

defineView('V$ENCRYPTED_TABLESPACES', 'mounted', 'TS#:n ENCRYPTIONALG:v7 ENCRYPTEDTS:v3 MASTERKEYID:v32 STATUS:v15', ({ instance }) => {
  const encrypted = new Map(instance.controlFile.datafiles.flatMap((file) => (file.encryption === undefined ? [] : [[`${String(file.conId ?? 0)}.${String(file.tablespaceNumber)}`, { number: file.tablespaceNumber, encryption: file.encryption }]])))
  return [...encrypted.values()].map(({ number, encryption }) => ({ 'TS#': number, ENCRYPTIONALG: encryption.algorithm, ENCRYPTEDTS: 'YES', MASTERKEYID: encryption.masterKeyId, STATUS: 'NORMAL' }))
})

defineView('V$OPTION', 'started', 'PARAMETER:v64 VALUE:v64', ({ instance }) => {
  const enterprise = instance.edition === 'EE' ? 'TRUE' : 'FALSE'
  return [
    { PARAMETER: 'Partitioning', VALUE: enterprise },
    { PARAMETER: 'Real Application Clusters', VALUE: instance.parameters.get('cluster_database')?.value === 'TRUE' ? 'TRUE' : 'FALSE' },
    { PARAMETER: 'Fast-Start Fault Recovery', VALUE: enterprise },
    { PARAMETER: 'Block Change Tracking', VALUE: enterprise },
    { PARAMETER: 'Parallel backup and recovery', VALUE: enterprise },
    { PARAMETER: 'Flashback Database', VALUE: enterprise },
    { PARAMETER: 'Active Data Guard', VALUE: 'FALSE' },
  ]
})
defineView('V$TIMEZONE_FILE', 'started', 'FILENAME:v20 VERSION:n', () => [{ FILENAME: 'timezlrg_18.dat', VERSION: 18 }])
defineView('V$DNFS_SERVERS', 'started', 'ID:n SVRNAME:v512 DIRNAME:v1024 MNTPORT:n NFSPORT:n WTMAX:n RTMAX:n', () => [])
defineView('V$CONTROLFILE', 'started', 'STATUS:v7 NAME:v513 IS_RECOVERY_DEST_FILE:v3 BLOCK_SIZE:n FILE_SIZE_BLKS:n', ({ instance, session }) => {
  if (instance.status === 'STARTED') return []
  const names = allParameters(instance, session).find((parameter) => parameter.name === 'control_files')?.value ?? ''
  return names
    .split(/,\s*/)
    .filter((name) => name !== '')
    .map((name) => ({ NAME: name.replace(/^'|'$/g, ''), IS_RECOVERY_DEST_FILE: 'NO', BLOCK_SIZE: 16384 }))
})


defineView('V$SGA', 'started', 'NAME:v20 VALUE:n', ({ instance, session }) => {
  const parameters = allParameters(instance, session)
  const size = (name: string): bigint => BigInt(parameters.find((parameter) => parameter.name === name)?.value ?? '0')
  const total = size('sga_max_size') > size('sga_target') ? size('sga_max_size') : size('sga_target') > 0n ? size('sga_target') : 314572800n
  const [fixed, redo] = [2929552n, 13844480n]
  const variable = total / 5n
  return [
    { NAME: 'Fixed Size', VALUE: fixed },
    { NAME: 'Variable Size', VALUE: variable },
    { NAME: 'Database Buffers', VALUE: total - variable - fixed - redo },
    { NAME: 'Redo Buffers', VALUE: redo },
  ]
})
