import { ora } from '../../engine/ora-error.ts'
import type { SqlResult } from '../../engine/protocol.ts'
import type { Statement } from '../statement.ts'
import { qualify, refuseUsedName, requireWritable, type QualifiedName } from './names.ts'
import { removeObjects, saveObject, schemaOf } from './schema-store.ts'

function named(statement: Statement): QualifiedName {
  const { cursor, session } = statement
  const path = cursor.path(() => ora(995, 'missing or invalid synonym identifier'))
  return statement.words?.includes('PUBLIC') === true ? { owner: 'PUBLIC', name: path.at(-1) ?? '' } : qualify(path, session)
}

/** CREATE [OR REPLACE] [PUBLIC] SYNONYM name FOR object */
export async function createSynonym(statement: Statement): Promise<SqlResult> {
  const { cursor, instance, session } = statement
  const synonym = named(statement)
  cursor.expectWord('FOR')
  const target = qualify(cursor.path(() => ora(903, 'invalid table name')), session)
  cursor.expectEnd()
  requireWritable(instance)
  refuseUsedName(synonym, instance, statement.words?.includes('REPLACE') === true ? 'SYNONYM' : undefined)
  await saveObject(instance, { ...synonym, type: 'SYNONYM', definition: target })
  return { message: 'Synonym created.' }
}

/** DROP [PUBLIC] SYNONYM name */
export async function dropSynonym(statement: Statement): Promise<SqlResult> {
  const { cursor, instance } = statement
  const { owner, name } = named(statement)
  cursor.expectEnd()
  requireWritable(instance)
  if (schemaOf(instance).get('SYNONYM', owner, name) === undefined) throw owner === 'PUBLIC' ? ora(1432, 'public synonym to be dropped does not exist') : ora(1434, 'private synonym to be dropped does not exist')
  await removeObjects(instance, (object) => object.type === 'SYNONYM' && object.owner === owner && object.name === name)
  return { message: 'Synonym dropped.' }
}
