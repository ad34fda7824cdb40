import { storageErrors } from '@icb/storage-core'

export type ZfsFailureKind = 'missing' | 'exists' | 'clones' | 'children' | 'held' | 'busy' | 'space' | 'usage' | 'no-tag' | 'not-mounted' | 'other'

export interface ZfsFailure {
  readonly kind: ZfsFailureKind
  readonly exitCode: number
  readonly text: string
}

/** The wording is the same in OpenZFS and zfs-fuse under LC_ALL=C; first match wins. */
const wordings: readonly (readonly [RegExp, ZfsFailureKind])[] = [
  [/has dependent clones/, 'clones'],
  [/has children/, 'children'],
  [/being held|tag already exists on this dataset/, 'held'],
  [/no such tag on this dataset/, 'no-tag'],
  [/dataset already exists/, 'exists'],
  [/successfully created, but (?:it )?(?:may )?(?:not |cannot be )mounted|^cannot mount /m, 'not-mounted'],
  [/dataset does not exist|no such pool|could not find any snapshots to destroy|no such dataset/, 'missing'],
  [/is busy/, 'busy'],
  [/out of space|no space left|quota exceeded/i, 'space'],
  [/invalid option|too many arguments|invalid property|bad property list|invalid character|name too long|name is too long|missing .* argument/, 'usage'],
]

export function failureOf(exitCode: number, text: string): ZfsFailure {
  return { kind: wordings.find(([wording]) => wording.test(text))?.[1] ?? (exitCode === 2 ? 'usage' : 'other'), exitCode, text }
}

/** The storage error of a failure that the caller has no better answer to. */
export function errorOf(what: string, { kind, exitCode, text }: ZfsFailure): Error {
  const message = `${what}: ${text === '' ? `zfs ended with ${exitCode}` : text}`
  switch (kind) {
    case 'missing':
      return storageErrors.NOT_FOUND(message)
    case 'exists':
      return storageErrors.EXISTS(message)
    case 'clones':
      return storageErrors.HAS_CLONES(message, { hint: 'Delete the clones first.' })
    case 'children':
      return storageErrors.LOCKED(message, { hint: 'It has snapshots or datasets of its own, which this tool did not make. Remove them by hand.' })
    case 'held':
      return storageErrors.LOCKED(message, { hint: '"zfs holds" shows who holds it.' })
    case 'busy':
      return storageErrors.BUSY(message, { hint: 'Unmount it on its clients; look for open files.' })
    case 'space':
      return storageErrors.NO_SPACE(message, { hint: 'Delete snapshots or raise the quota.' })
    case 'usage':
      return storageErrors.UNSUPPORTED(message)
    default:
      return storageErrors.PROTOCOL(message)
  }
}
