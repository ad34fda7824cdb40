import { ora } from '../engine/ora-error.ts'
import type { HeapTable, Instance, RowValue, ServerSession } from '../engine/instance-api.ts'
import type { Condition, Expression, Query } from './ast.ts'
import type { Bound, Kind, SqlType } from './bound.ts'
import { catalogOf, columnTypeOf } from './catalog-lookup.ts'
import type { Binds, NameResolver } from './compile-expression.ts'
import { QueryCompiler } from './compile-query.ts'
import { checkConstraints } from './constraints.ts'
import { columnDefault } from './defaults.ts'
import type { Dml, NamedColumn, NewValue, Target } from './dml-ast.ts'
import { mergePlan } from './merge.ts'
import { isQuery } from './parse-dml.ts'
import { registerCalls, Workspace, type StoredValue } from './run-query.ts'
import { Scope } from './scope.ts'
import { statementContext, stateOf } from './session-state.ts'
import { fitColumn } from './column-values.ts'
import { rowValue } from './row-values.ts'
import { heapTable } from './schema/names.ts'

/** Where a change of rows runs. */
export interface DmlEnvironment {
  readonly instance: Instance
  readonly session: ServerSession
  readonly binds: Binds
  readonly resolver?: NameResolver | undefined
}

export type Row = readonly RowValue[]

/** The rows that a statement changes, as they were and as they will be. */
export interface Changes {
  readonly table: HeapTable
  readonly inserted: readonly Row[]
  readonly updated: readonly (readonly [before: Row, after: Row])[]
  readonly deleted: readonly Row[]
}

export interface DmlResult {
  readonly count: number
  readonly returned: { readonly columns: readonly { readonly name: string; readonly type: SqlType }[]; readonly rows: readonly (readonly StoredValue[])[] }
}

/** The heap table to change. @throws OraError 00942, 01109, 16000 opened read only */
export function targetTable({ path, at }: Target, { instance, session }: DmlEnvironment): HeapTable {
  if (instance.status !== 'OPEN') throw ora(1109, 'database not open')
  const table = heapTable(path, instance, session)
  if (table === undefined) {
    // A view is found too, and refused for what it is.
    const view = catalogOf(instance, session)(path)
    throw (/^G?V\$/.test(view.name) ? ora(2030, 'can only select from fixed tables/views') : ora(1732, 'data manipulation operation not legal on this view')).at(at)
  }
  return table
}

export function compilerOf({ instance, session, binds, resolver }: DmlEnvironment): QueryCompiler {
  return new QueryCompiler(instance, session, statementContext(instance, session), binds, catalogOf(instance, session), resolver)
}

export async function readRows({ instance, session }: DmlEnvironment, compiler: QueryCompiler, sql: string): Promise<StoredValue[][]> {
  const workspace = new Workspace({ instance, session, statement: compiler.context })
  try {
    for (const [table, name] of compiler.tables) await workspace.load(name, table)
    registerCalls(workspace, compiler.storedCalls)
    let rows = workspace.rows(sql)
    while (await compiler.storedCalls.settle()) rows = workspace.rows(sql)
    return rows
  } finally {
    workspace.close()
    await compiler.settle()
  }
}

export function columnIndex(table: HeapTable, { name, at }: NamedColumn): number {
  const index = table.columns.findIndex((column) => column.name === name)
  if (index < 0) throw ora(904, `"${name}": invalid identifier`).at(at)
  return index
}

export function indexesOf(table: HeapTable, columns: readonly NamedColumn[] | undefined): number[] {
  return columns === undefined ? table.columns.map((_, index) => index) : columns.map((column) => columnIndex(table, column))
}

export const kindOf = (table: HeapTable, index: number): Kind => {
  const column = table.columns[index]
  return column === undefined ? 'NULL' : columnTypeOf(column).kind
}

interface Plan {
  readonly run: () => Promise<{ readonly changes: Changes; readonly count: number; /** The rows that RETURNING sees. */ readonly after: readonly Row[] }>
  readonly table: HeapTable
}

/** Names and types of a change, without running it. @throws OraError */
export function checkDml(dml: Dml, environment: DmlEnvironment): void {
  const plan = planOf(dml, environment)
  if (dml.kind !== 'merge' && dml.returning !== undefined) returningOf(dml.returning.values, plan.table, environment)
}

function planOf(dml: Dml, environment: DmlEnvironment): Plan {
  switch (dml.kind) {
    case 'insert':
      return insertPlan(dml, environment)
    case 'update':
      return updatePlan(dml, environment)
    case 'delete':
      return deletePlan(dml, environment)
    case 'merge':
      return mergePlan(dml, environment)
  }
}

