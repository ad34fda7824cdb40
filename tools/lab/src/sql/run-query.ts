import { DatabaseSync } from 'node:sqlite'
import type { SqlColumn, SqlResult } from '../engine/protocol.ts'
import { timestampFormat, type Conversions, type SqlType } from './bound.ts'
import { formatWidth } from './date-format.ts'
import { storeNumber, parseNumber, loadNumber, numberText, type StoredNumber } from './number.ts'
import { currentValue, takeNext } from './schema/sequences.ts'
import { intervalMonths, intervalText, registerFunctions } from './runtime.ts'
import type { StoredCalls } from './stored-calls.ts'
import type { CatalogTable, CellValue, ViewContext } from './catalog.ts'
import type { CompiledQuery } from './compile-expression.ts'
import { formatMoment } from './date-format.ts'
import { dateMillis, localDate, offsetAt, timestampParts, timestampText } from './zone.ts'

/** What a cell is inside SQLite. */
export type StoredValue = StoredNumber | null

function storeCell(value: CellValue | undefined, type: SqlType, context: ViewContext): StoredValue {
  if (value === null || value === undefined || value === '') return null
  switch (type.kind) {
    case 'NUMBER':
      return storeNumber(typeof value === 'string' ? parseNumber(value) : typeof value === 'boolean' ? BigInt(value) : value)
    case 'DATE':
      return typeof value === 'string' ? value : localDate(Number(value), context.statement.databaseZone)
    case 'TIMESTAMP_TZ':
      return typeof value === 'string' ? value : timestampText(Number(value), offsetAt(Number(value), context.statement.databaseZone))
    case 'INTERVAL':
      return Number(value)
    default:
      return String(value)
  }
}

/** A database in memory that holds the base tables of one statement. */
export class Workspace {
  readonly #database = new DatabaseSync(':memory:')
  readonly #context: ViewContext

  constructor(context: ViewContext) {
    this.#context = context
    registerFunctions(this.#database)
    registerSequences(this.#database, context)
  }

  /** Creates a table for a view or heap table and fills it with its rows, or with the given ones. */
  async load(name: string, table: CatalogTable): Promise<void> {
    this.create(name, table)
    this.fill(name, table, await table.rows(this.#context))
  }

  create(name: string, table: CatalogTable): void {
    this.#database.exec(`CREATE TABLE ${name} (${table.columns.map((_, index) => `c${String(index)}`).join(', ')})`)
  }

  fill(name: string, table: CatalogTable, rows: readonly (readonly CellValue[])[]): void {
    const insert = this.#database.prepare(`INSERT INTO ${name} VALUES (${table.columns.map(() => '?').join(', ')})`)
    this.#database.exec('BEGIN')
    for (const row of rows) insert.run(...table.columns.map((column, index) => storeCell(row[index], column.type, this.#context)))
    this.#database.exec('COMMIT')
  }

  empty(name: string): void {
    this.#database.exec(`DELETE FROM ${name}`)
  }

  rows(sql: string): StoredValue[][] {
    const statement = this.#database.prepare(sql)
    statement.setReadBigInts(true)
    statement.setReturnArrays(true)
    return statement.all() as unknown as StoredValue[][]
  }

  /** Rows one by one, while the workspace is open. */
  iterate(sql: string): Iterator<StoredValue[]> {
    const statement = this.#database.prepare(sql)
    statement.setReadBigInts(true)
    statement.setReturnArrays(true)
    return statement.iterate() as unknown as Iterator<StoredValue[]>
  }

  /** A function of this statement alone. */
  define(name: string, call: (...args: StoredValue[]) => StoredValue): void {
    this.#database.function(name, { varargs: true, useBigIntArguments: true, deterministic: false }, (...args) => call(...(args as StoredValue[])))
  }

  close(): void {
    this.#database.close()
  }
}

/** PL/SQL functions of one statement. */
export function registerCalls(workspace: Workspace, calls: StoredCalls): void {
  workspace.define('o_stored', (id, ...args) => calls.lookup(Number(id), args))
}

/** NEXTVAL and CURRVAL: every call counts. */
function registerSequences(database: DatabaseSync, { instance, session }: ViewContext): void {
  database.function('o_nextval', { deterministic: false }, (owner, name) => takeNext(instance, session, { owner: String(owner), name: String(name) }))
  database.function('o_currval', { deterministic: false }, (owner, name) => currentValue(session, { owner: String(owner), name: String(name) }))
}

/** The text of a value as the session shows it. */
function cellText(value: StoredValue | undefined, type: SqlType, conversions: Conversions): string | null {
  if (value === null || value === undefined) return null
  const { nls } = conversions.context
  switch (type.kind) {
    case 'NUMBER':
      return numberText(loadNumber(value))
    case 'DATE':
      return formatMoment({ local: dateMillis(String(value)), offset: undefined }, nls.nlsDateFormat)
    case 'TIMESTAMP_TZ': {
      const parts = timestampParts(String(value))
      const offset = type.wallClock === 'session' ? conversions.context.sessionOffset : parts.offset
      return formatMoment({ local: parts.utc + offset * 60000, offset }, timestampFormat(type, nls))
    }
    case 'INTERVAL':
      return intervalText(Number(value))
    case 'MONTHS':
      return intervalMonths(Number(value))
    default:
      return String(value)
  }
}

function describe(name: string, type: SqlType, conversions: Conversions): SqlColumn {
  const { nls } = conversions.context
  switch (type.kind) {
    case 'NUMBER':
      return { name, type: 'NUMBER', width: 10 }
    case 'DATE':
      return { name, type: 'DATE', width: Math.max(9, formatWidth(nls.nlsDateFormat)) }
    case 'TIMESTAMP_TZ':
      return { name, type: 'TIMESTAMP_TZ', width: 75 }
    case 'INTERVAL':
    case 'MONTHS':
      return { name, type: 'VARCHAR2', width: 75 }
    default:
      return { name, type: 'VARCHAR2', width: type.length }
  }
}

/** Rows as a session shows them. */
export function shownRows(columns: CompiledQuery['columns'], rows: readonly (readonly StoredValue[])[], conversions: Conversions): SqlResult {
  return {
    columns: columns.map((column) => describe(column.name, column.type, conversions)),
    rows: rows.map((row) => columns.map((column, index) => cellText(row[index], column.type, conversions))),
  }
}

/** A query whose rows still stand in SQLite: with its types, and read as far as they are wanted. Close it. */
export class OpenQuery {
  readonly columns: CompiledQuery['columns']
  readonly #workspace: Workspace
  readonly #conversions: Conversions
  #rows: Iterator<StoredValue[]>

  /** The tables of the query must be loaded. The workspace is closed with the query. */
  constructor(workspace: Workspace, query: CompiledQuery, conversions: Conversions) {
    this.columns = query.columns
    this.#workspace = workspace
    this.#conversions = conversions
    this.#rows = workspace.iterate(query.sql)
  }

  /** Takes all rows out of SQLite now. */
  readAll(): void {
    this.#rows = this.read(Infinity)[Symbol.iterator]()
  }

  /** Up to `count` further rows; fewer only at the end. */
  read(count: number): StoredValue[][] {
    const rows: StoredValue[][] = []
    while (rows.length < count) {
      const next = this.#rows.next()
      if (next.done === true) break
      rows.push(next.value)
    }
    return rows
  }

  /** All further rows as the session shows them. */
  show(): SqlResult {
    return shownRows(this.columns, this.read(Infinity), this.#conversions)
  }

  close(): void {
    this.#workspace.close()
  }
}
