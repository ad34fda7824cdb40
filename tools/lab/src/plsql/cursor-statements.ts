import { ora } from '../engine/ora-error.ts'
import type { Expression } from '../sql/ast.ts'
import { runStatement } from '../sql/execute.ts'
import { OpenQuery } from '../sql/run-query.ts'
import type { LoopRange, Statement } from './ast.ts'
import { checkAssignable, fit } from './convert.ts'
import { OpenCursor, type RowSet } from '../sql/open-cursor.ts'
import { pls } from './errors.ts'
import { compileValue } from './expressions.ts'
import type { Frame } from './frame.ts'
import { resolveReference, variableReference, type Reference } from './references.ts'
import type { CursorVariable, Execute, Scope } from './scope.ts'
import { bindUsing, compileBulkStore, compileRowLoop, compileStore, compileUsing, rowOfQuery, rowsOf, takeRows } from './sql-statements.ts'
import { isScalarValue } from './types.ts'
import type { Unit } from './unit.ts'

function cursorNamed(target: Expression, scope: Scope): { readonly cursor: CursorVariable; readonly args: readonly Expression[]; readonly names: readonly (string | undefined)[] } | undefined {
  const name = target.kind === 'column' && target.path.length === 1 ? target.path[0] : target.kind === 'call' ? target.name : undefined
  const found = name === undefined ? undefined : scope.find(name)
  return found?.kind === 'cursor' ? { cursor: found, args: target.kind === 'call' ? target.args : [], names: target.kind === 'call' ? (target.names ?? []) : [] } : undefined
}

/** Puts a cursor's arguments into their places and runs its query. @throws CompileError PLS-00306 */
function compileCursorOpen(cursor: CursorVariable, args: readonly Expression[], names: readonly (string | undefined)[], scope: Scope, unit: Unit, at: number): (frame: Frame) => Promise<RowSet> {
  if (args.length > cursor.parameters.length) throw pls(306, 'wrong number or types of arguments in call to the cursor', at)
  const given = cursor.parameters.map((parameter, index) => {
    const named = names.indexOf(parameter.name)
    const expression = named >= 0 ? args[named] : names[index] === undefined ? args[index] : undefined
    const value = expression ?? parameter.initial
    if (value === undefined) throw pls(306, 'wrong number or types of arguments in call to the cursor', at)
    return compileValue(value, scope, unit)
  })
  const hops = scope.depth - cursor.depth
  return async (frame) => {
    const home = frame.out(hops)
    const { instance, session } = frame.run
    for (const [index, argument] of cursor.arguments.entries()) {
      const value = given[index]
      if (value !== undefined) home.values[argument.index] = fit(instance, session, await value.get(frame), value.type, argument.type)
    }
    return rowsOf(cursor.query, cursor.scope, unit, home)
  }
}

function cursorReference(target: Expression, scope: Scope, unit: Unit): Reference {
  const named = cursorNamed(target, scope)
  if (named !== undefined) return variableReference({ kind: 'variable', type: { kind: 'cursor' }, constant: false, depth: named.cursor.depth, index: named.cursor.index }, scope)
  const reference = resolveReference(target, scope, unit)
  if (reference === undefined) throw pls(201, `identifier '${target.kind === 'column' ? target.path.join('.') : ''}' must be declared`, target.at)
  if (reference.type !== undefined) checkAssignable(reference.type, { kind: 'cursor' }, target.at)
  return reference
}

