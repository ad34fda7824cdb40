import { randomInt } from 'node:crypto'
import path from 'node:path'
import { groupOf } from '../storage/disk-groups.ts'
import { dayDirectory } from '../host/local-time.ts'
import { isGroupName, isSystemName, systemName } from './asm-names.ts'
import type { LabHost } from './instance-api.ts'
import { ora } from './ora-error.ts'
import type { Parameters } from './parameters.ts'

const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz'

/** The eight characters that make an Oracle-managed file name unique. */
export function omfId(): string {
  return Array.from({ length: 8 }, () => alphabet.charAt(randomInt(36))).join('')
}

/** Directory and ending in a file system; type and the begin of the tag in a disk group. */
const places = {
  datafile: ['datafile', '.dbf', 'DATAFILE', ''],
  tempfile: ['datafile', '.tmp', 'TEMPFILE', ''],
  onlinelog: ['onlinelog', '.log', 'ONLINELOG', 'group_'],
  changetracking: ['changetracking', '.chg', 'CHANGETRACKING', 'ctf'],
  flashback: ['flashback', '.flb', 'FLASHBACK', 'log_1'],
  controlfile: ['controlfile', '.ctl', 'CONTROLFILE', 'current'],
} as const
type FileKind = keyof typeof places

/** A name in a directory or disk group, `base`. */
function managedName(parameters: Parameters, base: string, kind: FileKind, name: string, guid?: string): string {
  const [directory, suffix, type, tag] = places[kind]
  const uniqueName = parameters.get('db_unique_name')
  if (base.startsWith('+')) return systemName(parameters.host, { group: base, uniqueName, guid, type, tag: `${tag}${name}` })
  const middle = name === '' ? '' : `${name.toLowerCase()}_`
  return path.join(base, uniqueName.toUpperCase(), ...(guid === undefined ? [] : [guid]), directory, `o1_mf_${middle}${omfId()}_${suffix}`)
}

/**
 * The name of a file that somebody wants made: a disk group alone gives it one of its own, an alias in it is as good as a path.
 * @throws OraError 15046 for a name that only ASM gives
 */
export function newFileName(parameters: Parameters, given: string, kind: FileKind, name: string, guid?: string): string {
  if (isSystemName(given)) throw ora(15046, `ASM file name '${given}' is not in single-file creation form`)
  return isGroupName(given) ? managedName(parameters, given, kind, name, guid) : given
}

/** The name under which a file that is gone is made again: in a disk group ASM gives it another number. */
export function remadeName(parameters: Parameters, former: string, kind: FileKind, name: string, guid?: string): string {
  return isSystemName(former) ? managedName(parameters, `+${groupOf(former)}`, kind, name, guid) : former
}

/** @throws OraError 02236 when the parameter that says where is not set */
export function omfName(parameters: Parameters, kind: FileKind, name: string, guid?: string): string {
  const base =
    kind === 'flashback' ? parameters.get('db_recovery_file_dest')
    : kind === 'onlinelog' ? parameters.get('db_create_online_log_dest_1') || parameters.get('db_create_file_dest')
    : parameters.get('db_create_file_dest')
  if (base === '') throw ora(2236, 'invalid file name')
  return managedName(parameters, base, kind, name, guid)
}

/** Whether the last component is a name that Oracle manages itself. */
export const isOmf = (file: string): boolean => isSystemName(file) || /^o1_mf_.*_\.(dbf|tmp|log|chg|arc|flb)$/.test(path.basename(file))

/** A log that is archived to one destination: named by Oracle in the recovery area and in a disk group, else by `log_archive_format`. */
export function archivedName(parameters: Parameters, host: Pick<LabHost, 'labDir' | 'now' | 'timeZone'>, log: ArchivedLog, destination: { readonly directory: string; readonly usesRecoveryArea: boolean }): string {
  const { directory, usesRecoveryArea } = destination
  const day = dayDirectory(host.now(), host.timeZone)
  if (directory.startsWith('+') && (usesRecoveryArea || isGroupName(directory))) {
    return systemName(host, { group: groupOf(directory), uniqueName: parameters.get('db_unique_name'), type: 'ARCHIVELOG', day, tag: `thread_${String(log.thread)}_seq_${String(log.sequence)}` })
  }
  if (!usesRecoveryArea) return path.join(directory, archivedLogName(parameters.get('log_archive_format'), log))
  return path.join(directory, day, `o1_mf_${log.thread}_${log.sequence}_${omfId()}_.arc`)
}

/** What names an archived log. */
export interface ArchivedLog {
  readonly thread: number
  readonly sequence: number
  readonly resetlogsId: number
  readonly dbid: number
}

/** Name of an archived log in a directory given by `log_archive_format`. */
function archivedLogName(format: string, log: ArchivedLog): string {
  return format.replace(/%([tTsSrRdaA])/g, (_all, key: string) => {
    switch (key) {
      case 't': return String(log.thread)
      case 'T': return String(log.thread).padStart(4, '0')
      case 's': return String(log.sequence)
      case 'S': return String(log.sequence).padStart(10, '0')
      case 'r': return String(log.resetlogsId)
      case 'R': return String(log.resetlogsId).padStart(10, '0')
      case 'd': return log.dbid.toString(16)
      default: return '0'
    }
  })
}
