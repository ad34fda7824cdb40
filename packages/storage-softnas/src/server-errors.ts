import { isIcbError, redact } from '@icb/runtime'
import type { IcbError } from '@icb/runtime'
import { storageErrors } from '@icb/storage-core'

type Name = keyof typeof storageErrors

/** SoftNAS has no error numbers. Its texts are those of ZFS below it, and of its login. */
const texts: readonly (readonly [RegExp, Name])[] = [
  [/has (?:dependent )?clones|dependent clone/i, 'HAS_CLONES'],
  [/already exists/i, 'EXISTS'],
  [/does not exist|no such|could not find|not found/i, 'NOT_FOUND'],
  [/out of space|no space|not enough space/i, 'NO_SPACE'],
  [/\bis busy\b|try again/i, 'BUSY'],
  [/permission denied|not permitted|privilege/i, 'AUTH'],
]

/** The storage error of an answer with `success: false`. Its `details.serverText` keeps the whole text. */
export function errorOfText(what: string, text: string): IcbError {
  const said = redact(text).trim()
  const name = texts.find(([pattern]) => pattern.test(said))?.[1] ?? 'PROTOCOL'
  return storageErrors[name](`${what}: ${said === '' ? 'refused without a reason' : said.slice(0, 500)}`, { details: { serverText: said } })
}

/** The storage error of an answer that is none of the API. */
export function errorOfStatus(what: string, status: number, body: unknown): IcbError {
  const message = `${what}: the server answered ${String(status)}: ${redact(typeof body === 'string' ? body : JSON.stringify(body ?? '')).slice(0, 500)}`
  if (status === 429 || status === 503) return storageErrors.BUSY(message)
  if (status >= 500) return storageErrors.UNREACHABLE(message, { hint: 'A proxy in between, or StorageCenter is starting.' })
  return storageErrors.PROTOCOL(message)
}

export function isStorageError(error: unknown, ...wanted: readonly Name[]): error is IcbError {
  return isIcbError(error) && wanted.some((name) => error.code === `ICB_STORAGE_${name}`)
}
