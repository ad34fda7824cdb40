import type { DatabaseConfig, IcbConfig } from './model.ts'
import { isSecretReference } from './secret.ts'

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [name: string]: JsonValue }

const masked = '[secret]'
const secretName = /pass(?:word|wd|phrase)?|secret|token|credential|api_?-?key|private_?-?key/iu

/**
 * The model as it may be shown: JSON only. Masked are texts below a name that speaks of a secret, the arguments of secret commands, and everything that
 * came from a credentials file. References to secrets (`{ env }`, `{ file }`) stay visible, as they are no secrets.
 */
export function externalView(config: IcbConfig): { readonly [name: string]: JsonValue } {
  return { ...(plain(config, false, 0) as Record<string, JsonValue>), databases: config.databases.map((database) => viewOfDatabase(database)) }
}

function viewOfDatabase(database: DatabaseConfig): JsonValue {
  const { storage } = database
  const options = Object.fromEntries(
    Object.entries(storage.options).map(([name, value]) => {
      const elsewhere = storage.origins[name] !== undefined && storage.origins[name].file !== database.origin.file
      return [name, elsewhere ? masked : plain(value, secretName.test(name), 0)]
    }),
  )
  return { ...(plain(database, false, 0) as Record<string, JsonValue>), storage: { adapter: storage.adapter, options } }
}

function plain(value: unknown, secret: boolean, depth: number): JsonValue {
  if (depth > 20) return '…'
  if (value === null || value === undefined) return null
  if (isSecretReference(value)) {
    if ('command' in value) return { command: value.command.map((part, index) => (index === 0 ? part : masked)) }
    return plainEntries(value, false, depth)
  }
  if (Array.isArray(value)) return value.map((inner) => plain(inner, secret, depth + 1))
  if (typeof value === 'object') return plainEntries(value, secret, depth)
  if (secret) return masked
  if (typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  return typeof value === 'bigint' ? value.toString() : null
}

function plainEntries(value: object, secret: boolean, depth: number): JsonValue {
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner, secret || secretName.test(name), depth + 1)]))
}
