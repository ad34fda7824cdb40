const two = (value: number): string => String(value).padStart(2, '0')

/** Oracle's seven bytes of a DATE. @param text `yyyy-mm-dd hh24:mi:ss` */
export function encodeDate(text: string): Buffer {
  const part = (from: number, to: number): number => Number(text.slice(from, to))
  const year = part(0, 4)
  return Buffer.of(Math.trunc(year / 100) + 100, (year % 100) + 100, part(5, 7), part(8, 10), part(11, 13) + 1, part(14, 16) + 1, part(17, 19) + 1)
}

/** DATE text of the first seven bytes. */
export function decodeDate(bytes: Buffer): string {
  const [century = 100, year = 100, month = 1, day = 1, hour = 1, minute = 1, second = 1] = bytes
  return `${String((century - 100) * 100 + (year - 100)).padStart(4, '0')}-${two(month)}-${two(day)} ${two(hour - 1)}:${two(minute - 1)}:${two(second - 1)}`
}

/**
 * TIMESTAMP, eleven bytes, or WITH TIME ZONE, thirteen with the zone's offset behind the time in UTC.
 * @param date `yyyy-mm-dd hh24:mi:ss`, in UTC when there is an offset
 * @param offset minutes east of UTC
 */
export function encodeTimestamp(date: string, nanoseconds: number, offset?: number): Buffer {
  const bytes = Buffer.alloc(offset === undefined ? 11 : 13)
  encodeDate(date).copy(bytes)
  bytes.writeUInt32BE(nanoseconds, 7)
  if (offset !== undefined) {
    bytes[11] = Math.trunc(offset / 60) + 20
    bytes[12] = (offset % 60) + 60
  }
  return bytes
}

export interface DecodedTimestamp {
  readonly date: string
  readonly nanoseconds: number
  /** Minutes east of UTC; 0 without one. */
  readonly offset: number
}

/** Fraction and zone may be left out by the client. */
export function decodeTimestamp(bytes: Buffer): DecodedTimestamp {
  return {
    date: decodeDate(bytes),
    nanoseconds: bytes.length >= 11 ? bytes.readUInt32BE(7) : 0,
    offset: bytes.length >= 13 ? ((bytes[11] ?? 20) - 20) * 60 + ((bytes[12] ?? 60) - 60) : 0,
  }
}

const middle = 0x80000000

/** INTERVAL DAY TO SECOND, eleven bytes. */
export function encodeInterval(seconds: number): Buffer {
  const sign = seconds < 0 ? -1 : 1
  const micros = Math.round(Math.abs(seconds) * 1e6)
  const whole = Math.floor(micros / 1e6)
  const bytes = Buffer.alloc(11)
  bytes.writeUInt32BE(middle + sign * Math.floor(whole / 86400), 0)
  bytes[4] = 60 + sign * (Math.floor(whole / 3600) % 24)
  bytes[5] = 60 + sign * (Math.floor(whole / 60) % 60)
  bytes[6] = 60 + sign * (whole % 60)
  bytes.writeUInt32BE(middle + sign * (micros % 1e6) * 1000, 7)
  return bytes
}

/** INTERVAL YEAR TO MONTH, five bytes. */
export function encodeMonths(months: number): Buffer {
  const bytes = Buffer.alloc(5)
  bytes.writeUInt32BE(middle + Math.trunc(months / 12), 0)
  bytes[4] = 60 + (months % 12)
  return bytes
}

/** Months. */
export function decodeMonths(bytes: Buffer): number {
  return bytes.length < 5 ? 0 : (bytes.readUInt32BE(0) - middle) * 12 + (bytes[4] ?? 60) - 60
}

/** Seconds. */
export function decodeInterval(bytes: Buffer): number {
  if (bytes.length < 11) return 0
  const part = (at: number): number => (bytes[at] ?? 60) - 60
  return (bytes.readUInt32BE(0) - middle) * 86400 + part(4) * 3600 + part(5) * 60 + part(6) + (bytes.readUInt32BE(7) - middle) / 1e9
}
