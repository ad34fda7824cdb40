import type { FileHandle } from 'node:fs/promises'
import { link, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sweepTemporaries, temporaryName } from './temporary-files.ts'

export interface DurableFileOptions {
  /** Permission bits of a new file. Default 0o644. */
  readonly mode?: number
}

export interface ReplaceFileOptions extends DurableFileOptions {
  /** Asked at the last moment, when the new content is on disk under another name: when it rejects, the old file stays. For a lease that may be lost while the disk is slow. */
  readonly stillAllowed?: (() => Promise<void>) | undefined
}

/** Flushes a directory, so that a name made or removed in it survives a crash. File systems that cannot do it are not asked again. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } catch (error) {
    // Some file systems (FUSE, old NFS clients) refuse to sync a directory; they order names themselves.
    if (!['EINVAL', 'ENOTSUP', 'EBADF', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  } finally {
    await handle.close()
  }
}

/** Also removes what dead writers left beside it. */
async function writePrivateFile(path: string, data: string | Uint8Array, mode: number): Promise<string> {
  const temporary = temporaryName(path)
  const handle = await open(temporary, 'wx', mode)
  try {
    await handle.writeFile(data)
    await handle.sync()
    await sweepTemporaries(dirname(path), (await handle.stat()).mtimeMs)
  } catch (error) {
    await handle.close()
    await rm(temporary, { force: true })
    throw error
  }
  await handle.close()
  return temporary
}

/**
 * Replaces a file so that a reader, or a crash at any moment, meets the old content or the new one: written to a new name in
 * the same directory, synced, renamed, directory synced. On disk when it resolves.
 * @throws the file system's own error, or that of `stillAllowed`; the old file is then untouched.
 */
export async function writeFileDurably(path: string, data: string | Uint8Array, options: ReplaceFileOptions = {}): Promise<void> {
  const temporary = await writePrivateFile(path, data, options.mode ?? 0o644)
  try {
    await options.stillAllowed?.()
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncDirectory(dirname(path))
}

/**
 * Creates a file with its whole content, exactly once among all hosts that see the directory: a private file is linked to the
 * name, which is atomic on NFS too. `false`: the name was there already and is untouched.
 */
export async function createFileOnce(path: string, data: string | Uint8Array, options: DurableFileOptions = {}): Promise<boolean> {
  const temporary = await writePrivateFile(path, data, options.mode ?? 0o644)
  try {
    await link(temporary, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    // An NFS client whose answer was lost repeats the call and meets its own link: the count tells.
    if ((await stat(temporary)).nlink < 2) return false
  } finally {
    await rm(temporary, { force: true })
  }
  await syncDirectory(dirname(path))
  return true
}

/**
 * Proves that files can be made in a directory, and leaves none.
 * @throws the file system's own error
 */
export async function proveWritable(directory: string): Promise<void> {
  await rm(await writePrivateFile(join(directory, 'probe'), '', 0o600), { force: true })
}

async function endsInsideLine(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat()
  if (size === 0) return false
  const last = Buffer.alloc(1)
  await handle.read(last, 0, 1, size - 1)
  return last[0] !== 0x0a
}

/**
 * Appends one line to a file of lines. A torn line that a crash left at the end is closed first, so that it can never swallow
 * the new one. On disk when it resolves. One writer at a time: hold the lease.
 */
export async function appendLineDurably(path: string, line: string, options: DurableFileOptions = {}): Promise<void> {
  if (/[\r\n]/.test(line)) throw new TypeError('a line must not contain a line break')
  const handle = await open(path, 'a+', options.mode ?? 0o644)
  try {
    await handle.appendFile(`${(await endsInsideLine(handle)) ? '\n' : ''}${line}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await syncDirectory(dirname(path))
}
