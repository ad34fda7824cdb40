import { ora } from '../engine/ora-error.ts'
import type { HeapTable, Instance, RowValue, ServerSession } from '../engine/instance-api.ts'
import type { Query } from './ast.ts'
import type { Bound, Kind, SqlType } from './bound.ts'
import { catalogOf } from './catalog-lookup.ts'
import { columnTypeOf } from './column-types.ts'
import { fitColumn } from './column-values.ts'
import type { Binds, NameResolver } from './compile-expression.ts'
import { QueryCompiler } from './compile-query.ts'
import { columnDefault } from './defaults.ts'
import type { Dml, NamedColumn, NewValue, Target } from './dml-ast.ts'
import { isQuery } from './parse-dml.ts'
import { rowValue } from './row-values.ts'
import { registerCalls, Workspace, type StoredValue } from './run-query.ts'
import { heapTable } from './schema/names.ts'
import type { Scope } from './scope.ts'
import { statementContext } from './session-state.ts'

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
  /** The inserted rows are loaded by direct path. */
  readonly direct?: boolean
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

/** A change that is known by its names and types, and not made yet. */
export interface Plan {
  readonly run: () => Promise<{ readonly changes: Changes; readonly count: number; /** The rows that RETURNING sees. */ readonly after: readonly Row[] }>
  readonly table: HeapTable
}

export const keyOf = (row: Row): string => JSON.stringify(row)

/** A value as a column takes it; bytes go from BLOB to BLOB as they are. */
export function toColumn(table: HeapTable, index: number, value: Bound, compiler: QueryCompiler): Bound {
  const isBlob = table.columns[index]?.declared === 'BLOB'
  return isBlob && value.type.kind === 'VARCHAR2' ? value : compiler.to(kindOf(table, index), value)
}

/** The value for a column: converted to its type. */
export function newValue(value: NewValue, table: HeapTable, index: number, compiler: QueryCompiler, scope: Scope): Bound {
  const bound = value === 'default' ? columnDefault(table, index, compiler) : compiler.value(value, scope)
  const converted = toColumn(table, index, bound, compiler)
  return { ...converted, at: bound.at }
}

export interface SetColumn {
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
      return { index, sql: toColumn(table, index, single, compiler).sql }
    })
  })
}

export function changedRow(table: HeapTable, before: Row, sets: readonly SetColumn[], values: readonly StoredValue[]): Row {
  const after = [...before]
  for (const [place, { index }] of sets.entries()) after[index] = fitColumn(table, index, rowValue(values[place], kindOf(table, index)))
  return after
}

/** The rows that a statement found, out of the columns of its table. */
export function storedRow(table: HeapTable, values: readonly StoredValue[]): Row {
  return table.columns.map((_, index) => rowValue(values[index], kindOf(table, index)))
}
