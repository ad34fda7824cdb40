import type { RowOf, SqlSession, TypedQuery } from '../sql-session.ts'
import type { ReadOptions } from './read-options.ts'

const columns = {
  instance: 'number!',
  sid: 'number!',
  serial: 'number!',
  /** `RMAN: aggregate input`, `RMAN: incremental datafile backup`, … */
  operation: 'text!',
  /** Blocks, of files or together. */
  done: 'scn!',
  total: 'scn!',
  elapsedSeconds: 'number',
  remainingSeconds: 'number',
  startedAt: 'date',
} as const

/** GV$SESSION_LONGOPS: how far the work of RMAN has come. */
export type LongOperationRow = RowOf<typeof columns>

export const longOperationsQuery: TypedQuery<typeof columns> = {
  name: 'gv$session_longops of RMAN',
  columns,
  sql: `select l.inst_id, l.sid, l.serial#, l.opname, l.sofar, l.totalwork, l.elapsed_seconds, l.time_remaining, l.start_time
          from gv$session_longops l
         where l.opname like 'RMAN:%' and l.totalwork > 0
         order by l.inst_id, l.sid, l.start_time`,
}

/** Long operations of RMAN on all instances; `running`: only those that are not done. */
export async function readLongOperations(session: SqlSession, options: ReadOptions & { readonly running?: boolean } = {}): Promise<readonly LongOperationRow[]> {
  const rows = await session.query(longOperationsQuery, options)
  return options.running === true ? rows.filter((row) => row.done < row.total) : rows
}

/**
 * Share of the work that is done, 0 to 1: of the aggregate rows where there are some, as the others count the same blocks by file.
 * `undefined`: nothing is known.
 */
export function progressOf(rows: readonly LongOperationRow[]): number | undefined {
  const aggregate = rows.filter((row) => row.operation.includes('aggregate'))
  const counted = aggregate.length > 0 ? aggregate : rows
  const total = counted.reduce((sum, row) => sum + row.total, 0n)
  return total === 0n ? undefined : Number((counted.reduce((sum, row) => sum + row.done, 0n) * 10_000n) / total) / 10_000
}
