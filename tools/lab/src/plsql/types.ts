import { ora } from '../engine/ora-error.ts'
import { BOOLEAN, CLOB, DATE, INTERVAL, NUMBER, TIMESTAMP_TZ, varchar, type SqlType } from '../sql/bound.ts'
import { Collection } from '../sql/collection.ts'
import { loadNumber, roundNumber, storeNumber } from '../sql/number.ts'
import type { StoredValue } from '../sql/run-query.ts'
import type { OpenCursor } from '../sql/open-cursor.ts'
import { valueError } from './errors.ts'

export interface ScalarType {
  readonly kind: 'scalar'
  readonly type: SqlType
  /** Longest text; `undefined`: as long as PL/SQL allows. */
  readonly length?: number | undefined
  readonly precision?: number | undefined
  readonly scale?: number | undefined
  readonly low?: bigint
  readonly high?: bigint
  /** Padded with blanks to its length. */
  readonly fixed?: true
  readonly notNull?: boolean
}

export interface RecordType {
  readonly kind: 'record'
  readonly fields: readonly { readonly name: string; readonly type: PlType }[]
}

export interface TableType {
  readonly kind: 'table'
  readonly element: PlType
  readonly index: 'number' | 'text'
  /** INDEX BY: never null, any key. */
  readonly associative: boolean
  readonly limit: number | undefined
}

export type PlType = ScalarType | RecordType | TableType | { readonly kind: 'cursor' }

export class PlRecord {
  readonly values: Value[]
  constructor(values: Value[]) {
    this.values = values
  }
}

export type PlTable = Collection<Value>
export type Value = StoredValue | PlRecord | PlTable | OpenCursor

export const scalar = (type: SqlType, more: Omit<ScalarType, 'kind' | 'type'> = {}): ScalarType => ({ kind: 'scalar', type, ...more })
const longestText = 32767
const integers = { low: -2147483648n, high: 2147483647n }

/** A built-in type by its name; `undefined`: no such type. */
export function builtInType(name: string, length: number | undefined, scale: number | undefined): PlType | undefined {
  switch (name) {
    case 'NUMBER':
    case 'DEC':
    case 'DECIMAL':
    case 'NUMERIC':
      return scalar(NUMBER, { precision: length, scale: length === undefined ? undefined : (scale ?? 0) })
    case 'FLOAT':
    case 'REAL':
    case 'DOUBLE':
    case 'BINARY_DOUBLE':
    case 'BINARY_FLOAT':
      return scalar(NUMBER)
    case 'INTEGER':
    case 'INT':
    case 'SMALLINT':
      return scalar(NUMBER, { precision: 38, scale: 0 })
    case 'PLS_INTEGER':
    case 'BINARY_INTEGER':
    case 'SIMPLE_INTEGER':
      return scalar(NUMBER, { precision: 10, scale: 0, ...integers })
    case 'NATURAL':
    case 'NATURALN':
      return scalar(NUMBER, { precision: 10, scale: 0, low: 0n, high: integers.high })
    case 'POSITIVE':
    case 'POSITIVEN':
      return scalar(NUMBER, { precision: 10, scale: 0, low: 1n, high: integers.high })
    case 'VARCHAR2':
    case 'VARCHAR':
    case 'NVARCHAR2':
    case 'STRING':
    case 'LONG':
      return scalar(varchar(length ?? 4000), { length: length ?? longestText })
    case 'CHAR':
    case 'CHARACTER':
    case 'NCHAR':
      return scalar(varchar(length ?? 1), { length: length ?? 1, fixed: true })
    case 'RAW':
      return scalar(varchar((length ?? 2000) * 2), { length: (length ?? 2000) * 2 })
    case 'ROWID':
    case 'UROWID':
      return scalar(varchar(18), { length: 18 })
    case 'CLOB':
    case 'NCLOB':
      return scalar(CLOB)
    case 'DATE':
      return scalar(DATE)
    case 'TIMESTAMP':
      return scalar(TIMESTAMP_TZ)
    case 'INTERVAL':
      return scalar(INTERVAL)
    case 'BOOLEAN':
      return scalar(BOOLEAN)
    case 'SYS_REFCURSOR':
      return { kind: 'cursor' }
    default:
      return undefined
  }
}

export function emptyValue(type: PlType): Value {
  if (type.kind === 'record') return new PlRecord(type.fields.map((field) => emptyValue(field.type)))
  return type.kind === 'table' && type.associative ? new Collection<Value>() : null
}

/** Composite values are copied when they are assigned. */
export function copyValue(value: Value): Value {
  if (value instanceof PlRecord) return new PlRecord(value.values.map(copyValue))
  if (value instanceof Collection) return new Collection<Value>([...value.elements].map(([key, element]) => [key, copyValue(element)]))
  return value
}

export const isScalarValue = (value: Value): value is StoredValue => value === null || typeof value !== 'object'

/** Checks a value of the right kind against a type's limits; numbers are rounded to their scale. @throws OraError 06502 */
export function constrain(value: StoredValue, type: ScalarType): StoredValue {
  if (value === null) {
    if (type.notNull === true) throw valueError()
    return null
  }
  if (type.type.kind === 'NUMBER') {
    if (type.scale === undefined) return value
    const number = roundNumber(loadNumber(value), type.scale)
    const digits = (type.precision ?? 38) - type.scale
    if (Math.abs(Number(number)) >= 10 ** digits) throw valueError('number precision too large')
    if (typeof number === 'bigint' && ((type.low !== undefined && number < type.low) || (type.high !== undefined && number > type.high))) {
      throw type.high === integers.high && type.low === integers.low ? ora(1426, 'numeric overflow') : valueError()
    }
    return storeNumber(number)
  }
  if (type.type.kind === 'VARCHAR2' && type.length !== undefined) {
    const text = String(value)
    if (text.length > type.length) throw valueError('character string buffer too small')
    return type.fixed === true ? text.padEnd(type.length) : text
  }
  return value
}
