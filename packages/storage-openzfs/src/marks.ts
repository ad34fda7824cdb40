import { storageErrors } from '@icb/storage-core'
import { DateTime } from 'luxon'

/** User property: the database whose tool made this snapshot or clone. */
export const ownerProperty = 'org.icb:database'
/** User property of a snapshot: its labels as one JSON object, so that a listing can ask for it by name. */
export const labelsProperty = 'org.icb:labels'
/** User property of a held snapshot: reason and end of the hold as JSON. */
export const holdProperty = 'org.icb:hold'
/** Tag of our holds. */
export const holdTag = 'org.icb:pin'

/** What ZFS takes as a value: at most 1024 bytes before OpenZFS 0.8.4, 8192 since. */
const longestValue = 1023

export interface HoldMark {
  readonly reason: string
  readonly until?: number
}

/** JSON in ASCII without control characters: safe in `-o name=value` and in tab-separated output. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

export function labelsText(labels: Readonly<Record<string, string>>): string {
  const text = asciiJson(labels)
  if (text.length > longestValue) throw storageErrors.UNSUPPORTED(`the labels of a snapshot take ${text.length} bytes; ZFS keeps ${longestValue}`)
  return text
}

export function readLabels(text: string | undefined): Readonly<Record<string, string>> {
  const parsed = parseObject(text)
  return Object.fromEntries(Object.entries(parsed).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}

export function holdText(reason: string, until: DateTime | undefined): string {
  return asciiJson({ reason: reason.slice(0, 100), ...(until === undefined ? {} : { until: until.toMillis() }) })
}

export function readHold(text: string | undefined): HoldMark | undefined {
  const { reason, until } = parseObject(text)
  if (typeof reason !== 'string') return undefined
  return { reason, ...(typeof until === 'number' ? { until } : {}) }
}

/** A value that somebody else wrote is no reason to fail a listing. */
function parseObject(text: string | undefined): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text ?? '{}')
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

export function utcSeconds(seconds: bigint): DateTime {
  return DateTime.fromSeconds(Number(seconds), { zone: 'utc' })
}
