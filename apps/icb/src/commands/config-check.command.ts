import { checkHost } from '@icb/config'
import type { ConfigWarning } from '@icb/config'
import { adapterOptions } from '@icb/fleet'
import { createAdapterRegistry } from '@icb/storage-core'
import { isIcbError } from '@icb/runtime'
import { builtInAdapters } from '../adapters.ts'
import type { CommandAction } from '../command.ts'

/** `icb config check`: everything wrong with the file is an error, everything missing on this host a warning. */
export const configCheck: CommandAction = async (app) => {
  const config = await app.config()
  const warnings: ConfigWarning[] = [...config.warnings, ...(await checkHost(config, { signal: app.signal }))]
  const registry = createAdapterRegistry({ builtIn: builtInAdapters, baseDir: config.baseDir, adapterPath: config.adapterPath })
  for (const database of config.databases) {
    try {
      adapterOptions(await registry.load(database.storage.adapter), database.storage)
    } catch (error) {
      // An adapter may be installed on the database host only; its section was checked by key. One that is here must fit.
      if (!isIcbError(error) || error.code !== 'ICB_STORAGE_ADAPTER' || error.details['tried'] === undefined) throw error
      warnings.push({ code: 'ICB_CONFIG_ADAPTER_MISSING', message: `${database.name}: the storage adapter ${database.storage.adapter} is not installed here, so its options were checked by name only`, origin: database.origin })
    }
  }
  for (const warning of warnings) app.warn(warning.code, warning.message)
  const names = config.databases.map((database) => database.name)
  app.print(`${config.file ?? 'configuration'}: understood, ${String(names.length)} ${names.length === 1 ? 'database' : 'databases'} (${names.join(', ')})`)
  return { schema: 'config-check/1', result: { file: config.file, format: config.format, databases: names } }
}
