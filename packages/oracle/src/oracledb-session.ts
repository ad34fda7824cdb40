import type { Clock, Logger, Secret } from '@icb/runtime'
import { connectFailure, isLost, problemOf, statementFailure } from './oracledb-errors.ts'
import { loadOracledb, requireOracledb } from './oracledb-module.ts'
import { type OracledbLogon, type OracledbPort, openThinPort, type PortBinds } from './oracledb-port.ts'
import { oracleErrors } from './errors.ts'
import { bindsIn, substituteBinds } from './sql-literals.ts'
import type { ColumnSpec, RowOf, SqlOptions, SqlSession, TypedQuery } from './sql-session.ts'
import { plainStatement, takesBinds } from './sqlplus-text.ts'
import { openThickPort } from './thick-port.ts'
import { renderPlainQuery, rowOfTexts } from './typed-rows.ts'

export interface OracledbSessionOptions {
  readonly driver: 'thin' | 'thick'
  /** Alias of tnsnames.ora, Easy Connect or a whole descriptor. */
  readonly connectString: string
  /** Absent in Thick mode: the wallet of sqlnet.ora knows both. */
  readonly user?: string
  /** Fetched at each connect. */
  readonly password?: (signal: AbortSignal | undefined) => Promise<Secret>
  /** Default `sysdba`. */
  readonly privilege?: 'sysdba' | 'sysbackup' | 'none'
  readonly tnsAdmin?: string
  /** Directory of `ewallet.pem`, for TLS. */
  readonly walletLocation?: string
  /** Further directories beside which the `oracledb` package may be installed. */
  readonly moduleDirectories?: readonly string[]
  /** For queries and statements that name none, milliseconds. Default 300000. */
  readonly deadlineMs?: number
  readonly clock: Clock
  readonly logger: Logger
}

const defaultDeadlineMs = 300_000
/** How long the server may take to break off a call before its connection is given up. */
const breakMs = 5_000
/** A connection that rested longer is asked whether it still lives. */
const restMs = 10_000
/** What the environment sets for SQL*Plus; the driver reads no environment. */
const settings = "alter session set nls_language = 'AMERICAN' nls_territory = 'AMERICA' nls_numeric_characters = '.,' nls_date_format = 'yyyy-mm-dd hh24:mi:ss'"

/**
 * SQL through node-oracledb: one connection, opened at the first call, used by one call after the other, opened again when it was lost
 * between two calls. A statement that was being executed when it was lost is never repeated.
 * @throws ICB_ORACLE_CONNECT, ICB_ORACLE_SQL, ICB_ORACLE_PROTOCOL, ICB_ORACLE_TIMEOUT, ICB_ORACLE_STATEMENT, ICB_ORACLE_DRIVER from its calls.
 */