/** Changes rows; they wait in the session for COMMIT. @throws OraError 00001, 01400, 02290 … */
export async function runDml(dml: Dml, environment: DmlEnvironment): Promise<DmlResult> {
  const { instance, session } = environment
  const plan = planOf(dml, environment)
  if (instance.openMode === 'READ ONLY') throw ora(16000, 'database or pluggable database open for read-only access')
  const returning = dml.kind === 'merge' ? undefined : dml.returning
  const { changes, count, after } = await plan.run()
  await checkConstraints(changes, environment)
  enqueue(changes, session)
  return { count, returned: returning === undefined ? { columns: [], rows: [] } : await returnedRows(returning.values, plan.table, after, environment) }
}

export const keyOf = (row: Row): string => JSON.stringify(row)

function enqueue({ table, inserted, updated, deleted }: Changes, session: ServerSession): void {
  const { pending } = stateOf(session)
  const { owner, name } = table
  if (updated.length > 0 || deleted.length > 0) {
    const replaced = new Map<string, Row | null>(updated.map(([before, after]) => [keyOf(before), after]))
    for (const row of deleted) replaced.set(keyOf(row), null)
    pending.push({ owner, table: name, change: (row) => replaced.get(keyOf(row)) })
  }
  if (inserted.length > 0) pending.push({ owner, table: name, insert: inserted })
}

function returningOf(values: readonly Expression[], table: HeapTable, environment: DmlEnvironment): { readonly compiler: QueryCompiler; readonly from: string; readonly values: readonly Bound[] } {
  const compiler = compilerOf(environment)
  const { from, scope } = compiler.changeTarget({ path: [table.owner, table.name], alias: table.name, at: 0 })
  return { compiler, from, values: values.map((value) => compiler.value(value, scope)) }
}

/** RETURNING, computed over the changed rows alone. */
async function returnedRows(values: readonly Expression[], table: HeapTable, rows: readonly Row[], environment: DmlEnvironment): Promise<DmlResult['returned']> {
  const { compiler, from, values: bound } = returningOf(values, table, environment)
  const workspace = new Workspace({ instance: environment.instance, session: environment.session, statement: compiler.context })
  try {
    for (const [known, name] of compiler.tables) {
      workspace.create(name, known)
      workspace.fill(name, known, rows)
    }
    return { columns: bound.map((value, index) => ({ name: `C${String(index)}`, type: value.type })), rows: workspace.rows(`SELECT ${bound.map((value) => value.sql).join(', ')} FROM ${from}`) }
  } finally {
    workspace.close()
  }
}

/** The value for a column: converted to its type. */
export function newValue(value: NewValue, table: HeapTable, index: number, compiler: QueryCompiler, scope: Scope): Bound {
  const bound = value === 'default' ? columnDefault(table, index, compiler) : compiler.value(value, scope)
  const converted = compiler.to(kindOf(table, index), bound)
  return { ...converted, at: bound.at }
}

function insertPlan(dml: Dml & { kind: 'insert' }, environment: DmlEnvironment): Plan {
  const { query, values, target } = dml
  const table = targetTable(target, environment)
  const indexes = indexesOf(table, dml.columns)
  const compiler = compilerOf(environment)
  let from = ''
  let given: readonly Bound[]
  if (query === undefined) {
    const scope = new Scope(undefined)
    if ((values ?? []).length !== indexes.length) throw (values ?? []).length < indexes.length ? ora(947, 'not enough values') : ora(913, 'too many values')
    given = (values ?? []).map((value, place) => newValue(value, table, indexes[place] ?? 0, compiler, scope))
  } else {
    const compiled = compiler.compileQuery(query, undefined)
    from = ` FROM (${compiled.sql}) AS source_`
    if (compiled.columns.length !== indexes.length) throw compiled.columns.length < indexes.length ? ora(947, 'not enough values') : ora(913, 'too many values')
    given = compiled.columns.map((column, place) => compiler.to(kindOf(table, indexes[place] ?? 0), { sql: `source_.c${String(place)}`, type: column.type, at: target.at, ungrouped: undefined, aggregate: false }))
  }
  const missing = table.columns.flatMap((_, index) => (indexes.includes(index) ? [] : [index]))
  const complete = [...given, ...missing.map((index) => compiler.to(kindOf(table, index), columnDefault(table, index, compiler)))]
  const places = [...indexes, ...missing]
  for (const [place, bound] of given.entries()) refuseIdentity(table, indexes[place] ?? 0, bound, values?.[place])
  return {
    table,
    run: async () => {
      const stored = await readRows(environment, compiler, `SELECT ${complete.map((value) => value.sql).join(', ')}${from}`)
      const inserted = stored.map((row) => {
        const made: RowValue[] = table.columns.map(() => null)
        for (const [place, index] of places.entries()) made[index] = fitColumn(table, index, rowValue(row[place], kindOf(table, index)))
        return made
      })
      return { changes: { table, inserted, updated: [], deleted: [] }, count: inserted.length, after: inserted }
    },
  }
}

