import { lstat, readdir, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { ProcessRunner } from '@icb/runtime'
import { storageErrors } from '@icb/storage-core'
import { unlessMissing } from './file-errors.ts'
import { removeTree } from './remove-tree.ts'

/** `statfs` type of btrfs. */
export const btrfsMagic = 0x9123683e
/** Inode number of every subvolume's top directory. */
const subvolumeInode = 256n
/** Inode number of the empty directory that stands in a snapshot where a nested subvolume was. */
const absentSubvolumeInode = 2n

export async function isSubvolume(path: string): Promise<boolean> {
  const stats = await unlessMissing(lstat(path, { bigint: true }))
  return stats?.isDirectory() === true && stats.ino === subvolumeInode && (await statfs(path)).type === btrfsMagic
}

export interface Btrfs {
  /** Whether the program is there. */
  available(): Promise<boolean>
  createSubvolume(path: string): Promise<void>
  /** `target` must not exist: an existing directory would get the snapshot inside. */
  snapshot(source: string, target: string, options: { readonly readOnly: boolean; readonly signal?: AbortSignal | undefined }): Promise<void>
  /** False when `path` is no subvolume. Works unprivileged on own subvolumes. */
  remove(path: string): Promise<boolean>
}

const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }

/** The `btrfs` program. Its exit code is trusted, never its standard error: it prints warnings on success. */
export function createBtrfs(runProcess: ProcessRunner): Btrfs {
  const run = async (args: readonly string[], signal?: AbortSignal): Promise<{ readonly ok: boolean; readonly text: string }> => {
    const { exitCode, tail, timedOut } = await runProcess({ file: 'btrfs', args, env: environment, deadlineMs: 120_000 }, { signal })
    signal?.throwIfAborted()
    return { ok: exitCode === 0, text: timedOut ? 'no answer within two minutes' : tail.join('; ') }
  }
  const must = async (args: readonly string[], signal?: AbortSignal): Promise<void> => {
    const { ok, text } = await run(args, signal)
    if (ok) return
    const message = `btrfs ${args.join(' ')}: ${text}`
    if (/operation not permitted|permission denied/i.test(text)) throw storageErrors.AUTH(message, { hint: 'The user that runs icb must own the subvolume.' })
    if (/no space left|quota exceeded/i.test(text)) throw storageErrors.NO_SPACE(message)
    if (/cross-device/i.test(text)) throw storageErrors.UNSUPPORTED(message, { hint: 'The snapshot directory must be on the same btrfs as the backup area.' })
    throw storageErrors.PROTOCOL(message)
  }
  return {
    available: async () => {
      try {
        return (await run(['--version'])).ok
      } catch {
        return false
      }
    },
    createSubvolume: (path) => must(['subvolume', 'create', path]),
    snapshot: async (source, target, { readOnly, signal }) => {
      await must(['subvolume', 'snapshot', ...(readOnly ? ['-r'] : []), source, target], signal)
      if (!(await isSubvolume(target))) throw storageErrors.PROTOCOL(`btrfs made no subvolume at ${target}`)
    },
    remove: async (path) => {
      if (!(await isSubvolume(path))) return false
      await must(['property', 'set', '-ts', path, 'ro', 'false'])
      if ((await run(['subvolume', 'delete', path])).ok) return true
      // Without the mount option user_subvol_rm_allowed an unprivileged user may still empty and remove an own subvolume (kernel 4.18).
      await removeTree(path)
      return true
    },
  }
}

/** First directory of a snapshot where the volume had a nested subvolume, which btrfs leaves out. */
export async function findAbsentSubvolume(tree: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  signal?.throwIfAborted()
  for (const entry of await readdir(tree, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue
    const path = join(tree, entry.name)
    if ((await lstat(path, { bigint: true })).ino === absentSubvolumeInode) return path
    const found = await findAbsentSubvolume(path, signal)
    if (found !== undefined) return found
  }
  return undefined
}
