import type { BigIntStats } from 'node:fs'
import { chmod, lstat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Clock, Logger } from '@icb/runtime'
import { storageErrors } from '@icb/storage-core'
import { findAbsentSubvolume, isSubvolume } from './btrfs.ts'
import type { Btrfs } from './btrfs.ts'
import { reflinkFile, streamFile } from './copy-file.ts'
import { copyTree, measureTree } from './copy-tree.ts'
import type { CopyTreeOptions } from './copy-tree.ts'
import type { Mechanism } from './mechanism.ts'

/** Being written all the time and of no use in a copy when torn. */
const torn = ['backup_logs', '.icb/lease']
const writable = 0o222
const ownerWrites = 0o200

export interface VolumeCopierOptions {
  readonly mechanism: Mechanism
  readonly btrfs: Btrfs
  readonly clock: Clock
  readonly logger: Logger
  readonly settleMs: number
}

export interface CapturedTree {
  readonly bytes: bigint
  readonly files: number
  readonly omitted: readonly string[]
  readonly modes: Readonly<Record<string, number>>
}

/** Makes the read-only tree of a snapshot and the writable tree of a clone by one of the three mechanisms. */
export interface VolumeCopier {
  capture(area: string, tree: string, omit: readonly string[], signal: AbortSignal | undefined): Promise<CapturedTree>
  unfold(snapshotTree: string, tree: string, modes: Readonly<Record<string, number>>, signal: AbortSignal | undefined): Promise<void>
}

export function createVolumeCopier({ mechanism, btrfs, clock, logger, settleMs }: VolumeCopierOptions): VolumeCopier {
  const copy = mechanism.kind === 'copy' ? streamFile : reflinkFile
  const common = { copy, clock, logger, settleMs } as const

  const refuseWithoutRoom = async (source: string, target: string, signal: AbortSignal | undefined): Promise<void> => {
    if (mechanism.kind !== 'copy') return
    const { allocated } = await measureTree(source, signal)
    const { bavail, bsize } = await statfs(dirname(target), { bigint: true })
    const free = bavail * bsize
    if (allocated > free) {
      throw storageErrors.NO_SPACE(`a plain copy of ${source} takes ${allocated} bytes, and ${free} are free`, {
        hint: 'Delete snapshots, make the file system larger, or put the area on btrfs or XFS.',
        details: { neededBytes: String(allocated), freeBytes: String(free) },
      })
    }
  }

  return {
    capture: async (area, tree, omit, signal) => {
      if (mechanism.kind === 'btrfs') {
        await btrfs.snapshot(area, tree, { readOnly: true, signal })
        const nested = await findAbsentSubvolume(tree, signal)
        if (nested !== undefined) throw storageErrors.UNSUPPORTED(`the backup area has a subvolume inside, which a btrfs snapshot leaves out: ${nested.slice(tree.length + 1)}`, { hint: 'Move it out of the area.' })
        const { bytes, files } = await measureTree(tree, signal)
        return { bytes, files, omitted: [], modes: {} }
      }
      await refuseWithoutRoom(area, tree, signal)
      const modes: Record<string, number> = {}
      const modeOf = (path: string, stats: BigIntStats): number => {
        const mode = Number(stats.mode & 0o7777n)
        if ((mode & writable) !== ownerWrites) modes[path] = mode
        return mode & ~writable
      }
      const options: CopyTreeOptions = { ...common, signal, omit: new Set(omit), torn, modeOf }
      const copied = await copyTree(area, tree, options)
      return { ...copied, omitted: [...omit], modes }
    },

    unfold: async (snapshotTree, tree, modes, signal) => {
      if (await isSubvolume(snapshotTree)) {
        await btrfs.snapshot(snapshotTree, tree, { readOnly: false, signal })
        // A clone belongs to one database process at a time; the owner must be able to write at its top.
        await chmod(tree, ((await lstat(snapshotTree)).mode & 0o7777) | ownerWrites)
        return
      }
      await refuseWithoutRoom(snapshotTree, tree, signal)
      const modeOf = (path: string, stats: BigIntStats): number => modes[path] ?? Number(stats.mode & 0o7777n) | ownerWrites
      await copyTree(snapshotTree, tree, { ...common, signal, omit: new Set(), torn: [], modeOf })
    },
  }
}
