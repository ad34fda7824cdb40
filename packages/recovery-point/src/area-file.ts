import type { Stats } from 'node:fs'
import { open } from 'node:fs/promises'
import { isIcbError } from '@icb/runtime'
import { pointErrors } from './errors.ts'

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Turns what the file system answers into ICB_POINT_STORE; errors of ours pass. */
export async function storing<T>(path: string, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (isIcbError(error)) throw error
    throw pointErrors.errors.STORE(`${path} cannot be ${what}: ${reasonOf(error)}`, { hint: 'Check that the backup area is mounted and that this user may use it.', details: { path }, cause: error })
  }
}

/** Content of a file of the area; `undefined` when it is not there. The area is a shared file system: what lies there is not trusted to be small or a file. */
export async function readAreaFile(path: string, maxBytes: number): Promise<Buffer | undefined> {
  try {
    const handle = await open(path, 'r')
    try {
      const facts: Stats = await handle.stat()
      if (!facts.isFile()) throw new Error('it is not a file')
      if (facts.size > maxBytes) throw new Error(`it is larger than ${String(maxBytes)} bytes`)
      return await handle.readFile()
    } finally {
      await handle.close()
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw pointErrors.errors.STORE(`${path} cannot be read: ${reasonOf(error)}`, { hint: 'Check that the backup area is mounted and that this user may read it.', details: { path }, cause: error })
  }
}
