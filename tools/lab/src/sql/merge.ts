import { ora } from '../engine/ora-error.ts'
import type { RowValue } from '../engine/instance-api.ts'
import type { Condition, Expression } from './ast.ts'
import type { Assignment, Dml, Target } from './dml-ast.ts'
import { changedRow, compileSets, compilerOf, indexesOf, keyOf, kindOf, newValue, readRows, storedRow, targetTable, type DmlEnvironment, type Plan, type Row } from './row-changes.ts'
import { columnDefault } from './defaults.ts'
import { rowValue } from './row-values.ts'
import { fitColumn } from './column-values.ts'

/** MERGE: the source's rows beside those of the target that fit them. */
export function mergePlan(dml: Dml & { kind: 'merge' }, environment: DmlEnvironment): Plan {
  const table = targetTable(dml.target, environment)
  const compiler = compilerOf(environment)
  const { from, scope, columns } = compiler.changeTarget(dml.target)
  const source = compiler.addSource(dml.source, scope)
  const on = compiler.condition(dml.on, scope).sql
  const { matched, unmatched } = dml
  const sets = matched === undefined ? [] : compileSets(matched.sets, table, compiler, scope)
  const flag = (condition: Parameters<typeof compiler.condition>[0] | undefined): string => (condition === undefined ? '1' : `(CASE WHEN ${compiler.condition(condition, scope).sql} THEN 1 ELSE 0 END)`)
  const deletes = matched?.deleteWhere === undefined ? [] : [flag(afterSets(matched.deleteWhere, matched.sets, dml.target, table.name))]
  const indexes = unmatched === undefined ? [] : indexesOf(table, unmatched.columns)
  if (unmatched !== undefined && unmatched.values.length !== indexes.length) throw unmatched.values.length < indexes.length ? ora(947, 'not enough values') : ora(913, 'too many values')
  const missing = table.columns.flatMap((_, index) => (indexes.includes(index) ? [] : [index]))
  const made = unmatched === undefined ? [] : [...unmatched.values.map((value, place) => newValue(value, table, indexes[place] ?? 0, compiler, scope).sql), ...missing.map((index) => compiler.to(kindOf(table, index), columnDefault(table, index, compiler)).sql)]
  const places = [...indexes, ...missing]
  const updates = `SELECT ${[...columns.map((column) => column.sql), ...sets.map((set) => set.sql), flag(matched?.where), ...deletes].join(', ')} FROM ${from} JOIN ${source} ON ${on}`
  const inserts = `SELECT ${[...made, '1'].join(', ')} FROM ${source} WHERE NOT EXISTS (SELECT 1 FROM ${from} WHERE ${on}) AND ${flag(unmatched?.where)}`
  return {
    table,
    run: async () => {
      const updated: (readonly [Row, Row])[] = []
      const seen = new Set<string>()
      const deleted: Row[] = []
      if (matched !== undefined) {
        for (const row of await readRows(environment, compiler, updates)) {
          if (row[columns.length + sets.length] !== 1n) continue
          const before = storedRow(table, row)
          if (seen.has(keyOf(before))) throw ora(30926, 'unable to get a stable set of rows in the source tables')
          seen.add(keyOf(before))
          if (deletes.length > 0 && row[columns.length + sets.length + 1] === 1n) deleted.push(before)
          else updated.push([before, changedRow(table, before, sets, row.slice(columns.length))])
        }
      }
      const inserted = unmatched === undefined ? [] : (await readRows(environment, compiler, inserts)).map((row) => {
        const complete: RowValue[] = table.columns.map(() => null)
        for (const [place, index] of places.entries()) complete[index] = fitColumn(table, index, rowValue(row[place], kindOf(table, index)))
        return complete
      })
      return { changes: { table, inserted, updated, deleted }, count: updated.length + deleted.length + inserted.length, after: [] }
    },
  }
}

/** DELETE WHERE looks at the row as UPDATE left it: columns of the target that were set stand for their new values. */
function afterSets(condition: Condition, sets: readonly Assignment[], target: Target, table: string): Condition {
  const values = new Map<string, Expression>()
  for (const { columns, value } of sets) {
    const [column] = columns
    if (columns.length !== 1 || column === undefined || typeof value === 'string' || !('kind' in value)) throw ora(3001, 'unimplemented feature')
    values.set(column.name, value)
  }
  const names = new Set([target.alias, table])
  const replaced = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(replaced)
    if (typeof part !== 'object' || part === null) return part
    if ('kind' in part && part.kind === 'column') {
      const { path } = part as Expression & { kind: 'column' }
      const value = values.get(path.at(-1) ?? '')
      return value !== undefined && (path.length === 1 || names.has(path.at(-2))) ? value : part
    }
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, replaced(inner)]))
  }
  return replaced(condition) as Condition
}
