import { defineStorageAdapter, storageErrors } from '@icb/storage-core'
import type { StorageAdapter } from '@icb/storage-core'
import { checks } from './checks.ts'
import { leafOf, poolOf } from './names.ts'
import { createOpenZfsStorage } from './openzfs-storage.ts'
import { openZfsOptions } from './options.ts'
import type { OpenZfsOptions } from './options.ts'
import { createZfsCommand } from './zfs-command.ts'

/** The adapter `openzfs`: the `zfs` command on this host or over ssh. */
export const adapter: StorageAdapter<OpenZfsOptions> = defineStorageAdapter<OpenZfsOptions>({
  name: 'openzfs',
  options: openZfsOptions,
  open: async (options, { database, clock, logger, runProcess }) => {
    const datasets = typeof options.dataset === 'string' ? [options.dataset] : options.dataset
    if (new Set([...datasets, options.cloneParent ?? datasets[0] ?? ''].map(poolOf)).size > 1) {
      throw storageErrors.OPTIONS('the datasets and the parent of clones must be in one pool', { hint: 'ZFS makes snapshots at one instant, and clones, within one pool only.' })
    }
    if (new Set(datasets.map(leafOf)).size < datasets.length) throw storageErrors.OPTIONS('the last parts of the datasets must differ', { hint: 'Clones are named after them.' })
    return createOpenZfsStorage({ database, datasets, options, zfs: createZfsCommand(options, runProcess), clock, logger })
  },
  checks,
})
