import type { HeapTable } from '../engine/instance-api.ts'
import type { Row } from './row-changes.ts'

/** Where columns stand in a row. */
export const indexesIn = (table: HeapTable, columns: readonly string[]): number[] => columns.map((name) => table.columns.findIndex((column) => column.name === name))

/** A key as text; `undefined` when a column of it is null (for foreign keys) or all are (for unique ones). */
export function keyText(row: Row, indexes: readonly number[], anyNull: boolean): string | undefined {
  const values = indexes.map((index) => row[index] ?? null)
  const nulls = values.filter((value) => value === null).length
  return nulls === values.length || (anyNull && nulls > 0) ? undefined : JSON.stringify(values)
}

/** The first row that has the key of another. */
export function duplicateKey(table: HeapTable, columns: readonly string[], rows: readonly Row[]): Row | undefined {
  const indexes = indexesIn(table, columns)
  const seen = new Set<string>()
  return rows.find((row) => {
    const key = keyText(row, indexes, false)
    if (key === undefined) return false
    const twice = seen.has(key)
    seen.add(key)
    return twice
  })
}
