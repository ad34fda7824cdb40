import { Collection } from '../sql/collection.ts'
import { ora } from '../engine/ora-error.ts'
import type { Expression } from '../sql/ast.ts'
import { BOOLEAN, NUMBER, varchar } from '../sql/bound.ts'
import { convertScalar, fit } from './convert.ts'
import { pls, valueError } from './errors.ts'
import type { Compiled } from './expressions.ts'
import type { Frame } from './frame.ts'
import type { Reference } from './references.ts'
import type { Scope } from './scope.ts'
import { emptyValue, isScalarValue, type PlTable, scalar, type TableType, type Value } from './types.ts'
import type { Unit } from './unit.ts'

const noData = () => ora(1403, 'no data found')
const number = scalar(NUMBER)

function tableOf(value: Value): PlTable {
  if (value instanceof Collection) return value
  throw ora(6531, 'Reference to uninitialized collection')
}

/** The key as the collection keeps it. */
async function keyOf(frame: Frame, key: Compiled, type: TableType): Promise<number | string> {
  const value = await key.get(frame)
  if (!isScalarValue(value) || value === null) throw valueError('NULL index table key value')
  const { instance, session } = frame.run
  const from = key.type?.kind === 'scalar' ? key.type.type : NUMBER
  if (type.index === 'number') return Number(convertScalar(instance, session, value, from, NUMBER))
  return String(convertScalar(instance, session, value, from, varchar(4000)))
}

/** `list(key)` */
export function elementOf(base: Reference, args: readonly Expression[], at: number, scope: Scope, unit: Unit): Reference {
  const { type } = base
  if (type?.kind !== 'table') throw pls(224, 'object must be of type function or array to be used this way', at)
  const [argument] = args
  if (argument === undefined || args.length > 1) throw pls(316, 'PL/SQL TABLEs must use a single index', at)
  const key = unit.parts.value(argument, scope, unit)
  return {
    type: type.element,
    get: async (frame) => {
      const table = tableOf(await base.get(frame))
      const found = await keyOf(frame, key, type)
      if (!table.elements.has(found)) {
        // A record that is only now filled field by field exists from its first field on.
        if (type.associative && type.element.kind === 'record') {
          const fresh = emptyValue(type.element)
          lazy.set(fresh as object, { table, key: found })
          return fresh
        }
        throw type.associative ? noData() : ora(6533, 'Subscript beyond count')
      }
      return table.elements.get(found) ?? null
    },
    set: async (frame, value) => {
      const table = tableOf(await base.get(frame))
      const found = await keyOf(frame, key, type)
      if (!type.associative && !table.elements.has(found)) throw ora(6533, 'Subscript beyond count')
      table.elements.set(found, value)
    },
  }
}

/** Records handed out for keys that do not exist yet. */
const lazy = new WeakMap<object, { readonly table: PlTable; readonly key: number | string }>()

/** A field of an element was assigned: now the element exists. */
export function keepElement(record: Value): void {
  const place = typeof record === 'object' && record !== null ? lazy.get(record) : undefined
  if (place !== undefined && !place.table.elements.has(place.key)) place.table.elements.set(place.key, record)
}

export function isPending(record: Value): boolean {
  const place = typeof record === 'object' && record !== null ? lazy.get(record) : undefined
  return place !== undefined && !place.table.elements.has(place.key)
}

const readers: Readonly<Record<string, { readonly type: ReturnType<typeof scalar> | 'key'; readonly args: 0 | 1; readonly get: (table: PlTable, key: number | string | undefined) => Value }>> = {
  COUNT: { type: number, args: 0, get: (table) => BigInt(table.elements.size) },
  FIRST: { type: 'key', args: 0, get: (table) => stored(table.keys()[0]) },
  LAST: { type: 'key', args: 0, get: (table) => stored(table.keys().at(-1)) },
  NEXT: { type: 'key', args: 1, get: (table, key) => stored(table.keys().find((other) => key !== undefined && other > key)) },
  PRIOR: { type: 'key', args: 1, get: (table, key) => stored(table.keys().findLast((other) => key !== undefined && other < key)) },
  EXISTS: { type: scalar(BOOLEAN), args: 1, get: (table, key) => (key !== undefined && table.elements.has(key) ? 1n : 0n) },
}

const stored = (key: number | string | undefined): Value => (key === undefined ? null : typeof key === 'number' ? BigInt(key) : key)

function construct(type: TableType, args: readonly Expression[], scope: Scope, unit: Unit): Reference {
  const values = args.map((argument) => unit.parts.value(argument, scope, unit))
  return {
    type,
    set: undefined,
    get: async (frame) => {
      const table = new Collection<Value>()
      for (const [index, value] of values.entries()) table.elements.set(index + 1, fit(frame.run.instance, frame.run.session, await value.get(frame), value.type, type.element))
      return table
    },
  }
}

/** COUNT, FIRST, EXTEND and so on. @throws CompileError PLS-00302 */
function call(base: Reference, name: string, args: readonly Expression[], at: number, scope: Scope, unit: Unit): Reference {
  const type = base.type as TableType
  const compiled = args.map((argument) => unit.parts.value(argument, scope, unit))
  const [first, second] = compiled
  const reader = readers[name]
  if (reader !== undefined) {
    if (reader.args !== compiled.length) throw pls(306, `wrong number or types of arguments in call to '${name}'`, at)
    const returns = reader.type === 'key' ? (type.index === 'number' ? number : scalar(varchar(4000))) : reader.type
    return {
      type: returns,
      set: undefined,
      get: async (frame) => {
        const table = await base.get(frame)
        if (name === 'EXISTS' && table === null) return 0n
        return reader.get(tableOf(table), first === undefined ? undefined : await keyOf(frame, first, type))
      },
    }
  }
  const change = async (frame: Frame): Promise<Value> => {
    const table = tableOf(await base.get(frame))
    const count = first === undefined ? 1 : undefined
    if (name === 'DELETE') {
      if (first === undefined) table.elements.clear()
      else {
        const low = await keyOf(frame, first, type)
        const high = second === undefined ? low : await keyOf(frame, second, type)
        for (const key of table.keys()) if (key >= low && key <= high) table.elements.delete(key)
      }
      return null
    }
    const wanted = count ?? Number(await first?.get(frame))
    if (name === 'TRIM') {
      for (const key of table.keys().slice(-wanted)) table.elements.delete(key)
      return null
    }
    for (let left = wanted; left > 0; left--) {
      const next = Number(table.keys().at(-1) ?? 0) + 1
      if (type.limit !== undefined && next > type.limit) throw ora(6532, 'Subscript outside of limit')
      table.elements.set(next, emptyValue(type.element))
    }
    return null
  }
  if (!['DELETE', 'TRIM', 'EXTEND'].includes(name) || (type.associative && name !== 'DELETE')) throw pls(302, `component '${name}' must be declared`, at)
  return { type: undefined, set: undefined, get: change }
}

export const collectionMethod: { readonly construct: typeof construct; readonly call: typeof call } = { construct, call }
