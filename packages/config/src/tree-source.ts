import type { ConfigProblem } from './errors.ts'
import type { ConfigOrigin, IcbConfig } from './model.ts'
import { nearestName } from './nearest.ts'
import { allSettings } from './settings.ts'
import type { Setting, SettingScope } from './settings.ts'
import { isDatabaseName, isUnset } from './source.ts'
import type { ConfigSource, DatabaseSource, StorageSource, Written } from './source.ts'

type Path = readonly string[]
type Tree = Readonly<Record<string, unknown>>
type Known = ReadonlyMap<string, Setting<unknown> | 'group' | 'free'>

export interface TreeSourceOptions {
  readonly format: IcbConfig['format']
  readonly file: string
  /** Line and column of a value; nothing for a plain object. */
  readonly locate?: (path: Path) => { readonly line: number; readonly column: number } | undefined
}

/** Paths that are known at one level, with their groups: `retention`, `retention.keepDays`. */
function knownPaths(scopes: readonly SettingScope[], more: Iterable<readonly [string, 'group' | 'free']>): Known {
  const known = new Map<string, Setting<unknown> | 'group' | 'free'>(more)
  for (const setting of allSettings.filter(({ scope }) => scopes.includes(scope))) {
    const parts = setting.path.split('.')
    for (let length = 1; length < parts.length; length++) known.set(parts.slice(0, length).join('.'), 'group')
    known.set(setting.path, setting)
  }
  return known
}

const top = knownPaths(['file'], [['defaults', 'free'], ['databases', 'free']])
const inDefaults = knownPaths(['database'], [['storage', 'free']])
const inDatabase = knownPaths(['database', 'only-database'], [['storage', 'free']])

/** The YAML and object forms: nested names as in the model, `defaults` for all databases, `databases` by name. */
export function treeSource(tree: unknown, { format, file, locate }: TreeSourceOptions): ConfigSource {
  const problems: ConfigProblem[] = []
  const root = mapping(tree, []) ?? {}
  check(root, top, [])
  const defaults = mapping(own(root, 'defaults'), ['defaults']) ?? {}
  check(defaults, inDefaults, ['defaults'])
  const databases: DatabaseSource[] = []
  for (const [name, body] of Object.entries(mapping(own(root, 'databases'), ['databases']) ?? {})) {
    const path = ['databases', name]
    if (!isDatabaseName(name)) {
      problems.push({ name: 'UNKNOWN_SECTION', message: 'no db_unique_name (1 to 30 letters, digits, _, $ or #)', origin: originOf(path) })
      continue
    }
    const values = mapping(body, path) ?? {}
    check(values, inDatabase, path)
    databases.push(databaseSource(name, values))
  }
  return { format, read: (setting) => at(root, setting, []), databases, origin: { file }, warnings: [], problems }

  function originOf(path: Path): ConfigOrigin {
    const inGroup = path[0] === 'databases' ? 2 : path[0] === 'defaults' ? 1 : 0
    const section = path[inGroup - 1]
    const key = path.slice(inGroup).join('.')
    return { file, ...locate?.(path), ...(section === undefined ? {} : { section }), ...(key === '' ? {} : { key }) }
  }

  function mapping(value: unknown, path: Path): Tree | undefined {
    if (value === undefined || value === null) return undefined
    if (isMapping(value)) return value
    problems.push({ name: 'INVALID_VALUE', message: 'expected a mapping of names to values', origin: originOf(path) })
    return undefined
  }

  function check(values: Tree, known: Known, place: Path, group: Path = []): void {
    const prefix = group.length === 0 ? '' : `${group.join('.')}.`
    for (const [name, value] of Object.entries(values)) {
      const path = [...place, ...group, name]
      const what = known.get(prefix + name)
      if (what === undefined) {
        const siblings = [...known.keys()].filter((key) => key.startsWith(prefix) && !key.slice(prefix.length).includes('.')).map((key) => key.slice(prefix.length))
        const deeper = [...known.keys()].find((key) => key.endsWith(`.${name}`))
        const nearest = deeper ?? nearestName(name, siblings)
        problems.push({ name: 'UNKNOWN_KEY', message: 'unknown key', nearest, origin: originOf(path), hint: place.length === 0 && inDefaults.has(name) ? `"${name}" belongs below "defaults" or a database.` : undefined })
      } else if (what === 'group') {
        const inner = mapping(value, path)
        if (inner !== undefined) check(inner, known, place, [...group, name])
      } else if (what === 'free' && place.length > 0) {
        mapping(value, path)
      }
    }
  }

  function at(values: Tree, setting: Setting<unknown>, place: Path): Written | undefined {
    let value: unknown = values
    const parts = setting.path.split('.')
    for (const part of parts) value = isMapping(value) ? own(value, part) : undefined
    return value === undefined ? undefined : { value, origin: originOf([...place, ...parts]) }
  }

  function databaseSource(name: string, values: Tree): DatabaseSource {
    const place = ['databases', name]
    return {
      name,
      origin: originOf(place),
      read: (setting) => at(values, setting, place) ?? (setting.scope === 'database' ? at(defaults, setting, ['defaults']) : undefined),
      placeOf: (setting) => ({ ...originOf(place), key: setting.path }),
      storage: () => storageOf(values, place),
    }
  }

  function storageOf(values: Tree, place: Path): StorageSource {
    const levels: readonly [unknown, Path][] = [[own(defaults, 'storage'), ['defaults', 'storage']], [own(values, 'storage'), [...place, 'storage']]]
    let adapter: Written | undefined
    const options = new Map<string, Written>()
    for (const [storage, path] of levels) {
      if (!isMapping(storage)) continue
      const name = own(storage, 'adapter')
      if (!isUnset(name)) {
        // Options of another adapter say nothing about this one.
        if (adapter !== undefined && adapter.value !== name) options.clear()
        adapter = { value: name, origin: originOf([...path, 'adapter']) }
      }
      for (const [key, value] of Object.entries(storage)) {
        if (key === 'adapter') continue
        if (isUnset(value)) options.delete(key)
        else options.set(key, { value, origin: originOf([...path, key]) })
      }
    }
    return { adapter, options }
  }
}

function isMapping(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Never looks at the prototype: `constructor` is no key. */
function own(values: Tree, name: string): unknown {
  return Object.hasOwn(values, name) ? values[name] : undefined
}
