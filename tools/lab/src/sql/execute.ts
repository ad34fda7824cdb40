import { ora } from '../engine/ora-error.ts'
import type { Instance, ServerSession } from '../engine/instance-api.ts'
import type { SqlResult } from '../engine/protocol.ts'
import type { Binds } from './compile-expression.ts'
import { Cursor } from './cursor.ts'
import { executeQuery } from './execute-query.ts'
import { parseQuery } from './parse-query.ts'

/**
 * Runs one SQL statement, without its terminator, in a session.
 * @throws OraError with Oracle's codes; `offset` says where in the text.
 */
export async function executeSql(instance: Instance, session: ServerSession, text: string, binds: Binds = {}): Promise<SqlResult> {
  const cursor = new Cursor(text)
  if (cursor.isWord('SELECT', 'WITH') || cursor.isOperator('(')) {
    const query = parseQuery(cursor)
    cursor.expectEnd()
    return executeQuery(instance, session, query, binds)
  }
  throw ora(900, 'invalid SQL statement').at(cursor.at)
}
