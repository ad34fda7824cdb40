import { problemError } from './errors.ts'
import type { ConfigOrigin, StorageConfig } from './model.ts'
import { nearestName } from './nearest.ts'

/**
 * Gives the options of an adapter the spelling of its schema: INI keys carry no case (`volumeprefix` for `volumePrefix`).
 * @throws ICB_CONFIG_UNKNOWN_KEY with file, line and the nearest name for an option that the adapter does not have
 */
export function alignOptions(storage: StorageConfig, names: readonly string[]): StorageConfig {
  const spelling = new Map(names.map((name) => [name.toLowerCase(), name]))
  const options: [string, unknown][] = []
  const origins: [string, ConfigOrigin][] = storage.origins['adapter'] === undefined ? [] : [['adapter', storage.origins['adapter']]]
  for (const [written, value] of Object.entries(storage.options)) {
    const origin = storage.origins[written] ?? { file: '<object>', key: written }
    const name = names.includes(written) ? written : spelling.get(written.toLowerCase())
    if (name === undefined) {
      throw problemError({ name: 'UNKNOWN_KEY', message: `the storage adapter ${storage.adapter} has no option "${written}"`, nearest: nearestName(written, names), origin })
    }
    options.push([name, value])
    origins.push([name, origin])
  }
  return { adapter: storage.adapter, options: Object.fromEntries(options), origins: Object.fromEntries(origins) }
}
