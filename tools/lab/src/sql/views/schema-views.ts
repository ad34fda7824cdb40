import type { Instance } from '../../engine/instance-api.ts'
import type { ViewContext } from '../catalog.ts'
import { columnTypeOf, dataType } from '../column-types.ts'
import type { ProgramDefinition } from '../programs.ts'
import { detailsOf, schemaName, type IndexDefinition, type QualifiedName, type TableDetails } from '../schema/names.ts'
import { schemaOf } from '../schema/schema-store.ts'
import type { SequenceDefinition } from '../schema/sequences.ts'
import { builtInRoles, type Grant, type UserDefinition } from '../schema/users.ts'
import { userNames } from '../schema/names.ts'
import { storedView, type ViewDefinition } from '../schema/stored-views.ts'
import { allViews, defineView, type ViewReader, type ViewRow } from './view.ts'

const withoutOwner = (row: ViewRow): ViewRow => Object.fromEntries(Object.entries(row).filter(([column]) => !['OWNER', 'SEQUENCE_OWNER'].includes(column)))

/** DBA_x and ALL_x with the owner in front, USER_x without it and with the own rows alone. */
function defineFamily(name: string, columns: string, rows: (context: ViewReader) => readonly (ViewRow & { readonly OWNER: string })[]): void {
  for (const prefix of ['DBA', 'ALL']) defineView(`${prefix}_${name}`, 'open', `OWNER:v128 ${columns}`, rows)
  defineView(`USER_${name}`, 'open', columns, (context) => rows(context).filter((row) => row.OWNER === schemaName(context.session)).map((row) => withoutOwner(row)))
}

const created = (instance: Instance, time: number): number => (time === 0 ? instance.controlFile.created : time)

defineFamily('TABLES', 'TABLE_NAME:v128 TABLESPACE_NAME:v30 STATUS:v8 LOGGING:v3 NUM_ROWS:n BLOCKS:n LAST_ANALYZED:d PARTITIONED:v3 TEMPORARY:v1', ({ instance }) =>
  instance.tables().map((table) => ({ OWNER: table.owner, TABLE_NAME: table.name, TABLESPACE_NAME: table.tablespace, STATUS: 'VALID', LOGGING: table.nologging === true ? 'NO' : 'YES', PARTITIONED: 'NO', TEMPORARY: 'N' })),
)

const tableColumns = 'TABLE_NAME:v128 COLUMN_NAME:v128 DATA_TYPE:v128 DATA_LENGTH:n DATA_PRECISION:n DATA_SCALE:n NULLABLE:v1 COLUMN_ID:n DATA_DEFAULT:v4000 CHAR_LENGTH:n IDENTITY_COLUMN:v3@12.1'
defineFamily('TAB_COLUMNS', tableColumns, (context) => [
  ...context.instance.tables().flatMap((table) =>
    table.columns.map((column, index) => ({
      OWNER: table.owner,
      TABLE_NAME: table.name,
      COLUMN_NAME: column.name,
      DATA_TYPE: dataType(column),
      DATA_LENGTH: column.type === 'VARCHAR2' ? (column.length ?? 4000) / (column.declared === 'RAW' ? 2 : 1) : columnTypeOf(column).length,
      DATA_PRECISION: column.precision ?? null,
      DATA_SCALE: column.scale ?? null,
      NULLABLE: column.nullable === false ? 'N' : 'Y',
      COLUMN_ID: index + 1,
      DATA_DEFAULT: column.default ?? null,
      CHAR_LENGTH: column.type === 'VARCHAR2' && column.declared !== 'RAW' ? (column.length ?? 4000) : 0,
      IDENTITY_COLUMN: column.identity === undefined ? 'NO' : 'YES',
    })),
  ),
  ...viewColumns(context),
])

