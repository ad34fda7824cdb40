import { ora } from '../engine/ora-error.ts'
import type { Changes } from './dml.ts'

/** @throws OraError 01400, 01407, 00001, 02290, 02291, 02292 */
export async function checkConstraints({ table, inserted, updated }: Changes): Promise<void> {
  await Promise.resolve()
  for (const [index, column] of table.columns.entries()) {
    if (column.nullable !== false) continue
    const name = `"${table.owner}"."${table.name}"."${column.name}"`
    if (inserted.some((row) => (row[index] ?? null) === null)) throw ora(1400, `cannot insert NULL into (${name})`)
    if (updated.some(([, row]) => (row[index] ?? null) === null)) throw ora(1407, `cannot update (${name}) to NULL`)
  }
}
