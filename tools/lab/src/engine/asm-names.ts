import type { LabHost } from './instance-api.ts'
import { groupOf, takeFileNumber } from '../storage/disk-groups.ts'
import { stampOf } from '../host/local-time.ts'

/** A file that is to be made in a disk group. */
export interface AsmFile {
  readonly group: string
  readonly uniqueName: string
  /** GUID of the PDB whose file it is. */
  readonly guid?: string | undefined
  /** `DATAFILE`, `ONLINELOG`, … */
  readonly type: string
  /** `2026_11_28`, for files that are kept by day. */
  readonly day?: string
  /** `users`, `group_1`, `current`, … */
  readonly tag: string
}

/** A name that ASM gives itself: `+DATA/ORCL/DATAFILE/users.259.1234567890`, with file number and incarnation. */
export function systemName(host: Pick<LabHost, 'labDir' | 'now' | 'timeZone'>, file: AsmFile): string {
  const group = groupOf(`+${file.group.replace(/^\+/, '')}`)
  const place = [`+${group}`, file.uniqueName.toUpperCase(), ...(file.guid === undefined ? [] : [file.guid]), file.type, ...(file.day === undefined ? [] : [file.day])]
  return `${place.join('/')}/${file.tag.toLowerCase()}.${String(takeFileNumber(host.labDir, group))}.${String(stampOf(host.now(), host.timeZone))}`
}

/** Whether a name is one that only ASM gives: it can be opened, but no file can be made under it. */
export const isSystemName = (file: string): boolean => /^\+[^/]+\/.*\.\d+\.\d+$/.test(file)

/** `+DATA`: the group alone, which is all that a new file needs. */
export const isGroupName = (file: string): boolean => /^\+[^/]+\/?$/.test(file)
