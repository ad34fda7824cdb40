import { isIcbError, redact } from '@icb/runtime'
import type { ErrorFactoryOptions, IcbError } from '@icb/runtime'
import { storageErrors } from '@icb/storage-core'

/** An error as the API tells it, in an answer or in a job. */
export interface OntapFault {
  /** A number as text. */
  readonly code: string
  readonly message: string
  /** The HTTP status, or `job`. */
  readonly status: number | 'job'
  /** The name of the field it is about. */
  readonly target?: string | undefined
}

type Name = keyof typeof storageErrors

const codes = new Map<string, Name>()
const are = (name: Name, ...numbers: readonly number[]): void => {
  for (const number of numbers) codes.set(String(number), name)
}
are('NOT_FOUND', 4, 917525, 918235, 917927, 524601, 1638600, 1638503, 542797, 53411842, 53411843, 53411844, 2621462, 918271, 1703954)
are('EXISTS', 1, 917526, 525059, 53411860, 53411852, 53411921, 53411865)
are('BUSY', 524486, 524481, 13107405, 13107406, 8454210, 917533, 1638537, 1638538, 1638539)
are('HAS_CLONES', 524615)
are('LOCKED', 1638555, 1638543, 53412007)
are('NO_SPACE', 524479, 525062)
are('AUTH', 6, 262325, 6691623)
are('UNSUPPORTED', 2, 3, 262179, 262197, 918247, 918242, 918244, 918701, 918703, 1520442, 13565983, 53411959, 918636, 53411918, 53412087, 917534, 917886, 917887, 917888, 1638518, 1638477, 917628, 2621707)

const hints: Readonly<Record<string, string>> = {
  '6': 'Give the role of the login the access that docs/storage/ontap.md lists.',
  '262325': 'Multi-admin verification is on: another administrator must approve the request (security multi-admin-verify request approve), then call again.',
  '525062': 'A volume has at most 1023 snapshots: let retention delete some.',
  '524479': 'The volume is offline or full.',
  '918271': 'Create the export policy in this SVM or correct "exportPolicy".',
  '1703954': 'Create the export policy in this SVM or correct "exportPolicy".',
  '2621462': 'Correct "svm".',
  '2621707': 'Set "svm".',
  '53411865': 'Remove the volume from that consistency group, or use that group by giving it exactly the volumes of this area.',
  '53411959': 'A volume with snapshot locking cannot be in a consistency group.',
  '918701': 'This platform does not let volumes be managed over this API.',
}

/** The storage error that a fault of the API is. Its `details.ontapCode` keeps the vendor's number. */
export function errorOfFault(what: string, { code, message, status, target }: OntapFault): IcbError {
  const text = `${what}: ${redact(message)} (ONTAP ${code === '' || code === '0' ? `status ${status}` : `error ${code}`})`
  const hint = hints[code]
  const options: ErrorFactoryOptions = { details: { ontapCode: code, status, ...(target === undefined ? {} : { target }) }, ...(hint === undefined ? {} : { hint }) }
  return storageErrors[nameOf(code, message, status)](text, options)
}

function nameOf(code: string, message: string, status: number | 'job'): Name {
  if (status === 401) return 'AUTH'
  if (/temporarily locked/i.test(message)) return 'BUSY'
  // A catch-all: an unmount that other work on the volume prevents.
  if (code === '917536') return /job ID/i.test(message) ? 'BUSY' : 'PROTOCOL'
  if (code === '918252') return /already in use|in use by/i.test(message) ? 'EXISTS' : 'UNSUPPORTED'
  const known = codes.get(code)
  if (known !== undefined) return known
  if (/no space|not enough space|insufficient space|out of space/i.test(message)) return 'NO_SPACE'
  if (status === 403) return 'AUTH'
  if (status === 404) return 'NOT_FOUND'
  if (status === 409) return 'EXISTS'
  if (status === 429 || status === 503) return 'BUSY'
  if (status !== 'job' && status >= 500 && (code === '' || code === '0')) return 'UNREACHABLE'
  return 'PROTOCOL'
}

/** Whether `error` is the storage error of this name. */
export function isStorageError(error: unknown, ...names: readonly Name[]): error is IcbError {
  return isIcbError(error) && names.some((name) => error.code === `ICB_STORAGE_${name}`)
}

/** The vendor's number in a storage error. */
export function ontapCodeOf(error: unknown): string | undefined {
  const code = isIcbError(error) ? error.details['ontapCode'] : undefined
  return typeof code === 'string' ? code : undefined
}
