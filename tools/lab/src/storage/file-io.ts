import { type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import path from 'node:path'
import { outOfReach } from './disk-groups.ts'
import { GROUP_NOT_MOUNTED, NO_DISK_GROUP, sufferFaults } from './io-faults.ts'

const paths = new WeakMap<FileHandle, string>()

/** Opens a file of a database or a backup; `r` reads, `r+` changes. Faults of the lab show here and at each access. */
export async function openFile(file: string, flags: 'r' | 'r+' | 'w+' | 'wx+'): Promise<FileHandle> {
  await sufferFaults(file, flags === 'r' ? 'read' : flags === 'r+' ? 'write' : 'create')
  const handle = await open(file, flags)
  paths.set(handle, file)
  return handle
}

/** Fills the buffer from a position; the number of bytes there were before the end of the file. */
export async function readFully(handle: FileHandle, buffer: Buffer, position: number): Promise<number> {
  const file = paths.get(handle)
  if (file !== undefined) await sufferFaults(file, 'read')
  let done = 0
  while (done < buffer.length) {
    const { bytesRead } = await handle.read(buffer, done, buffer.length - done, position + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return done
}

export async function writeFully(handle: FileHandle, buffer: Buffer, position: number): Promise<void> {
  const file = paths.get(handle)
  if (file !== undefined) await sufferFaults(file, 'write', position + buffer.length)
  let done = 0
  while (done < buffer.length) {
    const { bytesWritten } = await handle.write(buffer, done, buffer.length - done, position + done)
    done += bytesWritten
  }
}

/** Opens a new or emptied file for reading and writing; `parents` also makes its directories, as Oracle does for OMF names. */
export async function createFile(file: string, options: { readonly parents?: boolean; readonly exclusive?: boolean } = {}): Promise<FileHandle> {
  if (options.parents === true && outOfReach(file) === undefined) await mkdir(path.dirname(file), { recursive: true })
  return openFile(file, options.exclusive === true ? 'wx+' : 'w+')
}

/** Also true where a disk group is out of reach: whatever is in it cannot be found. */
export const isAbsent = (error: unknown): boolean => isMissing(error) || (error instanceof Error && 'code' in error && (error.code === NO_DISK_GROUP || error.code === GROUP_NOT_MOUNTED))

export const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')

/** Removes a file; one that is not there, or in a disk group that is out of reach, is gone for all who can look. */
export async function removeFile(file: string): Promise<void> {
  if (outOfReach(file) === undefined) await rm(file, { force: true })
}
