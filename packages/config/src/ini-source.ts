import type { ConfigProblem } from './errors.ts'
import { freeSections, icbKeys, icbSections } from './icb-keys.ts'
import type { IniDocument, IniSection, IniValue } from './ini.ts'
import type { ConfigOrigin, ConfigWarning, SecretReference } from './model.ts'
import { nearestName } from './nearest.ts'
import { reservedSections, seedKeys, seedModuleName, seedModules } from './seed.ts'
import { allSettings, settings } from './settings.ts'
import type { Setting } from './settings.ts'
import { isDatabaseName, isUnset } from './source.ts'
import type { ConfigSource, DatabaseSource, StorageSource, Written } from './source.ts'

/** What the credentials file of a module of the original contributes. */
export interface ModuleCredentials {
  readonly user: SecretReference
  readonly password: SecretReference
  /** The module's own section in that file; it goes before the one in the configuration (NetApp). */
  readonly section?: IniSection | undefined
  readonly file: string
}

const special: ReadonlySet<string> = new Set<string>([...reservedSections, ...icbSections])
const allKeys = [...seedKeys, ...icbKeys]
const keysOf: ReadonlyMap<string, readonly string[]> = new Map(
  [...special, 'database'].map((section) => [section, allKeys.filter((definition) => definition.section === section).map(({ key }) => key)]),
)
/** Keys that say something about the host, not about a database. */
const hostKeys = new Set(allSettings.filter(({ scope, ini }) => scope === 'file' && ini !== settings.ledgerCatalog.ini).map(({ ini }) => ini))
const bareKeys = allSettings.filter(({ bare }) => bare).map(({ ini }) => ini.key).concat('adapter')
const databaseKeys: readonly string[] = [
  ...(keysOf.get('database') ?? []),
  ...bareKeys,
  ...allKeys.filter((definition) => definition.section !== 'database' && definition.section !== 'ledger' && !hostKeys.has(definition)).map(({ section, key }) => section + key),
]
const databaseKeySet = new Set(databaseKeys)

const moduleOf = (adapter: unknown): string | undefined => Object.keys(seedModules).find((name) => seedModules[name] === adapter)

/** The modules of the original that any section of the document asks for, by their own name or by that of the adapter. */
export function modulesIn(document: IniDocument): readonly string[] {
  const sections = [...document.sections.values(), ...(document.defaults === undefined ? [] : [document.defaults])]
  const named = (keys: readonly string[]): string[] => sections.flatMap(({ values }) => keys.map((key) => values.get(key)?.value ?? ''))
  return [...new Set([...named(['snappermodule', 'genericsnappermodule']).map(seedModuleName), ...named(['adapter', 'genericadapter']).map((adapter) => moduleOf(adapter) ?? '')])].filter((name) => name !== '')
}

