import { oracleErrors } from './errors.ts'
import { substituteBinds } from './sql-literals.ts'
import type { ColumnSpec, RowOf, SqlOptions, SqlSession, TypedQuery } from './sql-session.ts'
import { runSqlPlus } from './sqlplus-run.ts'
import type { SqlPlusTarget } from './sqlplus-run.ts'
import { sqlplusStatement } from './sqlplus-text.ts'
import { renderTypedQuery, TypedRowReader } from './typed-rows.ts'

const defaultDeadlineMs = 300_000

export type SqlPlusSessionOptions = SqlPlusTarget

/**
 * SQL through SQL*Plus: works with every release, a local instance in any state, and wallets that the pure driver cannot open.
 * Each call is one process and one connection, so nothing is held between calls and nothing leaks when this process dies.
 * @throws ICB_ORACLE_CONNECT, ICB_ORACLE_SQL, ICB_ORACLE_PROTOCOL, ICB_ORACLE_TIMEOUT, ICB_ORACLE_STATEMENT from its calls.
 */
export function createSqlPlusSession(options: SqlPlusSessionOptions): SqlSession {
  let closed = false
  const assertOpen = (): void => {
    if (closed) throw oracleErrors.CONNECT('the session is closed')
  }
  return {
    driver: 'sqlplus',
    async query<const C extends Readonly<Record<string, ColumnSpec>>>(query: TypedQuery<C>, queryOptions: SqlOptions = {}): Promise<readonly RowOf<C>[]> {
      assertOpen()
      const reader = new TypedRowReader(query)
      const sql = sqlplusStatement(renderTypedQuery(query, substituteBinds(query.sql.trim().replace(/;$/, ''), queryOptions.binds ?? {})))
      await runSqlPlus(options, {
        what: query.name,
        body: [sql],
        deadlineMs: queryOptions.deadlineMs ?? defaultDeadlineMs,
        signal: queryOptions.signal,
        onLine: (line) => {
          // Blank lines come from folded rows; anything else must be a row or something is wrong with the output.
          if (!reader.push(line) && line.trim() !== '') throw oracleErrors.PROTOCOL(`${query.name}: unexpected output`, { details: { query: query.name, line: line.slice(0, 200) } })
        },
      })
      return reader.end()
    },
    async execute(statements: readonly string[], executeOptions: SqlOptions = {}): Promise<void> {
      assertOpen()
      const binds = executeOptions.binds ?? {}
      const body = statements.map((statement) => sqlplusStatement(substituteBinds(statement, usedIn(statement, binds))))
      if (body.length === 0) return
      await runSqlPlus(options, { what: label(statements), body, deadlineMs: executeOptions.deadlineMs ?? defaultDeadlineMs, signal: executeOptions.signal })
    },
    close(): Promise<void> {
      closed = true
      return Promise.resolve()
    },
  }
}

/** Several statements share one set of values; each takes what it names. */
function usedIn(statement: string, binds: NonNullable<SqlOptions['binds']>): NonNullable<SqlOptions['binds']> {
  return Object.fromEntries(Object.entries(binds).filter(([name]) => new RegExp(`:${name}\\b`).test(statement)))
}

function label(statements: readonly string[]): string {
  const first = (statements[0] ?? '').replace(/\s+/g, ' ').trim()
  const short = first.length > 60 ? `${first.slice(0, 60)}…` : first
  return statements.length > 1 ? `${short} (and ${String(statements.length - 1)} more)` : short
}
