import { Collection } from '../sql/collection.ts'
import { ora, OraError } from '../engine/ora-error.ts'
import type { Expression, Query } from '../sql/ast.ts'
import { NULL, type SqlType } from '../sql/bound.ts'
import type { BindValue } from '../sql/compile-expression.ts'
import { checkDml, runDml } from '../sql/dml.ts'
import type { Dml } from '../sql/dml-ast.ts'
import { describeQuery, queryRows } from '../sql/execute-query.ts'
import { executeSql, runStatement } from '../sql/execute.ts'
import { tokenize } from '../sql/lexer.ts'
import { OpenQuery, type StoredValue } from '../sql/run-query.ts'
import type { Statement, IntoTargets } from './ast.ts'
import { fit } from './convert.ts'
import { OpenCursor, type RowSet } from '../sql/open-cursor.ts'
import { pls } from './errors.ts'
import { compileValue, type Compiled } from './expressions.ts'
import type { Frame } from './frame.ts'
import { rounds } from './loops.ts'
import { resolveReference, targetReference, type Reference } from './references.ts'
import { Scope, type Execute } from './scope.ts'
import { SqlNames } from './sql-resolver.ts'
import { emptyValue, isScalarValue, PlRecord, scalar, type PlType, type RecordType, type Value } from './types.ts'
import type { Unit } from './unit.ts'

/** PL/SQL has no variables for a BLOB. @throws OraError 03001 */
function refuseBlobs<Rows extends Pick<RowSet, 'columns'>>(found: Rows): Rows {
  if (found.columns.some((column) => column.type.bytes === 'BLOB')) throw ora(3001, 'unimplemented feature')
  return found
}

/** The rows of a query inside of a block. */
export async function rowsOf(query: Query, scope: Scope, unit: Unit, frame: Frame): Promise<RowSet> {
  const { instance, session } = frame.run
  const names = new SqlNames(scope, unit, frame)
  for (;;) {
    const described = refuseBlobs(describeQuery(instance, session, query, {}, names))
    if (await names.settle()) continue
    const { rows } = await queryRows(instance, session, query, {}, names)
    return { columns: described.columns, rows }
  }
}

/** The record that a row of a query is; checks the query. */
export function rowOfQuery(query: Query, scope: Scope, unit: Unit, at: number): RecordType {
  try {
    const { columns } = refuseBlobs(describeQuery(unit.instance, unit.session, query, {}, new SqlNames(scope, unit, undefined)))
    return { kind: 'record', fields: columns.map((column) => ({ name: column.name, type: scalar(column.type) })) }
  } catch (error) {
    if (error instanceof OraError) error.at(at)
    throw error
  }
}

/** All rows of an open query. */
export function takeRows(opened: OpenQuery): RowSet {
  try {
    refuseBlobs(opened)
    return { columns: opened.columns, rows: opened.read(Infinity) }
  } finally {
    opened.close()
  }
}

type Store = (frame: Frame, row: readonly StoredValue[], columns: RowSet['columns']) => Promise<void>

/** Where a row goes: one record, or one target a column. @throws OraError 00913, 00947 */
export function compileStore(targets: readonly Expression[], columns: number | undefined, scope: Scope, unit: Unit): Store {
  const references = targets.map((target) => targetReference(target, scope, unit))
  const [first] = references
  if (references.length === 1 && first?.type?.kind === 'record') {
    const { type } = first
    if (columns !== undefined && columns !== type.fields.length) throw columns < type.fields.length ? ora(913, 'too many values') : ora(947, 'not enough values')
    return async (frame, row, given) => {
      await first.set(frame, recordOf(frame, row, given, type))
    }
  }
  if (columns !== undefined && columns !== references.length) throw columns < references.length ? ora(947, 'not enough values') : ora(913, 'too many values')
  return async (frame, row, given) => {
    if (given.length !== references.length) throw ora(932, 'inconsistent datatypes')
    for (const [index, reference] of references.entries()) await assign(frame, reference, row[index] ?? null, given[index]?.type)
  }
}

export async function assign(frame: Frame, reference: Reference, value: StoredValue, type: SqlType | undefined): Promise<void> {
  const { instance, session } = frame.run
  await reference.set?.(frame, reference.type === undefined ? (type === undefined || value === null ? value : ({ type, value } as never)) : fit(instance, session, value, scalar(type ?? NULL), reference.type))
}

export function recordOf(frame: Frame, row: readonly StoredValue[], columns: RowSet['columns'], type: RecordType): PlRecord {
  const { instance, session } = frame.run
  return new PlRecord(type.fields.map((field, index) => fit(instance, session, row[index] ?? null, scalar(columns[index]?.type ?? NULL), field.type)))
}

