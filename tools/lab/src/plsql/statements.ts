import { setImmediate as breathe } from 'node:timers/promises'
import { OraError, ora } from '../engine/ora-error.ts'
import type { Expression } from '../sql/ast.ts'
import { NUMBER } from '../sql/bound.ts'
import type { Statement } from './ast.ts'
import { checkAssignable, fit } from './convert.ts'
import { compileClose, compileCursorLoop, compileFetch, compileOpen } from './cursor-statements.ts'
import { CompileError, findings, pls, predefinedError, RaisedException, valueError } from './errors.ts'
import { exceptionNamed } from './exceptions.ts'
import { compileTruth, compileValue, type Test } from './expressions.ts'
import { noteLine } from './frame.ts'
import { rounds } from './loops.ts'
import { resolveReference, targetReference, type Reference } from './references.ts'
import { Scope, type Execute, type Signal } from './scope.ts'
import { compileDml, compileExecuteImmediate, compileForall, compileQueryLoop, compileSelectInto, compileTransaction } from './sql-statements.ts'
import { copyValue, scalar } from './types.ts'
import { lineOf, type Unit } from './unit.ts'

/** Statements between which the process looks after its other clients. */
const breath = 500

export function compileStatements(statements: readonly Statement[], scope: Scope, unit: Unit): Execute {
  const steps = statements.map((statement) => compileStatement(statement, scope, unit))
  return async (frame) => {
    for (const step of steps) {
      const signal = await step(frame)
      if (signal !== undefined) return signal
    }
    return undefined
  }
}

function compileStatement(statement: Statement, scope: Scope, unit: Unit): Execute {
  let execute: Execute
  try {
    execute = compile(statement, scope, unit)
  } catch (error) {
    const sql = ['select', 'dml', 'open'].includes(statement.kind) || (statement.kind === 'for' && statement.range.kind === 'query')
    const found = findings(error, sql && error instanceof OraError ? statement.at : undefined)
    unit.errors.push(...found, ...(error instanceof OraError ? [] : [new CompileError('PL/SQL', 'Statement ignored', statement.at)]))
    return () => Promise.resolve(undefined)
  }
  const line = lineOf(unit, statement.at)
  return async (frame) => {
    const { run } = frame
    if (run.session.abort.aborted) throw run.session.abort.reason
    if (++run.steps % breath === 0) await breathe()
    try {
      return await execute(frame)
    } catch (error) {
      noteLine(error, line)
      throw error
    }
  }
}

function compile(statement: Statement, scope: Scope, unit: Unit): Execute {
  switch (statement.kind) {
    case 'null':
      return () => Promise.resolve(undefined)
    case 'assign':
      return compileAssignment(statement.target, statement.value, scope, unit)
    case 'if':
      return compileIf(statement, scope, unit)
    case 'case':
      return compileCase(statement, scope, unit)
    case 'loop':
      return compileLoop(statement, scope, unit)
    case 'for':
      return compileFor(statement, scope, unit)
    case 'forall':
      return compileForall(statement, scope, unit, compileStatement)
    case 'exit':
    case 'continue': {
      const when = statement.when === undefined ? undefined : compileTruth(statement.when, scope, unit)
      const signal: Signal = { kind: statement.kind, label: statement.target }
      return async (frame) => (when === undefined || (await when(frame)) === true ? signal : undefined)
    }
    case 'block':
      return unit.parts.block(statement.block, scope, unit, statement.label)
    case 'raise':
      return compileRaise(statement, scope, unit)
    case 'return':
      return compileReturn(statement, scope, unit)
    case 'call':
      return compileCallStatement(statement.call, scope, unit)
    case 'select':
      return compileSelectInto(statement, scope, unit)
    case 'dml':
      return compileDml(statement.dml, scope, unit, statement.at)
    case 'transaction':
      return compileTransaction(statement.text)
    case 'execute':
      return compileExecuteImmediate(statement, scope, unit)
    case 'open':
      return compileOpen(statement, scope, unit)
    case 'fetch':
      return compileFetch(statement, scope, unit)
    case 'close':
      return compileClose(statement, scope, unit)
  }
}

function compileAssignment(to: Expression, from: Expression, scope: Scope, unit: Unit): Execute {
  const target = targetReference(to, scope, unit)
  const value = compileValue(from, scope, unit)
  const { type, set } = target
  if (type !== undefined) checkAssignable(value.type, type, from.at)
  return async (frame) => {
    const { instance, session } = frame.run
    const result = await value.get(frame)
    const settled = set(frame, type === undefined || to.kind === 'bind' ? boundValue(copyValue(result), value.type) : fit(instance, session, result, value.type, type))
    if (settled instanceof Promise) await settled
    return undefined
  }
}

/** A bind keeps the type of what was assigned. */
function boundValue(value: ReturnType<typeof copyValue>, type: Reference['type']): ReturnType<typeof copyValue> {
  if (type?.kind !== 'scalar' || value === null || (type.type.kind !== 'DATE' && type.type.kind !== 'TIMESTAMP_TZ' && type.type.kind !== 'INTERVAL' && type.type.kind !== 'NUMBER')) return value
  return { type: type.type, value } as never
}