function refuseIdentity(table: HeapTable, index: number, bound: Bound, value: NewValue | undefined): void {
  if (table.columns[index]?.identity === 'ALWAYS' && value !== 'default') throw ora(32795, 'cannot insert into a generated always identity column').at(bound.at)
}

interface SetColumn {
  readonly index: number
  readonly sql: string
}

/** What SET says, as columns of one query. */
export function compileSets(sets: (Dml & { kind: 'update' })['sets'], table: HeapTable, compiler: QueryCompiler, scope: Scope): SetColumn[] {
  return sets.flatMap(({ columns, value }) => {
    const indexes = indexesOf(table, columns)
    for (const [place, index] of indexes.entries()) if (table.columns[index]?.identity === 'ALWAYS') throw ora(32796, 'cannot update a generated always identity column').at(columns[place]?.at ?? 0)
    if (!isQuery(value)) return indexes.map((index) => ({ index, sql: newValue(value, table, index, compiler, scope).sql }))
    const query: Query = value
    const compiled = compiler.compileQuery(query, scope)
    if (compiled.columns.length !== indexes.length) throw compiled.columns.length < indexes.length ? ora(947, 'not enough values') : ora(913, 'too many values')
    return compiled.columns.map((column, place) => {
      const index = indexes[place] ?? 0
      const single: Bound = { sql: `(SELECT o_single(count(*), max(c${String(place)})) FROM (SELECT * FROM (${compiled.sql}) LIMIT 2))`, type: column.type, at: columns[place]?.at ?? 0, ungrouped: undefined, aggregate: false }
      return { index, sql: compiler.to(kindOf(table, index), single).sql }
    })
  })
}

export function changedRow(table: HeapTable, before: Row, sets: readonly SetColumn[], values: readonly StoredValue[]): Row {
  const after = [...before]
  for (const [place, { index }] of sets.entries()) after[index] = fitColumn(table, index, rowValue(values[place], kindOf(table, index)))
  return after
}

function compileWhere(where: Condition | undefined, compiler: QueryCompiler, scope: Scope): string {
  return where === undefined ? '' : compiler.changeCondition(where, scope)
}

/** The rows that a statement found, out of the columns of its table. */
export function storedRow(table: HeapTable, values: readonly StoredValue[]): Row {
  return table.columns.map((_, index) => rowValue(values[index], kindOf(table, index)))
}

function updatePlan(dml: Dml & { kind: 'update' }, environment: DmlEnvironment): Plan {
  const table = targetTable(dml.target, environment)
  const compiler = compilerOf(environment)
  const { from, scope, columns } = compiler.changeTarget(dml.target)
  const sets = compileSets(dml.sets, table, compiler, scope)
  const where = compileWhere(dml.where, compiler, scope)
  return {
    table,
    run: async () => {
      const stored = await readRows(environment, compiler, `SELECT ${[...columns.map((column) => column.sql), ...sets.map((set) => set.sql)].join(', ')} FROM ${from}${where}`)
      const updated = stored.map((row) => {
        const before = storedRow(table, row)
        return [before, changedRow(table, before, sets, row.slice(columns.length))] as const
      })
      return { changes: { table, inserted: [], updated, deleted: [] }, count: updated.length, after: updated.map(([, after]) => after) }
    },
  }
}

function deletePlan(dml: Dml & { kind: 'delete' }, environment: DmlEnvironment): Plan {
  const table = targetTable(dml.target, environment)
  const compiler = compilerOf(environment)
  const { from, scope, columns } = compiler.changeTarget(dml.target)
  const where = compileWhere(dml.where, compiler, scope)
  return {
    table,
    run: async () => {
      const stored = await readRows(environment, compiler, `SELECT ${columns.map((column) => column.sql).join(', ')} FROM ${from}${where}`)
      const deleted = stored.map((row) => storedRow(table, row))
      return { changes: { table, inserted: [], updated: [], deleted }, count: deleted.length, after: deleted }
    },
  }
}

export type { Plan }
