import { alignOptions } from '@icb/config'
import type { StorageConfig } from '@icb/config'
import { validateAdapterOptions } from '@icb/storage-core'
import type { StorageAdapter } from '@icb/storage-core'

/** Option names of an adapter's schema; empty when the schema is no plain object. */
function optionNames(adapter: StorageAdapter): readonly string[] {
  const { shape } = adapter.options as unknown as { readonly shape?: Readonly<Record<string, unknown>> }
  return shape === undefined ? [] : Object.keys(shape)
}

/**
 * Joins a configuration's storage part with its adapter's schema: INI keys get the schema's spelling, every mistake names
 * its place in the file.
 * @throws ICB_CONFIG_UNKNOWN_KEY, ICB_STORAGE_OPTIONS
 */
export function adapterOptions(adapter: StorageAdapter, storage: StorageConfig): unknown {
  const names = optionNames(adapter)
  const aligned = names.length === 0 ? storage : alignOptions(storage, names)
  return validateAdapterOptions(adapter, aligned.options, aligned.origins)
}
