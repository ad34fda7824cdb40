import type { Instance } from '../../engine/instance-api.ts'

export type ObjectType = 'TABLE' | 'INDEX' | 'SEQUENCE' | 'VIEW' | 'SYNONYM' | 'PROCEDURE' | 'FUNCTION' | 'PACKAGE' | 'PACKAGE BODY' | 'USER' | 'ROLE' | 'JOB' | 'PROGRAM' | 'SCHEDULE' | 'JOB CLASS' | 'CREDENTIAL'

/** An object of the dictionary that is more than a heap table's columns. */
export interface StoredObject<T = Readonly<Record<string, unknown>>> {
  readonly owner: string
  readonly name: string
  readonly type: ObjectType
  readonly definition: T
}

const TABLE = { owner: 'SYS', name: 'OBJ$', tablespace: 'SYSTEM' } as const
const COLUMNS = [{ name: 'OWNER', type: 'VARCHAR2' }, { name: 'NAME', type: 'VARCHAR2' }, { name: 'TYPE', type: 'VARCHAR2' }, { name: 'PIECE', type: 'NUMBER' }, { name: 'DEFINITION', type: 'VARCHAR2' }] as const
/** Characters of a definition in one row. */
const pieceLength = 900

const keyOf = (owner: string, name: string, type: string): string => `${type} ${owner}.${name}`

/** What a session's statement sees of the dictionary: read before the statement, so that names can be looked up at once. */
export class Schema {
  readonly #objects: ReadonlyMap<string, StoredObject>

  constructor(objects: readonly StoredObject[]) {
    this.#objects = new Map(objects.map((object) => [keyOf(object.owner, object.name, object.type), object]))
  }

  get<T>(type: ObjectType, owner: string, name: string): StoredObject<T> | undefined {
    return this.#objects.get(keyOf(owner, name, type)) as StoredObject<T> | undefined
  }

  all<T>(...types: readonly ObjectType[]): StoredObject<T>[] {
    return [...this.#objects.values()].filter((object) => types.length === 0 || types.includes(object.type)) as unknown as StoredObject<T>[]
  }
}

const schemas = new WeakMap<Instance, Schema>()
const empty = new Schema([])

/** The dictionary as of the last {@link loadSchema}. */
export function schemaOf(instance: Instance): Schema {
  return schemas.get(instance) ?? empty
}

const exists = (instance: Instance): boolean => instance.tables().some((table) => table.owner === TABLE.owner && table.name === TABLE.name)

/** Reads the dictionary's objects out of their blocks. */
export async function loadSchema(instance: Instance): Promise<Schema> {
  if (instance.status !== 'OPEN' || !exists(instance)) {
    schemas.set(instance, empty)
    return empty
  }
  const texts = new Map<string, { readonly owner: string; readonly name: string; readonly type: ObjectType; readonly pieces: string[] }>()
  for (const [owner, name, type, piece, text] of await instance.readTable(TABLE.owner, TABLE.name)) {
    const key = keyOf(String(owner), String(name), String(type))
    const found = texts.get(key) ?? { owner: String(owner), name: String(name), type: String(type) as ObjectType, pieces: [] }
    found.pieces[Number(piece)] = String(text)
    texts.set(key, found)
  }
  const schema = new Schema([...texts.values()].map(({ owner, name, type, pieces }) => ({ owner, name, type, definition: JSON.parse(pieces.join('')) as StoredObject['definition'] })))
  schemas.set(instance, schema)
  return schema
}

/** Writes an object, in place of one of the same name and type; its own transaction. */
export async function saveObject(instance: Instance, object: StoredObject<object>): Promise<void> {
  if (!exists(instance)) await instance.createTable({ ...TABLE, columns: COLUMNS })
  const { owner, name, type } = object
  const text = JSON.stringify(object.definition)
  const pieces = Array.from({ length: Math.max(1, Math.ceil(text.length / pieceLength)) }, (_, index) => [owner, name, type, index, text.slice(index * pieceLength, (index + 1) * pieceLength)])
  await instance.applyChanges([
    { owner: TABLE.owner, name: TABLE.name, change: (row) => (row[0] === owner && row[1] === name && row[2] === type ? null : undefined) },
    { owner: TABLE.owner, name: TABLE.name, insert: pieces },
  ])
  await loadSchema(instance)
}

/** Removes the objects that fit. */
export async function removeObjects(instance: Instance, which: (object: { readonly owner: string; readonly name: string; readonly type: ObjectType }) => boolean): Promise<void> {
  if (!exists(instance)) return
  await instance.applyChanges([{ owner: TABLE.owner, name: TABLE.name, change: ([owner, name, type]) => (which({ owner: String(owner), name: String(name), type: String(type) as ObjectType }) ? null : undefined) }])
  await loadSchema(instance)
}
