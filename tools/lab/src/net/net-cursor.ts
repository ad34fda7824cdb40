import type { OpenQuery, StoredValue } from '../sql/run-query.ts'
import type { ScannedStatement } from './bind-scan.ts'
import { type WireColumn, wireColumn, writeLongTail, writeRowHeader, writeValue } from './columns.ts'
import type { Lobs } from './lobs.ts'
import type { TtcWriter } from './ttc-writer.ts'
import { isLob, longestString, type WireVariable, wireType } from './wire-types.ts'

/** Rows between two looks at the rest of the world. */
const breath = 500
/** Bytes that wait in memory before they are sent. */
const flushBytes = 128 * 1024

/** Where a cursor's rows come from: a query, or a cursor that PL/SQL opened. */
export interface RowSource {
  readonly columns: OpenQuery['columns']
  /** Up to `count` further rows; fewer only at the end. */
  read(count: number): readonly (readonly StoredValue[])[]
  close(): void
}

/** An open cursor of a connection: its statement, and the rows of its query that were not fetched yet. */
export class NetCursor {
  readonly id: number
  readonly sql: string
  readonly scanned: ScannedStatement
  binds: readonly WireVariable[] = []
  columns: readonly WireColumn[] = []
  /** Rows fetched since the last execution. */
  fetched = 0
  #defines: readonly number[] | undefined
  #query: RowSource | undefined

  constructor(id: number, sql: string, scanned: ScannedStatement) {
    this.id = id
    this.sql = sql
    this.scanned = scanned
  }

  get hasLobs(): boolean {
    return this.columns.some((column) => isLob(column.type))
  }

  /** The client said how it wants each column. */
  define(defines: readonly WireVariable[]): void {
    this.#defines = defines.map((define) => define.type)
  }

  get isDefined(): boolean {
    return this.#defines !== undefined
  }

  /** The rows of a new execution. @returns whether the columns are not those of the last one */
  open(query: RowSource): boolean {
    this.close()
    this.#query = query
    this.fetched = 0
    const columns = query.columns.map((column) => wireColumn(column.name, column.type))
    const changed = JSON.stringify(columns) !== JSON.stringify(this.columns)
    if (changed) {
      this.columns = columns
      this.#defines = undefined
    }
    return changed
  }

  /**
   * Writes up to `count` rows.
   * @param flush sends what is written so far, and says whether the client still waits
   * @returns whether all rows have been read
   */
  async write(count: number, writer: TtcWriter, lobs: Lobs, flush: (writer: TtcWriter) => Promise<boolean>): Promise<boolean> {
    const query = this.#query
    if (query === undefined || count === 0) return query === undefined
    writeRowHeader(writer, this.columns.length, 0)
    for (let left = count; left > 0;) {
      const wanted = Math.min(breath, left)
      const rows = query.read(wanted)
      for (const row of rows) this.#writeRow(row, writer, lobs)
      this.fetched += rows.length
      left -= rows.length
      if (rows.length < wanted) {
        this.close()
        return true
      }
      if (writer.length >= flushBytes && !(await flush(writer))) return false
    }
    return false
  }

  #writeRow(row: readonly StoredValue[], writer: TtcWriter, lobs: Lobs): void {
    writer.u8(7)
    for (const [index, column] of this.columns.entries()) {
      const value = row[index] ?? null
      const type = this.#defines?.[index] ?? column.type
      if (isLob(type) && isLob(column.type)) writeLocator(writer, value, type, lobs)
      else writeValue(writer, value, isLob(column.type) ? (column.type === wireType.blob ? wireType.longRaw : wireType.long) : column.type)
      if (type === wireType.long || type === wireType.longRaw || column.size > longestString) writeLongTail(writer)
    }
  }

  close(): void {
    this.#query?.close()
    this.#query = undefined
  }
}

/** Pieces in which a client reads a LOB. */
export const lobChunk = 8132

export function writeLocator(writer: TtcWriter, value: StoredValue, type: number, lobs: Lobs): void {
  if (value === null) {
    writer.ub(0)
    return
  }
  const locator = lobs.add(String(value), type)
  writer.ub(locator.length).ub(lobs.length(locator)).ub(lobChunk).lb(locator)
}
