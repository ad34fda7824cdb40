import { isAbsolute, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { StorageAdapter } from './adapter.ts'
import { storageErrors } from './errors.ts'
import { nearestName } from './nearest-name.ts'
import { isFile, packageDirectories, packageEntry } from './package-entry.ts'

/** An adapter that an app brings along: at hand, or loaded when a configuration names it. */
export type BuiltInAdapter = StorageAdapter | { readonly name: string; readonly load: () => Promise<StorageAdapter> }

export interface AdapterRegistryOptions {
  /** Adapters that the app brings along; each under its own name. */
  readonly builtIn: readonly BuiltInAdapter[]
  /** Directory of the configuration file: relative paths and package names are resolved from here, never from the working directory. */
  readonly baseDir: string
  /** Further directories that hold adapter packages, directly or in a `node_modules`; relative ones are below `baseDir`. */
  readonly adapterPath?: readonly string[]
}

export interface AdapterRegistry {
  /** Names of the built-in adapters. */
  readonly names: readonly string[]
  /**
   * Finds an adapter: built-in name; a path (`/…`, `./…`, `../…`) of a module or package; a package installed where the
   * configuration file sees it; a package below `adapterPath`.
   * @throws ICB_STORAGE_ADAPTER with what was tried and the nearest built-in name.
   */
  load(name: string): Promise<StorageAdapter>
}

const packageName = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/

/** Builds the list of adapters a configuration can name. @throws ICB_STORAGE_ADAPTER when two built-in adapters have the same name. */
export function createAdapterRegistry(options: AdapterRegistryOptions): AdapterRegistry {
  const builtIn = new Map<string, () => Promise<StorageAdapter>>()
  for (const adapter of options.builtIn) {
    const { name } = adapter
    if (builtIn.has(name)) throw storageErrors.ADAPTER(`two built-in adapters are called "${name}"`)
    const origin = `built-in adapter ${name}`
    if ('load' in adapter) builtIn.set(name, async () => checkedAdapter(await adapter.load(), origin))
    else {
      const checked = checkedAdapter(adapter, origin)
      builtIn.set(name, async () => checked)
    }
  }
  const names = [...builtIn.keys()]
  return {
    names,
    load: async (name) => {
      const known = builtIn.get(name)
      if (known !== undefined) return known()
      const tried = [`built-in: ${names.join(', ') || 'none'}`]
      for (const place of placesOf(name, options)) {
        const entry = (await isFile(place)) ? place : await packageEntry(place)
        if (entry !== undefined) return importAdapter(name, entry)
        tried.push(place)
      }
      const nearest = nearestName(name, names)
      throw storageErrors.ADAPTER(`there is no storage adapter "${name}"`, {
        hint: nearest === undefined ? `Use one of ${names.join(', ')}, or install the adapter's package beside the configuration file.` : `Did you mean "${nearest}"?`,
        details: { name, tried, ...(nearest === undefined ? {} : { nearest }) },
      })
    },
  }
}

function placesOf(name: string, options: AdapterRegistryOptions): readonly string[] {
  if (isAbsolute(name) || /^\.{1,2}\//.test(name)) return [resolve(options.baseDir, name)]
  if (!packageName.test(name)) return []
  const extra = (options.adapterPath ?? []).map((directory) => resolve(options.baseDir, directory))
  return [...packageDirectories(name, options.baseDir), ...extra.flatMap((directory) => [join(directory, name), join(directory, 'node_modules', name)])]
}

async function importAdapter(name: string, file: string): Promise<StorageAdapter> {
  let module: Record<string, unknown>
  try {
    // A computed address stays a real dynamic import when the program is bundled into one file.
    module = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Record<string, unknown>
  } catch (cause) {
    throw storageErrors.ADAPTER(`the storage adapter "${name}" could not be loaded from ${file}`, {
      hint: 'Load that file with node to see why; its peers (@icb/storage-core, luxon, zod) must be installed beside it.',
      details: { name, file },
      cause,
    })
  }
  const fallback = module['default'] as Record<string, unknown> | undefined
  return checkedAdapter(module['adapter'] ?? fallback?.['adapter'], `${name} (${file})`)
}

/** @throws ICB_STORAGE_ADAPTER unless `candidate` is an adapter for this version of the contract. */
function checkedAdapter(candidate: unknown, origin: string): StorageAdapter {
  if (typeof candidate !== 'object' || candidate === null) {
    throw storageErrors.ADAPTER(`${origin} does not export "adapter"`, { hint: 'Export the result of defineStorageAdapter() under the name `adapter`.' })
  }
  const { apiVersion, name, options, open } = candidate as Record<string, unknown>
  if (apiVersion !== 1) {
    throw storageErrors.ADAPTER(`${origin} was written for version ${String(apiVersion)} of the storage contract; this program speaks version 1`, { hint: 'Install the matching version of the adapter.' })
  }
  const wrong = [
    ...(typeof name === 'string' && name !== '' ? [] : ['name']),
    ...(typeof (options as { safeParse?: unknown } | undefined)?.safeParse === 'function' ? [] : ['options']),
    ...(typeof open === 'function' ? [] : ['open']),
  ]
  if (wrong.length > 0) throw storageErrors.ADAPTER(`${origin} is not a storage adapter: wrong or missing ${wrong.join(', ')}`, { hint: 'Make it with defineStorageAdapter().' })
  return candidate as StorageAdapter
}
