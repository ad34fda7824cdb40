import { isIcbError } from '@icb/runtime'
import { storageErrors } from '@icb/storage-core'

/** The code of a system call's error (`ENOENT`), or `undefined`. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

export function isMissing(error: unknown): boolean {
  const code = systemCode(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/** Answers `undefined` where the file is missing. */
export async function unlessMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Runs one call of the contract: system errors become storage errors; an aborted call rejects with the signal's reason. */
export async function asStorageCall<T>(what: string, signal: AbortSignal | undefined, call: () => Promise<T>): Promise<T> {
  signal?.throwIfAborted()
  try {
    return await call()
  } catch (error) {
    throw storageErrorOf(what, signal, error)
  }
}

export function storageErrorOf(what: string, signal: AbortSignal | undefined, cause: unknown): unknown {
  if (isIcbError(cause) || (signal?.aborted === true && cause === signal.reason)) return cause
  const code = systemCode(cause)
  const message = `${what}: ${cause instanceof Error ? cause.message : String(cause)}`
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return storageErrors.NOT_FOUND(message, { cause })
    case 'ENOSPC':
    case 'EDQUOT':
      return storageErrors.NO_SPACE(message, { hint: 'Delete snapshots or make the file system larger.', cause })
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return storageErrors.AUTH(message, { hint: 'The user that runs icb must own the backup area and the snapshot directory.', cause })
    case 'EBUSY':
      return storageErrors.BUSY(message, { hint: 'Something is mounted there or uses it.', cause })
    case 'EIO':
    case 'ESTALE':
    case 'ETIMEDOUT':
      return storageErrors.UNREACHABLE(message, { cause })
    default:
      return storageErrors.PROTOCOL(message, { cause })
  }
}