export function createOracledbSession(options: OracledbSessionOptions): SqlSession {
  const { clock, logger, connectString } = options
  let port: OracledbPort | undefined
  let usedAt = 0
  let closed = false
  let last: Promise<unknown> = Promise.resolve()

  const open = async (signal: AbortSignal | undefined): Promise<OracledbPort> => {
    const directories = options.moduleDirectories ?? []
    const password = await options.password?.(signal)
    const logon: OracledbLogon = {
      connectString,
      privilege: options.privilege ?? 'sysdba',
      ...(options.user === undefined || password === undefined ? { externalAuth: true } : { user: options.user, password: password.reveal() }),
      ...(options.tnsAdmin === undefined ? {} : { configDir: options.tnsAdmin }),
      ...(options.walletLocation === undefined ? {} : { walletLocation: options.walletLocation }),
    }
    const opened = await (options.driver === 'thin' ? openThinPort(loadOracledb(directories), logon) : openThickPort(requireOracledb(directories), logon, clock)).catch((error: unknown) => {
      throw connectFailure(connectString, error)
    })
    await opened.execute(settings, {})
    return opened
  }

  const connected = async (signal: AbortSignal | undefined): Promise<OracledbPort> => {
    if (port !== undefined && clock.monotonic() - usedAt > restMs) {
      const rested = port
      await rested.ping().catch((error: unknown) => {
        logger.debug({ connect: connectString, error: problemOf(error).text }, 'the connection was lost while it rested')
        port = undefined
        void rested.close().catch(() => undefined)
      })
    }
    port ??= await open(signal)
    return port
  }

  /** Gives the connection up: what still hangs on it is not waited for. */
  const drop = (dropped: OracledbPort): void => {
    if (port === dropped) port = undefined
    void dropped.close().catch(() => undefined)
  }

  const call = async <T>(what: string, { signal, deadlineMs = options.deadlineMs ?? defaultDeadlineMs }: SqlOptions, body: (opened: OracledbPort) => Promise<T>): Promise<T> => {
    let opened: OracledbPort | undefined
    const work = (async (): Promise<T> => {
      opened = await connected(signal)
      try {
        return await body(opened)
      } catch (error) {
        if (isLost(problemOf(error))) drop(opened)
        throw statementFailure(what, connectString, error)
      } finally {
        usedAt = clock.monotonic()
      }
    })()
    const over = new AbortController()
    const alarm = clock.sleep(deadlineMs, signal === undefined ? over.signal : AbortSignal.any([signal, over.signal])).catch(() => undefined)
    const settled = work.then(() => undefined, () => undefined)
    await Promise.race([settled, alarm.then(() => {
      if (!over.signal.aborted) over.abort('late')
    })])
    if (over.signal.reason !== 'late') {
      over.abort()
      return work
    }
    const running = opened
    if (running !== undefined) {
      void running.interrupt().catch(() => undefined)
      const hangs = await Promise.race([settled.then(() => false), clock.sleep(breakMs).then(() => true)])
      if (hangs) drop(running)
    }
    signal?.throwIfAborted()
    throw oracleErrors.TIMEOUT(`${what} did not end within ${String(Math.round(deadlineMs / 1000))} s`, { details: { what, deadlineMs } })
  }

  /** One call after the other. */
  const inTurn = <T>(what: string, callOptions: SqlOptions, body: (opened: OracledbPort) => Promise<T>): Promise<T> => {
    if (closed) return Promise.reject(oracleErrors.CONNECT('the session is closed'))
    const turn = last.then(() => {
      callOptions.signal?.throwIfAborted()
      return call(what, callOptions, body)
    })
    last = turn.catch(() => undefined)
    return turn
  }

  return {
    driver: options.driver,
    async query<const C extends Readonly<Record<string, ColumnSpec>>>(query: TypedQuery<C>, queryOptions: SqlOptions = {}): Promise<readonly RowOf<C>[]> {
      const sql = plainStatement(query.sql)
      const binds = checkedBinds(sql, queryOptions.binds ?? {})
      const rows = await inTurn(query.name, queryOptions, (opened) => opened.query(renderPlainQuery(query, sql), binds))
      return rows.map((row) => rowOfTexts(query, row))
    },
    async execute(statements: readonly string[], executeOptions: SqlOptions = {}): Promise<void> {
      const given = executeOptions.binds ?? {}
      const prepared = statements.map((statement) => {
        const own = Object.fromEntries(Object.entries(given).filter(([name]) => bindsIn(statement).has(name)))
        // Definitions take no binds.
        return takesBinds(statement) ? { sql: plainStatement(statement), binds: checkedBinds(statement, own) } : { sql: plainStatement(substituteBinds(statement, own)), binds: {} }
      })
      if (prepared.length === 0) return
      const first = (statements[0] ?? '').replace(/\s+/g, ' ').trim().slice(0, 60)
      await inTurn(statements.length > 1 ? `${first} (and ${String(statements.length - 1)} more)` : first, executeOptions, async (opened) => {
        try {
          for (const { sql, binds } of prepared) await opened.execute(sql, binds)
          await opened.commit()
        } catch (error) {
          await opened.rollback().catch(() => undefined)
          throw error
        }
      })
    },
    async close(): Promise<void> {
      closed = true
      await last
      const open = port
      port = undefined
      if (open === undefined) return
      const over = new AbortController()
      const ended = open.close().catch((error: unknown) => { logger.debug({ connect: connectString, error: problemOf(error).text }, 'closing failed') })
      // A server that went without a word answers no farewell.
      await Promise.race([ended, clock.sleep(breakMs, over.signal).catch(() => undefined)])
      over.abort()
    },
  }
}

/** @throws ICB_ORACLE_STATEMENT for a name without value, a value that is not used, or a number that SQL has not */
function checkedBinds(sql: string, binds: NonNullable<SqlOptions['binds']>): PortBinds {
  const names = bindsIn(sql)
  for (const name of names) if (!Object.hasOwn(binds, name)) throw oracleErrors.STATEMENT(`no value for :${name}`, { details: { sql: sql.slice(0, 200) } })
  for (const [name, value] of Object.entries(binds)) {
    if (!names.has(name)) throw oracleErrors.STATEMENT(`the statement does not use :${name}`, { details: { sql: sql.slice(0, 200) } })
    if (typeof value === 'number' && !Number.isFinite(value)) throw oracleErrors.STATEMENT(`${String(value)} is no SQL number`)
    if (typeof value === 'string' && value.includes('\0')) throw oracleErrors.STATEMENT('a text with a NUL character cannot be sent')
  }
  return binds
}
