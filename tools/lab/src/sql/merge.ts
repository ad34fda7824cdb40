import { ora } from '../engine/ora-error.ts'
import type { RowValue } from '../engine/instance-api.ts'
import type { Dml } from './dml-ast.ts'
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
  const indexes = unmatched === undefined ? [] : indexesOf(table, unmatched.columns)
  if (unmatched !== undefined && unmatched.values.length !== indexes.length) throw unmatched.values.length < indexes.length ? ora(947, 'not enough values') : ora(913, 'too many values')
  const missing = table.columns.flatMap((_, index) => (indexes.includes(index) ? [] : [index]))
  const made = unmatched === undefined ? [] : [...unmatched.values.map((value, place) => newValue(value, table, indexes[place] ?? 0, compiler, scope).sql), ...missing.map((index) => compiler.to(kindOf(table, index), columnDefault(table, index, compiler)).sql)]
  const places = [...indexes, ...missing]
  const updates = `SELECT ${[...columns.map((column) => column.sql), ...sets.map((set) => set.sql), flag(matched?.where)].join(', ')} FROM ${from} JOIN ${source} ON ${on}`
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
          updated.push([before, changedRow(table, before, sets, row.slice(columns.length))])
        }
        if (matched.deleteWhere !== undefined) throw ora(3001, 'unimplemented feature')
      }
      const inserted = unmatched === undefined ? [] : (await readRows(environment, compiler, inserts)).map((row) => {
        const complete: RowValue[] = table.columns.map(() => null)
        for (const [place, index] of places.entries()) complete[index] = fitColumn(table, index, rowValue(row[place], kindOf(table, index)))
        return complete
      })
      return { changes: { table, inserted, updated, deleted }, count: updated.length + inserted.length, after: [] }
    },
  }
}
