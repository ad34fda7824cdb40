import type { HeapTable } from '../engine/instance-api.ts'
import { NULL, type Bound } from './bound.ts'
import type { QueryCompiler } from './compile-query.ts'
import { Cursor } from './cursor.ts'
import { parseExpression } from './parse-expression.ts'
import { parseQuery } from './parse-query.ts'
import { Scope } from './scope.ts'

/** DEFAULT of a column, or the next number of its identity; NULL without. */
export function columnDefault(table: HeapTable, index: number, compiler: QueryCompiler): Bound {
  const column = table.columns[index]
  const text = column?.identity === undefined ? column?.default : `"${table.owner}"."${column.sequence ?? ''}".NEXTVAL`
  if (text === undefined) return { sql: 'NULL', type: NULL, at: 0, ungrouped: undefined, aggregate: false }
  const bound = compiler.value(parseExpression(new Cursor(text, parseQuery)), new Scope(undefined))
  return { ...bound, at: 0 }
}
