import { OraError } from '../engine/ora-error.ts'
import type { Condition, Expression } from '../sql/ast.ts'
import { BOOLEAN, NULL, NUMBER, varchar, type Bound, type SqlType } from '../sql/bound.ts'
import { catalogOf } from '../sql/catalog-lookup.ts'
import type { ExpressionCompiler, NameResolver } from '../sql/compile-expression.ts'
import { QueryCompiler } from '../sql/compile-query.ts'
import { bindPseudo, isFunction } from '../sql/functions.ts'
import { parseNumber, storeNumber } from '../sql/number.ts'
import type { StoredValue } from '../sql/run-query.ts'
import { Scope as SqlScope } from '../sql/scope.ts'
import { statementContext, type StatementContext } from '../sql/session-state.ts'
import { valuesIn } from '../sql/walk.ts'
import { calculate } from './calculator.ts'
import { asValueError } from './convert.ts'
import { pls } from './errors.ts'
import type { Frame } from './frame.ts'
import { resolveReference } from './references.ts'
import type { Scope } from './scope.ts'
import { isScalarValue, scalar, type PlType, type Value } from './types.ts'
import type { Unit } from './unit.ts'

/** A value to be computed; `type` is `undefined` for NULL. */
export interface Compiled {
  readonly type: PlType | undefined
  readonly get: (frame: Frame) => Value | Promise<Value>
}

/** @throws CompileError PLS-00201, 00306, 00382 … */
export function compileValue(expression: Expression, scope: Scope, unit: Unit): Compiled {
  if (expression.kind === 'null') return { type: undefined, get: () => null }
  if (expression.kind === 'literal') {
    const value = expression.type === 'NUMBER' ? storeNumber(parseNumber(expression.value)) : expression.value === '' ? null : expression.value
    return { type: scalar(expression.type === 'NUMBER' ? NUMBER : varchar(expression.value.length)), get: () => value }
  }
  if (expression.kind === 'test') {
    const test = compileCondition(expression.condition, scope, unit)
    return { type: scalar(BOOLEAN), get: async (frame) => { const met = await test(frame); return met === null ? null : met ? 1n : 0n } }
  }
  return resolveReference(expression, scope, unit) ?? new Formula(expression, scope, unit)
}

/** A CASE in whose branches something is called: only the one that fits is computed, and conditions only up to it. */
function compileCase(expression: Expression & { kind: 'case' }, scope: Scope, unit: Unit): Compiled {
  const { type } = new Formula(expression, scope, unit, expression)
  const branches = expression.branches.map(({ when, then }) => ({
    test: compileCondition(expression.operand === undefined ? (when as Condition) : { kind: 'compare', operator: '=', left: expression.operand, right: when as Expression, at: when.at }, scope, unit),
    value: compileValue(then, scope, unit),
  }))
  const otherwise = expression.otherwise === undefined ? undefined : compileValue(expression.otherwise, scope, unit)
  return {
    type,
    get: async (frame) => {
      for (const { test, value } of branches) if ((await test(frame)) === true) return value.get(frame)
      return otherwise?.get(frame) ?? null
    },
  }
}

export type Test = (frame: Frame) => Promise<boolean | null>

/** AND and OR look at their right side only when they must, as PL/SQL does. */
export function compileCondition(condition: Condition, scope: Scope, unit: Unit): Test {
  switch (condition.kind) {
    case 'and':
    case 'or': {
      const [left, right] = [compileCondition(condition.left, scope, unit), compileCondition(condition.right, scope, unit)]
      const decides = condition.kind === 'or'
      return async (frame) => {
        const first = await left(frame)
        if (first === decides) return decides
        const second = await right(frame)
        return second === decides ? decides : first === null || second === null ? null : !decides
      }
    }
    case 'not': {
      const operand = compileCondition(condition.operand, scope, unit)
      return async (frame) => {
        const met = await operand(frame)
        return met === null ? null : !met
      }
    }
    case 'truth':
      return compileTruth(condition.operand, scope, unit)
    case 'isNull': {
      const operand = compileValue(condition.operand, scope, unit)
      return async (frame) => {
        const value = await operand.get(frame)
        return (value === null || value === '') !== condition.negated
      }
    }
    case 'compare':
      if (isBoolean(condition.left) || isBoolean(condition.right)) return compileBooleanComparison(condition, scope, unit)
      break
    default:
  }
  const formula = new Formula({ kind: 'test', condition, at: condition.at }, scope, unit)
  return async (frame) => {
    const met = await formula.get(frame)
    return met === null ? null : met !== 0n
  }
}

