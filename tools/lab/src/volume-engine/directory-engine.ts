import { constants, cpSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Volumes, their snapshots and clones as directories. Copies share their blocks where the file system can (reflink on XFS and
 * btrfs), else they are plain copies. One copy is made without giving way to other work of this process, so that what the
 * filer itself does is never caught half way; a program that writes to the volume meanwhile is, as on a storage without a
 * write fence.
 */
export interface DirectoryEngine {
  /** Where the files of a volume or clone are. */
  volume(id: string): string
  create(id: string): void
  snapshot(volume: string, snapshot: string): void
  clone(volume: string, snapshot: string, id: string): void
  removeSnapshot(volume: string, snapshot: string): void
  removeVolume(id: string): void
}

export function createDirectoryEngine(root: string): DirectoryEngine {
  const volume = (id: string): string => join(root, 'volumes', id)
  const snapshotsOf = (id: string): string => join(root, 'snapshots', id)
  /** Copied under another name first: what has its name is whole. */
  const copy = (from: string | undefined, to: string): void => {
    const partial = `${to}.partial`
    rmSync(partial, { recursive: true, force: true })
    mkdirSync(partial, { recursive: true })
    if (from !== undefined && readdirSync(from).length > 0) cpSync(from, partial, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE })
    renameSync(partial, to)
  }
  return {
    volume,
    create: (id) => { copy(undefined, volume(id)) },
    snapshot: (id, snapshot) => { copy(volume(id), join(snapshotsOf(id), snapshot)) },
    clone: (parent, snapshot, id) => { copy(join(snapshotsOf(parent), snapshot), volume(id)) },
    removeSnapshot: (id, snapshot) => { rmSync(join(snapshotsOf(id), snapshot), { recursive: true, force: true }) },
    removeVolume: (id) => {
      rmSync(snapshotsOf(id), { recursive: true, force: true })
      rmSync(volume(id), { recursive: true, force: true })
    },
  }
}
