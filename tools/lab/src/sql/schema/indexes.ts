import type { Instance } from '../../engine/instance-api.ts'
import { ora } from '../../engine/ora-error.ts'
import type { SqlResult } from '../../engine/protocol.ts'
import { unimplemented, type Statement } from '../statement.ts'
import { duplicateKey } from '../keys.ts'
import { indexesOf, qualify, requireTable, requireUser, requireWritable, type IndexDefinition, type QualifiedName, type TableConstraint } from './names.ts'
import { removeObjects, saveObject, schemaOf } from './schema-store.ts'

/** The index of a key constraint. */
export async function newConstraintIndex(instance: Instance, table: QualifiedName, constraint: TableConstraint, tablespace: string): Promise<void> {
  if (constraint.type !== 'P' && constraint.type !== 'U') return
  const definition: IndexDefinition = { table: { owner: table.owner, name: table.name }, columns: constraint.columns, unique: true, tablespace, created: instance.host.now(), constraint: constraint.name }
  await saveObject(instance, { owner: table.owner, name: constraint.name, type: 'INDEX', definition })
}

/** CREATE [UNIQUE] INDEX name ON table (columns) */
export async function createIndex(statement: Statement): Promise<SqlResult> {
  const { cursor, instance, session } = statement
  const path = cursor.path(() => ora(953, 'missing or invalid index name'))
  cursor.expectWord('ON', () => ora(969, 'missing ON keyword'))
  const at = cursor.at
  const tablePath = cursor.path(() => ora(903, 'invalid table name'))
  cursor.expectOperator('(', () => ora(906, 'missing left parenthesis'))
  const columns: { name: string; at: number }[] = []
  do {
    columns.push({ at: cursor.at, name: cursor.identifier() })
    if (cursor.isOperator('(')) throw unimplemented().at(cursor.at)
    if (!cursor.acceptWords('DESC')) cursor.acceptWords('ASC')
  } while (cursor.acceptOperator(','))
  cursor.expectOperator(')', () => ora(907, 'missing right parenthesis'))
  let tablespace: string | undefined
  for (;;) {
    if (cursor.acceptWords('TABLESPACE')) tablespace = cursor.identifier()
    else if (!cursor.acceptWords('ONLINE') && !cursor.acceptWords('NOLOGGING') && !cursor.acceptWords('COMPUTE', 'STATISTICS') && !cursor.acceptWords('NOPARALLEL')) break
  }
  cursor.expectEnd()
  requireWritable(instance)
  const index = qualify(path, session)
  requireUser(index.owner, instance)
  const table = requireTable(tablePath, statement, at)
  for (const column of columns) if (!table.columns.some((candidate) => candidate.name === column.name)) throw ora(904, `"${column.name}": invalid identifier`).at(column.at)
  if (schemaOf(instance).get('INDEX', index.owner, index.name) !== undefined) throw ora(955, 'name is already used by an existing object')
  const names = columns.map((column) => column.name)
  if (indexesOf(instance, table).some((other) => other.definition.columns.join() === names.join())) throw ora(1408, 'such column list already indexed')
  const unique = statement.words?.includes('UNIQUE') === true
  if (unique && duplicateKey(table, names, await instance.readTable(table.owner, table.name)) !== undefined) throw ora(1452, 'cannot CREATE UNIQUE INDEX; duplicate keys found')
  const definition: IndexDefinition = { table: { owner: table.owner, name: table.name }, columns: names, unique, tablespace: tablespace ?? table.tablespace, created: instance.host.now() }
  await saveObject(instance, { ...index, type: 'INDEX', definition })
  return { message: 'Index created.' }
}

/** DROP INDEX name */
export async function dropIndex({ cursor, instance, session }: Statement): Promise<SqlResult> {
  const at = cursor.at
  const index = qualify(cursor.path(() => ora(953, 'missing or invalid index name')), session)
  cursor.expectEnd()
  requireWritable(instance)
  const found = schemaOf(instance).get<IndexDefinition>('INDEX', index.owner, index.name)
  if (found === undefined) throw ora(1418, 'specified index does not exist').at(at)
  if (found.definition.constraint !== undefined) throw ora(2429, 'cannot drop index used for enforcement of unique/primary key')
  await removeObjects(instance, (object) => object.type === 'INDEX' && object.owner === index.owner && object.name === index.name)
  return { message: 'Index dropped.' }
}