export function compileOpen(statement: Statement & { kind: 'open' }, scope: Scope, unit: Unit): Execute {
  const reference = cursorReference(statement.cursor, scope, unit)
  const named = cursorNamed(statement.cursor, scope)
  let open: (frame: Frame) => Promise<RowSet>
  if (named !== undefined) {
    if (statement.query !== undefined || statement.sql !== undefined) throw pls(455, `cursor cannot be used in dynamic SQL OPEN statement`, statement.at)
    open = compileCursorOpen(named.cursor, named.args, named.names, scope, unit, statement.at)
  } else if (statement.query !== undefined) {
    const { query } = statement
    rowOfQuery(query, scope, unit, statement.at)
    open = (frame) => rowsOf(query, scope, unit, frame)
  } else {
    if (statement.sql === undefined) throw pls(396, 'INTO/FOR clause expected', statement.at)
    const sql = compileValue(statement.sql, scope, unit)
    const using = compileUsing(statement.using, scope, unit)
    open = async (frame) => {
      const written = await sql.get(frame)
      const { text, binds } = await bindUsing(frame, isScalarValue(written) ? String(written ?? '') : '', using)
      const opened = await runStatement(frame.run.instance, frame.run.session, text, binds)
      if (!(opened instanceof OpenQuery)) throw ora(6539, 'target of OPEN must be a query')
      return takeRows(opened)
    }
  }
  return async (frame) => {
    const before = await reference.get(frame)
    if (named !== undefined && before instanceof OpenCursor && !before.closed) throw ora(6511, 'PL/SQL: cursor already open')
    await reference.set?.(frame, new OpenCursor(await open(frame)))
    return undefined
  }
}

async function opened(reference: Reference, frame: Frame): Promise<OpenCursor> {
  const cursor = await reference.get(frame)
  if (!(cursor instanceof OpenCursor) || cursor.closed) throw ora(1001, 'invalid cursor')
  return cursor
}

export function compileFetch(statement: Statement & { kind: 'fetch' }, scope: Scope, unit: Unit): Execute {
  const reference = cursorReference(statement.cursor, scope, unit)
  const named = cursorNamed(statement.cursor, scope)
  const { targets, bulk } = statement.into
  const columns = named?.cursor.row.kind === 'record' ? named.cursor.row.fields.length : undefined
  const limit = statement.limit === undefined ? undefined : compileValue(statement.limit, scope, unit)
  if (bulk) {
    const store = compileBulkStore(targets, scope, unit)
    return async (frame) => {
      const cursor = await opened(reference, frame)
      const most = limit === undefined ? Infinity : Number(await limit.get(frame))
      const rows: RowSet['rows'][number][] = []
      while (rows.length < most) {
        const row = cursor.next()
        if (row === undefined) break
        rows.push(row)
      }
      await store(frame, { columns: cursor.set.columns, rows })
      return undefined
    }
  }
  const store = compileStore(targets, columns, scope, unit)
  return async (frame) => {
    const cursor = await opened(reference, frame)
    const row = cursor.next()
    if (row !== undefined) await store(frame, row, cursor.set.columns)
    return undefined
  }
}

export function compileClose(statement: Statement & { kind: 'close' }, scope: Scope, unit: Unit): Execute {
  const reference = cursorReference(statement.cursor, scope, unit)
  return async (frame) => {
    const cursor = await opened(reference, frame)
    cursor.closed = true
    return undefined
  }
}

/** FOR r IN cursor(args) LOOP */
export function compileCursorLoop(statement: Statement & { kind: 'for' }, range: LoopRange & { kind: 'cursor' }, scope: Scope, unit: Unit): Execute {
  const found = scope.find(range.path.join('.'))
  if (found?.kind !== 'cursor') throw pls(found === undefined ? 201 : 456, found === undefined ? `identifier '${range.path.join('.')}' must be declared` : `item '${range.path.join('.')}' is not a cursor`, range.at)
  if (found.row.kind !== 'record') throw pls(382, 'expression is of wrong type', range.at)
  const open = compileCursorOpen(found, range.args, [], scope, unit, range.at)
  const variable = variableReference({ kind: 'variable', type: { kind: 'cursor' }, constant: false, depth: found.depth, index: found.index }, scope)
  return compileRowLoop(statement, found.row, scope, unit, async (frame) => {
    const before = await variable.get(frame)
    if (before instanceof OpenCursor && !before.closed) throw ora(6511, 'PL/SQL: cursor already open')
    // The cursor's attributes tell how far the loop is.
    const cursor = new OpenCursor(await open(frame))
    await variable.set?.(frame, cursor)
    return cursor
  })
}
