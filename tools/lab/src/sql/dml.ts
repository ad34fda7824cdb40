import { ora } from '../engine/ora-error.ts'
import type { HeapTable, RowValue, ServerSession } from '../engine/instance-api.ts'
import type { Condition, Expression } from './ast.ts'
import type { Bound } from './bound.ts'
import { fitColumn } from './column-values.ts'
import type { QueryCompiler } from './compile-query.ts'
import { checkConstraints, uniqueIndexes } from './constraints.ts'
import { columnDefault } from './defaults.ts'
import type { Dml, NewValue } from './dml-ast.ts'
import { indexesIn, keyText } from './keys.ts'
import { mergePlan } from './merge.ts'
import { changedRow, compilerOf, compileSets, indexesOf, keyOf, kindOf, newValue, readRows, storedRow, targetTable, toColumn, type Changes, type DmlEnvironment, type DmlResult, type Plan, type Row } from './row-changes.ts'
import { lock, locksOf, transactionOf } from './row-locks.ts'
import { rowValue } from './row-values.ts'
import { Workspace } from './run-query.ts'
import { Scope } from './scope.ts'
import { stateOf } from './session-state.ts'

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
  const { session } = environment
  const transaction = transactionOf(session)
  const { held } = transaction
  try {
    return await changeRows(dml, environment)
  } catch (error) {
    transaction.giveBack(held)
    throw error
  }
}

async function changeRows(dml: Dml, environment: DmlEnvironment): Promise<DmlResult> {
  const { instance, session } = environment
  const returning = dml.kind === 'merge' ? undefined : dml.returning
  for (;;) {
    const plan = planOf(dml, environment)
    if (instance.openMode === 'READ ONLY') throw ora(16000, 'database or pluggable database open for read-only access')
    const locks = locksOf(instance, plan.table)
    const { releases } = locks
    const { changes, count, after } = await plan.run()
    // What another transaction has changed meanwhile is read again, as Oracle restarts a statement.
    if ((await lockChanges(changes, environment)) || locks.releases !== releases) continue
    await checkConstraints(changes, environment)
    enqueue(changes, session)
    return { count, returned: returning === undefined ? { columns: [], rows: [] } : await returnedRows(returning.values, plan.table, after, environment) }
  }
}

/** Rows that were there, and keys of unique indexes that come or go. */
async function lockChanges({ table, inserted, updated, deleted }: Changes, { instance, session }: DmlEnvironment): Promise<boolean> {
  const keys = new Set([...updated.map(([before]) => before), ...deleted].map((row) => `row ${keyOf(row)}`))
  for (const index of uniqueIndexes(instance, table)) {
    const columns = indexesIn(table, index.definition.columns)
    const add = (row: Row): void => {
      const key = keyText(row, columns, false)
      if (key !== undefined) keys.add(`${index.name} ${key}`)
    }
    for (const row of [...inserted, ...deleted]) add(row)
    for (const [before, after] of updated) {
      if (keyText(before, columns, false) === keyText(after, columns, false)) continue
      add(before)
      add(after)
    }
  }
  return keys.size > 0 && lock(instance, session, table, keys)
}

function enqueue({ table, inserted, updated, deleted, direct }: Changes, session: ServerSession): void {
  const { pending } = stateOf(session)
  const { owner, name } = table
  if (updated.length > 0 || deleted.length > 0) {
    const replaced = new Map<string, Row | null>(updated.map(([before, after]) => [keyOf(before), after]))
    for (const row of deleted) replaced.set(keyOf(row), null)
    pending.push({ owner, table: name, change: (row) => replaced.get(keyOf(row)) })
  }
  if (inserted.length > 0) pending.push({ owner, table: name, insert: inserted, direct: direct === true })
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
    given = compiled.columns.map((column, place) => toColumn(table, indexes[place] ?? 0, { sql: `source_.c${String(place)}`, type: column.type, at: target.at, ungrouped: undefined, aggregate: false }, compiler))
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
      return { changes: { table, inserted, updated: [], deleted: [], direct: dml.direct }, count: inserted.length, after: inserted }
    },
  }
}

function refuseIdentity(table: HeapTable, index: number, bound: Bound, value: NewValue | undefined): void {
  if (table.columns[index]?.identity === 'ALWAYS' && value !== 'default') throw ora(32795, 'cannot insert into a generated always identity column').at(bound.at)
}

function compileWhere(where: Condition | undefined, compiler: QueryCompiler, scope: Scope): string {
  return where === undefined ? '' : compiler.changeCondition(where, scope)
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
