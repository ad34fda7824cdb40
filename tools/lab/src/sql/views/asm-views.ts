import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { type DiskGroup, groupDirectory, readDiskGroups } from '../../storage/disk-groups.ts'
import type { ViewContext } from '../catalog.ts'
import { defineView } from './view.ts'

const MB = 1024 * 1024
const copies: Readonly<Record<DiskGroup['type'], number>> = { EXTERN: 1, NORMAL: 2, HIGH: 3 }
/** Disks of a group, of equal size. */
const DISKS = 4

function bytesIn(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).reduce((sum, entry) => sum + (statSync(path.join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0), 0)
}

/** Groups that the host of the instance has mounted: a database instance sees no others, and none without ASM. */
function mountedGroups({ instance: { host } }: Pick<ViewContext, 'instance'>): readonly { readonly number: number; readonly group: DiskGroup; readonly bytes: number }[] {
  const { groups } = readDiskGroups(host.labDir)
  return groups.flatMap((group, index) => (group.mountedOn.includes(host.name) ? [{ number: index + 1, group, bytes: bytesIn(groupDirectory(host.labDir, group.name)) }] : []))
}

/** Whether the mounted database has a file in the group. */
function inUse({ instance }: Pick<ViewContext, 'instance'>, group: DiskGroup): boolean {
  if (instance.status === 'STARTED') return false
  const { datafiles, tempfiles, logGroups } = instance.controlFile
  return [...datafiles.map((file) => file.name), ...tempfiles.map((file) => file.name), ...logGroups.flatMap((log) => log.members)].some((name) => name.toUpperCase().startsWith(`+${group.name}/`))
}

for (const view of ['V$ASM_DISKGROUP', 'V$ASM_DISKGROUP_STAT']) {
  defineView(view, 'started', 'GROUP_NUMBER:n NAME:v30 SECTOR_SIZE:n BLOCK_SIZE:n ALLOCATION_UNIT_SIZE:n STATE:v11 TYPE:v6 TOTAL_MB:n FREE_MB:n HOT_USED_MB:n COLD_USED_MB:n REQUIRED_MIRROR_FREE_MB:n USABLE_FILE_MB:n OFFLINE_DISKS:n COMPATIBILITY:v60 DATABASE_COMPATIBILITY:v60 VOTING_FILES:v1', (context) =>
    mountedGroups(context).map(({ number, group, bytes }) => {
      const mirrors = copies[group.type]
      const used = Math.ceil((bytes * mirrors) / MB)
      const free = Math.max(0, group.totalMb - used)
      // Enough to mirror everything again after a disk is lost (two with HIGH redundancy).
      const kept = Math.floor((group.totalMb / DISKS) * (mirrors - 1))
      return {
        GROUP_NUMBER: number, NAME: group.name, SECTOR_SIZE: 512, BLOCK_SIZE: 4096, ALLOCATION_UNIT_SIZE: MB, STATE: inUse(context, group) ? 'CONNECTED' : 'MOUNTED', TYPE: group.type, TOTAL_MB: group.totalMb, FREE_MB: free, HOT_USED_MB: 0, COLD_USED_MB: used,
        REQUIRED_MIRROR_FREE_MB: kept, USABLE_FILE_MB: Math.trunc((free - kept) / mirrors), OFFLINE_DISKS: 0, COMPATIBILITY: '11.2.0.0.0', DATABASE_COMPATIBILITY: '10.1.0.0.0', VOTING_FILES: 'N',
      }
    }))
}