function compileIf(statement: Statement & { kind: 'if' }, scope: Scope, unit: Unit): Execute {
  const branches = statement.branches.map((branch) => ({ when: compileTruth(branch.when, scope, unit), body: compileStatements(branch.body, scope, unit) }))
  const otherwise = statement.otherwise === undefined ? undefined : compileStatements(statement.otherwise, scope, unit)
  return async (frame) => {
    for (const branch of branches) if ((await branch.when(frame)) === true) return branch.body(frame)
    return otherwise?.(frame)
  }
}

function compileCase(statement: Statement & { kind: 'case' }, scope: Scope, unit: Unit): Execute {
  const { operand } = statement
  const branches = statement.branches.map((branch) => {
    const when: Test = operand === undefined ? compileTruth(branch.when, scope, unit) : compileTruth({ kind: 'test', at: branch.when.at, condition: { kind: 'compare', operator: '=', left: operand, right: branch.when, at: branch.when.at } }, scope, unit)
    return { when, body: compileStatements(branch.body, scope, unit) }
  })
  const otherwise = statement.otherwise === undefined ? undefined : compileStatements(statement.otherwise, scope, unit)
  return async (frame) => {
    for (const branch of branches) if ((await branch.when(frame)) === true) return branch.body(frame)
    if (otherwise === undefined) throw ora(6592, 'CASE not found while executing CASE statement')
    return otherwise(frame)
  }
}

/** What a signal of the body means for its loop. */
export function compileLoop(statement: Statement & { kind: 'loop' }, scope: Scope, unit: Unit): Execute {
  const test = statement.while === undefined ? undefined : compileTruth(statement.while, scope, unit)
  const body = compileStatements(statement.body, new Scope(scope, { label: statement.label }), unit)
  return (frame) => rounds(frame, statement.label, body, async () => test === undefined || (await test(frame)) === true)
}

function compileFor(statement: Statement & { kind: 'for' }, scope: Scope, unit: Unit): Execute {
  const { range } = statement
  if (range.kind === 'query') return compileQueryLoop(statement, range.query, scope, unit)
  if (range.kind === 'cursor') return compileCursorLoop(statement, range, scope, unit)
  const [low, high] = [compileValue(range.low, scope, unit), compileValue(range.high, scope, unit)]
  const integer = scalar(NUMBER, { precision: 10, scale: 0 })
  checkAssignable(low.type, integer, range.low.at)
  checkAssignable(high.type, integer, range.high.at)
  const inner = new Scope(scope, { label: statement.label })
  const { index } = inner.variable(statement.variable, integer, true)
  const body = compileStatements(statement.body, inner, unit)
  return async (frame) => {
    const { instance, session } = frame.run
    const first = fit(instance, session, await low.get(frame), low.type, integer)
    const last = fit(instance, session, await high.get(frame), high.type, integer)
    if (typeof first !== 'bigint' || typeof last !== 'bigint') throw valueError()
    let at = range.reverse ? last + 1n : first - 1n
    return rounds(frame, statement.label, body, () => {
      at += range.reverse ? -1n : 1n
      frame.values[index] = at
      return range.reverse ? at >= first : at <= last
    })
  }
}

function compileRaise(statement: Statement & { kind: 'raise' }, scope: Scope, unit: Unit): Execute {
  const { path } = statement
  if (path === undefined) {
    return (frame) => {
      const error = frame.run.handling.at(-1)
      if (error === undefined) throw pls(367, 'a RAISE statement with no exception name must be inside an exception handler', statement.at)
      throw error instanceof RaisedException ? new RaisedException(error.exception) : new OraError(error.messages)
    }
  }
  const exception = exceptionNamed(path, statement.at, scope, unit)
  return () => {
    if (typeof exception === 'number') throw predefinedError(path.at(-1) ?? '')
    if (exception.code !== undefined) throw ora(exception.code === 100 ? 1403 : -exception.code, '')
    throw new RaisedException(exception)
  }
}

function compileReturn(statement: Statement & { kind: 'return' }, scope: Scope, unit: Unit): Execute {
  const wanted = scope.returns()
  const value = statement.value === undefined ? undefined : compileValue(statement.value, scope, unit)
  if (typeof wanted === 'string') {
    if (value !== undefined) throw pls(372, 'In a procedure, RETURN statement cannot contain an expression', statement.at)
    return () => Promise.resolve({ kind: 'return', value: null })
  }
  if (value === undefined) throw pls(503, 'RETURN <value> statement required for this return from function', statement.at)
  checkAssignable(value.type, wanted, statement.value?.at ?? statement.at)
  return async (frame) => ({ kind: 'return', value: fit(frame.run.instance, frame.run.session, await value.get(frame), value.type, wanted) })
}

/** A procedure; a function or variable is none. @throws CompileError PLS-00201, 00221 */
function compileCallStatement(call: Expression, scope: Scope, unit: Unit): Execute {
  const reference = resolveReference(call, scope, unit)
  const shown = call.kind === 'column' ? call.path.join('.') : call.kind === 'call' ? call.name : 'expression'
  if (reference === undefined) throw pls(201, `identifier '${shown}' must be declared`, call.at)
  if (reference.type !== undefined || reference.set !== undefined) throw pls(221, `'${shown.split('.').at(-1) ?? ''}' is not a procedure or is undefined`, call.at)
  return async (frame) => {
    await reference.get(frame)
    return undefined
  }
}
