import { ora } from '../engine/ora-error.ts'
import type { HeapTable } from '../engine/instance-api.ts'
import type { SqlResult } from '../engine/protocol.ts'
import { heapTable } from './catalog-lookup.ts'
import { parseType } from './parse-expression.ts'
import { unimplemented, type Statement } from './statement.ts'

const invalidName = () => ora(903, 'invalid table name')

/** CREATE TABLE [owner.]name (column type, …) [TABLESPACE name] with NUMBER, VARCHAR2 and DATE columns. */
export async function createTable({ cursor, instance, session }: Statement): Promise<SqlResult> {
  const path = cursor.path(invalidName)
  if (cursor.isWord('AS')) throw unimplemented().at(cursor.at)
  cursor.expectOperator('(', () => ora(906, 'missing left parenthesis'))
  const columns: { name: string; type: 'NUMBER' | 'VARCHAR2' | 'DATE' }[] = []
  do {
    const at = cursor.at
    const name = cursor.identifier()
    const { type } = parseType(cursor)
    if (type === 'TIMESTAMP_TZ' || cursor.isWord('NOT', 'DEFAULT', 'PRIMARY', 'UNIQUE', 'CONSTRAINT', 'REFERENCES', 'CHECK')) throw unimplemented().at(cursor.at)
    if (columns.some((column) => column.name === name)) throw ora(957, 'duplicate column name').at(at)
    columns.push({ name, type })
  } while (cursor.acceptOperator(','))
  cursor.expectOperator(')', () => ora(907, 'missing right parenthesis'))
  const wanted = cursor.acceptWords('TABLESPACE') ? cursor.identifier(() => ora(2216, 'tablespace name expected')) : undefined
  cursor.expectEnd(() => ora(922, 'missing or invalid option'))
  if (instance.status !== 'OPEN') throw ora(1109, 'database not open')
  const owner = path.length > 1 ? (path[0] ?? '') : session.username.toUpperCase()
  const name = path.at(-1) ?? ''
  if (heapTable(owner, name, instance, session) !== undefined) throw ora(955, 'name is already used by an existing object')
  const tablespaces = new Set(instance.controlFile.datafiles.map((file) => file.tablespace))
  const tablespace = wanted ?? (owner !== 'SYS' && tablespaces.has('USERS') ? 'USERS' : 'SYSTEM')
  if (!tablespaces.has(tablespace)) throw ora(959, `tablespace '${tablespace}' does not exist`)
  await instance.createTable({ owner, name, tablespace, columns })
  return { message: 'Table created.' }
}

/** DROP TABLE [owner.]name [PURGE] */
export async function dropTable({ cursor, instance, session }: Statement): Promise<SqlResult> {
  const at = cursor.at
  const path = cursor.path(invalidName)
  cursor.acceptWords('CASCADE', 'CONSTRAINTS')
  cursor.acceptWords('PURGE')
  cursor.expectEnd()
  if (instance.status !== 'OPEN') throw ora(1109, 'database not open')
  const table: HeapTable | undefined = heapTable(path.at(-2), path.at(-1) ?? '', instance, session)
  if (table === undefined) throw ora(942, 'table or view does not exist').at(at)
  await instance.dropTable(table.owner, table.name)
  return { message: 'Table dropped.' }
}
