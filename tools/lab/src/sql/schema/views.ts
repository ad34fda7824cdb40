import { ora } from '../../engine/ora-error.ts'
import type { SqlResult } from '../../engine/protocol.ts'
import { describeQuery } from '../execute-query.ts'
import { parseQuery } from '../parse-query.ts'
import { unimplemented, type Statement } from '../statement.ts'
import { qualify, refuseUsedName, requireUser, requireWritable } from './names.ts'
import { removeObjects, saveObject, schemaOf } from './schema-store.ts'
import type { ViewDefinition } from './stored-views.ts'

/** CREATE [OR REPLACE] [FORCE] VIEW name [(columns)] AS query [WITH READ ONLY] */
export async function createView(statement: Statement): Promise<SqlResult> {
  const { cursor, instance, session } = statement
  const path = cursor.path(() => ora(903, 'invalid table name'))
  let columns: string[] | undefined
  if (cursor.acceptOperator('(')) {
    columns = []
    do columns.push(cursor.identifier())
    while (cursor.acceptOperator(','))
    cursor.expectOperator(')', () => ora(907, 'missing right parenthesis'))
  }
  cursor.expectWord('AS')
  const from = cursor.at
  const query = parseQuery(cursor)
  const text = cursor.text.slice(from, cursor.at).trim()
  if (cursor.acceptWords('WITH', 'CHECK', 'OPTION')) throw unimplemented()
  cursor.acceptWords('WITH', 'READ', 'ONLY')
  cursor.expectEnd()
  requireWritable(instance)
  const view = qualify(path, session)
  requireUser(view.owner, instance)
  refuseUsedName(view, instance, statement.words?.includes('REPLACE') === true ? 'VIEW' : undefined)
  const described = describeQuery(instance, session, query, {})
  if (columns !== undefined && columns.length !== described.columns.length) throw ora(1730, 'invalid number of column names specified')
  const unnamed = columns === undefined ? described.columns.find((column) => !/^[A-Z][A-Z0-9_$#]*$/.test(column.name)) : undefined
  if (unnamed !== undefined) throw ora(998, 'must name this expression with a column alias')
  const definition: ViewDefinition = { text, columns, created: instance.host.now() }
  await saveObject(instance, { ...view, type: 'VIEW', definition })
  return { message: 'View created.' }
}

/** DROP VIEW name */
export async function dropView({ cursor, instance, session }: Statement): Promise<SqlResult> {
  const at = cursor.at
  const view = qualify(cursor.path(() => ora(903, 'invalid table name')), session)
  cursor.acceptWords('CASCADE', 'CONSTRAINTS')
  cursor.expectEnd()
  requireWritable(instance)
  if (schemaOf(instance).get('VIEW', view.owner, view.name) === undefined) throw ora(942, 'table or view does not exist').at(at)
  await removeObjects(instance, (object) => object.type === 'VIEW' && object.owner === view.owner && object.name === view.name)
  return { message: 'View dropped.' }
}
