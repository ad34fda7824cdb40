import { stat as statFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { ConfigWarning, DatabaseConfig, IcbConfig } from './model.ts'
import { isSecretReference } from './secret.ts'

export interface PathState {
  readonly directory: boolean
  /** Permission bits. */
  readonly mode: number
}

export interface CheckHostOptions {
  /** What is at a path; undefined: nothing. Default: the file system. */
  readonly stat?: (path: string) => Promise<PathState | undefined>
  readonly signal?: AbortSignal | undefined
}

interface Wanted {
  readonly path: string
  readonly what: string
  readonly kind: 'directory' | 'secret'
  readonly databases: Set<DatabaseConfig>
}

/** What the configuration names and this host lacks; one warning for a path, however many databases use it. A backup host need not be a sandbox host, so none of it is an error. */
export async function checkHost(config: IcbConfig, { stat = statPath, signal }: CheckHostOptions = {}): Promise<ConfigWarning[]> {
  const wanted = new Map<string, Wanted>()
  const want = (database: DatabaseConfig, what: string, path: string | undefined, kind: Wanted['kind'] = 'directory'): void => {
    if (path === undefined) return
    const entry = wanted.get(path) ?? { path, what, kind, databases: new Set() }
    entry.databases.add(database)
    wanted.set(path, entry)
  }
  const warnings: ConfigWarning[] = []
  for (const database of config.databases) {
    if (database.oracleHome === undefined) warnings.push({ code: 'ICB_CONFIG_HOST_ORACLE_HOME', message: `${database.name}: no Oracle home, neither oraclehome (oracleHome) nor the variable ORACLE_HOME`, origin: database.origin })
    want(database, 'Oracle home', database.oracleHome)
    want(database, 'directory of tnsnames.ora', database.tnsAdmin)
    want(database, 'backup area', database.areaPath)
    if (database.restoreTest.enabled) {
      want(database, 'scratch directory', database.restoreTest.scratch)
      for (const place of mountPoints(database)) want(database, 'mount point', place)
    }
    for (const file of secretFiles(database.storage.options, 0)) want(database, 'file with a secret', resolve(config.baseDir, file), 'secret')
  }
  for (const { path, what, kind, databases } of wanted.values()) {
    signal?.throwIfAborted()
    const names = [...databases].map(({ name }) => name)
    const [first] = databases
    const state = await stat(path)
    const found = kind === 'directory' ? problemOfDirectory(state) : problemOfSecret(state)
    if (found !== undefined && first !== undefined) {
      warnings.push({ code: 'ICB_CONFIG_HOST_PATH', message: `${what} ${path} ${found} (${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''})`, origin: first.origin })
    }
  }
  return warnings
}

/** Of each slot; a place that has the clone's name comes and goes with it. */
function mountPoints({ restoreTest: { mountPoint = '', slots } }: DatabaseConfig): readonly string[] {
  return mountPoint === '' || mountPoint.includes('{clone}') ? [] : slots.map((slot) => mountPoint.replaceAll('{slot}', slot.toLowerCase()))
}

function problemOfDirectory(state: PathState | undefined): string | undefined {
  if (state === undefined) return 'does not exist on this host'
  return state.directory ? undefined : 'is no directory'
}

function problemOfSecret(state: PathState | undefined): string | undefined {
  if (state === undefined) return 'does not exist on this host'
  return (state.mode & 0o077) === 0 ? undefined : 'can be read by its group or by others: chmod 600'
}

function* secretFiles(value: unknown, depth: number): Generator<string> {
  if (typeof value !== 'object' || value === null || depth > 8) return
  if (isSecretReference(value)) {
    if ('file' in value) yield value.file
    return
  }
  for (const inner of Object.values(value)) yield* secretFiles(inner, depth + 1)
}

async function statPath(path: string): Promise<PathState | undefined> {
  try {
    const state = await statFile(path)
    return { directory: state.isDirectory(), mode: state.mode & 0o777 }
  } catch {
    // A path that cannot be asked is as useless as one that is missing.
    return undefined
  }
}
