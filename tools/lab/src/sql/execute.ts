import { ora } from '../engine/ora-error.ts'
import type { Instance, ServerSession } from '../engine/instance-api.ts'
import type { OutBind, SqlResult } from '../engine/protocol.ts'
import { alterDatabase } from './alter-database.ts'
import { alterSession } from './alter-session.ts'
import { alterSystem } from './alter-system.ts'
import type { Binds, BindValue } from './compile-expression.ts'
import type { Dml } from './dml-ast.ts'
import { Conversions, NULL } from './bound.ts'
import { Collection } from './collection.ts'
import { Cursor } from './cursor.ts'
import { runDml } from './dml.ts'
import { administerKeys } from './key-management.ts'
import { parseDml } from './parse-dml.ts'
import { openQuery } from './execute-query.ts'
import { parseQuery, withForUpdate } from './parse-query.ts'
import { programs } from './programs.ts'
import type { DmlResult } from './row-changes.ts'
import { OpenCursor } from './open-cursor.ts'
import { OpenQuery, shownRows } from './run-query.ts'
import { createRestorePoint, dropRestorePoint } from './restore-points.ts'
import { unimplemented, type Statement, type StatementHandler } from './statement.ts'
import { statementContext } from './session-state.ts'
import { comment } from './schema/comments.ts'
import { alterObject, createObject, dropObject } from './schema/define.ts'
import { loadSchema } from './schema/schema-store.ts'
import { truncateTable } from './schema/tables.ts'
import { grant, revoke } from './schema/users.ts'
import { alterTablespace, createTablespace, dropTablespace } from './tablespaces.ts'
import { alterPluggable, createPluggable, dropPluggable } from './pluggable.ts'
import { commit, commitStatement, rollbackStatement, savepointStatement } from './transaction.ts'

/** By first words; DDL commits the session's changes first. */
const handlers: readonly { readonly words: readonly string[]; readonly ddl: boolean; readonly run: StatementHandler }[] = [
  { words: ['ALTER', 'SYSTEM'], ddl: true, run: alterSystem },
  { words: ['ALTER', 'DATABASE'], ddl: true, run: alterDatabase },
  { words: ['ALTER', 'SESSION'], ddl: false, run: alterSession },
  { words: ['ALTER', 'TABLESPACE'], ddl: true, run: alterTablespace },
  { words: ['ALTER', 'PLUGGABLE', 'DATABASE'], ddl: true, run: alterPluggable },
  { words: ['CREATE', 'PLUGGABLE', 'DATABASE'], ddl: true, run: createPluggable },
  { words: ['DROP', 'PLUGGABLE', 'DATABASE'], ddl: true, run: dropPluggable },
  { words: ['CREATE', 'TABLESPACE'], ddl: true, run: createTablespace },
  { words: ['DROP', 'TABLESPACE'], ddl: true, run: dropTablespace },
  { words: ['CREATE', 'RESTORE', 'POINT'], ddl: true, run: createRestorePoint },
  { words: ['DROP', 'RESTORE', 'POINT'], ddl: true, run: dropRestorePoint },
  { words: ['ADMINISTER', 'KEY', 'MANAGEMENT'], ddl: false, run: administerKeys },
  { words: ['CREATE'], ddl: true, run: createObject },
  { words: ['ALTER'], ddl: true, run: alterObject },
  { words: ['DROP'], ddl: true, run: dropObject },
  { words: ['TRUNCATE', 'TABLE'], ddl: true, run: truncateTable },
  { words: ['COMMENT'], ddl: true, run: comment },
  { words: ['GRANT'], ddl: true, run: grant },
  { words: ['REVOKE'], ddl: true, run: revoke },
  { words: ['COMMIT'], ddl: false, run: commitStatement },
  { words: ['ROLLBACK'], ddl: false, run: rollbackStatement },
  { words: ['SAVEPOINT'], ddl: false, run: savepointStatement },
]

/** CREATE of something whose text is PL/SQL. */
const programText = /^\s*(?:(?:--[^\n]*\n|\/\*[^]*?\*\/)\s*)*create\s+(or\s+replace\s+)?((non)?editionable\s+)?(procedure|function|package|trigger|type)\b/i

/** First words that Oracle knows; what this database lacks of them is ORA-03001, not ORA-00900. */
const oracleWords = new Set('ADMINISTER ALTER ANALYZE ASSOCIATE AUDIT CALL COMMENT CREATE DISASSOCIATE DROP EXPLAIN FLASHBACK GRANT LOCK MERGE NOAUDIT PURGE RENAME REVOKE SAVEPOINT SET TRUNCATE'.split(' '))

/**
 * Runs one SQL statement, without its terminator, in a session, and shows its rows in the session's formats.
 * See {@link openSql}.
 */