function viewColumns({ instance, session, describe }: ViewReader): (ViewRow & { OWNER: string })[] {
  return schemaOf(instance).all('VIEW').flatMap((object) => {
    try {
      const view = storedView([object.owner, object.name], instance, session)
      if (view === undefined) return []
      return describe(view.query).map((column, index) => ({ OWNER: object.owner, TABLE_NAME: object.name, COLUMN_NAME: view.columns?.[index] ?? column.name, DATA_TYPE: column.type.kind === 'TIMESTAMP_TZ' ? `TIMESTAMP(6)${column.type.wallClock === undefined ? ' WITH TIME ZONE' : ''}` : column.type.kind, DATA_LENGTH: column.type.length, NULLABLE: 'Y', COLUMN_ID: index + 1, CHAR_LENGTH: column.type.kind === 'VARCHAR2' ? column.type.length : 0, IDENTITY_COLUMN: 'NO' }))
    } catch {
      // A view whose tables are gone has no columns to show.
      return []
    }
  })
}

const constraintsOf = (instance: Instance): { readonly table: QualifiedName; readonly details: TableDetails }[] => instance.tables().map((table) => ({ table, details: detailsOf(instance, table) }))

defineFamily('CONSTRAINTS', 'CONSTRAINT_NAME:v128 CONSTRAINT_TYPE:v1 TABLE_NAME:v128 SEARCH_CONDITION:v4000 R_OWNER:v128 R_CONSTRAINT_NAME:v128 DELETE_RULE:v9 STATUS:v8 VALIDATED:v13 GENERATED:v14 INDEX_NAME:v128', ({ instance }) =>
  constraintsOf(instance).flatMap(({ table, details }) =>
    details.constraints.map((constraint) => {
      const parent = constraint.references === undefined ? undefined : detailsOf(instance, constraint.references).constraints.find((key) => (key.type === 'P' || key.type === 'U') && key.columns.join() === constraint.references?.columns.join())
      return {
        OWNER: table.owner, CONSTRAINT_NAME: constraint.name, CONSTRAINT_TYPE: constraint.type, TABLE_NAME: table.name, SEARCH_CONDITION: constraint.condition ?? null, R_OWNER: constraint.references?.owner ?? null,
        R_CONSTRAINT_NAME: parent?.name ?? null, DELETE_RULE: constraint.type === 'R' ? (constraint.onDelete ?? 'NO ACTION') : null, STATUS: constraint.enabled ? 'ENABLED' : 'DISABLED',
        VALIDATED: constraint.enabled ? 'VALIDATED' : 'NOT VALIDATED', GENERATED: constraint.generated ? 'GENERATED NAME' : 'USER NAME', INDEX_NAME: constraint.type === 'P' || constraint.type === 'U' ? constraint.name : null,
      }
    }),
  ),
)
defineFamily('CONS_COLUMNS', 'CONSTRAINT_NAME:v128 TABLE_NAME:v128 COLUMN_NAME:v4000 POSITION:n', ({ instance }) =>
  constraintsOf(instance).flatMap(({ table, details }) => details.constraints.flatMap((constraint) => constraint.columns.map((column, index) => ({ OWNER: table.owner, CONSTRAINT_NAME: constraint.name, TABLE_NAME: table.name, COLUMN_NAME: column, POSITION: constraint.type === 'C' ? null : index + 1 })))),
)
defineFamily('INDEXES', 'INDEX_NAME:v128 INDEX_TYPE:v27 TABLE_OWNER:v128 TABLE_NAME:v128 UNIQUENESS:v9 TABLESPACE_NAME:v30 STATUS:v8 VISIBILITY:v9', ({ instance }) =>
  schemaOf(instance).all<IndexDefinition>('INDEX').map((index) => ({ OWNER: index.owner, INDEX_NAME: index.name, INDEX_TYPE: 'NORMAL', TABLE_OWNER: index.definition.table.owner, TABLE_NAME: index.definition.table.name, UNIQUENESS: index.definition.unique ? 'UNIQUE' : 'NONUNIQUE', TABLESPACE_NAME: index.definition.tablespace, STATUS: 'VALID', VISIBILITY: 'VISIBLE' })),
)
for (const [name, owned] of [['DBA_IND_COLUMNS', true], ['ALL_IND_COLUMNS', true], ['USER_IND_COLUMNS', false]] as const) {
  defineView(name, 'open', `${owned ? 'INDEX_OWNER:v128 ' : ''}INDEX_NAME:v128 ${owned ? 'TABLE_OWNER:v128 ' : ''}TABLE_NAME:v128 COLUMN_NAME:v4000 COLUMN_POSITION:n DESCEND:v4`, ({ instance, session }) =>
    schemaOf(instance).all<IndexDefinition>('INDEX').filter((index) => owned || index.owner === schemaName(session)).flatMap((index) => index.definition.columns.map((column, position) => ({ INDEX_OWNER: index.owner, INDEX_NAME: index.name, TABLE_OWNER: index.definition.table.owner, TABLE_NAME: index.definition.table.name, COLUMN_NAME: column, COLUMN_POSITION: position + 1, DESCEND: 'ASC' }))),
  )
}
const sequenceColumns = 'SEQUENCE_NAME:v128 MIN_VALUE:n MAX_VALUE:n INCREMENT_BY:n CYCLE_FLAG:v1 ORDER_FLAG:v1 CACHE_SIZE:n LAST_NUMBER:n'
const sequenceRows = ({ instance }: ViewContext): (ViewRow & { SEQUENCE_OWNER: string })[] =>
  schemaOf(instance).all<SequenceDefinition>('SEQUENCE').map(({ owner, name, definition }) => ({ SEQUENCE_OWNER: owner, SEQUENCE_NAME: name, MIN_VALUE: definition.minimum, MAX_VALUE: definition.maximum, INCREMENT_BY: definition.increment, CYCLE_FLAG: definition.cycle ? 'Y' : 'N', ORDER_FLAG: 'N', CACHE_SIZE: definition.cache, LAST_NUMBER: definition.last }))
