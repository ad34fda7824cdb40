import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { isGroupName, isSystemName, systemName } from '../../engine/asm-names.ts'
import { ora } from '../../engine/ora-error.ts'
import type { Instance } from '../../engine/instance-api.ts'
import { dayDirectory } from '../../host/local-time.ts'
import { formatDate } from '../nls-date.ts'
import { homeDbs } from './configuration.ts'

/** What a format's substitution variables stand for; which ones there are depends on what is written. */
export interface NameParts {
  /** V$BACKUP_SET.SET_COUNT: number of the set or copy. */
  readonly setCount: number
  readonly setStamp: number
  readonly piece: number
  readonly datafile?: { readonly file: number; readonly tablespace: string }
  readonly archivedLog?: { readonly thread: number; readonly sequence: number; readonly resetlogsId: number }
  readonly controlfileCopy?: boolean
}

/** %u: set number and time in base 32, eight characters for a long time to come. */
export function uniqueSuffix(setCount: number, setStamp: number): string {
  return setCount.toString(32).padStart(2, '0') + setStamp.toString(32).padStart(6, '0')
}

/** %U: a name of its own for each kind of file. */
function uniqueNameOf(instance: Instance, parts: NameParts): string {
  const u = uniqueSuffix(parts.setCount, parts.setStamp)
  const { name, dbid } = instance.controlFile
  if (parts.datafile !== undefined) return `data_D-${name.toUpperCase()}_I-${dbid}_TS-${parts.datafile.tablespace}_FNO-${parts.datafile.file}_${u}`
  if (parts.archivedLog !== undefined) {
    const { thread, sequence, resetlogsId } = parts.archivedLog
    return `arch_D-${name.toUpperCase()}_id-${dbid}_S-${sequence}_T-${thread}_A-${resetlogsId}_${u}`
  }
  if (parts.controlfileCopy === true) return `cf_D-${name.toUpperCase()}_id-${dbid}_${u}`
  return `${u}_${parts.piece}_1`
}

/** Expands the substitution variables of a FORMAT. */
export function expandFormat(instance: Instance, format: string, parts: NameParts): string {
  const { name, dbid } = instance.controlFile
  const now = (pattern: string): string => formatDate(instance.host.now(), instance.host.timeZone, pattern)
  const upper = name.toUpperCase()
  const values: Readonly<Record<string, () => string>> = {
    U: () => uniqueNameOf(instance, parts),
    u: () => uniqueSuffix(parts.setCount, parts.setStamp),
    d: () => upper,
    n: () => upper.padEnd(8, 'x'),
    I: () => String(dbid),
    s: () => String(parts.setCount),
    t: () => String(parts.setStamp),
    p: () => String(parts.piece),
    c: () => '1',
    T: () => now('YYYYMMDD'),
    D: () => now('DD'),
    M: () => now('MM'),
    Y: () => now('YYYY'),
    N: () => parts.datafile?.tablespace ?? '',
    f: () => String(parts.datafile?.file ?? ''),
    e: () => String(parts.archivedLog?.sequence ?? ''),
    h: () => String(parts.archivedLog?.thread ?? ''),
    r: () => String(parts.archivedLog?.resetlogsId ?? ''),
    a: () => String(parts.archivedLog?.resetlogsId ?? ''),
    '%': () => '%',
  }
  const expanded = format.replace(/%(.)/g, (whole, letter: string) => values[letter]?.() ?? whole)
  return path.isAbsolute(expanded) || expanded.startsWith('+') ? expanded : path.join(homeDbs(instance), expanded)
}

/** A name that ASM gives: type and tag by the kind of file, by day what the recovery area keeps by day. */
function nameInGroup(instance: Instance, group: string, kind: keyof typeof kinds, label: string, parts: NameParts): string {
  const log = parts.archivedLog
  const [type, tag] =
    kind === 'copy' ? ['DATAFILE', label]
    : kind === 'controlfile' ? ['CONTROLFILE', 'backup']
    : kind === 'piece' ? ['BACKUPSET', `${label}_0`]
    : kind === 'archivelog' ? ['ARCHIVELOG', `thread_${String(log?.thread ?? 1)}_seq_${String(log?.sequence ?? 0)}`]
    : ['AUTOBACKUP', `${label}_${String(parts.setStamp)}`]
  const uniqueName = instance.parameters.get('db_unique_name')?.value ?? instance.controlFile.name
  return systemName(instance.host, { group, uniqueName, type, tag, ...(kind === 'copy' || kind === 'controlfile' ? {} : { day: dayDirectory(instance.host.now(), instance.host.timeZone) }) })
}

/** A FORMAT that is a disk group alone leaves the name to ASM. @throws OraError 15046 below 19504 for a name that only ASM gives */
export function placedName(instance: Instance, format: string, kind: keyof typeof kinds, label: string, parts: NameParts): string {
  const name = expandFormat(instance, format, parts)
  if (isSystemName(name)) throw ora(19504, `failed to create file "${name}"`, [17502, `ksfdcre:4 Failed to create file ${name}`], [15046, `ASM file name '${name}' is not in single-file creation form`])
  return isGroupName(name) ? nameInGroup(instance, name, kind, label, parts) : name
}

const kinds = { copy: ['datafile', '.dbf'], controlfile: ['controlfile', '.ctl'], piece: ['backupset', '.bkp'], archivelog: ['archivelog', '.arc'], autobackup: ['autobackup', '.bkp'] } as const

/** Where a file goes that no FORMAT places: the recovery area, whose directories the server makes itself, else ORACLE_HOME/dbs. */
export function defaultName(instance: Instance, kind: keyof typeof kinds, label: string, parts: NameParts): string {
  const area = instance.parameters.get('db_recovery_file_dest')?.value ?? ''
  if (area === '') return expandFormat(instance, '%U', parts)
  const [directory, suffix] = kinds[kind]
  const unique = (instance.parameters.get('db_unique_name')?.value ?? instance.controlFile.name).toUpperCase()
  const day = kind === 'copy' || kind === 'controlfile' ? [] : [dayDirectory(instance.host.now(), instance.host.timeZone)]
  if (area.startsWith('+')) return nameInGroup(instance, area, kind, label, parts)
  const place = path.join(area, unique, directory, ...day)
  if (existsSync(instance.host.real(area))) mkdirSync(instance.host.real(place), { recursive: true })
  return path.join(place, `o1_mf_${label.toLowerCase()}_${uniqueSuffix(parts.setCount, parts.setStamp)}_${suffix}`)
}

/** `TAG20161108T215337`: the tag of a backup that was given none. */
export function defaultTag(instance: Instance): string {
  return `TAG${formatDate(instance.host.now(), instance.host.timeZone, 'YYYYMMDD"T"HH24MISS')}`
}
