import { dirname, join, relative, resolve } from 'node:path'
import { defineStorageAdapter, storageErrors } from '@icb/storage-core'
import type { StorageAdapter } from '@icb/storage-core'
import { createBtrfs } from './btrfs.ts'
import { checks } from './checks.ts'
import { createLocalStorage } from './local-storage.ts'
import { chooseMechanism } from './mechanism.ts'
import { localOptions } from './options.ts'
import type { LocalOptions } from './options.ts'
import { createVolumeCopier } from './volume-copier.ts'

/** The adapter `local`: snapshots and clones of a directory of this host. */
export const adapter: StorageAdapter<LocalOptions> = defineStorageAdapter<LocalOptions>({
  name: 'local',
  options: localOptions,
  checks,
  open: async (options, { database, areaPath, baseDir, clock, logger, runProcess }) => {
    const area = options.directory === undefined ? resolve(areaPath) : resolve(baseDir, options.directory)
    const snapshotDirectory = options.snapshotDirectory === undefined ? join(dirname(area), '.icb-snapshots', database) : resolve(baseDir, options.snapshotDirectory)
    if (contains(area, snapshotDirectory) || contains(snapshotDirectory, area)) {
      throw storageErrors.OPTIONS(`the snapshot directory ${snapshotDirectory} and the backup area ${area} must not contain one another`, { hint: 'Put the snapshot directory beside the area.' })
    }
    const btrfs = createBtrfs(runProcess)
    const mechanism = await chooseMechanism(options.mode ?? 'auto', area, snapshotDirectory, btrfs)
    for (const warning of mechanism.warnings) logger.debug({ area, mechanism: mechanism.label }, warning)
    const copier = createVolumeCopier({ mechanism, btrfs, clock, logger, settleMs: (options.settleSeconds ?? 60) * 1000 })
    return createLocalStorage({ database, area, snapshotDirectory, mechanism, copier, btrfs, clock })
  },
})

function contains(outer: string, inner: string): boolean {
  const path = relative(outer, inner)
  return path === '' || (path !== '..' && !path.startsWith('../'))
}