for (const prefix of ['DBA', 'ALL']) defineView(`${prefix}_SEQUENCES`, 'open', `SEQUENCE_OWNER:v128 ${sequenceColumns}`, sequenceRows)
defineView('USER_SEQUENCES', 'open', sequenceColumns, (context) => sequenceRows(context).filter((row) => row.SEQUENCE_OWNER === schemaName(context.session)).map(withoutOwner))
defineFamily('VIEWS', 'VIEW_NAME:v128 TEXT_LENGTH:n TEXT:v4000', ({ instance }) => schemaOf(instance).all<ViewDefinition>('VIEW').map((view) => ({ OWNER: view.owner, VIEW_NAME: view.name, TEXT_LENGTH: view.definition.text.length, TEXT: view.definition.text })))
defineFamily('SYNONYMS', 'SYNONYM_NAME:v128 TABLE_OWNER:v128 TABLE_NAME:v128 DB_LINK:v128', ({ instance }) => schemaOf(instance).all<QualifiedName>('SYNONYM').map((synonym) => ({ OWNER: synonym.owner, SYNONYM_NAME: synonym.name, TABLE_OWNER: synonym.definition.owner, TABLE_NAME: synonym.definition.name })))
defineFamily('TAB_COMMENTS', 'TABLE_NAME:v128 TABLE_TYPE:v11 COMMENTS:v4000', ({ instance }) => instance.tables().map((table) => ({ OWNER: table.owner, TABLE_NAME: table.name, TABLE_TYPE: 'TABLE', COMMENTS: detailsOf(instance, table).comment ?? null })))
defineFamily('COL_COMMENTS', 'TABLE_NAME:v128 COLUMN_NAME:v128 COMMENTS:v4000', ({ instance }) => instance.tables().flatMap((table) => table.columns.map((column) => ({ OWNER: table.owner, TABLE_NAME: table.name, COLUMN_NAME: column.name, COMMENTS: detailsOf(instance, table).columnComments[column.name] ?? null }))))

const programTypes = ['PROCEDURE', 'FUNCTION', 'PACKAGE', 'PACKAGE BODY'] as const
defineFamily('SOURCE', 'NAME:v128 TYPE:v12 LINE:n TEXT:v4000', ({ instance }) =>
  schemaOf(instance).all<ProgramDefinition>(...programTypes).flatMap((object) => object.definition.text.split('\n').map((line, index, all) => ({ OWNER: object.owner, NAME: object.name, TYPE: object.type, LINE: index + 1, TEXT: index + 1 < all.length ? `${line}\n` : line }))),
)
defineFamily('ERRORS', 'NAME:v128 TYPE:v12 SEQUENCE:n LINE:n POSITION:n TEXT:v4000 ATTRIBUTE:v9 MESSAGE_NUMBER:n', ({ instance }) =>
  schemaOf(instance).all<ProgramDefinition>(...programTypes).flatMap((object) => object.definition.errors.map((error, index) => ({ OWNER: object.owner, NAME: object.name, TYPE: object.type, SEQUENCE: index + 1, LINE: error.line, POSITION: error.position, TEXT: error.text, ATTRIBUTE: 'ERROR', MESSAGE_NUMBER: Number(/\d+/.exec(error.text)?.[0] ?? 0) }))),
)

