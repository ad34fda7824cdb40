import { ora, OraError } from '../engine/ora-error.ts'
import { schemaName } from '../sql/schema/names.ts'
import type { Expression } from '../sql/ast.ts'
import { BOOLEAN, NUMBER, varchar } from '../sql/bound.ts'
import { currentValue, nextValue, sequenceNamed } from '../sql/schema/sequences.ts'
import { builtinNamed } from './builtins.ts'
import { compileBuiltinCall, compileCall } from './calls.ts'
import { collectionMethod, elementOf, isPending, keepElement } from './collections.ts'
import type { Compiled } from './expressions.ts'
import { codeOf, errorText, messageOf, pls } from './errors.ts'
import type { Frame, Run } from './frame.ts'
import type { Named, Scope, Variable } from './scope.ts'
import { OpenCursor } from '../sql/open-cursor.ts'
import { PlRecord, scalar, type PlType, type Value } from './types.ts'
import { lineOf, type Unit } from './unit.ts'

/** A value that may be assigned to. */
export interface Reference extends Compiled {
  readonly set: ((frame: Frame, value: Value) => void | Promise<void>) | undefined
}

const text = scalar(varchar(4000))
const truth = scalar(BOOLEAN)
const number = scalar(NUMBER)
const readOnly = (type: PlType | undefined, get: Reference['get']): Reference => ({ type, get, set: undefined })

export function variableReference(variable: Variable, scope: Scope): Reference {
  const hops = scope.depth - variable.depth
  const { index } = variable
  return {
    type: variable.type,
    get: (frame) => frame.out(hops).values[index] ?? null,
    set: variable.constant ? undefined : (frame, value) => { frame.out(hops).values[index] = value },
  }
}

/** The error that SQLCODE and SQLERRM speak of. */
export function currentError(run: Run): ReturnType<typeof ora> | undefined {
  return run.handling.at(-1)
}

/** Names, elements, fields and calls; `undefined`: SQL's own functions and pseudocolumns. */
export function resolveReference(expression: Expression, scope: Scope, unit: Unit): Reference | undefined {
  switch (expression.kind) {
    case 'column':
      return resolvePath(expression.path, undefined, undefined, expression.at, scope, unit)
    case 'call':
      return resolvePath(expression.name.split('.'), expression.args, expression.names, expression.at, scope, unit)
    case 'field': {
      const base = resolveReference(expression.base, scope, unit)
      return base === undefined ? undefined : follow(base, [expression.name], undefined, expression.at, scope, unit)
    }
    case 'element': {
      const base = resolveReference(expression.base, scope, unit)
      return base === undefined ? undefined : elementOf(base, expression.args, expression.at, scope, unit)
    }
    case 'bind':
      return bindReference(expression.name, expression.at, unit)
    default:
      return undefined
  }
}

function bindReference(name: string, at: number, unit: Unit): Reference {
  if (unit.binds === undefined) throw pls(49, `bad bind variable '${name}'`, at)
  const given = unit.binds[name]
  if (given === undefined) throw ora(1008, 'not all variables bound').at(at)
  const type = given === null ? undefined : typeof given === 'string' ? text : typeof given === 'object' ? scalar(given.type) : number
  return {
    type,
    get: ({ run }) => {
      const value = run.binds.get(name) ?? null
      return typeof value === 'object' ? (value?.value ?? null) : typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value
    },
    set: ({ run }, value) => {
      run.assigned.add(name)
      run.binds.set(name, value as never)
    },
  }
}

function resolvePath(path: readonly string[], args: readonly Expression[] | undefined, names: readonly (string | undefined)[] | undefined, at: number, scope: Scope, unit: Unit): Reference | undefined {
  const [first = '', second] = path
  const found = scope.find(first)
  if (found !== undefined) return resolveNamed(found, path.slice(1), args, names, at, scope, unit)
  const labelled = second === undefined ? undefined : scope.labelled(first)?.names.get(second)
  if (labelled !== undefined) return resolveNamed(labelled, path.slice(2), args, names, at, scope, unit)
  return resolveSpecial(path, args, at, scope, unit) ?? resolveGlobal(path, args, names, at, scope, unit)
}

function resolveNamed(found: Named, rest: readonly string[], args: readonly Expression[] | undefined, names: readonly (string | undefined)[] | undefined, at: number, scope: Scope, unit: Unit): Reference | undefined {
  switch (found.kind) {
    case 'variable': {
      if (found.type.kind === 'cursor' && rest[0]?.startsWith('%') === true) return cursorAttribute(variableReference(found, scope), rest[0])
      return follow(variableReference(found, scope), rest, args, at, scope, unit)
    }
    case 'cursor': {
      const attribute = rest[0]
      if (attribute?.startsWith('%') !== true) throw pls(330, 'invalid use of type name or subtype name', at)
      return cursorAttribute(variableReference({ kind: 'variable', type: { kind: 'cursor' }, constant: true, depth: found.depth, index: found.index }, scope), attribute)
    }
    case 'global':
      return follow(found, rest, args, at, scope, unit)
    case 'subprograms': {
      const call = compileCall(found.overloads, args ?? [], names ?? [], at, scope, unit)
      return rest.length > 0 ? follow(readOnly(call.returns, call.run), rest, undefined, at, scope, unit) : readOnly(call.returns, call.run)
    }
    case 'type':
      if (found.type.kind !== 'table' || found.type.associative) throw pls(330, 'invalid use of type name or subtype name', at)
      return collectionMethod.construct(found.type, args ?? [], scope, unit)
    case 'exception':
      throw pls(488, `invalid variable declaration: object '${rest.at(-1) ?? 'exception'}' must be a type or subtype`, at)
  }
}