/** BULK COLLECT: each target a collection, of records or of values. */
export function compileBulkStore(targets: readonly Expression[], scope: Scope, unit: Unit): (frame: Frame, set: RowSet) => Promise<void> {
  const references = targets.map((target) => targetReference(target, scope, unit))
  for (const [index, reference] of references.entries()) if (reference.type?.kind !== 'table') throw pls(497, 'cannot mix between single row and multi-row (BULK) in INTO list', targets[index]?.at ?? 0)
  return async (frame, set) => {
    const { instance, session } = frame.run
    for (const [index, reference] of references.entries()) {
      const element = reference.type?.kind === 'table' ? reference.type.element : undefined
      const values = set.rows.map((row): Value => (element?.kind === 'record' ? recordOf(frame, row, set.columns, element) : fit(instance, session, row[index] ?? null, scalar(set.columns[index]?.type ?? NULL), element ?? emptyType)))
      await reference.set(frame, new Collection<Value>(values.map((value, position) => [position + 1, value])))
    }
  }
}

const emptyType: PlType = scalar(NULL)

export function compileSelectInto(statement: Statement & { kind: 'select' }, scope: Scope, unit: Unit): Execute {
  const { query, into } = statement
  const row = rowOfQuery(query, scope, unit, statement.at)
  const bulk = into.bulk ? compileBulkStore(into.targets, scope, unit) : undefined
  const store = into.bulk ? undefined : compileStore(into.targets, row.fields.length, scope, unit)
  return async (frame) => {
    const set = await rowsOf(query, scope, unit, frame)
    frame.run.rowCount = set.rows.length
    if (bulk !== undefined) {
      await bulk(frame, set)
      return undefined
    }
    await storeOne(frame, set, store)
    return undefined
  }
}

async function storeOne(frame: Frame, set: RowSet, store: Store | undefined): Promise<void> {
  const [first] = set.rows
  if (first === undefined) throw ora(1403, 'no data found')
  if (set.rows.length > 1) throw ora(1422, 'exact fetch returns more than requested number of rows')
  await store?.(frame, first, set.columns)
}

/** FOR r IN (query) LOOP */
export function compileQueryLoop(statement: Statement & { kind: 'for' }, query: Query, scope: Scope, unit: Unit): Execute {
  const row = rowOfQuery(query, scope, unit, statement.at)
  return compileRowLoop(statement, row, scope, unit, async (frame) => new OpenCursor(await rowsOf(query, scope, unit, frame)))
}

/** A loop over rows, its record known in the body alone. */
export function compileRowLoop(statement: Statement & { kind: 'for' }, row: RecordType, scope: Scope, unit: Unit, open: (frame: Frame) => Promise<OpenCursor>): Execute {
  const inner = new Scope(scope, { label: statement.label })
  const { index } = inner.variable(statement.variable, row, true)
  const body = unit.parts.statements(statement.body, inner, unit)
  return async (frame) => {
    const cursor = await open(frame)
    try {
      return await rounds(frame, statement.label, body, () => {
        const next = cursor.next()
        if (next === undefined) return false
        frame.values[index] = recordOf(frame, next, cursor.columns, row)
        return true
      })
    } finally {
      cursor.close()
    }
  }
}

export function compileDml(dml: Dml, scope: Scope, unit: Unit, at: number): Execute {
  const returning = dml.kind === 'merge' ? undefined : dml.returning
  if (dml.kind !== 'merge' && dml.kind !== 'insert' && dml.current !== undefined) throw pls(999, 'implementation restriction (may be temporary) WHERE CURRENT OF', at)
  const expanded = expandRecord(dml, scope)
  try {
    checkDml(expanded, { instance: unit.instance, session: unit.session, binds: {}, resolver: new SqlNames(scope, unit, undefined) })
  } catch (error) {
    if (error instanceof OraError) error.at(at)
    throw error
  }
  const bulk = returning?.bulk === true ? compileBulkStore(returning.targets, scope, unit) : undefined
  const store = returning === undefined || returning.bulk ? undefined : compileStore(returning.targets, returning.values.length, scope, unit)
  return async (frame) => {
    const { instance, session } = frame.run
    const names = new SqlNames(scope, unit, frame)
    const environment = { instance, session, binds: {}, resolver: names }
    do checkDml(expanded, environment)
    while (await names.settle())
    const result = await runDml(expanded, environment)
    frame.run.rowCount = result.count
    if (bulk !== undefined) await bulk(frame, result.returned)
    else if (store !== undefined && result.count > 0) {
      if (result.count > 1) throw ora(1422, 'exact fetch returns more than requested number of rows')
      await store(frame, result.returned.rows[0] ?? [], result.returned.columns)
    }
    return undefined
  }
}

/** INSERT … VALUES record */
function expandRecord(dml: Dml, scope: Scope): Dml {
  const [only] = dml.kind === 'insert' ? (dml.values ?? []) : []
  if (dml.kind !== 'insert' || dml.values?.length !== 1 || only === undefined || only === 'default' || only.kind !== 'column' || only.path.length !== 1) return dml
  const found = scope.find(only.path[0] ?? '')
  if (found?.kind !== 'variable' || found.type.kind !== 'record') return dml
  return { ...dml, values: found.type.fields.map((field): Expression => ({ ...only, path: [...only.path, field.name] })) }
}

