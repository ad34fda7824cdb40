import type { HeapTable, Instance, ServerSession } from '../../engine/instance-api.ts'
import { ora } from '../../engine/ora-error.ts'
import type { Statement } from '../statement.ts'
import { definerOf, stateOf } from '../session-state.ts'
import { schemaOf, type ObjectType, type StoredObject } from './schema-store.ts'

/** The schema whose objects a bare name means. */
export function schemaName(session: ServerSession): string {
  return definerOf(session) ?? stateOf(session).currentSchema ?? session.username.toUpperCase()
}

export interface QualifiedName {
  readonly owner: string
  readonly name: string
}

export function qualify(path: readonly string[], session: ServerSession): QualifiedName {
  return { owner: path.length > 1 ? (path.at(-2) ?? '') : schemaName(session), name: path.at(-1) ?? '' }
}

const builtInUsers = ['SYS', 'SYSTEM', 'SYSBACKUP', 'SYSDG', 'SYSKM', 'OUTLN', 'DBSNMP', 'XDB', 'PUBLIC']

export function userNames(instance: Instance): string[] {
  return [...new Set([...builtInUsers.filter((name) => name !== 'PUBLIC'), ...instance.tables().map((table) => table.owner), ...schemaOf(instance).all('USER').map((user) => user.name)])]
}

/** @throws OraError 01918 */
export function requireUser(owner: string, instance: Instance): void {
  if (!userNames(instance).includes(owner)) throw ora(1918, `user '${owner}' does not exist`)
}

/** DDL needs the database open read-write. @throws OraError 01109, 16000 */
export function requireWritable(instance: Instance): void {
  if (instance.status !== 'OPEN') throw ora(1109, 'database not open')
  if (instance.openMode === 'READ ONLY') throw ora(16000, 'database or pluggable database open for read-only access')
}

/** Tables, views, sequences, synonyms and programs of one schema share their names. */
const shared: readonly ObjectType[] = ['SEQUENCE', 'VIEW', 'SYNONYM', 'PROCEDURE', 'FUNCTION', 'PACKAGE', 'JOB', 'PROGRAM', 'SCHEDULE']

/** @throws OraError 00955 */
export function refuseUsedName({ owner, name }: QualifiedName, instance: Instance, except?: ObjectType): void {
  const schema = schemaOf(instance)
  const used = instance.tables().some((table) => table.owner === owner && table.name === name) || shared.some((type) => type !== except && schema.get(type, owner, name) !== undefined)
  if (used) throw ora(955, 'name is already used by an existing object')
}

/** Follows synonyms: the own one first, then the public. */
export function synonymTarget({ owner, name }: QualifiedName, instance: Instance, bare: boolean): QualifiedName | undefined {
  const schema = schemaOf(instance)
  return (schema.get<QualifiedName>('SYNONYM', owner, name) ?? (bare ? schema.get<QualifiedName>('SYNONYM', 'PUBLIC', name) : undefined))?.definition
}

/** The heap table that a name means for this session. */
export function heapTable(path: readonly string[], instance: Instance, session: ServerSession): HeapTable | undefined {
  const wanted = qualify(path, session)
  const find = ({ owner, name }: QualifiedName): HeapTable | undefined => instance.tables().find((table) => table.name === name && table.owner === owner)
  const target = synonymTarget(wanted, instance, path.length === 1)
  return find(wanted) ?? (target === undefined ? undefined : find(target))
}

/** @throws OraError 00942 */
export function requireTable(path: readonly string[], { instance, session }: Pick<Statement, 'instance' | 'session'>, at: number): HeapTable {
  const table = heapTable(path, instance, session)
  if (table === undefined) throw ora(942, 'table or view does not exist').at(at)
  return table
}

export interface TableConstraint {
  readonly name: string
  readonly generated: boolean
  readonly type: 'P' | 'U' | 'C' | 'R'
  readonly columns: readonly string[]
  readonly condition?: string
  readonly references?: QualifiedName & { readonly columns: readonly string[] }
  readonly onDelete?: 'CASCADE' | 'SET NULL'
  readonly enabled: boolean
}

/** What a table has beside its columns. */
export interface TableDetails {
  readonly created: number
  readonly constraints: readonly TableConstraint[]
  readonly comment?: string
  readonly columnComments: Readonly<Record<string, string>>
}

export interface IndexDefinition {
  readonly table: QualifiedName
  readonly columns: readonly string[]
  readonly unique: boolean
  readonly tablespace: string
  readonly created: number
  /** The constraint it was made for. */
  readonly constraint?: string
}

export function detailsOf(instance: Instance, table: QualifiedName): TableDetails {
  return schemaOf(instance).get<TableDetails>('TABLE', table.owner, table.name)?.definition ?? { created: 0, constraints: [], columnComments: {} }
}

export function indexesOf(instance: Instance, table: QualifiedName): StoredObject<IndexDefinition>[] {
  return schemaOf(instance).all<IndexDefinition>('INDEX').filter((index) => index.definition.table.owner === table.owner && index.definition.table.name === table.name)
}
