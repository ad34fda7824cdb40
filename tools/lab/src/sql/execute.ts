import { OraError, ora } from '../engine/ora-error.ts'
import type { Instance, ServerSession } from '../engine/instance-api.ts'
import type { SqlResult } from '../engine/protocol.ts'
import { alterDatabase } from './alter-database.ts'
import { alterSession } from './alter-session.ts'
import { alterSystem } from './alter-system.ts'
import type { Binds } from './compile-expression.ts'
import { Cursor } from './cursor.ts'
import { insert, remove, update } from './dml.ts'
import { executeQuery } from './execute-query.ts'
import { parseQuery } from './parse-query.ts'
import { unimplemented, type Statement, type StatementHandler } from './statement.ts'
import { createTable, dropTable } from './tables.ts'
import { alterTablespace, createTablespace, dropTablespace } from './tablespaces.ts'
import { commit, rollback } from './transaction.ts'

/** By first words; DDL commits the session's changes first. */
const handlers: readonly { readonly words: readonly string[]; readonly ddl: boolean; readonly run: StatementHandler }[] = [
  { words: ['ALTER', 'SYSTEM'], ddl: true, run: alterSystem },
  { words: ['ALTER', 'DATABASE'], ddl: true, run: alterDatabase },
  { words: ['ALTER', 'SESSION'], ddl: false, run: alterSession },
  { words: ['ALTER', 'TABLESPACE'], ddl: true, run: alterTablespace },
  { words: ['ALTER', 'PLUGGABLE', 'DATABASE'], ddl: false, run: noContainer },
  { words: ['CREATE', 'TABLESPACE'], ddl: true, run: createTablespace },
  { words: ['CREATE', 'TABLE'], ddl: true, run: createTable },
  { words: ['DROP', 'TABLESPACE'], ddl: true, run: dropTablespace },
  { words: ['DROP', 'TABLE'], ddl: true, run: dropTable },
  { words: ['DROP', 'RESTORE', 'POINT'], ddl: true, run: dropRestorePoint },
  { words: ['INSERT'], ddl: false, run: insert },
  { words: ['UPDATE'], ddl: false, run: update },
  { words: ['DELETE'], ddl: false, run: remove },
  { words: ['COMMIT'], ddl: false, run: endTransaction },
  { words: ['ROLLBACK'], ddl: false, run: endTransaction },
]

/** First words that Oracle knows; what this database lacks of them is ORA-03001, not ORA-00900. */
const oracleWords = new Set('ADMINISTER ALTER ANALYZE ASSOCIATE AUDIT CALL COMMENT CREATE DISASSOCIATE DROP EXPLAIN FLASHBACK GRANT LOCK MERGE NOAUDIT PURGE RENAME REVOKE SAVEPOINT SET TRUNCATE'.split(' '))

/**
 * Runs one SQL statement, without its terminator, in a session. Changes of rows wait in the session for COMMIT, DDL or the
 * client's end; see {@link commit}.
 * @throws OraError with Oracle's codes; `offset` says where in the text.
 */
export async function executeSql(instance: Instance, session: ServerSession, text: string, binds: Binds = {}): Promise<SqlResult> {
  if (/^\s*(begin|declare)\b/i.test(text)) {
    throw new OraError([
      { code: 'ORA-06550', text: 'line 1, column 1:' },
      { code: 'PLS-00999', text: 'implementation restriction: this database runs no PL/SQL' },
    ]).at(0)
  }
  const cursor = new Cursor(text, parseQuery)
  if (cursor.isWord('SELECT', 'WITH') || cursor.isOperator('(')) {
    const query = parseQuery(cursor)
    cursor.expectEnd()
    return executeQuery(instance, session, query, binds)
  }
  const statement: Statement = { cursor, instance, session, binds }
  const at = cursor.at
  const first = cursor.token
  for (const handler of handlers) {
    if (handler.words.length > 1 ? !cursor.acceptWords(...handler.words) : !cursor.isWord(...handler.words)) continue
    if (handler.words.length === 1 && !['COMMIT', 'ROLLBACK'].includes(first.value)) cursor.next()
    if (handler.ddl && instance.status === 'OPEN') await commit(instance, session)
    return handler.run(statement)
  }
  throw (first.kind === 'word' && oracleWords.has(first.value) ? unimplemented() : ora(900, 'invalid SQL statement')).at(at)
}

async function noContainer(): Promise<never> {
  throw ora(65090, 'operation only allowed in a container database')
}

async function dropRestorePoint({ cursor, instance }: Statement): Promise<never> {
  const name = cursor.identifier()
  cursor.expectEnd()
  if (instance.status === 'STARTED') throw ora(1507, 'database not mounted')
  throw ora(38780, `Restore point '${name}' does not exist.`)
}

/** COMMIT [WORK], ROLLBACK [WORK] */
async function endTransaction({ cursor, instance, session }: Statement): Promise<SqlResult> {
  const word = cursor.next().value
  cursor.acceptWords('WORK')
  if (word === 'ROLLBACK' && cursor.isWord('TO')) throw ora(1086, 'savepoint never established in this session or is invalid')
  cursor.expectEnd(() => ora(2185, 'a token other than WORK follows COMMIT'))
  if (word === 'COMMIT') await commit(instance, session)
  else rollback(session)
  return { message: word === 'COMMIT' ? 'Commit complete.' : 'Rollback complete.' }
}
