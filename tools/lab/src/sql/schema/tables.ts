import type { HeapColumn } from '../../engine/instance-api.ts'
import { ora } from '../../engine/ora-error.ts'
import type { SqlResult } from '../../engine/protocol.ts'
import type { SqlType } from '../bound.ts'
import { queryRows } from '../execute-query.ts'
import { parseQuery } from '../parse-query.ts'
import { rowValue } from '../row-values.ts'
import { unimplemented, type Statement } from '../statement.ts'
import { checkNewConstraint, nameConstraint } from './constraint-definitions.ts'
import { parseColumn, parseTableConstraint, type NewColumn, type NewConstraint } from './column-definitions.ts'
import { detailsOf, qualify, refuseUsedName, requireTable, requireUser, requireWritable, type QualifiedName, type TableConstraint } from './names.ts'
import { removeObjects, saveObject, schemaOf } from './schema-store.ts'
import { referencingTables, saveDetails } from './table-details.ts'
import { forgetSequence } from './sequences.ts'
import { newConstraintIndex } from './indexes.ts'

const invalidName = () => ora(903, 'invalid table name')

interface Written {
  readonly columns: readonly NewColumn[]
  readonly constraints: readonly NewConstraint[]
}

function parseColumns(statement: Statement): Written {
  const { cursor } = statement
  const columns: NewColumn[] = []
  const constraints: NewConstraint[] = []
  do {
    const constraint = cursor.isWord('CONSTRAINT', 'PRIMARY', 'UNIQUE', 'CHECK', 'FOREIGN') ? parseTableConstraint(statement) : undefined
    if (constraint !== undefined) {
      constraints.push(constraint)
      continue
    }
    const at = cursor.at
    const column = parseColumn(statement)
    if (columns.some((other) => other.column.name === column.column.name)) throw ora(957, 'duplicate column name').at(at)
    columns.push(column)
  } while (cursor.acceptOperator(','))
  cursor.expectOperator(')', () => ora(907, 'missing right parenthesis'))
  return { columns, constraints: [...columns.flatMap((column) => column.constraints), ...constraints] }
}

/** Physical attributes: TABLESPACE and NOLOGGING count, the rest of the known ones has no effect here. */
function parseAttributes({ cursor }: Statement): { readonly tablespace: string | undefined; readonly nologging: boolean } {
  let tablespace: string | undefined
  let nologging = false
  for (;;) {
    if (cursor.acceptWords('TABLESPACE')) tablespace = cursor.identifier(() => ora(2216, 'tablespace name expected'))
    else if (cursor.acceptWords('NOLOGGING')) nologging = true
    else if (cursor.acceptWords('LOGGING')) nologging = false
    else if (cursor.isWord('PCTFREE', 'PCTUSED', 'INITRANS', 'MAXTRANS')) {
      cursor.next()
      cursor.integer(() => ora(2017, 'integer value required'))
    } else if (!cursor.acceptWords('NOCOMPRESS') && !cursor.acceptWords('NOPARALLEL') && !cursor.acceptWords('NOCACHE') && !cursor.acceptWords('SEGMENT', 'CREATION', 'IMMEDIATE') && !cursor.acceptWords('SEGMENT', 'CREATION', 'DEFERRED')) return { tablespace, nologging }
  }
}

/** CREATE TABLE [owner.]name (column type, …) | AS query [TABLESPACE name] */
export async function createTable(statement: Statement): Promise<SqlResult> {
  const { cursor, instance, session } = statement
  const path = cursor.path(invalidName)
  let written: Written = { columns: [], constraints: [] }
  if (cursor.isOperator('(')) {
    cursor.next()
    written = parseColumns(statement)
  }
  const { tablespace: wanted, nologging } = parseAttributes(statement)
  const query = cursor.acceptWords('AS') ? parseQuery(cursor) : undefined
  if (query === undefined && written.columns.length === 0) throw ora(906, 'missing left parenthesis').at(cursor.at)
  if (query !== undefined && written.columns.length > 0) throw unimplemented()
  cursor.expectEnd(() => ora(922, 'missing or invalid option'))
  requireWritable(instance)
  const name = qualify(path, session)
  requireUser(name.owner, instance)
  refuseUsedName(name, instance)
  const tablespaces = new Set(instance.controlFile.datafiles.map((file) => file.tablespace))
  const tablespace = wanted ?? (name.owner !== 'SYS' && tablespaces.has('USERS') ? 'USERS' : 'SYSTEM')
  if (!tablespaces.has(tablespace)) throw ora(959, `tablespace '${tablespace}' does not exist`)
  if (query !== undefined) {
    const { columns, rows } = await queryRows(instance, session, query, statement.binds)
    await instance.createTable({ ...name, tablespace, columns: columns.map((column) => columnOf(column.name, column.type)), nologging })
    if (rows.length > 0) await instance.applyChanges([{ owner: name.owner, name: name.name, insert: rows.map((row) => row.map((value, index) => rowValue(value, columns[index]?.type.kind ?? 'VARCHAR2'))), direct: true }])
    return { message: 'Table created.' }
  }
  const identities = written.columns.flatMap(({ column, identity }) => (identity === undefined ? [] : [{ column: column.name, sequence: `ISEQ$$_${name.name}_${column.name}`.slice(0, 30), identity }]))
  const primary = new Set(written.constraints.filter((constraint) => constraint.type === 'P').flatMap((constraint) => constraint.columns))
  const columns = written.columns.map(({ column }): HeapColumn => {
    const sequence = identities.find((identity) => identity.column === column.name)?.sequence
    return { ...column, ...(primary.has(column.name) ? { nullable: false as const } : {}), ...(sequence === undefined ? {} : { sequence }) }
  })
  const constraints: TableConstraint[] = []
  for (const constraint of written.constraints) constraints.push(checkNewConstraint(nameConstraint(constraint, constraints, instance), { ...name, columns }, constraints, instance))
  for (const { sequence, identity } of identities) await saveObject(instance, { owner: name.owner, name: sequence, type: 'SEQUENCE', definition: identity })
  await instance.createTable({ ...name, tablespace, columns, nologging })
  await saveDetails(statement, name, { created: instance.host.now(), constraints, columnComments: {} })
  for (const constraint of constraints) await newConstraintIndex(instance, name, constraint, tablespace)
  return { message: 'Table created.' }
}