export function compileTransaction(text: string): Execute {
  return async (frame) => {
    await executeSql(frame.run.instance, frame.run.session, text)
    return undefined
  }
}

export function compileForall(statement: Statement & { kind: 'forall' }, scope: Scope, unit: Unit, compileOne: (statement: Statement, scope: Scope, unit: Unit) => Execute): Execute {
  const [low, high] = [compileValue(statement.low, scope, unit), compileValue(statement.high, scope, unit)]
  const inner = new Scope(scope)
  const { index } = inner.variable(statement.variable, scalar({ kind: 'NUMBER', length: 22 }), true)
  const body = compileOne(statement.statement, inner, unit)
  return async (frame) => {
    const [first, last] = [Number(await low.get(frame)), Number(await high.get(frame))]
    let count = 0
    for (let at = first; at <= last; at++) {
      frame.values[index] = BigInt(at)
      await body(frame)
      count += frame.run.rowCount ?? 0
    }
    frame.run.rowCount = count
    return undefined
  }
}

interface Using {
  readonly mode: 'IN' | 'OUT' | 'IN OUT'
  readonly value: Compiled
  readonly target: Reference | undefined
}

export function compileUsing(using: (Statement & { kind: 'execute' })['using'], scope: Scope, unit: Unit): Using[] {
  return using.map(({ mode, value }) => ({ mode, value: compileValue(value, scope, unit), target: mode === 'IN' ? undefined : (resolveReference(value, scope, unit) ?? undefined) }))
}

/** Values for the placeholders of a dynamic statement, in their order; SQL counts each one, a block each name. */
export async function bindUsing(frame: Frame, text: string, using: readonly Using[]): Promise<{ readonly text: string; readonly binds: Record<string, BindValue>; readonly places: readonly string[] }> {
  const block = /^\s*(begin|declare|call)\b/i.test(text)
  const found = tokenize(text, true).filter((token) => token.kind === 'bind')
  const names = block ? [...new Set(found.map((token) => token.value))] : found.map((_, index) => `B${String(index + 1)}`)
  if (using.length < names.length) throw ora(1008, 'not all variables bound')
  if (using.length > names.length) throw ora(1006, 'bind variable does not exist')
  const binds: Record<string, BindValue> = {}
  for (const [index, argument] of using.entries()) binds[names[index] ?? ''] = argument.mode === 'OUT' ? null : await bindOf(frame, argument.value)
  let rewritten = text
  if (!block) for (const [index, token] of [...found.entries()].reverse()) rewritten = `${rewritten.slice(0, token.start)}:B${String(index + 1)}${rewritten.slice(token.end)}`
  return { text: rewritten, binds, places: names }
}

async function bindOf(frame: Frame, value: Compiled): Promise<BindValue> {
  const result = await value.get(frame)
  if (!isScalarValue(result)) throw ora(932, 'inconsistent datatypes')
  if (value.type?.kind === 'scalar' && value.type.type.kind === 'BOOLEAN') throw ora(3001, 'unimplemented feature')
  return value.type?.kind === 'scalar' ? { type: value.type.type, value: result === '' ? null : result } : null
}

export function compileExecuteImmediate(statement: Statement & { kind: 'execute' }, scope: Scope, unit: Unit): Execute {
  const sql = compileValue(statement.sql, scope, unit)
  const using = [...compileUsing(statement.using, scope, unit), ...statement.returning.map((target): Using => ({ mode: 'OUT', value: { type: undefined, get: () => null }, target: targetReference(target, scope, unit) }))]
  const { into } = statement
  const bulk = into?.bulk === true ? compileBulkStore(into.targets, scope, unit) : undefined
  const store = into === undefined || into.bulk ? undefined : compileStore(into.targets, undefined, scope, unit)
  return async (frame) => {
    const { run } = frame
    const written = await sql.get(frame)
    if (written === null || !isScalarValue(written)) throw ora(6535, 'statement string in EXECUTE IMMEDIATE is NULL or 0 length')
    const { text, binds, places } = await bindUsing(frame, String(written), using)
    const result = await runStatement(run.instance, run.session, text, binds)
    if (result instanceof OpenQuery) {
      const set = takeRows(result)
      if (bulk !== undefined) await bulk(frame, set)
      else if (store !== undefined) await storeOne(frame, set, store)
      return undefined
    }
    if (into !== undefined) throw ora(905, 'missing keyword')
    run.rowCount = result.rowCount ?? run.rowCount
    for (const [index, place] of places.entries()) {
      const target = using[index]?.target
      const out = result.outs?.get(place)
      if (target === undefined || out === undefined) continue
      await assign(frame, target, typeof out === 'object' ? (out?.value ?? null) : out, typeof out === 'object' && out !== null ? out.type : typeof out === 'string' ? { kind: 'VARCHAR2', length: 4000 } : { kind: 'NUMBER', length: 22 })
    }
    return undefined
  }
}

export { emptyValue, type IntoTargets }
