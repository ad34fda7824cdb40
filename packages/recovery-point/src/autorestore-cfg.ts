import { join } from 'node:path'
import { writeFileDurably } from '@icb/runtime'
import { readAreaFile, storing } from './area-file.ts'
import type { Manifest } from './manifest.ts'

/** Name of the seed scripts' file in the root of a backup area. */
export const autorestoreCfgFileName = 'autorestore.cfg'

/** What `autorestore.cfg` says; a key that is not there is unknown. */
export interface AutorestoreCfg {
  readonly dbName?: string
  readonly undoTablespace?: string
  readonly compatible?: string
  readonly dbBlockSize?: string
  readonly dbFiles?: string
  readonly enablePluggableDatabase?: boolean
  /** Database-local `yyyy-mm-dd hh:mm:ss`, like `lastTime`. */
  readonly backupFinished?: string
  readonly lastScn?: bigint
  readonly lastTime?: string
  /** Empty: block change tracking is off. */
  readonly bctFile?: string
  /** Ours; the seed scripts ignore them. */
  readonly copyScn?: bigint
  readonly minScn?: bigint
  readonly resetlogsId?: string
  readonly timezone?: string
  /** Every key as it stands, lower case. */
  readonly values: Readonly<Record<string, string>>
}

function scnOf(text: string | undefined): bigint | undefined {
  return text !== undefined && /^\d{1,20}$/.test(text) ? BigInt(text) : undefined
}

/** Reads the text of an `autorestore.cfg`: keys in lower case, `:` or `=`, the last of several values wins (two runs in a row append twice). Never throws. */
export function parseAutorestoreCfg(text: string): AutorestoreCfg {
  const values = new Map<string, string>()
  let section = 'dbparams'
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue
    const header = /^\[(.*)\]$/.exec(line)
    if (header !== null) {
      section = header[1] ?? ''
      continue
    }
    const pair = /^([^:=]+?)\s*[:=]\s*(.*)$/.exec(line)
    if (section === 'dbparams' && pair?.[1] !== undefined) values.set(pair[1].toLowerCase(), pair[2] ?? '')
  }
  const pluggable = values.get('enable_pluggable_database')
  const known: Record<string, string | bigint | boolean | undefined> = {
    dbName: values.get('db_name'),
    undoTablespace: values.get('undo_tablespace'),
    compatible: values.get('compatible'),
    dbBlockSize: values.get('db_block_size'),
    dbFiles: values.get('db_files'),
    enablePluggableDatabase: pluggable === undefined ? undefined : pluggable.toLowerCase() === 'true',
    backupFinished: values.get('backup-finished'),
    lastScn: scnOf(values.get('lastscn')),
    lastTime: values.get('lasttime'),
    bctFile: values.get('bctfile'),
    copyScn: scnOf(values.get('copyscn')),
    minScn: scnOf(values.get('minscn')),
    resetlogsId: values.get('resetlogs_id'),
    timezone: values.get('timezone'),
  }
  return { ...Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)), values: Object.fromEntries(values) }
}

/** The text of an `autorestore.cfg`, as the seed scripts write it, with our extra keys at the end. */
export function formatAutorestoreCfg(cfg: Omit<AutorestoreCfg, 'values'>): string {
  const lines: readonly (readonly [string, string | bigint | undefined])[] = [
    ['db_name', cfg.dbName],
    ['undo_tablespace', cfg.undoTablespace],
    ['compatible', cfg.compatible],
    ['db_block_size', cfg.dbBlockSize],
    ['db_files', cfg.dbFiles],
    ['enable_pluggable_database', cfg.enablePluggableDatabase === undefined ? undefined : cfg.enablePluggableDatabase ? 'TRUE' : 'FALSE'],
    ['backup-finished', cfg.backupFinished],
    ['copyscn', cfg.copyScn],
    ['minscn', cfg.minScn],
    ['resetlogs_id', cfg.resetlogsId],
    ['timezone', cfg.timezone],
    ['lastscn', cfg.lastScn],
    ['lasttime', cfg.lastTime],
    ['bctfile', cfg.bctFile],
  ]
  return `[dbparams]\n${lines.flatMap(([key, value]) => (value === undefined ? [] : [`${key}: ${String(value).replaceAll(/[\r\n]+/g, ' ')}\n`])).join('')}`
}

/** What the seed scripts need to know of a manifest. `backupFinished` is database-local. */
export function autorestoreCfgOf(manifest: Manifest, backupFinished?: string): Omit<AutorestoreCfg, 'values'> {
  const parameter = (name: string): string | undefined => manifest.parameters[name]
  const { window } = manifest
  const known: Record<string, string | bigint | boolean | undefined> = {
    dbName: manifest.database.name,
    undoTablespace: parameter('undo_tablespace'),
    compatible: parameter('compatible'),
    dbBlockSize: parameter('db_block_size'),
    dbFiles: parameter('db_files'),
    enablePluggableDatabase: manifest.database.cdb,
    backupFinished,
    copyScn: window?.redoFrom,
    minScn: window?.minScn,
    resetlogsId: manifest.database.resetlogsId,
    timezone: window?.utcOffset,
    lastScn: window?.lastScn ?? undefined,
    lastTime: window?.lastTime,
    bctFile: manifest.sourcePaths.bct ?? '',
  }
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined))
}

/** Reads `autorestore.cfg` of an area or clone; `undefined` when there is none. @throws ICB_POINT_STORE */
export async function readAutorestoreCfg(areaPath: string): Promise<AutorestoreCfg | undefined> {
  const content = await readAreaFile(join(areaPath, autorestoreCfgFileName), 1024 * 1024)
  return content === undefined ? undefined : parseAutorestoreCfg(content.toString('utf8'))
}

/** Replaces `autorestore.cfg` of an area durably. @throws ICB_POINT_STORE */
export async function writeAutorestoreCfg(areaPath: string, cfg: Omit<AutorestoreCfg, 'values'>): Promise<void> {
  const path = join(areaPath, autorestoreCfgFileName)
  await storing(path, 'written', () => writeFileDurably(path, formatAutorestoreCfg(cfg)))
}
