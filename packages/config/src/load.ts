import { readFile as readTextFile } from 'node:fs/promises'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { buildConfig } from './build.ts'
import { configErrors } from './errors.ts'
import { parseIni } from './ini.ts'
import type { IniDocument } from './ini.ts'
import { iniSource, modulesIn } from './ini-source.ts'
import type { ModuleCredentials } from './ini-source.ts'
import type { DatabaseConfig, IcbConfig } from './model.ts'
import { nearestName } from './nearest.ts'
import { seedCredentials } from './seed.ts'
import { treeSource } from './tree-source.ts'
import { parseYaml } from './yaml.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface LoadConfigOptions {
  /** `ORACLE_HOME`, and for the original's Huawei login `HOME` and its two variables. */
  readonly env: Environment
  /** Reads a text file; rejects with `code: 'ENOENT'` when there is none. Default: the file system. */
  readonly readFile?: (path: string) => Promise<string>
  readonly signal?: AbortSignal | undefined
}

const maxLength = 10_000_000

/**
 * Reads a configuration: `.cfg`, `.ini`, `.conf` as INI, `.yaml`, `.yml`, `.json` as YAML, anything else by its first line.
 * @throws ICB_CONFIG_NOT_FOUND; for one mistake its own code, for several ICB_CONFIG_INVALID, each with file, line, section, key and the nearest right key
 */
export async function loadConfig(path: string, { env, readFile, signal }: LoadConfigOptions): Promise<IcbConfig> {
  const read = readFile ?? ((name: string): Promise<string> => readTextFile(name, { encoding: 'utf8', ...(signal === undefined ? {} : { signal }) }))
  const file = resolve(path)
  const baseDir = dirname(file)
  let text: string
  try {
    text = await read(file)
  } catch (cause) {
    signal?.throwIfAborted()
    throw configErrors.NOT_FOUND(`cannot read the configuration ${path}: ${reasonOf(cause)}`, { cause, details: { file: path }, hint: 'Name it with --config; "icb init" writes a first one.' })
  }
  signal?.throwIfAborted()
  if (text.length > maxLength) throw configErrors.SYNTAX(`${path}: longer than ${maxLength} characters; this is no configuration`, { details: { file: path } })
  if (!isIni(path, text)) {
    const { tree, locate } = parseYaml(text, path)
    return buildConfig(treeSource(tree, { format: 'yaml', file: path, locate }), { env, baseDir, file })
  }
  const document = parseIni(text, path)
  return buildConfig(iniSource(document, await readCredentials(document, baseDir, env, read)), { env, baseDir, file })
}

export interface ConfigFromObjectOptions {
  readonly env?: Environment
  /** Against which relative paths are resolved. */
  readonly baseDir: string
}

/** The same model from a plain object of the YAML form's shape. Throws as {@link loadConfig}. */
export function configFromObject(object: unknown, { env = {}, baseDir }: ConfigFromObjectOptions): IcbConfig {
  return buildConfig(treeSource(object, { format: 'object', file: '<object>' }), { env, baseDir: resolve(baseDir) })
}

/**
 * The database of this name.
 * @throws ICB_CONFIG_UNKNOWN_DATABASE with the nearest name
 */
export function findDatabase(config: IcbConfig, name: string): DatabaseConfig {
  const found = config.databases.find((database) => database.name === name)
  if (found !== undefined) return found
  const names = config.databases.map((database) => database.name)
  const nearest = nearestName(name, names)
  throw configErrors.UNKNOWN_DATABASE(`no database "${name}" in ${config.file ?? 'the configuration'}${nearest === undefined ? '' : `; did you mean "${nearest}"?`}`, {
    hint: names.length === 0 ? 'The configuration names no database.' : `It has: ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}.`,
    details: { database: name, ...(nearest === undefined ? {} : { nearest }) },
  })
}

function isIni(path: string, text: string): boolean {
  const extension = extname(basename(path)).toLowerCase()
  if (['.cfg', '.ini', '.conf'].includes(extension)) return true
  if (['.yaml', '.yml', '.json'].includes(extension)) return false
  const first = text.replace(/^\uFEFF/u, '').split('\n', 1_000).map((line) => line.trim()).find((line) => line !== '' && !line.startsWith('#') && !line.startsWith(';'))
  return first?.startsWith('[') === true
}

/** Finds the logins of the modules in use, in the order of the original. Only a NetApp file is read now: it may hold the filer's address. */
async function readCredentials(document: IniDocument, baseDir: string, env: Environment, read: (path: string) => Promise<string>): Promise<ReadonlyMap<string, ModuleCredentials>> {
  const found = new Map<string, ModuleCredentials>()
  for (const module of modulesIn(document)) {
    const places = seedCredentials.filter((place) => place.module === module)
    for (const [index, place] of places.entries()) {
      const variables = place.env
      if (variables !== undefined && env[variables.user] !== undefined && env[variables.password] !== undefined) {
        found.set(module, { user: { env: variables.user }, password: { env: variables.password }, file: document.file })
        break
      }
      const home = env['HOME']
      if (place.home === true && home === undefined) continue
      const file = join(place.home === true ? (home ?? '') : baseDir, place.file)
      const last = index === places.length - 1
      const text = module === 'netapp' || !last ? await readIfThere(file, read) : undefined
      if (text === undefined && !last) continue
      const section = text === undefined || module !== 'netapp' ? undefined : parseIni(text, file).sections.get(module)
      found.set(module, {
        user: { file, section: place.section, key: place.user },
        password: { file, section: place.section, key: place.password },
        section,
        file,
      })
      break
    }
  }
  return found
}

async function readIfThere(file: string, read: (path: string) => Promise<string>): Promise<string | undefined> {
  try {
    return await read(file)
  } catch (cause) {
    if ((cause as { code?: unknown } | undefined)?.code === 'ENOENT') return undefined
    throw configErrors.NOT_FOUND(`cannot read the credentials file ${file}: ${reasonOf(cause)}`, { cause, details: { file } })
  }
}

function reasonOf(cause: unknown): string {
  const code = (cause as { code?: unknown } | undefined)?.code
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES') return 'no permission'
  if (code === 'EISDIR') return 'it is a directory'
  return cause instanceof Error ? cause.message : String(cause)
}
