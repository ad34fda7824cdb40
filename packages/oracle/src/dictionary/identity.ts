import { oracleErrors } from '../errors.ts'
import type { RowOf, SqlSession, TypedQuery } from '../sql-session.ts'
import type { ReadOptions } from './read-options.ts'
import { isAtLeast } from './release.ts'

const instanceColumns = {
  name: 'text!',
  host: 'text!',
  /** `12.1.0.2.0`; from 18c on the release update is not in it (`19.0.0.0.0`). */
  release: 'text!',
  /** STARTED (no control file yet), MOUNTED, OPEN, OPEN MIGRATE. */
  status: 'text!',
  startedAt: 'date!',
  thread: 'number',
  databaseStatus: 'text!',
} as const

/** V$INSTANCE: one row, readable from NOMOUNT on. */
export type InstanceRow = RowOf<typeof instanceColumns>

export const instanceQuery: TypedQuery<typeof instanceColumns> = {
  name: 'v$instance',
  columns: instanceColumns,
  sql: `select instance_name, host_name, version, status, startup_time, thread#, database_status
          from v$instance`,
}

/** The instance this session is connected to. */
export async function readInstance(session: SqlSession, options?: ReadOptions): Promise<InstanceRow> {
  return one(await session.query(instanceQuery, options), instanceQuery.name)
}

const identityColumns = {
  dbid: 'scn!',
  name: 'text!',
  uniqueName: 'text!',
  /** PRIMARY, PHYSICAL STANDBY, LOGICAL STANDBY, SNAPSHOT STANDBY. */
  role: 'text!',
  /** MOUNTED, READ WRITE, READ ONLY, READ ONLY WITH APPLY. */
  openMode: 'text!',
  /** ARCHIVELOG or NOARCHIVELOG. */
  logMode: 'text!',
  /** 0 while mounted; the applied SCN on a standby. */
  currentScn: 'scn!',
  checkpointScn: 'scn!',
  cdb: 'yesno!',
  forceLogging: 'text!',
  /** YES, NO, RESTORE POINT ONLY. */
  flashback: 'text!',
  /** CURRENT, BACKUP, STANDBY. */
  controlfileType: 'text!',
  resetlogsScn: 'scn!',
  resetlogsTime: 'date!',
  /** RESETLOGS_ID of the current incarnation: third part of archived log names. */
  resetlogsId: 'scn!',
  platform: 'text',
} as const

/** V$DATABASE with its current incarnation: one row, readable from MOUNT on. */
export type IdentityRow = RowOf<typeof identityColumns>

/** V$DATABASE.CDB exists from 12.1 on, so the text depends on the release. */
export function identityQuery(release: string): TypedQuery<typeof identityColumns> {
  const cdb = isAtLeast(release, 12, 1) ? 'd.cdb' : "'NO'"
  return {
    name: 'v$database',
    columns: identityColumns,
    sql: `select d.dbid, d.name, d.db_unique_name, d.database_role, d.open_mode, d.log_mode, d.current_scn, d.checkpoint_change#, ${cdb},
                 d.force_logging, d.flashback_on, d.controlfile_type, d.resetlogs_change#, d.resetlogs_time, i.resetlogs_id, d.platform_name
            from v$database d
            join v$database_incarnation i on i.status = 'CURRENT'`,
  }
}

/**
 * Who this database is. Without `release` the instance is asked first (one more round trip).
 * @throws ICB_ORACLE_SQL with ORA-01507 when the database is not mounted.
 */
export async function readIdentity(session: SqlSession, options: ReadOptions & { readonly release?: string } = {}): Promise<IdentityRow> {
  const release = options.release ?? (await readInstance(session, options)).release
  const query = identityQuery(release)
  return one(await session.query(query, options), query.name)
}

const incarnationColumns = {
  incarnation: 'number!',
  resetlogsScn: 'scn!',
  resetlogsTime: 'date',
  resetlogsId: 'scn!',
  /** CURRENT, PARENT, ORPHAN. */
  status: 'text!',
  priorResetlogsScn: 'scn',
} as const