const isBoolean = (expression: Expression): boolean => expression.kind === 'test' || (expression.kind === 'column' && expression.path.length === 1 && ['TRUE', 'FALSE'].includes(expression.path[0] ?? ''))

function compileBooleanComparison(condition: Condition & { kind: 'compare' }, scope: Scope, unit: Unit): Test {
  const [left, right] = [compileTruth(condition.left, scope, unit), compileTruth(condition.right, scope, unit)]
  if (condition.operator !== '=' && condition.operator !== '<>') throw pls(306, `wrong number or types of arguments in call to '${condition.operator}'`, condition.at)
  return async (frame) => {
    const [a, b] = [await left(frame), await right(frame)]
    return a === null || b === null ? null : (a === b) === (condition.operator === '=')
  }
}

/** An expression where a boolean is wanted. @throws CompileError PLS-00382 */
export function compileTruth(expression: Expression, scope: Scope, unit: Unit): Test {
  if (expression.kind === 'test') return compileCondition(expression.condition, scope, unit)
  const value = compileValue(expression, scope, unit)
  if (value.type !== undefined && !(value.type.kind === 'scalar' && value.type.type.kind === 'BOOLEAN')) throw pls(382, 'expression is of wrong type', expression.at)
  return async (frame) => {
    const met = await value.get(frame)
    return met === null ? null : met !== 0n
  }
}

interface Prepared {
  readonly sql: string
  readonly type: SqlType
  readonly parameters: readonly Compiled['get'][]
  /** Holds as long as these do; `undefined`: for this one time only. */
  readonly formats: string | undefined
}

/** A scalar expression, computed by the SQL engine from the values of its variables. */
export class Formula implements Compiled {
  readonly type: PlType | undefined
  readonly #expression: Expression
  readonly #scope: Scope
  readonly #unit: Unit
  readonly #eager: Expression | undefined
  #prepared: Prepared

  /** `eager`: a CASE inside that is compiled with all its branches. */
  constructor(expression: Expression, scope: Scope, unit: Unit, eager?: Expression) {
    this.#eager = eager
    this.#expression = expression
    this.#scope = scope
    this.#unit = unit
    this.#prepared = this.#prepare()
    this.type = this.#prepared.type.kind === 'NULL' ? undefined : scalar(this.#prepared.type)
  }

