import { Collection } from '../sql/collection.ts'
import type { Instance, ServerSession } from '../engine/instance-api.ts'
import { ora, OraError } from '../engine/ora-error.ts'
import { Conversions, type SqlType } from '../sql/bound.ts'
import type { StoredValue } from '../sql/run-query.ts'
import { statementContext } from '../sql/session-state.ts'
import { calculate } from './calculator.ts'
import { pls, valueError } from './errors.ts'
import { constrain, copyValue, isScalarValue, PlRecord, type PlType, type Value } from './types.ts'

/** PL/SQL names conversion errors in its own way. */
export function asValueError(error: unknown): unknown {
  if (error instanceof OraError && error.messages[0]?.code === 'ORA-01722') return valueError('character to number conversion error')
  return error
}

/** A scalar in another datatype. @throws OraError 06502, 01858 … */
export function convertScalar(instance: Instance, session: ServerSession, value: StoredValue, from: SqlType, to: SqlType): StoredValue {
  if (value === null || value === '' || from.kind === 'NULL') return null
  if (from.kind === to.kind) return value
  const conversions = new Conversions(statementContext(instance, session))
  try {
    return calculate(conversions.to(to.kind, { sql: '?1', type: from, at: 0, ungrouped: undefined, aggregate: false }).sql, [value])
  } catch (error) {
    throw asValueError(error)
  }
}

/** Whether a value of one type can be assigned to another; `undefined` is NULL's type. */
export function assignable(from: PlType | undefined, to: PlType): boolean {
  if (from === undefined) return to.kind !== 'record' || true
  if (from.kind !== to.kind) return false
  if (from.kind === 'scalar' && to.kind === 'scalar') {
    const [a, b] = [from.type.kind, to.type.kind]
    if (a === b || a === 'NULL') return true
    if (a === 'BOOLEAN' || b === 'BOOLEAN') return false
    if (a === 'VARCHAR2' || b === 'VARCHAR2') return true
    return (a === 'DATE' && b === 'TIMESTAMP_TZ') || (a === 'TIMESTAMP_TZ' && b === 'DATE')
  }
  if (from.kind === 'record' && to.kind === 'record') return from.fields.length === to.fields.length && from.fields.every((field, index) => { const other = to.fields[index]; return other !== undefined && assignable(field.type, other.type) })
  return true
}

export function checkAssignable(from: PlType | undefined, to: PlType, at: number): void {
  if (!assignable(from, to)) throw pls(382, 'expression is of wrong type', at)
}

/** A value as it is stored in a variable of a type: converted, checked, copied. */
export function fit(instance: Instance, session: ServerSession, value: Value, from: PlType | undefined, to: PlType): Value {
  if (to.kind === 'scalar') {
    if (!isScalarValue(value)) throw ora(6504, 'PL/SQL: Return types of Result Set variables or query do not match')
    return constrain(from?.kind === 'scalar' ? convertScalar(instance, session, value, from.type, to.type) : value, to)
  }
  if (to.kind === 'record') {
    if (value === null) return new PlRecord(to.fields.map(() => null))
    if (!(value instanceof PlRecord)) throw valueError()
    const fields = from?.kind === 'record' ? from.fields : []
    return new PlRecord(to.fields.map((field, index) => fit(instance, session, value.values[index] ?? null, fields[index]?.type, field.type)))
  }
  if (to.kind === 'table') return value instanceof Collection ? copyValue(value) : to.associative ? new Collection<Value>() : null
  return value
}