export async function executeSql(database: Instance, session: ServerSession, text: string, binds: Binds = {}): Promise<SqlResult> {
  const instance = session.container > 0 ? database.inContainer(session.container) : database
  const opened = await openSql(instance, session, text, binds)
  if (!(opened instanceof OpenQuery)) {
    const { refCursors, ...result } = opened
    if (refCursors === undefined) return result
    const conversions = new Conversions(statementContext(instance, session))
    return { ...result, cursors: Object.fromEntries([...refCursors].map(([name, cursor]) => [name, shownRows(cursor.columns, cursor.read(Infinity), conversions)])) }
  }
  try {
    return opened.show()
  } finally {
    opened.close()
  }
}

/** What a statement did, and the binds that it left with their types. */
export type Executed = SqlResult & { readonly outs?: ReadonlyMap<string, BindValue> }

/**
 * Runs one SQL statement, without its terminator, in a session: a query is left open with all its rows to read. Changes of
 * rows wait in the session for COMMIT, DDL or the client's end; see {@link commit}.
 * @throws OraError with Oracle's codes; `offset` says where in the text.
 */
export async function openSql(instance: Instance, session: ServerSession, text: string, binds: Binds = {}): Promise<OpenQuery | (SqlResult & { /** Cursors that a block opened for binds, their rows still to read. */ readonly refCursors?: ReadonlyMap<string, OpenCursor> })> {
  const done = await runStatement(instance, session, text, binds)
  if (done instanceof OpenQuery) return done
  const { outs, ...result } = done
  if (outs === undefined) return result
  const given: readonly (readonly [string, unknown])[] = [...outs]
  const refCursors = new Map(given.flatMap(([name, value]) => (value instanceof OpenCursor ? [[name, value] as const] : [])))
  return { ...result, outBinds: Object.fromEntries([...outs].filter(([name]) => !refCursors.has(name)).map(([name, value]) => [name, outBind(value)])), ...(refCursors.size === 0 ? {} : { refCursors }) }
}

/** {@link openSql} for PL/SQL, which wants the types of out binds. */
export async function runStatement(instance: Instance, session: ServerSession, text: string, binds: Binds = {}): Promise<OpenQuery | Executed> {
  await loadSchema(instance)
  const called = /^\s*call\s+([^]*)$/i.exec(text)
  if (called !== null) return { ...(await runStatement(instance, session, `begin ${called[1] ?? ''}; end;`, binds) as Executed), message: 'Call completed.' }
  if (/^\s*(?:(?:--[^\n]*\n|\/\*[^]*?\*\/)\s*)*(<<|(begin|declare)\b)/i.test(text)) {
    const { outs } = await programs().executeBlock(instance, session, text, binds)
    return { message: 'PL/SQL procedure successfully completed.', outs }
  }
  const cursor = new Cursor(text, parseQuery, programText.test(text))
  cursor.procedural = false
  if (cursor.isWord('SELECT', 'WITH') || cursor.isOperator('(')) {
    const query = withForUpdate(cursor, parseQuery(cursor))
    cursor.expectEnd()
    return openQuery(instance, session, query, binds)
  }
  const dml = parseDml(cursor)
  if (dml !== undefined) {
    cursor.expectEnd()
    return showChange(dml, await runDml(dml, { instance, session, binds }))
  }
  const statement: Statement = { cursor, instance, session, binds }
  const at = cursor.at
  const first = cursor.token
  for (const handler of handlers) {
    if (handler.words.length > 1 ? !cursor.acceptWords(...handler.words) : !cursor.isWord(...handler.words)) continue
    if (handler.words.length === 1) cursor.next()
    if (handler.ddl && instance.status === 'OPEN') await commit(instance, session)
    return handler.run(statement)
  }
  throw (first.kind === 'word' && oracleWords.has(first.value) ? unimplemented() : ora(900, 'invalid SQL statement')).at(at)
}

const changeWords = { insert: 'created', update: 'updated', delete: 'deleted', merge: 'merged' } as const

/** A value of one row; several as a list. */
function returnedBind({ columns, rows }: DmlResult['returned'], index: number): BindValue {
  const type = columns[index]?.type ?? NULL
  const [only] = rows
  return rows.length === 1 ? { type, value: only?.[index] ?? null } : (new Collection(rows.map((row, place) => [place + 1, row[index] ?? null])) as never)
}

function showChange(dml: Dml, { count, returned }: DmlResult): Executed {
  const message = `${String(count)} row${count === 1 ? '' : 's'} ${changeWords[dml.kind]}.`
  if (dml.kind === 'merge' || dml.returning === undefined) return { message, rowCount: count }
  const { targets } = dml.returning
  return { message, rowCount: count, outs: new Map(targets.map((target, index) => [target.kind === 'bind' ? target.name : '', returnedBind(returned, index)])) }
}

/** A value of a bind after a block, as clients get it. */
function outBind(value: BindValue | Collection<unknown>): OutBind {
  if (value instanceof Collection) return value.keys().map((key) => value.elements.get(key) as string | null)
  return typeof value === 'object' && value !== null ? value.value : value
}
