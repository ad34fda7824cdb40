import { storageErrors } from '@icb/storage-core'
import { DateTime } from 'luxon'

type SourceReviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown

/** Parses JSON; integers that a double would round become bigint. @throws SyntaxError */
export function parseExactly(text: string): unknown {
  const parse = JSON.parse as (text: string, reviver: SourceReviver) => unknown
  return parse(text, (_key, value, context) => (typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context.source ?? '') ? BigInt(context.source ?? '0') : value))
}

/** A count of bytes: number or numeric text, as firmware differs. */
export function bytesIn(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number' && Number.isFinite(value)) return BigInt(Math.trunc(value))
  return typeof value === 'string' && /^\d+$/.test(value) ? BigInt(value) : undefined
}

/** `20150803T13:31:42` (version 1) and `2015-08-03T13:31:42Z` (version 2), both UTC. @throws ICB_STORAGE_PROTOCOL */
export function timeIn(value: unknown): DateTime {
  const match = typeof value === 'string' ? /^(\d{4})-?(\d\d)-?(\d\d)T(\d\d):?(\d\d):?(\d\d)(?:\.\d+)?Z?$/.exec(value) : null
  const [year, month, day, hour, minute, second] = (match ?? []).slice(1).map(Number)
  const time = DateTime.utc(year ?? Number.NaN, month ?? 1, day ?? 1, hour ?? 0, minute ?? 0, second ?? 0)
  if (match === null || !time.isValid) throw storageErrors.PROTOCOL(`the appliance sent a time that its documentation does not have: ${JSON.stringify(value)}`)
  return time
}
