import type { ConfigProblem } from './errors.ts'
import type { ConfigOrigin, ConfigWarning, IcbConfig } from './model.ts'
import type { Setting } from './settings.ts'

/** A value as somebody wrote it. `undefined`, `null` and an empty text mean: not set, use the default. */
export interface Written {
  readonly value: unknown
  readonly origin: ConfigOrigin
}

export interface StorageSource {
  readonly adapter: Written | undefined
  readonly options: ReadonlyMap<string, Written>
}

/** What the three forms of a configuration have in common before values are checked. */
export interface DatabaseSource {
  readonly name: string
  readonly origin: ConfigOrigin
  /** Looks in the database first, then in the defaults. */
  readonly read: (setting: Setting<unknown>) => Written | undefined
  /** Where a missing value would have to be written. */
  readonly placeOf: (setting: Setting<unknown>) => ConfigOrigin
  readonly storage: () => StorageSource
}

export interface ConfigSource {
  readonly format: IcbConfig['format']
  readonly read: (setting: Setting<unknown>) => Written | undefined
  readonly databases: readonly DatabaseSource[]
  readonly origin: ConfigOrigin
  readonly warnings: readonly ConfigWarning[]
  readonly problems: readonly ConfigProblem[]
}

/** True for a value that leaves the default in force. */
export function isUnset(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '')
}

const databaseName = /^[A-Za-z0-9][A-Za-z0-9_$#]{0,29}$/u

/** A db_unique_name: it becomes part of paths and scripts. */
export function isDatabaseName(name: string): boolean {
  return databaseName.test(name)
}
