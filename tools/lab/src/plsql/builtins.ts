import { BOOLEAN, CLOB, DATE, INTERVAL, NUMBER, TIMESTAMP_TZ, varchar, type SqlType } from '../sql/bound.ts'
import type { StoredValue } from '../sql/run-query.ts'
import type { Run } from './frame.ts'
import type { Value } from './types.ts'

export interface BuiltinParameter {
  readonly name: string
  readonly mode: 'IN' | 'OUT' | 'IN OUT'
  readonly optional: boolean
  /** `undefined`: a collection or any type. */
  readonly type: SqlType | undefined
}

/** What a supplied subprogram was called with. */
export interface BuiltinArguments {
  readonly run: Run
  given(name: string): boolean
  value(name: string): Value
  text(name: string): string | null
  number(name: string): number | null
  out(name: string, value: Value): void
}

export interface Builtin {
  readonly kind: 'subprogram'
  readonly name: string
  readonly parameters: readonly BuiltinParameter[]
  readonly returns: SqlType | undefined
  readonly run: (call: BuiltinArguments) => Value | undefined | Promise<Value | undefined>
}

export interface BuiltinConstant {
  readonly kind: 'constant'
  readonly type: SqlType
  readonly value: StoredValue
}

const known = new Map<string, Builtin | BuiltinConstant>()
const types: Readonly<Record<string, SqlType | undefined>> = { v: varchar(4000), n: NUMBER, d: DATE, t: TIMESTAMP_TZ, i: INTERVAL, b: BOOLEAN, c: CLOB, a: undefined }

/**
 * A subprogram of a supplied package. Parameters as `NAME:type`, type v, n, d, t, i, b, c or a (any), with `?` for one that may be
 * left out, `!` for OUT, `*` for IN OUT; `returns` one of the same letters.
 */
export function defineBuiltin(name: string, parameters: string, run: Builtin['run'], returns?: string): void {
  known.set(name, {
    kind: 'subprogram',
    name,
    parameters: parameters.split(' ').filter((text) => text !== '').map((text) => {
      const [, parameter = '', type = '', marks = ''] = /^([A-Z_0-9#]+):(\w)([?!*]*)$/.exec(text) ?? []
      return { name: parameter, mode: marks.includes('!') ? 'OUT' : marks.includes('*') ? 'IN OUT' : 'IN', optional: marks.includes('?'), type: types[type] }
    }),
    returns: returns === undefined ? undefined : types[returns],
    run,
  })
}

export function defineConstant(name: string, value: StoredValue): void {
  known.set(name, { kind: 'constant', type: typeof value === 'string' ? varchar(value.length) : NUMBER, value })
}

/** `DBMS_OUTPUT.PUT_LINE`, also with the owner SYS. */
export function builtinNamed(path: readonly string[]): Builtin | BuiltinConstant | undefined {
  return known.get((path[0] === 'SYS' ? path.slice(1) : path).join('.'))
}

/** Whether a supplied package has this name. */
export function isPackage(name: string): boolean {
  return [...known.keys()].some((key) => key.startsWith(`${name}.`))
}
