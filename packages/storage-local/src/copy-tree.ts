import type { BigIntStats } from 'node:fs'
import { chmod, lchown, lstat, mkdir, open, readdir, readlink, symlink, unlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { deadlineIn, syncDirectory } from '@icb/runtime'
import type { Clock, Logger } from '@icb/runtime'
import { storageErrors } from '@icb/storage-core'
import type { FileCopier } from './copy-file.ts'
import { unlessMissing } from './file-errors.ts'

export interface CopyTreeOptions {
  readonly copy: FileCopier
  readonly clock: Clock
  readonly logger: Logger
  readonly signal: AbortSignal | undefined
  /** How long a file may keep changing before the copy is given up. */
  readonly settleMs: number
  /** Relative paths that are left out. */
  readonly omit: ReadonlySet<string>
  /** Relative paths (files, or directories with everything below) that are copied as they are even while they are written. */
  readonly torn: readonly string[]
  /** Permission bits of the copy. */
  readonly modeOf: (path: string, stats: BigIntStats) => number
}

export interface CopiedTree {
  readonly bytes: bigint
  readonly files: number
}

/**
 * Copies a directory: names, contents, permission bits, times (to the microsecond), owners (as root), symbolic links as
 * links, empty directories. A file is taken only when its size and change time are the same before and after (it is tried
 * again until `settleMs` has passed). Everything is synced.
 * @throws ICB_STORAGE_BUSY when a file keeps changing, ICB_STORAGE_UNSUPPORTED for another file system inside or a name that is no UTF-8.
 */
export async function copyTree(source: string, target: string, options: CopyTreeOptions): Promise<CopiedTree> {
  const total = { bytes: 0n, files: 0 }
  const top = await lstat(source, { bigint: true })
  const deadline = deadlineIn(options.clock, options.settleMs)

  const copyDirectory = async (path: string, stats: BigIntStats): Promise<void> => {
    const [from, to] = [join(source, path), join(target, path)]
    await mkdir(to, { mode: 0o700 })
    for (const name of await readNames(from)) {
      options.signal?.throwIfAborted()
      const child = path === '' ? name : `${path}/${name}`
      if (!options.omit.has(child)) await copyEntry(child)
    }
    await keepAttributes(to, path, stats)
    await syncDirectory(to)
  }

  const copyEntry = async (path: string): Promise<void> => {
    const stats = await unlessMissing(lstat(join(source, path), { bigint: true }))
    // Vanished since the directory was read: not there is what the copy says, too.
    if (stats === undefined) return
    if (stats.isDirectory()) {
      if (stats.dev !== top.dev) throw storageErrors.UNSUPPORTED(`${join(source, path)} is another file system or subvolume`, { hint: 'A volume must be one file system; move or unmount it.' })
      await copyDirectory(path, stats)
    } else if (stats.isSymbolicLink()) {
      await symlink(await readlink(join(source, path)), join(target, path))
      if (process.getuid?.() === 0) await lchown(join(target, path), Number(stats.uid), Number(stats.gid))
    } else if (stats.isFile()) {
      await copySettled(path, stats)
    } else {
      options.logger.warn({ path: join(source, path) }, 'not a file, directory or link: left out of the snapshot')
    }
  }

  const copySettled = async (path: string, first: BigIntStats): Promise<void> => {
    const [from, to] = [join(source, path), join(target, path)]
    const mayBeTorn = options.torn.some((torn) => path === torn || path.startsWith(`${torn}/`))
    let before: BigIntStats = first
    for (let pause = 50; ; pause = Math.min(pause * 2, 1000)) {
      await options.copy(from, to, options.signal)
      const after = await unlessMissing(lstat(from, { bigint: true }))
      if (after === undefined) {
        await unlink(to)
        return
      }
      if (mayBeTorn || isSame(before, after)) {
        await keepAttributes(to, path, before)
        await syncFile(to)
        total.bytes += (await lstat(to, { bigint: true })).size
        total.files++
        return
      }
      await unlink(to)
      if (deadline.expired) {
        throw storageErrors.BUSY(`${from} is being written`, { hint: 'Let the writer finish, or pass the file as one to leave out.', details: { path } })
      }
      await options.clock.sleep(pause, options.signal)
      const again = await unlessMissing(lstat(from, { bigint: true }))
      if (again === undefined) return
      before = again
    }
  }

  const keepAttributes = async (to: string, path: string, stats: BigIntStats): Promise<void> => {
    if (process.getuid?.() === 0) await lchown(to, Number(stats.uid), Number(stats.gid))
    await utimes(to, Number(stats.atimeNs) / 1e9, Number(stats.mtimeNs) / 1e9)
    await chmod(to, options.modeOf(path, stats))
  }

  await copyDirectory('', top)
  return total
}

function isSame(a: BigIntStats, b: BigIntStats): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ino === b.ino
}

/** File names as text. A name that is no UTF-8 would be found missing under its replacement and silently left out, so it is an error. */
async function readNames(directory: string): Promise<string[]> {
  const names: string[] = []
  for (const raw of await readdir(directory, { encoding: 'buffer' })) {
    const name = raw.toString('utf8')
    if (!Buffer.from(name, 'utf8').equals(raw)) throw storageErrors.UNSUPPORTED(`${directory} has a file name that is not UTF-8: ${JSON.stringify(name)}`, { hint: 'Rename the file.' })
    names.push(name)
  }
  return names.sort()
}

async function syncFile(path: string): Promise<void> {
  // Reading rights are enough to sync, and the copy may be read-only by now; 0000 files are only readable by root.
  const handle = await open(path, 'r').catch(() => undefined)
  if (handle === undefined) return
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Bytes that a copy of the tree will take: sizes, less holes. */
export async function measureTree(source: string, signal: AbortSignal | undefined): Promise<{ readonly bytes: bigint; readonly allocated: bigint; readonly files: number }> {
  const total = { bytes: 0n, allocated: 0n, files: 0 }
  const visit = async (path: string): Promise<void> => {
    signal?.throwIfAborted()
    const stats = await unlessMissing(lstat(path, { bigint: true }))
    if (stats === undefined) return
    if (stats.isDirectory()) {
      for (const name of await readNames(path)) await visit(join(path, name))
    } else if (stats.isFile()) {
      const allocated = stats.blocks * 512n
      total.bytes += stats.size
      total.allocated += allocated < stats.size ? allocated : stats.size
      total.files++
    }
  }
  await visit(source)
  return total
}
