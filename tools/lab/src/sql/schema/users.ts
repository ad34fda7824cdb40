import type { Instance } from '../../engine/instance-api.ts'
import { ora } from '../../engine/ora-error.ts'
import type { SqlResult } from '../../engine/protocol.ts'
import { makeVerifier, type Verifier } from '../../net/verifier.ts'
import type { Cursor } from '../cursor.ts'
import { unimplemented, type Statement } from '../statement.ts'
import { requireWritable, userNames } from './names.ts'
import { removeObjects, saveObject, schemaOf } from './schema-store.ts'

export interface UserDefinition {
  /** Of the password, for clients of Oracle Net. */
  readonly verifier?: Verifier
  readonly authentication: 'PASSWORD' | 'NONE' | 'EXTERNAL'
  readonly locked: boolean
  /** The password must be changed before anybody logs on with it. */
  readonly expired?: boolean
  readonly created: number
  readonly tablespace: string
  readonly quotas: Readonly<Record<string, string>>
  readonly privileges: readonly Grant[]
}

export interface Grant {
  readonly privilege: string
  /** `OWNER.NAME` of an object privilege. */
  readonly object?: string
  readonly admin: boolean
}

/** System privileges and roles that can be granted; an unknown word is a role that must exist. */
const privileges = /^(ALL PRIVILEGES|(CREATE|ALTER|DROP)( ANY)? (SESSION|TABLE|SEQUENCE|VIEW|PROCEDURE|SYNONYM|TRIGGER|TYPE|JOB|INDEX|USER|ROLE|TABLESPACE|CREDENTIAL|DATABASE LINK|PUBLIC SYNONYM)|CREATE EXTERNAL JOB|CREATE ANY JOB|EXECUTE ANY (PROCEDURE|PROGRAM|CLASS)|MANAGE SCHEDULER|(SELECT|INSERT|UPDATE|DELETE|READ) ANY TABLE|SELECT ANY (DICTIONARY|SEQUENCE|TRANSACTION)|UNLIMITED TABLESPACE|ALTER SYSTEM|ALTER DATABASE|ALTER SESSION|SYSDBA|SYSOPER|SYSBACKUP|SYSDG|SYSKM|FLASHBACK ANY TABLE|GRANT ANY (PRIVILEGE|ROLE|OBJECT PRIVILEGE)|INHERIT PRIVILEGES|SET CONTAINER)$/
const objectPrivileges = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'EXECUTE', 'READ', 'ALTER', 'INDEX', 'REFERENCES', 'ALL', 'ALL PRIVILEGES', 'WRITE'])
export const builtInRoles: readonly string[] = ['CONNECT', 'RESOURCE', 'DBA', 'SELECT_CATALOG_ROLE', 'EXECUTE_CATALOG_ROLE', 'RECOVERY_CATALOG_OWNER', 'SCHEDULER_ADMIN', 'EXP_FULL_DATABASE', 'IMP_FULL_DATABASE']

/** A user that CREATE USER made; the schema must be loaded. */
export function findUser(name: string, instance: Instance): UserDefinition | undefined {
  return schemaOf(instance).get<UserDefinition>('USER', '', name)?.definition
}

function userOf(name: string, instance: Instance): UserDefinition {
  return schemaOf(instance).get<UserDefinition>('USER', '', name)?.definition ?? { authentication: 'PASSWORD', locked: false, created: instance.controlFile.created, tablespace: 'USERS', quotas: {}, privileges: [] }
}

async function saveUser(name: string, definition: UserDefinition, instance: Instance): Promise<void> {
  await saveObject(instance, { owner: '', name, type: 'USER', definition })
}

/** The options of CREATE and ALTER USER. Of a password only its verifier is kept. */
function parseOptions(cursor: Cursor, before: UserDefinition, creating: boolean): { readonly definition: UserDefinition; readonly password: string | undefined } {
  let definition = before
  let password: string | undefined
  for (;;) {
    if (cursor.acceptWords('IDENTIFIED', 'BY')) {
      if (cursor.acceptWords('VALUES')) throw unimplemented().at(cursor.at)
      if (cursor.token.kind === 'end') throw ora(988, 'missing or invalid password(s)').at(cursor.at)
      const { token } = cursor
      password = token.kind === 'word' ? cursor.text.slice(token.start, token.end) : token.value
      cursor.next()
      definition = { ...definition, authentication: 'PASSWORD', verifier: makeVerifier(password), expired: false }
    } else if (cursor.acceptWords('IDENTIFIED', 'EXTERNALLY')) definition = { ...definition, authentication: 'EXTERNAL' }
    else if (cursor.acceptWords('NO', 'AUTHENTICATION')) definition = { ...definition, authentication: 'NONE' }
    else if (cursor.acceptWords('DEFAULT', 'TABLESPACE')) definition = { ...definition, tablespace: cursor.identifier() }
    else if (cursor.acceptWords('TEMPORARY', 'TABLESPACE')) cursor.identifier()
    else if (cursor.acceptWords('QUOTA')) {
      let amount = cursor.next().value
      if (cursor.isWord('K', 'M', 'G')) amount += cursor.next().value
      cursor.expectWord('ON', () => ora(969, 'missing ON keyword'))
      definition = { ...definition, quotas: { ...definition.quotas, [cursor.identifier()]: amount } }
    } else if (cursor.acceptWords('ACCOUNT')) {
      if (!cursor.isWord('LOCK', 'UNLOCK')) throw ora(922, 'missing or invalid option').at(cursor.at)
      definition = { ...definition, locked: cursor.next().value === 'LOCK' }
    } else if (cursor.acceptWords('PROFILE')) {
      const profile = cursor.acceptWords('DEFAULT') ? 'DEFAULT' : cursor.identifier()
      if (profile !== 'DEFAULT') throw ora(2380, `profile ${profile} does not exist`)
    } else if (cursor.acceptWords('PASSWORD', 'EXPIRE')) definition = { ...definition, expired: true }
    else if (cursor.acceptWords('CONTAINER')) {
      cursor.acceptOperator('=')
      cursor.next()
    } else if (cursor.token.kind === 'end') return { definition, password }
    else throw (creating ? ora(922, 'missing or invalid option') : ora(922, 'missing or invalid option')).at(cursor.at)
  }
}