export function columnOf(name: string, type: SqlType): HeapColumn {
  switch (type.kind) {
    case 'NUMBER':
      return { name, type: 'NUMBER', ...(type.precision === undefined ? {} : { precision: type.precision, scale: type.scale ?? 0 }) }
    case 'DATE':
      return { name, type: 'DATE' }
    case 'TIMESTAMP_TZ':
      return { name, type: 'TIMESTAMP', ...(type.wallClock === 'stored' ? {} : { declared: `TIMESTAMP(6) WITH ${type.wallClock === undefined ? '' : 'LOCAL '}TIME ZONE` }) }
    case 'VARCHAR2':
      if (type.bytes !== undefined) return { name, declared: type.bytes, ...(type.bytes === 'BLOB' ? { type: 'CLOB' } : { type: 'VARCHAR2', length: type.length }) }
      return type.clob === true ? { name, type: 'CLOB' } : { name, type: 'VARCHAR2', length: type.length }
    default:
      throw ora(1723, 'zero-length columns are not allowed')
  }
}

/** DROP TABLE [owner.]name [CASCADE CONSTRAINTS] [PURGE] */
export async function dropTable(statement: Statement): Promise<SqlResult> {
  const { cursor, instance } = statement
  const at = cursor.at
  const path = cursor.path(invalidName)
  const cascade = cursor.acceptWords('CASCADE', 'CONSTRAINTS')
  cursor.acceptWords('PURGE')
  cursor.expectEnd()
  requireWritable(instance)
  const table = requireTable(path, statement, at)
  const others = referencingTables(instance, table).filter((other) => other.owner !== table.owner || other.name !== table.name)
  if (others.length > 0 && !cascade) throw ora(2449, 'unique/primary keys in table referenced by foreign keys')
  for (const other of others) {
    const details = detailsOf(instance, other)
    await saveDetails(statement, other, { ...details, constraints: details.constraints.filter((constraint) => constraint.name !== other.constraint.name) })
  }
  await instance.dropTable(table.owner, table.name)
  for (const column of table.columns) if (column.sequence !== undefined) await forgetSequence(instance, { owner: table.owner, name: column.sequence })
  const indexes = new Set(schemaOf(instance).all<{ table: QualifiedName }>('INDEX').filter((index) => index.definition.table.owner === table.owner && index.definition.table.name === table.name).map((index) => index.name))
  await removeObjects(instance, (object) => object.owner === table.owner && ((object.type === 'TABLE' && object.name === table.name) || (object.type === 'INDEX' && indexes.has(object.name))))
  return { message: 'Table dropped.' }
}

/** TRUNCATE TABLE name [DROP STORAGE | REUSE STORAGE] */
export async function truncateTable(statement: Statement): Promise<SqlResult> {
  const { cursor, instance } = statement
  const at = cursor.at
  const path = cursor.path(invalidName)
  if (!cursor.acceptWords('DROP', 'STORAGE')) cursor.acceptWords('REUSE', 'STORAGE')
  cursor.expectEnd(() => ora(3291, 'Invalid truncate option - missing STORAGE keyword'))
  requireWritable(instance)
  const table = requireTable(path, statement, at)
  if (referencingTables(instance, table).some((other) => other.constraint.enabled && (other.owner !== table.owner || other.name !== table.name))) throw ora(2266, 'unique/primary keys in table referenced by enabled foreign keys')
  await instance.deleteRows(table.owner, table.name, () => true)
  return { message: 'Table truncated.' }
}