/** The INI form: closed key lists, and the override rule of the original (parameter p of section s is key s+p in a database's section). */
export function iniSource(document: IniDocument, credentials: ReadonlyMap<string, ModuleCredentials>): ConfigSource {
  const problems: ConfigProblem[] = []
  const warnings: ConfigWarning[] = []
  const { file, defaults } = document
  const databases: DatabaseSource[] = []
  checkDefaults()
  for (const section of document.sections.values()) {
    if (special.has(section.name)) {
      if (!freeSections.includes(section.name)) checkKeys(section, keysOf.get(section.name) ?? [])
    } else if (isDatabaseSection(section)) {
      checkKeys(section, databaseKeys)
      const override = section.values.get('autorestoreautorestorecatalog')
      if (override !== undefined) {
        warnings.push({ code: 'ICB_CONFIG_NOT_PER_DATABASE', message: 'there is one result catalog for all databases; this override has no effect', origin: originOf(override) })
      }
      databases.push(databaseSource(section))
    }
  }
  return { format: 'ini', read: (setting) => fromSection(setting.ini.section, setting.ini.key), databases, origin: { file }, warnings, problems }

  function originOf(value: IniValue): ConfigOrigin {
    return { file, line: value.line, section: value.section, key: value.key }
  }

  function written(value: IniValue | undefined): Written | undefined {
    return value === undefined ? undefined : { value: value.value, origin: originOf(value) }
  }

  function fromSection(section: string, key: string): Written | undefined {
    return written(document.sections.get(section)?.values.get(key) ?? defaults?.values.get(key))
  }

  function isDatabaseSection(section: IniSection): boolean {
    const origin = { file, line: section.line, section: section.name }
    const nearest = section.values.has('dbid') ? undefined : nearestName(section.name, special)
    if (nearest !== undefined) {
      problems.push({ name: 'UNKNOWN_SECTION', message: 'unknown section (a database would have a dbid)', nearest: `[${nearest}]`, hint: `Write [${nearest}], or give the database its dbid.`, origin })
      return false
    }
    if (isDatabaseName(section.name)) return true
    problems.push({ name: 'UNKNOWN_SECTION', message: 'neither a reserved section nor a db_unique_name (1 to 30 letters, digits, _, $ or #)', origin })
    return false
  }

  function checkKeys(section: IniSection, known: readonly string[]): void {
    const names = new Set(known)
    for (const value of section.values.values()) {
      if (names.has(value.key) || (known === databaseKeys && freeSections.some((free) => value.key.startsWith(free) && value.key.length > free.length))) continue
      problems.push({ name: 'UNKNOWN_KEY', message: 'unknown key', ...suggestion(value.key, section.name, known), origin: originOf(value) })
    }
  }

  /** A key of `[DEFAULT]` must be known somewhere or be used by interpolation (then it is no key of any section). */
  function checkDefaults(): void {
    for (const value of defaults?.values.values() ?? []) {
      const known = databaseKeySet.has(value.key) || allKeys.some(({ key }) => key === value.key)
      if (!known) {
        const names = [...databaseKeys, ...allKeys.map(({ key }) => key)]
        const nearest = nearestName(value.key, names)
        if (nearest !== undefined) problems.push({ name: 'UNKNOWN_KEY', message: 'unknown key', nearest, origin: originOf(value) })
      }
    }
  }

  function databaseSource(section: IniSection): DatabaseSource {
    const own = (key: string): IniValue | undefined => section.values.get(key)
    const inherited = (key: string): IniValue | undefined => defaults?.values.get(key)
    const read = ({ ini, bare }: Pick<Setting<unknown>, 'ini' | 'bare'>): Written | undefined => {
      if (ini.section === 'database') return written(own(ini.key) ?? inherited(ini.key))
      const override = ini.section + ini.key
      return written(own(override) ?? (bare ? own(ini.key) : undefined) ?? inherited(override)) ?? fromSection(ini.section, ini.key)
    }
    return {
      name: section.name,
      origin: { file, line: section.line, section: section.name },
      read,
      placeOf: ({ ini }) => ({ file, line: section.line, section: ini.section === 'database' ? section.name : ini.section, key: ini.key }),
      storage: () => storageOf(section, read),
    }
  }

  function storageOf(section: IniSection, read: (setting: Pick<Setting<unknown>, 'ini' | 'bare'>) => Written | undefined): StorageSource {
    const lookUp = (key: string, bare: boolean): Written | undefined => {
      const ini = allKeys.find((definition) => definition.section === 'generic' && definition.key === key)
      const found = ini === undefined ? undefined : read({ ini, bare })
      return found === undefined || isUnset(found.value) ? undefined : found
    }
    const named = lookUp('adapter', true)
    const module = named === undefined ? lookUp('snappermodule', false) : undefined
    const written = module?.value ?? moduleOf(named?.value)
    const moduleName = typeof written === 'string' ? seedModuleName(written) : ''
    const adapter = named ?? (module === undefined ? undefined : { value: seedModules[moduleName] ?? moduleName, origin: module.origin })
    const optionSection = seedModules[moduleName] === undefined ? (adapter === undefined || adapter.value === 'local' ? 'local' : 'storage') : moduleName
    const options = new Map<string, Written>()
    const put = (name: string, value: Written): void => {
      if (isUnset(value.value)) options.delete(name)
      else options.set(name, value)
    }
    if (freeSections.includes(optionSection)) freeOptions(optionSection, section, put)
    else for (const key of keysOf.get(optionSection) ?? []) {
      const value = read({ ini: { section: optionSection, key, type: 'text', description: '' }, bare: false })
      if (value !== undefined) put(key, value)
    }
    const login = credentials.get(moduleName)
    if (login !== undefined && adapter !== undefined) {
      for (const value of login.section?.values.values() ?? []) {
        if (keysOf.get(moduleName)?.includes(value.key) === true) put(value.key, { value: value.value, origin: { ...originOf(value), file: login.file } })
      }
      options.set('credentials', { value: { user: login.user, password: login.password }, origin: adapter.origin })
    }
    const suffixes = section.values.get('additionalvolumesuffixes') ?? defaults?.values.get('additionalvolumesuffixes')
    if (moduleName === 'netapp' && suffixes !== undefined) {
      const list = suffixes.value.split(/[,\n]/u).map((item) => item.trim()).filter((item) => item !== '')
      if (list.length > 0) options.set('additionalvolumesuffixes', { value: list, origin: originOf(suffixes) })
    }
    return { adapter, options }
  }

  /** Options of which only the adapter knows the names keep their letters' case; an override replaces the same name in any case. */
  function freeOptions(name: string, database: IniSection, put: (name: string, value: Written) => void): void {
    const spelling = new Map<string, string>()
    for (const value of document.sections.get(name)?.values.values() ?? []) {
      spelling.set(value.key, value.writtenKey)
      put(value.writtenKey, { value: value.value, origin: originOf(value) })
    }
    for (const value of database.values.values()) {
      if (!value.key.startsWith(name) || value.key.length === name.length || databaseKeySet.has(value.key)) continue
      const option = value.writtenKey.slice(name.length)
      put(spelling.get(option.toLowerCase()) ?? option, { value: value.value, origin: originOf(value) })
    }
  }
}

/** The nearest right key; a key of another section is named with its place. */
function suggestion(key: string, section: string, known: readonly string[]): { nearest?: string; hint?: string } {
  const elsewhere = allKeys.filter((definition) => definition.key === key)
  const prefixed = elsewhere.map((definition) => definition.section + definition.key).find((name) => known.includes(name))
  if (prefixed !== undefined) return { nearest: prefixed, hint: `In a database's section a key of another section carries that section's name: "${prefixed}".` }
  if (elsewhere.some((definition) => definition.section === 'database')) return { hint: `"${key}" belongs into the section of a database, or into [DEFAULT] for all of them.` }
  const [other] = elsewhere
  if (other !== undefined) return { hint: `"${key}" belongs into section [${other.section}].` }
  if (key.startsWith(section) && known.includes(key.slice(section.length))) return { nearest: key.slice(section.length) }
  const nearest = nearestName(key, known)
  return nearest === undefined ? { hint: 'All keys are listed in the README of @icb/config.' } : { nearest }
}
