import type { BindValue, RowOf, SqlSession, TypedQuery } from '../sql-session.ts'
import { withBinds } from './read-options.ts'
import type { ReadOptions } from './read-options.ts'

const archivedLogColumns = {
  recid: 'number!',
  stamp: 'number!',
  /** Null: cleared or deleted. */
  name: 'text',
  /** 0: made or cataloged by RMAN. */
  destId: 'number',
  thread: 'number!',
  sequence: 'number!',
  resetlogsScn: 'scn!',
  resetlogsId: 'scn!',
  firstScn: 'scn!',
  firstTime: 'date',
  /** 2^48-1 or 2^64-1: no next change yet. */
  nextScn: 'scn!',
  nextTime: 'date',
  blocks: 'number',
  blockSize: 'number',
  /** ARCH, FGRD, LGWR, RMAN, SRMN. */
  creator: 'text',
  standbyDest: 'yesno',
  archived: 'yesno!',
  /** NO, YES, IN-MEMORY. */
  applied: 'text',
  deleted: 'yesno!',
  /** A available, D deleted, U unavailable, X expired. */
  status: 'text!',
  completedAt: 'date',
} as const

/** V$ARCHIVED_LOG: one row per log and destination. */
export type ArchivedLogRow = RowOf<typeof archivedLogColumns>

export interface ArchivedLogFilter {
  readonly resetlogsId?: bigint
  readonly thread?: number
  /** Only logs with this file name prefix; a directory ends with `/`. Compared by SUBSTR: `_` and `%` mean themselves. */
  readonly directory?: string
  /** Only logs that hold this SCN or a later one. */
  readonly fromScn?: bigint
  /** Only complete, undeleted, available ones. */
  readonly available?: boolean
}

/** The query for a filter, with its binds. */
export function archivedLogsQuery(filter: ArchivedLogFilter): { readonly query: TypedQuery<typeof archivedLogColumns>; readonly binds: Readonly<Record<string, BindValue>> } {
  const where: string[] = []
  const binds: Record<string, BindValue> = {}
  if (filter.resetlogsId !== undefined) {
    where.push('l.resetlogs_id = :resetlogs_id')
    binds.resetlogs_id = filter.resetlogsId
  }
  if (filter.thread !== undefined) {
    where.push('l.thread# = :thread')
    binds.thread = filter.thread
  }
  if (filter.directory !== undefined) {
    where.push('substr(l.name, 1, length(:dir)) = :dir')
    binds.dir = filter.directory
  }
  if (filter.fromScn !== undefined) {
    where.push('l.next_change# > :from_scn')
    binds.from_scn = filter.fromScn
  }
  if (filter.available === true) where.push("l.archived = 'YES' and l.deleted = 'NO' and l.status = 'A'")
  return {
    query: {
      name: 'v$archived_log',
      columns: archivedLogColumns,
      sql: `select l.recid, l.stamp, l.name, l.dest_id, l.thread#, l.sequence#, l.resetlogs_change#, l.resetlogs_id, l.first_change#, l.first_time,
                   l.next_change#, l.next_time, l.blocks, l.block_size, l.creator, l.standby_dest, l.archived, l.applied, l.deleted, l.status, l.completion_time
              from v$archived_log l
             ${where.length === 0 ? '' : `where ${where.join(' and ')}`}
             order by l.thread#, l.sequence#, l.dest_id`,
    },
    binds,
  }
}

export function readArchivedLogs(session: SqlSession, options: ReadOptions & ArchivedLogFilter = {}): Promise<readonly ArchivedLogRow[]> {
  const { query, binds } = archivedLogsQuery(options)
  return session.query(query, withBinds(binds, options))
}

const missingLogColumns = {
  thread: 'number!',
  sequence: 'number!',
  resetlogsId: 'scn!',
  firstScn: 'scn!',
  nextScn: 'scn!',
} as const

/** A log that exists at some local place but not below the directory. */
export type MissingLogRow = RowOf<typeof missingLogColumns>

/**
 * Logs of one incarnation that any other local place still has and the directory lacks. Binds: `dir` (ends with `/`), `resetlogs_id`, `from_scn`.
 * A log that is gone everywhere is not in the answer: compare {@link readLogHistory} for the whole chain.
 */
export const missingLogsQuery: TypedQuery<typeof missingLogColumns> = {
  name: 'v$archived_log missing below a directory',
  columns: missingLogColumns,
  sql: `select distinct l.thread#, l.sequence#, l.resetlogs_id, l.first_change#, l.next_change#
          from v$archived_log l
         where l.archived = 'YES' and l.deleted = 'NO' and l.status = 'A' and l.standby_dest = 'NO' and l.name is not null
           and l.resetlogs_id = :resetlogs_id and l.next_change# > :from_scn
           and substr(l.name, 1, length(:dir)) <> :dir
           and not exists (select 1 from v$archived_log b
                            where b.thread# = l.thread# and b.sequence# = l.sequence# and b.resetlogs_id = l.resetlogs_id
                              and b.archived = 'YES' and b.deleted = 'NO' and b.status = 'A'
                              and substr(b.name, 1, length(:dir)) = :dir)
         order by 1, 2`,
}

/** @see missingLogsQuery */
export function readMissingLogs(
  session: SqlSession,
  options: ReadOptions & { readonly directory: string; readonly resetlogsId: bigint; readonly fromScn: bigint },
): Promise<readonly MissingLogRow[]> {
  return session.query(missingLogsQuery, withBinds({ dir: options.directory, resetlogs_id: options.resetlogsId, from_scn: options.fromScn }, options))
}

const logHistoryColumns = {
  recid: 'number!',
  thread: 'number!',
  sequence: 'number!',
  firstScn: 'scn!',
  firstTime: 'date',
  nextScn: 'scn!',
  resetlogsScn: 'scn!',
} as const

/** V$LOG_HISTORY: every log switch, whether or not the archived log still exists anywhere. */
export type LogHistoryRow = RowOf<typeof logHistoryColumns>

/** Binds: `resetlogs_scn`, `from_scn`. */
export const logHistoryQuery: TypedQuery<typeof logHistoryColumns> = {
  name: 'v$log_history',
  columns: logHistoryColumns,
  sql: `select recid, thread#, sequence#, first_change#, first_time, next_change#, resetlogs_change#
          from v$log_history
         where resetlogs_change# = :resetlogs_scn and next_change# > :from_scn
         order by thread#, sequence#`,
}

/** The logs that a complete chain from `fromScn` on consists of, per thread. */
export function readLogHistory(session: SqlSession, options: ReadOptions & { readonly resetlogsScn: bigint; readonly fromScn: bigint }): Promise<readonly LogHistoryRow[]> {
  return session.query(logHistoryQuery, withBinds({ resetlogs_scn: options.resetlogsScn, from_scn: options.fromScn }, options))
}
