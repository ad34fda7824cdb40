import { ora } from '../engine/ora-error.ts'
import { DATE, INTERVAL, NUMBER, TIMESTAMP_TZ } from '../sql/bound.ts'
import type { Binds, TypedBind } from '../sql/compile-expression.ts'
import { parseNumber, storeNumber } from '../sql/number.ts'
import { dateMillis, offsetText, timestampText, utcOf, offsetAt } from '../sql/zone.ts'
import { decodeDate, decodeInterval, decodeTimestamp } from './date-value.ts'
import { decodeFloat } from './float-value.ts'
import { decodeNumber } from './number-value.ts'
import { type WireVariable, wireType } from './wire-types.ts'

type BindValue = Binds[string]

const typed = (type: TypedBind['type'], value: TypedBind['value']): TypedBind => ({ type, value })

/** What a value needs of its session. */
export interface BindContext {
  /** Zone of the session, `±hh:mm` or IANA. */
  readonly sessionZone: string
  readonly now: number
  /** Content of a LOB by its locator. @throws OraError 22275 */
  lob(locator: Buffer): string
}

/** Bytes of a bind as the engine takes it. @throws OraError for types that the engine has not */
export function bindValue(bytes: Buffer | null, variable: WireVariable, context: BindContext): BindValue {
  switch (variable.type) {
    case wireType.number:
    case wireType.binaryInteger: return typed(NUMBER, bytes === null ? null : storeNumber(parseNumber(decodeNumber(bytes))))
    case wireType.binaryDouble:
    case wireType.binaryFloat: return typed(NUMBER, bytes === null ? null : storeNumber(decodeFloat(bytes)))
    case wireType.date: return typed(DATE, bytes === null ? null : decodeDate(bytes))
    case wireType.timestamp: return typed(TIMESTAMP_TZ, bytes === null ? null : wallClock(bytes, context))
    case wireType.timestampLtz:
    case wireType.timestampTz: return typed(TIMESTAMP_TZ, bytes === null ? null : moment(bytes, variable.type, context))
    case wireType.intervalDs: return typed(INTERVAL, bytes === null ? null : decodeInterval(bytes))
    case wireType.boolean: return bytes === null ? null : bytes[bytes.length - 1] === 0 ? 0 : 1
    case wireType.raw:
    case wireType.longRaw: return bytes === null ? null : bytes.toString('hex').toUpperCase()
    case wireType.clob:
    case wireType.blob: return bytes === null ? null : context.lob(bytes)
    case wireType.cursor: return null
    case wireType.varchar:
    case wireType.char:
    case wireType.long:
    case wireType.rowid: return bytes === null ? null : variable.form === 2 ? Buffer.from(bytes).swap16().toString('utf16le') : bytes.toString('utf8')
    default: throw ora(3115, 'unsupported network datatype or representation')
  }
}

const micros = (nanoseconds: number): string => String(Math.floor(nanoseconds / 1000)).padStart(6, '0')

/** A time without a zone is one of the session's. */
function wallClock(bytes: Buffer, { sessionZone }: BindContext): string {
  const { date, nanoseconds } = decodeTimestamp(bytes)
  const utc = utcOf(dateMillis(date), sessionZone)
  return withFraction(timestampText(utc, offsetAt(utc, sessionZone)), nanoseconds)
}

/** A moment: shown in its own zone, or in the session's when it has none. */
function moment(bytes: Buffer, type: number, { sessionZone, now }: BindContext): string {
  const { date, nanoseconds, offset } = decodeTimestamp(bytes)
  return `${date}.${micros(nanoseconds)}${offsetText(type === wireType.timestampTz ? offset : offsetAt(now, sessionZone))}`
}

const withFraction = (text: string, nanoseconds: number): string => `${text.slice(0, 20)}${micros(nanoseconds)}${text.slice(26)}`