function objectRows({ instance }: ViewContext): (ViewRow & { OWNER: string })[] {
  const tables = instance.tables().map((table) => ({ owner: table.owner, name: table.name, type: 'TABLE', time: detailsOf(instance, table).created, valid: true }))
  const others = schemaOf(instance).all<{ created?: number; errors?: readonly unknown[] }>().filter((object) => !['TABLE', 'USER', 'ROLE', 'CREDENTIAL'].includes(object.type)).map((object) => ({ owner: object.owner, name: object.name, type: object.type, time: object.definition.created ?? 0, valid: (object.definition.errors ?? []).length === 0 }))
  const fixed = allViews().filter((view) => !view.name.startsWith('V$')).map((view) => ({ owner: 'SYS', name: view.name, type: 'VIEW', time: 0, valid: true }))
  return [...tables, ...others, ...fixed].map((object, index) => ({ OWNER: object.owner, OBJECT_NAME: object.name, OBJECT_ID: index + 100, OBJECT_TYPE: object.type, CREATED: created(instance, object.time), LAST_DDL_TIME: created(instance, object.time), STATUS: object.valid ? 'VALID' : 'INVALID', TEMPORARY: 'N', GENERATED: 'N' }))
}
defineFamily('OBJECTS', 'OBJECT_NAME:v128 SUBOBJECT_NAME:v128 OBJECT_ID:n DATA_OBJECT_ID:n OBJECT_TYPE:v23 CREATED:d LAST_DDL_TIME:d TIMESTAMP:v19 STATUS:v7 TEMPORARY:v1 GENERATED:v1 SECONDARY:v1', objectRows)
defineFamily('PROCEDURES', 'OBJECT_NAME:v128 PROCEDURE_NAME:v128 OBJECT_TYPE:v13 AUTHID:v12', ({ instance }) => schemaOf(instance).all('PROCEDURE', 'FUNCTION', 'PACKAGE').map((object) => ({ OWNER: object.owner, OBJECT_NAME: object.name, OBJECT_TYPE: object.type, AUTHID: 'DEFINER' })))

