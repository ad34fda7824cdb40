import { randomInt } from 'node:crypto'
import path from 'node:path'
import { ora } from './ora-error.ts'
import type { Parameters } from './parameters.ts'

const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz'

/** The eight characters that make an Oracle-managed file name unique. */
export function omfId(): string {
  return Array.from({ length: 8 }, () => alphabet.charAt(randomInt(36))).join('')
}

const places = {
  datafile: ['datafile', '.dbf'],
  tempfile: ['datafile', '.tmp'],
  onlinelog: ['onlinelog', '.log'],
  changetracking: ['changetracking', '.chg'],
  flashback: ['flashback', '.flb'],
} as const

/** @throws OraError 02236 when the parameter that says where is not set */
export function omfName(parameters: Parameters, kind: keyof typeof places, name: string): string {
  const base =
    kind === 'flashback' ? parameters.get('db_recovery_file_dest')
    : kind === 'onlinelog' ? parameters.get('db_create_online_log_dest_1') || parameters.get('db_create_file_dest')
    : parameters.get('db_create_file_dest')
  if (base === '') throw ora(2236, 'invalid file name')
  const [directory, suffix] = places[kind]
  const middle = name === '' ? '' : `${name.toLowerCase()}_`
  return path.join(base, parameters.get('db_unique_name').toUpperCase(), directory, `o1_mf_${middle}${omfId()}_${suffix}`)
}

/** Whether the last component is a name that Oracle manages itself. */
export const isOmf = (file: string): boolean => /^o1_mf_.*_\.(dbf|tmp|log|chg|arc|flb)$/.test(path.basename(file))

/** Name of an archived log in a directory given by `log_archive_format`. */
export function archivedLogName(format: string, log: { readonly thread: number; readonly sequence: number; readonly resetlogsId: number; readonly dbid: number }): string {
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