/** CREATE USER name IDENTIFIED BY … | NO AUTHENTICATION … @throws OraError 01920, 65096 */
export async function createUser({ cursor, instance }: Statement): Promise<SqlResult> {
  const name = cursor.identifier(() => ora(1935, 'missing user or role name'))
  if (!cursor.isWord('IDENTIFIED', 'NO')) throw ora(1937, 'missing or invalid role name').at(cursor.at)
  const { definition } = parseOptions(cursor, { authentication: 'PASSWORD', locked: false, created: instance.host.now(), tablespace: 'USERS', quotas: {}, privileges: [] }, true)
  requireWritable(instance)
  if (userNames(instance).includes(name) || schemaOf(instance).get('ROLE', '', name) !== undefined || builtInRoles.includes(name)) throw ora(1920, `user name '${name}' conflicts with another user or role name`)
  checkCommonName(name, instance)
  if (!instance.controlFile.datafiles.some((file) => file.tablespace === definition.tablespace)) throw ora(959, `tablespace '${definition.tablespace}' does not exist`)
  await saveUser(name, definition, instance)
  return { message: 'User created.' }
}

/** In the root of a CDB names begin with C##. */
function checkCommonName(name: string, instance: Instance): void {
  const common = name.startsWith('C##')
  if (instance.container === 1 && !common) throw ora(65096, 'invalid common user or role name')
  if (instance.container !== 1 && common) throw ora(65094, 'invalid local user or role name')
}

/** ALTER USER name … */
export async function alterUser({ cursor, instance }: Statement): Promise<SqlResult> {
  const name = cursor.identifier(() => ora(1935, 'missing user or role name'))
  const { definition } = parseOptions(cursor, userOf(name, instance), false)
  requireWritable(instance)
  if (!userNames(instance).includes(name)) throw ora(1918, `user '${name}' does not exist`)
  await saveUser(name, definition, instance)
  return { message: 'User altered.' }
}

/** DROP USER name [CASCADE] @throws OraError 01918, 01922 */
export async function dropUser({ cursor, instance }: Statement): Promise<SqlResult> {
  const name = cursor.identifier(() => ora(1935, 'missing user or role name'))
  const cascade = cursor.acceptWords('CASCADE')
  cursor.expectEnd()
  requireWritable(instance)
  if (!userNames(instance).includes(name)) throw ora(1918, `user '${name}' does not exist`)
  if (['SYS', 'SYSTEM'].includes(name)) throw ora(28050, 'specified user or role cannot be dropped')
  const tables = instance.tables().filter((table) => table.owner === name)
  if (!cascade && (tables.length > 0 || schemaOf(instance).all().some((object) => object.owner === name))) throw ora(1922, `CASCADE must be specified to drop '${name}'`)
  for (const table of tables) await instance.dropTable(name, table.name)
  await removeObjects(instance, (object) => object.owner === name || (object.type === 'USER' && object.name === name))
  return { message: 'User dropped.' }
}

/** CREATE ROLE name */
export async function createRole({ cursor, instance }: Statement): Promise<SqlResult> {
  const name = cursor.identifier(() => ora(1937, 'missing or invalid role name'))
  if (!cursor.acceptWords('NOT', 'IDENTIFIED') && cursor.token.kind !== 'end') throw unimplemented().at(cursor.at)
  requireWritable(instance)
  if (userNames(instance).includes(name) || schemaOf(instance).get('ROLE', '', name) !== undefined || builtInRoles.includes(name)) throw ora(1921, `role name '${name}' conflicts with another user or role name`)
  checkCommonName(name, instance)
  await saveObject(instance, { owner: '', name, type: 'ROLE', definition: { created: instance.host.now(), privileges: [] } })
  return { message: 'Role created.' }
}

