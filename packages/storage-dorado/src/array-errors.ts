import { isIcbError, redact } from '@icb/runtime'
import type { IcbError } from '@icb/runtime'
import { storageErrors } from '@icb/storage-core'

type Name = keyof typeof storageErrors

/** Codes of the array's `error` member, as public clients of OceanStor know them. */
const names: Readonly<Record<string, Name>> = {
  '1077948993': 'EXISTS', '1077939724': 'EXISTS',
  '1073752065': 'NOT_FOUND', '1073754118': 'NOT_FOUND', '1073754117': 'NOT_FOUND', '1073754136': 'NOT_FOUND', '1077939717': 'NOT_FOUND', '1077948996': 'NOT_FOUND',
  '-401': 'AUTH', '1077949061': 'AUTH', '1077949071': 'AUTH', '1077949081': 'AUTH', '1077939726': 'AUTH', '1077949069': 'AUTH', '1077949070': 'AUTH',
  '-1': 'BUSY', '1077949006': 'BUSY', '1077948995': 'BUSY', '1077949001': 'BUSY',
  '1073844244': 'LOCKED',
  '50331651': 'UNSUPPORTED', '1077949003': 'UNSUPPORTED', '1077948997': 'UNSUPPORTED',
}

/** Codes that mean: this session is no more. */
export const endedSession: ReadonlySet<string> = new Set(['-401', '1077949069', '1077939726'])

/** The storage error of an error that the array tells. Its `details.arrayCode` keeps the number. */
export function errorOfCode(what: string, code: string, description: string): IcbError {
  const name = names[code] ?? (/space|capacity/i.test(description) && /insufficient|not enough/i.test(description) ? 'NO_SPACE' : 'PROTOCOL')
  const hint = name === 'AUTH' ? 'Check user and password, whether the user is locked, and its role; see docs/storage/dorado.md.' : undefined
  return storageErrors[name](`${what}: ${redact(description)} (OceanStor error ${code})`, { details: { arrayCode: code }, ...(hint === undefined ? {} : { hint }) })
}

/** The storage error of an answer that is none of the API. */
export function errorOfStatus(what: string, status: number, body: unknown): IcbError {
  const message = `${what}: the array answered ${status}: ${redact(typeof body === 'string' ? body : JSON.stringify(body ?? '')).slice(0, 500)}`
  if (status === 401 || status === 403) return storageErrors.AUTH(message)
  if (status === 429 || status === 503) return storageErrors.BUSY(message)
  if (status >= 500) return storageErrors.UNREACHABLE(message, { hint: 'A proxy in between, or the array is starting.' })
  return storageErrors.PROTOCOL(message)
}

export function isStorageError(error: unknown, ...wanted: readonly Name[]): error is IcbError {
  return isIcbError(error) && wanted.some((name) => error.code === `ICB_STORAGE_${name}`)
}
