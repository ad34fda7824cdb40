import type { RowOf, SqlSession, TypedQuery } from '../sql-session.ts'
import type { ReadOptions } from './read-options.ts'

const logfileColumns = {
  group: 'number!',
  /** ONLINE or STANDBY. */
  type: 'text',
  member: 'text!',
  /** INVALID, STALE, DELETED; null: in use. */
  status: 'text',
} as const

/** V$LOGFILE: members of the online and standby logs. */
export type LogfileRow = RowOf<typeof logfileColumns>

export const logfilesQuery: TypedQuery<typeof logfileColumns> = {
  name: 'v$logfile',
  columns: logfileColumns,
  sql: 'select group#, type, member, status from v$logfile order by group#, member',
}

export function readLogfiles(session: SqlSession, options?: ReadOptions): Promise<readonly LogfileRow[]> {
  return session.query(logfilesQuery, options)
}

const tempfileColumns = { file: 'number!', name: 'text!', status: 'text', bytes: 'scn!' } as const

/** V$TEMPFILE. */
export type TempfileRow = RowOf<typeof tempfileColumns>

export const tempfilesQuery: TypedQuery<typeof tempfileColumns> = {
  name: 'v$tempfile',
  columns: tempfileColumns,
  sql: 'select file#, name, status, bytes from v$tempfile order by file#',
}

export function readTempfiles(session: SqlSession, options?: ReadOptions): Promise<readonly TempfileRow[]> {
  return session.query(tempfilesQuery, options)
}

const nameColumns = { name: 'text!' } as const

export const controlFilesQuery: TypedQuery<typeof nameColumns> = {
  name: 'v$controlfile',
  columns: nameColumns,
  sql: 'select name from v$controlfile order by name',
}

/** Paths of the control files. */
export async function readControlFiles(session: SqlSession, options?: ReadOptions): Promise<readonly string[]> {
  return (await session.query(controlFilesQuery, options)).map((row) => row.name)
}

export const flashbackLogsQuery: TypedQuery<typeof nameColumns> = {
  name: 'v$flashback_database_logfile',
  columns: nameColumns,
  sql: 'select name from v$flashback_database_logfile order by name',
}

/** Paths of the flashback logs. */
export async function readFlashbackLogs(session: SqlSession, options?: ReadOptions): Promise<readonly string[]> {
  return (await session.query(flashbackLogsQuery, options)).map((row) => row.name)
}

export const guaranteedRestorePointsQuery: TypedQuery<typeof nameColumns> = {
  name: 'v$restore_point',
  columns: nameColumns,
  sql: "select name from v$restore_point where guarantee_flashback_database = 'YES' order by name",
}

/** Names of the guaranteed restore points: while there is one the database wants its flashback logs, also with flashback off. */
export async function readGuaranteedRestorePoints(session: SqlSession, options?: ReadOptions): Promise<readonly string[]> {
  return (await session.query(guaranteedRestorePointsQuery, options)).map((row) => row.name)
}

const trackingColumns = {
  /** DISABLED, TRANSITION, ENABLED. */
  status: 'text!',
  /** Null while disabled. */
  filename: 'text',
  bytes: 'scn',
} as const

/** V$BLOCK_CHANGE_TRACKING: always one row. */
export type ChangeTrackingRow = RowOf<typeof trackingColumns>

export const changeTrackingQuery: TypedQuery<typeof trackingColumns> = {
  name: 'v$block_change_tracking',
  columns: trackingColumns,
  sql: 'select status, filename, bytes from v$block_change_tracking',
}

/** Block change tracking; a view without a row (a database that is not mounted yet) counts as disabled. */
export async function readChangeTracking(session: SqlSession, options?: ReadOptions): Promise<ChangeTrackingRow> {
  return (await session.query(changeTrackingQuery, options))[0] ?? { status: 'DISABLED', filename: null, bytes: null }
}

const recoveryAreaColumns = {
  /** Null or empty: not set. */
  name: 'text',
  limitBytes: 'scn!',
  usedBytes: 'scn!',
  reclaimableBytes: 'scn!',
  files: 'number!',
} as const

/** V$RECOVERY_FILE_DEST. */
export type RecoveryAreaRow = RowOf<typeof recoveryAreaColumns>

export const recoveryAreaQuery: TypedQuery<typeof recoveryAreaColumns> = {
  name: 'v$recovery_file_dest',
  columns: recoveryAreaColumns,
  sql: 'select name, space_limit, space_used, space_reclaimable, number_of_files from v$recovery_file_dest',
}

/** The recovery area, or undefined when none is set. */
export async function readRecoveryArea(session: SqlSession, options?: ReadOptions): Promise<RecoveryAreaRow | undefined> {
  const [row] = await session.query(recoveryAreaQuery, options)
  return row === undefined || row.name === null || row.name === '' ? undefined : row
}

const dnfsColumns = { server: 'text!', directory: 'text!' } as const

/** V$DNFS_SERVERS: NFS exports in use by Direct NFS. */
export type DnfsServerRow = RowOf<typeof dnfsColumns>

export const dnfsServersQuery: TypedQuery<typeof dnfsColumns> = {
  name: 'v$dnfs_servers',
  columns: dnfsColumns,
  sql: 'select svrname, dirname from v$dnfs_servers order by svrname, dirname',
}

export function readDnfsServers(session: SqlSession, options?: ReadOptions): Promise<readonly DnfsServerRow[]> {
  return session.query(dnfsServersQuery, options)
}