/** DROP ROLE name */
export async function dropRole({ cursor, instance }: Statement): Promise<SqlResult> {
  const name = cursor.identifier(() => ora(1937, 'missing or invalid role name'))
  cursor.expectEnd()
  requireWritable(instance)
  if (schemaOf(instance).get('ROLE', '', name) === undefined) throw ora(1919, `role '${name}' does not exist`)
  await removeObjects(instance, (object) => object.type === 'ROLE' && object.name === name)
  return { message: 'Role dropped.' }
}

interface Privileges {
  readonly grants: readonly Omit<Grant, 'admin'>[]
  readonly grantees: readonly string[]
}

function parsePrivileges({ cursor, instance, session }: Statement, toward: 'TO' | 'FROM'): Privileges {
  const written: { words: string; at: number }[] = []
  do {
    const at = cursor.at
    const words: string[] = []
    while (!cursor.isOperator(',', '(') && !cursor.isWord('ON', toward) && cursor.token.kind !== 'end') words.push(cursor.next().value)
    if (words.length === 0) throw ora(990, 'missing or invalid privilege').at(at)
    if (cursor.isOperator('(')) throw unimplemented().at(cursor.at)
    written.push({ words: words.join(' '), at })
  } while (cursor.acceptOperator(','))
  let object: string | undefined
  if (cursor.acceptWords('ON')) {
    cursor.acceptWords('DIRECTORY')
    const path = cursor.path(() => ora(903, 'invalid table name'))
    object = path.length > 1 ? path.join('.') : `${session.username.toUpperCase()}.${path[0] ?? ''}`
  }
  const roles = [...builtInRoles, ...schemaOf(instance).all('ROLE').map((role) => role.name)]
  for (const { words, at } of written) {
    if (object === undefined ? !privileges.test(words) && !/^\S+$/.test(words) : !objectPrivileges.has(words)) throw ora(990, 'missing or invalid privilege').at(at)
    if (object === undefined && !privileges.test(words) && !roles.includes(words)) throw ora(1919, `role '${words}' does not exist`).at(at)
  }
  cursor.expectWord(toward, () => ora(905, 'missing keyword'))
  const grantees: string[] = []
  do {
    if (cursor.acceptWords('PUBLIC')) grantees.push('PUBLIC')
    else grantees.push(cursor.identifier(() => ora(987, 'missing or invalid username(s)')))
  } while (cursor.acceptOperator(','))
  return { grants: written.map(({ words }) => ({ privilege: words, ...(object === undefined ? {} : { object }) })), grantees }
}

async function change(grantee: string, instance: Instance, apply: (privileges: readonly Grant[]) => readonly Grant[]): Promise<void> {
  const role = schemaOf(instance).get<{ created: number; privileges: readonly Grant[] }>('ROLE', '', grantee)
  if (role !== undefined) {
    await saveObject(instance, { ...role, definition: { ...role.definition, privileges: apply(role.definition.privileges) } })
    return
  }
  if (grantee !== 'PUBLIC' && !userNames(instance).includes(grantee)) throw ora(1917, `user or role '${grantee}' does not exist`)
  const user = userOf(grantee, instance)
  await saveUser(grantee, { ...user, privileges: apply(user.privileges) }, instance)
}

const same = (a: Omit<Grant, 'admin'>, b: Omit<Grant, 'admin'>): boolean => a.privilege === b.privilege && a.object === b.object

/** GRANT privileges | roles [ON object] TO users [WITH ADMIN OPTION] */
export async function grant(statement: Statement): Promise<SqlResult> {
  const { cursor, instance } = statement
  const { grants, grantees } = parsePrivileges(statement, 'TO')
  if (cursor.acceptWords('IDENTIFIED')) throw unimplemented()
  const admin = cursor.acceptWords('WITH', 'ADMIN', 'OPTION') || cursor.acceptWords('WITH', 'GRANT', 'OPTION')
  skipContainer(cursor)
  cursor.expectEnd()
  requireWritable(instance)
  for (const grantee of grantees) await change(grantee, instance, (before) => [...before.filter((held) => !grants.some((given) => same(held, given))), ...grants.map((given) => ({ ...given, admin }))])
  return { message: 'Grant succeeded.' }
}

function skipContainer(cursor: Cursor): void {
  if (!cursor.acceptWords('CONTAINER')) return
  cursor.acceptOperator('=')
  cursor.next()
}

/** REVOKE privileges | roles [ON object] FROM users @throws OraError 01927, 01951, 01952 */
export async function revoke(statement: Statement): Promise<SqlResult> {
  const { cursor, instance } = statement
  const { grants, grantees } = parsePrivileges(statement, 'FROM')
  skipContainer(cursor)
  cursor.expectEnd()
  requireWritable(instance)
  for (const grantee of grantees) {
    await change(grantee, instance, (before) => {
      for (const taken of grants) if (!before.some((held) => same(held, taken))) throw taken.object !== undefined ? ora(1927, 'cannot REVOKE privileges you did not grant') : privileges.test(taken.privilege) ? ora(1952, `system privileges not granted to '${grantee}'`) : ora(1951, `ROLE '${taken.privilege}' not granted to '${grantee}'`)
      return before.filter((held) => !grants.some((taken) => same(held, taken)))
    })
  }
  return { message: 'Revoke succeeded.' }
}
