import type { StoredValue } from '../sql/run-query.ts'
import type { SqlType } from '../sql/bound.ts'
import { loadNumber, numberText } from '../sql/number.ts'
import { encodeDate, encodeInterval, encodeMonths, encodeTimestamp } from './date-value.ts'
import { encodeFloat } from './float-value.ts'
import { encodeNumber, encodeWhole } from './number-value.ts'
import type { TtcWriter } from './ttc-writer.ts'
import { longestString, wireType } from './wire-types.ts'

/** A column of a result as it goes over the wire. */
export interface WireColumn {
  readonly name: string
  readonly type: number
  /** Bytes; never 0, which would mean a column that is always null. */
  readonly size: number
  /** Digits behind the point; of a timestamp, of its seconds. */
  readonly scale: number
  readonly precision?: number
  readonly mandatory?: true
  readonly hasCharset: boolean
}

const unconstrained = 0x81
const fraction = 6

/** The datatype under which the wire knows an engine's type, with what a column's declaration says. */
export function wireColumn(name: string, type: SqlType): WireColumn {
  return { ...wireTypeOf(name, type), ...(type.mandatory === undefined ? {} : { mandatory: type.mandatory }) }
}

function wireTypeOf(name: string, type: SqlType): WireColumn {
  const kind: string = type.bytes ?? (type.clob === true ? 'CLOB' : type.kind)
  switch (kind) {
    case 'NUMBER': return { name, type: wireType.number, size: 22, scale: type.precision === undefined ? unconstrained : (type.scale ?? 0), precision: type.precision ?? 0, hasCharset: false }
    case 'BOOLEAN': return { name, type: wireType.boolean, size: 1, scale: 0, hasCharset: false }
    case 'DATE': return { name, type: wireType.date, size: 7, scale: 0, hasCharset: false }
    case 'TIMESTAMP_TZ': {
      if (type.wallClock === 'stored') return { name, type: wireType.timestamp, size: 11, scale: fraction, hasCharset: false }
      // WITH LOCAL TIME ZONE too: a moment needs no agreement about the database's zone then.
      return { name, type: wireType.timestampTz, size: 13, scale: fraction, hasCharset: false }
    }
    case 'INTERVAL': return { name, type: wireType.intervalDs, size: 11, scale: fraction, hasCharset: false }
    case 'MONTHS': return { name, type: wireType.intervalYm, size: 5, scale: 0, hasCharset: false }
    case 'RAW': return { name, type: wireType.raw, size: Math.max(1, type.length / 2), scale: 0, hasCharset: false }
    case 'CLOB': return { name, type: wireType.clob, size: 4000, scale: 0, hasCharset: true }
    case 'BLOB': return { name, type: wireType.blob, size: 4000, scale: 0, hasCharset: false }
    default: return { name, type: wireType.varchar, size: Math.min(Math.max(1, type.length), longestString), scale: 0, hasCharset: true }
  }
}

/** Message 16: names and types of the columns. */
export function writeDescribe(writer: TtcWriter, columns: readonly WireColumn[], fieldVersion: number): void {
  writer.u8(16).u8(0)
  writeColumns(writer, columns, fieldVersion)
}

/** What message 16 and a REF CURSOR have in common. */
export function writeColumns(writer: TtcWriter, columns: readonly WireColumn[], fieldVersion: number): void {
  writer.ub(columns.reduce((sum, column) => sum + column.size, 0)).ub(columns.length)
  if (columns.length > 0) writer.u8(1)
  for (const [index, { name, type, size, scale, precision = 0, mandatory, hasCharset }] of columns.entries()) {
    writer.u8(type).u8(0).u8(precision).u8(scale < 0 ? scale + 256 : scale).ub(size).zeros(4)
    writer.ub(hasCharset ? 873 : 0).u8(hasCharset ? 1 : 0).ub(hasCharset ? size : 0)
    if (fieldVersion >= 8) writer.ub(0)
    const text = Buffer.from(name, 'utf8')
    writer.u8(mandatory === true ? 0 : 1).u8(Math.min(text.length, 255)).sb(text).zeros(2).ub(index + 1).ub(0)
  }
  writer.zeros(6)
}

/** Message 6, once before the rows of an answer. */
export function writeRowHeader(writer: TtcWriter, columns: number, rows: number): void {
  writer.u8(6).u8(0).ub(columns).ub(0).ub(rows).zeros(3)
}

/** `yyyy-mm-dd hh24:mi:ss.ffffff±hh:mm`, the first part in UTC. @param clock `wall`: as it was there, `utc`, or with its `zone` */
function timestampBytes(text: string, clock: 'wall' | 'utc' | 'zone'): Buffer {
  const nanoseconds = Number((/\.(\d+)/.exec(text)?.[1] ?? '0').padEnd(9, '0').slice(0, 9))
  const zone = /([+-])(\d\d):(\d\d)$/.exec(text)
  const offset = zone === null ? 0 : (zone[1] === '-' ? -1 : 1) * (Number(zone[2]) * 60 + Number(zone[3]))
  const start = clock === 'wall' ? new Date(Date.parse(`${text.slice(0, 19).replace(' ', 'T')}Z`) + offset * 60_000).toISOString().slice(0, 19).replace('T', ' ') : text.slice(0, 19)
  return encodeTimestamp(start, nanoseconds, clock === 'zone' ? offset : undefined)
}

const isSafe = (value: number): boolean => Number.isSafeInteger(value)

/** A value of the engine in the bytes of a datatype; LOBs are not among them. */
export function writeValue(writer: TtcWriter, value: StoredValue, type: number): void {
  if (value === null) {
    writer.u8(0)
    return
  }
  switch (type) {
    case wireType.number:
    case wireType.binaryInteger:
      writer.lb(typeof value === 'bigint' ? encodeWhole(value) : typeof value === 'number' && isSafe(value) ? encodeWhole(BigInt(value)) : encodeNumber(numberText(loadNumber(value))))
      break
    case wireType.date: writer.lb(encodeDate(String(value)))
      break
    case wireType.timestamp: writer.lb(timestampBytes(String(value), 'wall'))
      break
    case wireType.timestampLtz: writer.lb(timestampBytes(String(value), 'utc'))
      break
    case wireType.timestampTz: writer.lb(timestampBytes(String(value), 'zone'))
      break
    case wireType.intervalYm: writer.lb(encodeMonths(Number(value)))
      break
    case wireType.intervalDs: writer.lb(encodeInterval(Number(value)))
      break
    case wireType.binaryDouble: writer.lb(encodeFloat(Number(value), 8))
      break
    case wireType.binaryFloat: writer.lb(encodeFloat(Number(value), 4))
      break
    case wireType.raw:
    case wireType.longRaw: writer.lb(Buffer.from(String(value), 'hex'))
      break
    case wireType.boolean: writer.u8(Number(value) === 0 ? 1 : 2)
      if (Number(value) === 0) writer.u8(0)
      else writer.u8(1).u8(1)
      break
    default: writer.text(typeof value === 'number' ? numberText(value) : String(value))
  }
}

/** Long values are followed by an indicator and a return code. */
export function writeLongTail(writer: TtcWriter): void {
  writer.zeros(2)
}
