import { createHash } from 'node:crypto'
import { escapeName, unescapeName } from '@icb/storage-core'

/** Longest name of a snapshot. */
export const longestSnapshotName = 255
/** Longest name of a FlexVol volume. */
const longestVolumeName = 203

/** The snapshot name on the filer, where several characters are operators in the API's queries. */
export const toSnapshotName: (name: string) => string = escapeName
/** The way back. */
export const fromSnapshotName: (raw: string) => string = unescapeName

/**
 * The volume name of a clone's part: letters, digits and `_` are all that ONTAP allows. A name that had to be changed or cut
 * gets a digest of the original, so that two names never become one. The prefix tells our clones from an administrator's.
 */
export function cloneVolumeName(name: string, part: number): string {
  const prefix = part === 0 ? 'icb_' : `icb${part}_`
  const plain = name.replace(/[^A-Za-z0-9_]/g, '_')
  if (plain === name && prefix.length + name.length <= longestVolumeName) return prefix + name
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 8)
  return `${prefix}${plain.slice(0, longestVolumeName - prefix.length - 9)}_${digest}`
}

/** Whether {@link cloneVolumeName} could have made this name. */
export function isCloneVolumeName(volume: string): boolean {
  return /^icb[1-9]?\d*_/.test(volume)
}

/** Where a clone's first volume is mounted in the SVM's namespace: by its own name, so that an fstab line can name it. */
export function clonePath(name: string): string {
  return `/${/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name) ? name : cloneVolumeName(name, 0).slice('icb_'.length)}`
}

/** A volume's name as the configuration spells it, with what ONTAP refuses replaced. */
export function toVolumeName(name: string): string {
  return name.replace(/[^A-Za-z0-9_]/g, '_')
}