/** V$DATABASE_INCARNATION. */
export type IncarnationRow = RowOf<typeof incarnationColumns>

export const incarnationsQuery: TypedQuery<typeof incarnationColumns> = {
  name: 'v$database_incarnation',
  columns: incarnationColumns,
  sql: `select incarnation#, resetlogs_change#, resetlogs_time, resetlogs_id, status, prior_resetlogs_change#
          from v$database_incarnation
         order by incarnation#`,
}

export function readIncarnations(session: SqlSession, options?: ReadOptions): Promise<readonly IncarnationRow[]> {
  return session.query(incarnationsQuery, options)
}

const clockColumns = {
  /** SYSDATE: local time of the database host, the clock of every DATE in the V$ views. */
  sysdate: 'date!',
  systimestamp: 'timestamptz!',
  /** `+02:00`: offset of SYSTIMESTAMP. */
  utcOffset: 'text!',
} as const

/** The database's clock. */
export type DatabaseClockRow = RowOf<typeof clockColumns>

export const databaseClockQuery: TypedQuery<typeof clockColumns> = {
  name: 'sysdate and systimestamp',
  columns: clockColumns,
  sql: `select sysdate, systimestamp, to_char(systimestamp, 'tzh:tzm') from dual`,
}

export async function readDatabaseClock(session: SqlSession, options?: ReadOptions): Promise<DatabaseClockRow> {
  return one(await session.query(databaseClockQuery, options), databaseClockQuery.name)
}

const versionColumns = { banner: 'text!' } as const

/** V$VERSION: the banners name the edition (`Enterprise Edition`). */
export type VersionBannerRow = RowOf<typeof versionColumns>

export const versionBannersQuery: TypedQuery<typeof versionColumns> = { name: 'v$version', columns: versionColumns, sql: 'select banner from v$version' }

/** Edition by banner. Block change tracking and more than one RMAN channel need Enterprise Edition. */
export async function readEdition(session: SqlSession, options?: ReadOptions): Promise<{ readonly enterprise: boolean; readonly banners: readonly string[] }> {
  const banners = (await session.query(versionBannersQuery, options)).map((row) => row.banner)
  return { enterprise: banners.some((banner) => /enterprise edition|\bEE (high|extreme) perf/i.test(banner)), banners }
}

const pdbColumns = {
  conId: 'number!',
  name: 'text!',
  /** MOUNTED, READ WRITE, READ ONLY, MIGRATE. */
  openMode: 'text',
  restricted: 'yesno',
} as const

/** V$PDBS, PDB$SEED included; ask only a CDB (12.1+). */
export type PdbRow = RowOf<typeof pdbColumns>

export const pdbsQuery: TypedQuery<typeof pdbColumns> = {
  name: 'v$pdbs',
  columns: pdbColumns,
  sql: 'select con_id, name, open_mode, restricted from v$pdbs order by con_id',
}

export function readPdbs(session: SqlSession, options?: ReadOptions): Promise<readonly PdbRow[]> {
  return session.query(pdbsQuery, options)
}

const timezoneColumns = { version: 'text!' } as const

export const timezoneFileQuery: TypedQuery<typeof timezoneColumns> = {
  name: 'v$timezone_file',
  columns: timezoneColumns,
  sql: 'select to_char(version) from v$timezone_file',
}

/** Version of the time zone file: a restored database with TIMESTAMP WITH TIME ZONE data needs the same one in its home. Undefined when the view has no row. */
export async function readTimezoneFileVersion(session: SqlSession, options?: ReadOptions): Promise<string | undefined> {
  return (await session.query(timezoneFileQuery, options))[0]?.version
}

/** The one row of a view that has exactly one. */
function one<T>(rows: readonly T[], name: string): T {
  const [row] = rows
  if (row === undefined || rows.length !== 1) throw oracleErrors.PROTOCOL(`${name} answered ${String(rows.length)} rows, expected one`, { details: { query: name, rows: rows.length } })
  return row
}