const userColumns = 'USERNAME:v128 USER_ID:n ACCOUNT_STATUS:v32 LOCK_DATE:d DEFAULT_TABLESPACE:v30 TEMPORARY_TABLESPACE:v30 CREATED:d PROFILE:v128 AUTHENTICATION_TYPE:v8 COMMON:v3@12.1 ORACLE_MAINTAINED:v1@12.1'
function userRows({ instance }: ViewContext): ViewRow[] {
  return userNames(instance).map((name, index) => {
    const user = schemaOf(instance).get<UserDefinition>('USER', '', name)?.definition
    const maintained = user === undefined && index < 8
    return { USERNAME: name, USER_ID: index, ACCOUNT_STATUS: [...(user?.expired === true ? ['EXPIRED'] : []), ...(user?.locked === true ? ['LOCKED'] : [])].join(' & ') || 'OPEN', DEFAULT_TABLESPACE: user?.tablespace ?? (maintained ? 'SYSTEM' : 'USERS'), TEMPORARY_TABLESPACE: 'TEMP', CREATED: user?.created ?? instance.controlFile.created, PROFILE: 'DEFAULT', AUTHENTICATION_TYPE: user?.authentication ?? 'PASSWORD', COMMON: maintained || name.startsWith('C##') ? 'YES' : 'NO', ORACLE_MAINTAINED: maintained ? 'Y' : 'N' }
  })
}
for (const name of ['DBA_USERS', 'ALL_USERS']) defineView(name, 'open', userColumns, userRows)
defineView('USER_USERS', 'open', userColumns, (context) => userRows(context).filter((row) => row['USERNAME'] === context.session.username.toUpperCase()))
/** MAX_BYTES is -1 for UNLIMITED; what a user has are the blocks of its segments. */
function quotaRows({ instance }: ViewContext): ViewRow[] {
  return schemaOf(instance).all<UserDefinition>('USER').flatMap(({ name, definition }) => Object.entries(definition.quotas).map(([tablespace, amount]) => {
    const files = instance.controlFile.datafiles.filter((file) => file.tablespace === tablespace)
    const size = files[0]?.blockSize ?? 8192
    const blocks = instance.segments().filter((segment) => segment.owner === name && segment.tablespace === tablespace).reduce((sum, segment) => sum + segment.blocks.length, 0)
    const [, count = '', unit = ''] = /^(\d+)([KMG]?)$/i.exec(amount) ?? []
    const limit = count === '' ? -1 : Number(count) * 1024 ** ['', 'K', 'M', 'G'].indexOf(unit.toUpperCase())
    return { TABLESPACE_NAME: tablespace, USERNAME: name, BYTES: blocks * size, MAX_BYTES: limit, BLOCKS: blocks, MAX_BLOCKS: limit < 0 ? -1 : Math.ceil(limit / size), DROPPED: 'NO' }
  }))
}
defineView('DBA_TS_QUOTAS', 'open', 'TABLESPACE_NAME:v30 USERNAME:v128 BYTES:n MAX_BYTES:n BLOCKS:n MAX_BLOCKS:n DROPPED:v3', quotaRows)
defineView('DBA_ROLES', 'open', 'ROLE:v128 PASSWORD_REQUIRED:v8 AUTHENTICATION_TYPE:v11', ({ instance }) => [...builtInRoles, ...schemaOf(instance).all('ROLE').map((role) => role.name)].map((role) => ({ ROLE: role, PASSWORD_REQUIRED: 'NO', AUTHENTICATION_TYPE: 'NONE' })))

function grantsOf({ instance }: ViewContext): { readonly grantee: string; readonly grant: Grant; readonly isRole: boolean }[] {
  const roles = new Set([...builtInRoles, ...schemaOf(instance).all('ROLE').map((role) => role.name)])
  const holders = schemaOf(instance).all<{ privileges: readonly Grant[] }>('USER', 'ROLE')
  return holders.flatMap((holder) => holder.definition.privileges.map((grant) => ({ grantee: holder.name, grant, isRole: grant.object === undefined && roles.has(grant.privilege) })))
}
for (const [prefix, column] of [['DBA', 'GRANTEE'], ['USER', 'USERNAME']] as const) {
  const own = (context: ViewContext) => grantsOf(context).filter(({ grantee }) => prefix === 'DBA' || grantee === context.session.username.toUpperCase())
  defineView(`${prefix}_SYS_PRIVS`, 'open', `${column}:v128 PRIVILEGE:v40 ADMIN_OPTION:v3`, (context) => own(context).filter(({ grant, isRole }) => !isRole && grant.object === undefined).map(({ grantee, grant }) => ({ [column]: grantee, PRIVILEGE: grant.privilege, ADMIN_OPTION: grant.admin ? 'YES' : 'NO' })))
  defineView(`${prefix}_ROLE_PRIVS`, 'open', `${column}:v128 GRANTED_ROLE:v128 ADMIN_OPTION:v3 DEFAULT_ROLE:v3`, (context) => own(context).filter(({ isRole }) => isRole).map(({ grantee, grant }) => ({ [column]: grantee, GRANTED_ROLE: grant.privilege, ADMIN_OPTION: grant.admin ? 'YES' : 'NO', DEFAULT_ROLE: 'YES' })))
  defineView(`${prefix}_TAB_PRIVS`, 'open', 'GRANTEE:v128 OWNER:v128 TABLE_NAME:v128 GRANTOR:v128 PRIVILEGE:v40 GRANTABLE:v3', (context) => own(context).flatMap(({ grantee, grant }) => (grant.object === undefined ? [] : [{ GRANTEE: grantee, OWNER: grant.object.split('.')[0] ?? '', TABLE_NAME: grant.object.split('.')[1] ?? '', GRANTOR: 'SYS', PRIVILEGE: grant.privilege, GRANTABLE: grant.admin ? 'YES' : 'NO' }])))
}
