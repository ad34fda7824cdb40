import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { registerFunctions } from '../sql/runtime.ts'
import type { StoredValue } from '../sql/run-query.ts'

const most = 400
let database: DatabaseSync | undefined
const statements = new Map<string, StatementSync>()

/** Computes one value from parameters; the statements are kept, as loops compute the same ones again. */
export function calculate(sql: string, parameters: readonly StoredValue[]): StoredValue {
  if (database === undefined) {
    database = new DatabaseSync(':memory:')
    registerFunctions(database)
  }
  let statement = statements.get(sql)
  if (statement === undefined) {
    statement = database.prepare(`SELECT ${sql}`)
    statement.setReadBigInts(true)
    statement.setReturnArrays(true)
    if (statements.size >= most) statements.clear()
    statements.set(sql, statement)
  }
  const row = statement.get(...parameters) as unknown as readonly StoredValue[]
  return row[0] ?? null
}
