import type { RowValue } from '../engine/instance-api.ts'
import type { Kind } from './bound.ts'
import { loadNumber, normalise } from './number.ts'
import type { StoredValue } from './run-query.ts'

/** A value of SQLite as a heap row keeps it. */
export function rowValue(value: StoredValue | undefined, kind: Kind): RowValue {
  if (value === null || value === undefined || value === '') return null
  if (kind !== 'NUMBER') return String(value)
  const number = normalise(loadNumber(value))
  return typeof number === 'bigint' && (number > BigInt(Number.MAX_SAFE_INTEGER) || number < -BigInt(Number.MAX_SAFE_INTEGER)) ? number.toString() : Number(number)
}
