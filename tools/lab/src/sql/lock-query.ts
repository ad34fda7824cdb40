import type { HeapTable, Instance, ServerSession } from '../engine/instance-api.ts'
import { ora } from '../engine/ora-error.ts'
import type { Query, SelectBlock, TableSource } from './ast.ts'
import type { StoredValue } from './run-query.ts'
import { keyOf, storedRow } from './row-changes.ts'
import { lock, locksOf } from './row-locks.ts'
import { heapTable } from './schema/names.ts'

/** Reads a query, all rows as they are stored. */
type ReadQuery = (query: Query) => Promise<readonly (readonly StoredValue[])[]>

interface LockedTable {
  readonly name: string
  readonly table: HeapTable
}

/**
 * Locks the rows that a query FOR UPDATE finds, in each table that it says.
 * @returns whether the rows may have changed before they were locked
 * @throws OraError 01786 of a query whose rows are no table's, 01109, 16000, and those of {@link lock}
 */
export async function lockFoundRows(query: Query, instance: Instance, session: ServerSession, read: ReadQuery): Promise<boolean> {
  const { body, lock: clause } = query
  if (clause === undefined) return false
  if (body.kind !== 'select' || body.distinct || body.groupBy.length > 0 || body.having !== undefined) throw ora(1786, 'FOR UPDATE of this query expression is not allowed')
  if (instance.status !== 'OPEN') throw ora(1109, 'database not open')
  const wanted = lockedTables(query, body, instance, session)
  if (wanted.length > 0 && instance.openMode === 'READ ONLY') throw ora(16000, 'database or pluggable database open for read-only access')
  let stale = false
  for (const { name, table } of wanted) {
    const locks = locksOf(instance, table)
    const { releases } = locks
    const rows = await read({ with: query.with, body: { ...body, items: [{ kind: 'star', qualifier: name, at: 0 }] }, orderBy: [], offset: undefined, fetch: undefined })
    const waited = await lock(instance, session, table, new Set(rows.map((row) => `row ${keyOf(storedRow(table, row))}`)), clause)
    stale ||= waited || locks.releases !== releases
  }
  return stale
}

function lockedTables({ with: common, lock: clause }: Query, body: SelectBlock, instance: Instance, session: ServerSession): readonly LockedTable[] {
  const all = body.from.flatMap(tablesIn).flatMap(({ path, alias }): LockedTable[] => {
    if (path.length === 1 && common.some((each) => each.name === path[0])) return []
    const table = heapTable(path, instance, session)
    return table === undefined ? [] : [{ name: alias ?? path.at(-1) ?? '', table }]
  })
  if (clause === undefined || clause.of.length === 0) return all
  return all.filter(({ name, table }) => clause.of.some((path) => (path.length > 1 ? path.at(-2) === name : table.columns.some((column) => column.name === path[0]))))
}

function tablesIn(source: TableSource): (TableSource & { kind: 'table' })[] {
  if (source.kind === 'table') return [source]
  return source.kind === 'join' ? [...tablesIn(source.left), ...tablesIn(source.right)] : []
}
