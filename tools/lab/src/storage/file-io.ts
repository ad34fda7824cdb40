import { type FileHandle, mkdir, open } from 'node:fs/promises'
import path from 'node:path'

/** Fills the buffer from a position; the number of bytes there were before the end of the file. */
export async function readFully(handle: FileHandle, buffer: Buffer, position: number): Promise<number> {
  let done = 0
  while (done < buffer.length) {
    const { bytesRead } = await handle.read(buffer, done, buffer.length - done, position + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return done
}

export async function writeFully(handle: FileHandle, buffer: Buffer, position: number): Promise<void> {
  let done = 0
  while (done < buffer.length) {
    const { bytesWritten } = await handle.write(buffer, done, buffer.length - done, position + done)
    done += bytesWritten
  }
}

/** Opens a new or emptied file for reading and writing; `parents` also makes its directories, as Oracle does for OMF names. */
export async function createFile(file: string, options: { readonly parents?: boolean; readonly exclusive?: boolean } = {}): Promise<FileHandle> {
  if (options.parents === true) await mkdir(path.dirname(file), { recursive: true })
  return open(file, options.exclusive === true ? 'wx+' : 'w+')
}

export const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
