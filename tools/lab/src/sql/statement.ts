import type { Instance, ServerSession } from '../engine/instance-api.ts'
import { ora } from '../engine/ora-error.ts'
import type { SqlResult } from '../engine/protocol.ts'
import type { Binds } from './compile-expression.ts'
import type { Cursor } from './cursor.ts'

/** One statement on its way: the cursor stands behind its first words. */
export interface Statement {
  readonly cursor: Cursor
  readonly instance: Instance
  readonly session: ServerSession
  readonly binds: Binds
}

export type StatementHandler = (statement: Statement) => Promise<SqlResult>

/** What Oracle has and this database has not. */
export const unimplemented = (): ReturnType<typeof ora> => ora(3001, 'unimplemented feature')

/** `100M`, `8192`, `2 G` in bytes. @throws OraError 02181 … as ORA-02017 */
export function parseSize(cursor: Cursor): number {
  const count = cursor.integer(() => ora(2017, 'integer value required'))
  const unit = { K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 }[cursor.token.kind === 'word' ? cursor.token.value : '']
  if (unit === undefined) return count
  cursor.next()
  return count * unit
}
