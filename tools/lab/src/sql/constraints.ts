import { ora } from '../engine/ora-error.ts'
import type { HeapTable, Instance, RowValue } from '../engine/instance-api.ts'
import { visibleRows } from './catalog-lookup.ts'
import { Cursor } from './cursor.ts'
import { duplicateKey, indexesIn, keyText } from './keys.ts'
import { parseCondition } from './parse-expression.ts'
import { parseQuery } from './parse-query.ts'
import { compilerOf, type Changes, type DmlEnvironment, type Row } from './row-changes.ts'
import { Workspace } from './run-query.ts'
import { detailsOf, indexesOf, type QualifiedName, type TableConstraint } from './schema/names.ts'
import { referencingTables } from './schema/table-details.ts'

/** @throws OraError 01400, 01407, 00001, 02290, 02291, 02292 */
export async function checkConstraints(changes: Changes, environment: DmlEnvironment): Promise<void> {
  const { table, inserted, updated, deleted } = changes
  const { instance, session } = environment
  if (inserted.length + updated.length + deleted.length === 0) return
  checkNotNull(changes)
  const { constraints } = detailsOf(instance, table)
  const written = [...inserted, ...updated.map(([, after]) => after)]
  for (const constraint of constraints) if (constraint.enabled && constraint.type === 'C' && written.length > 0) await checkRows(table, constraint, written, environment)
  const unique = uniqueIndexes(instance, table)
  const references = constraints.filter((constraint) => constraint.enabled && constraint.type === 'R')
  const children = updated.length + deleted.length > 0 ? referencingTables(instance, table).filter((other) => other.constraint.enabled) : []
  if (unique.length + references.length + children.length === 0) return
  const gone = new Map<string, Row | null>(updated.map(([before, after]) => [JSON.stringify(before), after]))
  for (const row of deleted) gone.set(JSON.stringify(row), null)
  const rows = [...(await visibleRows(table, instance, session)).flatMap((row) => { const changed = gone.get(JSON.stringify(row)); return changed === null ? [] : [changed ?? row] }), ...inserted]
  if (written.length > 0) for (const index of unique) if (duplicateKey(table, index.definition.columns, rows) !== undefined) throw ora(1, `unique constraint (${index.owner}.${index.name}) violated`)
  for (const constraint of references) await checkParents(table, constraint, written, rows, environment)
  for (const child of children) await checkChildren(table, rows, child, environment)
}

/** Those that are in force. */
export function uniqueIndexes(instance: Instance, table: HeapTable): ReturnType<typeof indexesOf> {
  const { constraints } = detailsOf(instance, table)
  return indexesOf(instance, table).filter((index) => index.definition.unique && constraints.every((constraint) => constraint.name !== index.definition.constraint || constraint.enabled))
}

function checkNotNull({ table, inserted, updated }: Changes): void {
  for (const [index, column] of table.columns.entries()) {
    if (column.nullable !== false) continue
    const name = `"${table.owner}"."${table.name}"."${column.name}"`
    if (inserted.some((row) => (row[index] ?? null) === null)) throw ora(1400, `cannot insert NULL into (${name})`)
    if (updated.some(([, row]) => (row[index] ?? null) === null)) throw ora(1407, `cannot update (${name}) to NULL`)
  }
}

/** CHECK holds unless it is false. */
async function checkRows(table: HeapTable, constraint: TableConstraint, rows: readonly (readonly RowValue[])[], environment: DmlEnvironment): Promise<void> {
  const compiler = compilerOf({ ...environment, resolver: undefined, binds: {} })
  const { from, scope } = compiler.changeTarget({ path: [table.owner, table.name], alias: table.name, at: 0 })
  const condition = compiler.condition(parseCondition(new Cursor(constraint.condition ?? '1 = 1', parseQuery)), scope).sql
  const workspace = new Workspace({ instance: environment.instance, session: environment.session, statement: compiler.context })
  try {
    for (const [known, name] of compiler.tables) {
      workspace.create(name, known)
      workspace.fill(name, known, rows)
    }
    if (workspace.rows(`SELECT 1 FROM ${from} WHERE NOT ${condition} LIMIT 1`).length > 0) throw ora(2290, `check constraint (${table.owner}.${constraint.name}) violated`)
  } finally {
    workspace.close()
  }
  await Promise.resolve()
}

async function keysOf(target: QualifiedName, columns: readonly string[], environment: DmlEnvironment): Promise<Set<string>> {
  const { instance, session } = environment
  const table = instance.tables().find((candidate) => candidate.owner === target.owner && candidate.name === target.name)
  if (table === undefined) return new Set()
  const indexes = indexesIn(table, columns)
  return new Set((await visibleRows(table, instance, session)).flatMap((row) => keyText(row, indexes, true) ?? []))
}

async function checkParents(table: HeapTable, constraint: TableConstraint, written: readonly Row[], rows: readonly Row[], environment: DmlEnvironment): Promise<void> {
  const { references } = constraint
  if (references === undefined || written.length === 0) return
  const own = references.owner === table.owner && references.name === table.name
  const parents = own ? new Set(rows.flatMap((row) => keyText(row, indexesIn(table, references.columns), true) ?? [])) : await keysOf(references, references.columns, environment)
  const indexes = indexesIn(table, constraint.columns)
  const orphan = written.some((row) => {
    const key = keyText(row, indexes, true)
    return key !== undefined && !parents.has(key)
  })
  if (orphan) throw ora(2291, `integrity constraint (${table.owner}.${constraint.name}) violated - parent key not found`)
}

async function checkChildren(table: HeapTable, rows: readonly Row[], child: QualifiedName & { readonly constraint: TableConstraint }, environment: DmlEnvironment): Promise<void> {
  const { constraint } = child
  const left = new Set(rows.flatMap((row) => keyText(row, indexesIn(table, constraint.references?.columns ?? []), true) ?? []))
  const own = child.owner === table.owner && child.name === table.name
  const used = own ? new Set(rows.flatMap((row) => keyText(row, indexesIn(table, constraint.columns), true) ?? [])) : await keysOf(child, constraint.columns, environment)
  if (![...used].some((key) => !left.has(key))) return
  if (constraint.onDelete !== undefined) throw ora(3001, 'unimplemented feature')
  throw ora(2292, `integrity constraint (${child.owner}.${constraint.name}) violated - child record found`)
}

/** A constraint that is added or enabled must hold already. @throws OraError 02293, 02437, 02299, 02298 */
export async function checkExistingRows(table: HeapTable, constraint: TableConstraint, environment: DmlEnvironment): Promise<void> {
  const rows = await environment.instance.readTable(table.owner, table.name)
  const full = `${table.owner}.${constraint.name}`
  switch (constraint.type) {
    case 'P':
      if (rows.some((row) => indexesIn(table, constraint.columns).some((index) => (row[index] ?? null) === null)) || duplicateKey(table, constraint.columns, rows) !== undefined) throw ora(2437, `cannot validate (${full}) - primary key violated`)
      return
    case 'U':
      if (duplicateKey(table, constraint.columns, rows) !== undefined) throw ora(2299, `cannot validate (${full}) - duplicate keys found`)
      return
    case 'C':
      try {
        await checkRows(table, constraint, rows, environment)
      } catch {
        throw ora(2293, `cannot validate (${full}) - check constraint violated`)
      }
      return
    case 'R':
      try {
        await checkParents(table, constraint, rows, rows, environment)
      } catch {
        throw ora(2298, `cannot validate (${full}) - parent keys not found`)
      }
  }
}