  #prepare(): Prepared {
    const { instance, session, binds } = this.#unit
    const { context, volatile } = watchedContext(statementContext(instance, session))
    const resolver = new ParameterResolver(this.#scope, this.#unit, this.#eager)
    const compiler = new QueryCompiler(instance, session, context, binds ?? {}, catalogOf(instance, session), resolver)
    const scope = new SqlScope(undefined)
    let bound: Bound
    try {
      bound = compiler.value(this.#expression, scope)
    } catch (error) {
      throw asBlockFinding(error, this.#expression.at)
    }
    if (compiler.tables.size > 0) throw pls(405, 'subquery not allowed in this context', this.#expression.at)
    if (bound.aggregate) throw pls(204, 'function or pseudo-column may be used inside a SQL statement only', this.#expression.at)
    return { sql: bound.sql, type: bound.type, parameters: resolver.parameters, formats: volatile() || resolver.hasBinds ? undefined : formatsOf(context) }
  }

  get(frame: Frame): Value | Promise<Value> {
    const { instance, session } = frame.run
    if (this.#prepared.formats === undefined || this.#prepared.formats !== formatsOf(statementContext(instance, session))) this.#prepared = this.#prepare()
    const { sql, parameters } = this.#prepared
    const values: Value[] = []
    for (const [index, parameter] of parameters.entries()) {
      const value = parameter(frame)
      if (value instanceof Promise) return inOrder(values, value, parameters.slice(index + 1), frame).then((settled) => compute(sql, settled))
      values.push(value)
    }
    return compute(sql, values)
  }
}

/** One after the other: functions may depend on each other. */
async function inOrder(known: readonly Value[], next: Promise<Value>, parameters: readonly Compiled['get'][], frame: Frame): Promise<Value[]> {
  const values = [...known, await next]
  for (const parameter of parameters) values.push(await parameter(frame))
  return values
}

function compute(sql: string, values: readonly Value[]): StoredValue {
  try {
    return calculate(sql, values.map((value) => (isScalarValue(value) ? (value === '' ? null : value) : null)))
  } catch (error) {
    throw asValueError(error)
  }
}

function formatsOf({ nls }: StatementContext): string {
  return `${nls.nlsDateFormat}|${nls.nlsTimestampFormat}|${nls.nlsTimestampTzFormat}|${nls.timeZone ?? ''}`
}

/** Notices whether the time was asked for. */
function watchedContext(context: StatementContext): { readonly context: StatementContext; readonly volatile: () => boolean } {
  let used = false
  return {
    context: { ...context, get now() { used = true; return context.now } },
    volatile: () => used,
  }
}

/** SQL's errors about names and types, as PL/SQL words them. */
export function asBlockFinding(error: unknown, at: number): unknown {
  if (!(error instanceof OraError)) return error
  const [message] = error.messages
  const offset = error.offset ?? at
  switch (message?.code) {
    case 'ORA-00904':
      return pls(201, `identifier '${/^((?:"[^"]*"\.?)+)/.exec(message.text)?.[1]?.replaceAll('"', '') ?? message.text}' must be declared`, offset)
    case 'ORA-00932':
      return pls(382, 'expression is of wrong type', offset)
    case 'ORA-00909':
    case 'ORA-00938':
    case 'ORA-00939':
      return pls(306, 'wrong number or types of arguments in call', offset)
    default:
      return error
  }
}

/** Variables and calls become parameters of the formula. */
class ParameterResolver implements NameResolver {
  readonly parameters: Compiled['get'][] = []
  hasBinds = false
  readonly #scope: Scope
  readonly #unit: Unit
  readonly #eager: Expression | undefined

  constructor(scope: Scope, unit: Unit, eager: Expression | undefined) {
    this.#scope = scope
    this.#unit = unit
    this.#eager = eager
  }

  conditional(expression: Expression & { kind: 'case' }): Bound | undefined {
    if (expression === this.#eager || ![...valuesIn(expression)].some((value) => value.kind === 'call' && !isFunction(value.name))) return undefined
    return this.#bound(compileCase(expression, this.#scope, this.#unit), expression)
  }

  #parameter(expression: Expression): Bound | undefined {
    const reference = resolveReference(expression, this.#scope, this.#unit)
    return reference === undefined ? undefined : this.#bound(reference, expression)
  }

  #bound({ type, get }: Compiled, expression: Expression): Bound {
    if (type !== undefined && type.kind !== 'scalar') throw pls(306, `wrong number or types of arguments in call`, expression.at)
    this.parameters.push(get)
    return { sql: `?${String(this.parameters.length)}`, type: type?.type ?? NULL, at: expression.at, ungrouped: undefined, aggregate: false }
  }

  name(path: readonly string[], at: number): Bound | undefined {
    const found = this.#parameter({ kind: 'column', path, outer: false, at })
    if (found !== undefined || path.length > 1) return found ?? unknown(path, at)
    return undefined
  }

  call(expression: Expression & { kind: 'call' }, compiler: ExpressionCompiler): Bound | undefined {
    const found = this.#parameter(expression)
    if (found !== undefined) return found
    if (!isFunction(expression.name) && !aggregates.has(expression.name) && bindPseudo(expression.name, compiler, expression.at) === undefined) unknown(expression.name.split('.'), expression.at)
    return undefined
  }

  element(expression: Expression & { kind: 'field' | 'element' }): Bound | undefined {
    return this.#parameter(expression)
  }

  bind(name: string, at: number): Bound | undefined {
    this.hasBinds = true
    return this.#parameter({ kind: 'bind', name, at })
  }
}

const aggregates = new Set(['COUNT', 'MAX', 'MIN', 'SUM', 'AVG', 'LISTAGG'])

function unknown(path: readonly string[], at: number): never {
  throw pls(201, `identifier '${path.join('.')}' must be declared`, at)
}

