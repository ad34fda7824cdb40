import type { RowOf, SqlSession, TypedQuery } from '../sql-session.ts'
import type { ReadOptions } from './read-options.ts'

const threadColumns = {
  thread: 'number!',
  /** OPEN or CLOSED. */
  status: 'text!',
  /** PUBLIC, PRIVATE, DISABLED. */
  enabled: 'text!',
  instance: 'text',
  sequence: 'number!',
  checkpointScn: 'scn!',
  checkpointTime: 'date',
  /** Last SCN of a closed thread; null while it is open. */
  lastScn: 'scn',
} as const

/** V$THREAD: the redo threads of the control file. */
export type ThreadRow = RowOf<typeof threadColumns>

export const threadsQuery: TypedQuery<typeof threadColumns> = {
  name: 'v$thread',
  columns: threadColumns,
  sql: `select thread#, status, enabled, instance, sequence#, checkpoint_change#, checkpoint_time,
               case when status = 'CLOSED' then last_redo_change# end
          from v$thread
         order by thread#`,
}

/** Every thread, disabled ones included. The redo of each enabled thread is needed, open or closed. */
export function readThreads(session: SqlSession, options?: ReadOptions): Promise<readonly ThreadRow[]> {
  return session.query(threadsQuery, options)
}

const onlineLogColumns = {
  group: 'number!',
  thread: 'number!',
  sequence: 'number!',
  bytes: 'scn!',
  archived: 'yesno!',
  /** CURRENT, ACTIVE, INACTIVE, UNUSED, CLEARING. */
  status: 'text!',
  firstScn: 'scn!',
  firstTime: 'date',
} as const

/** V$LOG: the online redo log groups. */
export type OnlineLogRow = RowOf<typeof onlineLogColumns>

export const onlineLogsQuery: TypedQuery<typeof onlineLogColumns> = {
  name: 'v$log',
  columns: onlineLogColumns,
  sql: `select group#, thread#, sequence#, bytes, archived, status, first_change#, first_time
          from v$log
         order by thread#, sequence#`,
}

export function readOnlineLogs(session: SqlSession, options?: ReadOptions): Promise<readonly OnlineLogRow[]> {
  return session.query(onlineLogsQuery, options)
}
