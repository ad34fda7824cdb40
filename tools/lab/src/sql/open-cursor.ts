import { ora } from '../engine/ora-error.ts'
import type { SqlType } from './bound.ts'
import type { StoredValue } from './run-query.ts'

export interface RowSet {
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[]
  readonly rows: readonly (readonly StoredValue[])[]
}

/** An open cursor of PL/SQL: all its rows as of OPEN, as Oracle's read consistency gives them. */
export class OpenCursor {
  readonly set: RowSet
  fetched = 0
  /** `undefined` before the first FETCH. */
  found: boolean | undefined
  closed = false

  constructor(set: RowSet) {
    this.set = set
  }

  next(): readonly StoredValue[] | undefined {
    if (this.closed) throw ora(1001, 'invalid cursor')
    const row = this.set.rows[this.fetched]
    this.found = row !== undefined
    if (row !== undefined) this.fetched++
    return row
  }

  get columns(): RowSet['columns'] {
    return this.set.columns
  }

  /** Up to `count` further rows, for a client that fetches them. */
  read(count: number): readonly (readonly StoredValue[])[] {
    const rows = this.closed ? [] : this.set.rows.slice(this.fetched, this.fetched + count)
    this.fetched += rows.length
    return rows
  }

  close(): void {
    this.closed = true
  }

  attribute(name: string): StoredValue {
    switch (name) {
      case '%ISOPEN':
        return this.closed ? 0n : 1n
      case '%ROWCOUNT':
        return BigInt(this.fetched)
      case '%FOUND':
        return this.found === undefined ? null : this.found ? 1n : 0n
      default:
        return this.found === undefined ? null : this.found ? 0n : 1n
    }
  }
}