function cursorAttribute(cursor: Reference, attribute: string): Reference {
  return readOnly(attribute === '%ROWCOUNT' ? number : truth, (frame) => {
    const open = cursor.get(frame)
    if (open instanceof OpenCursor && !(open.closed && attribute !== '%ISOPEN')) return open.attribute(attribute)
    if (attribute === '%ISOPEN') return 0n
    throw ora(1001, 'invalid cursor')
  })
}

/** Fields and methods behind a value, then an element. */
function follow(base: Reference, names: readonly string[], args: readonly Expression[] | undefined, at: number, scope: Scope, unit: Unit): Reference {
  const [name, ...rest] = names
  if (name === undefined) return args === undefined ? base : elementOf(base, args, at, scope, unit)
  if (base.type?.kind === 'table') return collectionMethod.call(base, name, args ?? [], at, scope, unit)
  if (base.type?.kind !== 'record') throw pls(487, `Invalid reference to variable '${name}'`, at)
  const index = base.type.fields.findIndex((field) => field.name === name)
  const field = base.type.fields[index]
  if (field === undefined) throw pls(302, `component '${name}' must be declared`, at)
  const { set } = base
  const reference: Reference = {
    type: field.type,
    get: (frame) => {
      const record = base.get(frame)
      return record instanceof Promise ? record.then((value) => fieldOf(value, index)) : fieldOf(record, index)
    },
    set: set === undefined ? undefined : async (frame, value) => {
      const record = await base.get(frame)
      if (!(record instanceof PlRecord)) throw ora(6530, 'Reference to uninitialized composite')
      record.values[index] = value
      keepElement(record)
    },
  }
  return follow(reference, rest, args, at, scope, unit)
}

function fieldOf(record: Value, index: number): Value {
  if (isPending(record)) throw ora(1403, 'no data found')
  return record instanceof PlRecord ? (record.values[index] ?? null) : null
}

function resolveSpecial(path: readonly string[], args: readonly Expression[] | undefined, at: number, scope: Scope, unit: Unit): Reference | undefined {
  const [first = '', second] = path
  if (first === 'SQL' && second?.startsWith('%') === true) {
    return readOnly(second === '%ROWCOUNT' ? number : truth, ({ run }) => {
      const { rowCount } = run
      if (second === '%ISOPEN') return 0n
      if (rowCount === undefined) return null
      return second === '%ROWCOUNT' ? BigInt(rowCount) : rowCount > 0 === (second === '%FOUND') ? 1n : 0n
    })
  }
  if (path.length > 1) return undefined
  switch (first) {
    case 'TRUE':
    case 'FALSE':
      return readOnly(truth, () => (first === 'TRUE' ? 1n : 0n))
    case 'SQLCODE':
      return readOnly(number, ({ run }) => {
        const error = currentError(run)
        return BigInt(error === undefined ? 0 : codeOf(error))
      })
    case 'SQLERRM': {
      const code = args?.[0] === undefined ? undefined : unit.parts.value(args[0], scope, unit)
      return readOnly(text, async (frame) => {
        if (code !== undefined) return messageOf(Number(await code.get(frame)))
        const error = currentError(frame.run)
        return error === undefined ? messageOf(0) : errorText(error)
      })
    }
    case '$$PLSQL_LINE':
      return readOnly(number, () => BigInt(lineOf(unit, at)))
    default:
      return undefined
  }
}

/** @throws CompileError PLS-00905 for a program with errors */
function storedOf(path: readonly string[], at: number, unit: Unit): Named | undefined {
  try {
    return unit.stored(path)
  } catch (error) {
    if (error instanceof OraError && error.messages[0]?.code === 'ORA-04063') throw pls(905, `object ${path.length === 1 ? `${schemaName(unit.session)}.` : ''}${path.join('.')} is invalid`, at)
    throw error
  }
}

function resolveGlobal(path: readonly string[], args: readonly Expression[] | undefined, names: readonly (string | undefined)[] | undefined, at: number, scope: Scope, unit: Unit): Reference | undefined {
  const builtin = builtinNamed(path)
  if (builtin !== undefined) {
    if (builtin.kind === 'constant') return readOnly(scalar(builtin.type), () => builtin.value)
    const call = compileBuiltinCall(builtin, args ?? [], names ?? [], at, scope, unit)
    return readOnly(call.returns, call.run)
  }
  const last = path.at(-1)
  if (args === undefined && path.length > 1 && (last === 'NEXTVAL' || last === 'CURRVAL')) {
    const sequence = sequenceNamed(unit.instance, unit.session, path.slice(0, -1))
    if (sequence === undefined) throw ora(2289, 'sequence does not exist').at(at)
    return readOnly(number, ({ run }) => (last === 'NEXTVAL' ? nextValue(run.instance, run.session, sequence) : currentValue(run.session, sequence)))
  }
  const stored = storedOf(path, at, unit)
  if (stored === undefined) return undefined
  return resolveNamed(stored, [], args, names, at, scope, unit)
}

/** A place to assign to. @throws CompileError PLS-00363, 00201 */
export function targetReference(target: Expression, scope: Scope, unit: Unit): Reference & { readonly set: NonNullable<Reference['set']> } {
  const reference = resolveReference(target, scope, unit)
  const shown = target.kind === 'column' ? target.path.join('.') : target.kind === 'call' ? target.name : 'expression'
  if (reference === undefined) throw pls(201, `identifier '${shown}' must be declared`, target.at)
  const { set } = reference
  if (set === undefined) throw pls(363, `expression '${shown}' cannot be used as an assignment target`, target.at)
  return { ...reference, set }
}
