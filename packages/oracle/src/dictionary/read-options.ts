import type { SqlOptions } from '../sql-session.ts'

/** What every reader takes: the caller's signal, and a deadline other than the session's default. */
export type ReadOptions = Pick<SqlOptions, 'signal' | 'deadlineMs'>

/** The part of {@link ReadOptions} that goes to the session, together with the query's own binds. */
export function withBinds(binds: NonNullable<SqlOptions['binds']>, options: ReadOptions = {}): SqlOptions {
  return {
    binds,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.deadlineMs === undefined ? {} : { deadlineMs: options.deadlineMs }),
  }
}
