import { chmod, lstat, readFile, readdir, realpath, rmdir, unlink } from 'node:fs/promises'
import { parseMountTable } from '@icb/runtime'
import { storageErrors } from '@icb/storage-core'
import { unlessMissing } from './file-errors.ts'

/**
 * Removes a directory with everything in it. It never follows a symbolic link and never crosses into another file system;
 * read-only directories are made writable on the way. Missing entries are fine.
 * @throws ICB_STORAGE_BUSY when something is mounted inside.
 */
export async function removeTree(path: string): Promise<void> {
  const top = await unlessMissing(lstat(path, { bigint: true }))
  if (top !== undefined) await removeEntry(Buffer.from(path), top.dev)
}

// Paths are bytes here: a database may have left names that are no UTF-8.
async function removeEntry(path: Buffer, device: bigint): Promise<void> {
  const stats = await unlessMissing(lstat(path, { bigint: true }))
  if (stats === undefined) return
  if (!stats.isDirectory()) {
    await unlessMissing(unlink(path))
    return
  }
  if (stats.dev !== device) throw storageErrors.BUSY(`${path.toString()} is another file system; nothing in it is removed`, { hint: 'Unmount it first.' })
  if ((stats.mode & 0o700n) !== 0o700n) await unlessMissing(chmod(path, 0o700))
  // Somebody else may remove the same tree.
  for (const name of (await unlessMissing(readdir(path, { encoding: 'buffer' }))) ?? []) await removeEntry(Buffer.concat([path, Buffer.from('/'), name]), device)
  await unlessMissing(rmdir(path))
}

/**
 * Device numbers do not show a bind mount, so the mount table is asked.
 * @throws ICB_STORAGE_BUSY when something is mounted at or below `path`.
 */
export async function assertNothingMounted(path: string): Promise<void> {
  const table = await unlessMissing(readFile('/proc/self/mountinfo', 'utf8'))
  const real = await unlessMissing(realpath(path))
  if (table === undefined || real === undefined) return
  for (const { mountPoint } of parseMountTable(table)) {
    if (mountPoint === real || mountPoint.startsWith(`${real}/`)) {
      throw storageErrors.BUSY(`something is mounted at ${mountPoint}; nothing below ${path} is removed`, { hint: 'Unmount it first.' })
    }
  }
}
