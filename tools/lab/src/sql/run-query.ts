import { DatabaseSync } from 'node:sqlite'
import type { SqlColumn, SqlResult } from '../engine/protocol.ts'
import type { Conversions, SqlType } from './bound.ts'
import { formatWidth } from './date-format.ts'
import { storeNumber, parseNumber, loadNumber, numberText, type StoredNumber } from './number.ts'
import { registerFunctions } from './runtime.ts'
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

  close(): void {
    this.#database.close()
  }
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
      const { utc, offset } = timestampParts(String(value))
      return formatMoment({ local: utc + offset * 60000, offset }, nls.nlsTimestampTzFormat)
    }
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
      return { name, type: 'VARCHAR2', width: 75 }
    default:
      return { name, type: 'VARCHAR2', width: type.length }
  }
}

/** Runs a compiled query and shows its values in the session's formats. */
export function fetchResult(workspace: Workspace, query: CompiledQuery, conversions: Conversions): SqlResult {
  const shown = query.columns.map((column) => (column.type.kind === 'INTERVAL' ? { ...column, sql: 'o_interval_text' } : { ...column, sql: '' }))
  const list = shown.map((column, index) => (column.sql === '' ? `c${String(index)}` : `${column.sql}(c${String(index)})`)).join(', ')
  const rows = workspace.rows(shown.some((column) => column.sql !== '') ? `SELECT ${list} FROM (${query.sql})` : query.sql)
  return {
    columns: query.columns.map((column) => describe(column.name, column.type, conversions)),
    rows: rows.map((row) => query.columns.map((column, index) => cellText(row[index], column.type, conversions))),
  }
}
