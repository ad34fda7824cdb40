import { isIcbError } from '@icb/runtime'
import { oracleErrors } from './errors.ts'
import { substituteBinds } from './sql-literals.ts'
import type { ColumnSpec, RowOf, SqlOptions, SqlSession, TypedQuery } from './sql-session.ts'
import { runSqlPlus } from './sqlplus-run.ts'
import type { SqlPlusTarget } from './sqlplus-run.ts'
import { sqlplusStatement } from './sqlplus-text.ts'
import { renderTypedQuery, TypedRowReader } from './typed-rows.ts'

const defaultDeadlineMs = 300_000

export type SqlPlusSessionOptions = SqlPlusTarget

/** A query that waits for its process. */
interface Waiting {
  readonly query: TypedQuery<Readonly<Record<string, ColumnSpec>>>
  /** Rendered, with its terminator. */
  readonly sql: string
  readonly signal: AbortSignal | undefined
  readonly deadlineMs: number
  resolve(rows: readonly unknown[]): void
  reject(error: unknown): void
}

/** Printed before the rows of each query of a batch. */
const queryMark = 'ICB.QUERY'

/**
 * SQL through SQL*Plus: works with every release, a local instance in any state, and wallets that the pure driver cannot open.
 * Each call is one process and one connection, so nothing is held between calls and nothing leaks when this process dies. Queries that
 * are asked in the same turn (`Promise.all`) share a process, in the order they were asked.
 * @throws ICB_ORACLE_CONNECT, ICB_ORACLE_SQL, ICB_ORACLE_PROTOCOL, ICB_ORACLE_TIMEOUT, ICB_ORACLE_STATEMENT from its calls.
 */
export function createSqlPlusSession(options: SqlPlusSessionOptions): SqlSession {
  let closed = false
  let waiting: Waiting[] = []
  const assertOpen = (): void => {
    if (closed) throw oracleErrors.CONNECT('the session is closed')
  }
  const flush = (): void => {
    const all = waiting
    waiting = []
    // One signal ends one process, so only queries under the same one may share it.
    for (const signal of new Set(all.map((entry) => entry.signal))) void runQueries(options, all.filter((entry) => entry.signal === signal))
  }
  return {
    driver: 'sqlplus',
    async query<const C extends Readonly<Record<string, ColumnSpec>>>(query: TypedQuery<C>, queryOptions: SqlOptions = {}): Promise<readonly RowOf<C>[]> {
      assertOpen()
      const sql = sqlplusStatement(renderTypedQuery(query, substituteBinds(query.sql.trim().replace(/;$/, ''), queryOptions.binds ?? {})))
      const rows = await new Promise<readonly unknown[]>((resolve, reject) => {
        waiting.push({ query, sql, signal: queryOptions.signal, deadlineMs: queryOptions.deadlineMs ?? defaultDeadlineMs, resolve, reject })
        if (waiting.length === 1) queueMicrotask(flush)
      })
      return rows as readonly RowOf<C>[]
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

/** Answers each of the queries; never rejects itself. */
async function runQueries(options: SqlPlusSessionOptions, group: readonly Waiting[]): Promise<void> {
  try {
    const answers = await runBatch(options, group)
    group.forEach((entry, index) => { entry.resolve(answers[index] ?? []) })
  } catch (error) {
    const [only] = group
    // A batch stops at its first error and cannot say whose it was; queries may be asked again, each by itself.
    if (group.length > 1 && isIcbError(error) && (error.code === 'ICB_ORACLE_SQL' || error.code === 'ICB_ORACLE_PROTOCOL')) {
      for (const entry of group) await runQueries(options, [entry])
    } else if (group.length > 1) group.forEach((entry) => { entry.reject(error) })
    else only?.reject(error)
  }
}

async function runBatch(options: SqlPlusSessionOptions, group: readonly Waiting[]): Promise<readonly (readonly unknown[])[]> {
  const readers = group.map((entry) => new TypedRowReader(entry.query))
  const what = group.map((entry) => entry.query.name).join(', ')
  let current = group.length === 1 ? 0 : -1
  await runSqlPlus(options, {
    what,
    body: group.length === 1 ? group.map((entry) => entry.sql) : group.flatMap((entry, index) => [`prompt ${queryMark} ${String(index)}`, entry.sql]),
    deadlineMs: Math.max(...group.map((entry) => entry.deadlineMs)),
    signal: group[0]?.signal,
    onLine: (line) => {
      const mark = /^ICB\.QUERY (\d+)\s*$/.exec(line)
      if (mark !== null) {
        readers[current]?.end()
        current = Number(mark[1])
        return
      }
      // Blank lines come from folded rows; anything else must be a row or something is wrong with the output.
      if (readers[current]?.push(line) !== true && line.trim() !== '') throw oracleErrors.PROTOCOL(`${what}: unexpected output`, { details: { query: what, line: line.slice(0, 200) } })
    },
  })
  if (current !== group.length - 1) throw oracleErrors.PROTOCOL(`${what}: the output of a query is missing`, { details: { query: what } })
  return readers.map((reader) => reader.end())
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
