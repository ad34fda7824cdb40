import { ora } from '../engine/ora-error.ts'

/**
 * A DATE as text `yyyy-mm-dd hh24:mi:ss` in the database's local time: it sorts as it should.
 * A TIMESTAMP WITH TIME ZONE as `yyyy-mm-dd hh24:mi:ss.ffffff±hh:mm`, where the first part is UTC and the last the zone
 * in which it is shown.
 */
const formatters = new Map<string, Intl.DateTimeFormat>()
const offsets = new Map<string, number>()

function formatterOf(zone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(zone)
  if (formatter === undefined) {
    try {
      formatter = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' })
    } catch {
      throw ora(1882, 'timezone region not found')
    }
    formatters.set(zone, formatter)
  }
  return formatter
}

/** Minutes east of UTC at that moment; `zone` is an IANA name or `±hh:mm`. @throws OraError 01882 */
export function offsetAt(utc: number, zone: string): number {
  const fixed = /^([+-])?(\d{1,2}):(\d{2})$/.exec(zone.trim())
  if (fixed !== null) return (fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3]))
  // No zone changes its offset within a quarter of an hour.
  const key = `${zone} ${String(Math.floor(utc / 900000))}`
  const known = offsets.get(key)
  if (known !== undefined) return known
  const part: Record<string, number> = {}
  for (const { type, value } of formatterOf(zone.trim()).formatToParts(utc)) part[type] = Number(value)
  const local = Date.UTC(part.year ?? 0, (part.month ?? 1) - 1, part.day, part.hour, part.minute, part.second)
  const offset = Math.round((local - Math.floor(utc / 1000) * 1000) / 60000)
  if (offsets.size > 10000) offsets.clear()
  offsets.set(key, offset)
  return offset
}

/** The moment of a local time in a zone. */
export function utcOf(local: number, zone: string): number {
  const first = local - offsetAt(local, zone) * 60000
  return local - offsetAt(first, zone) * 60000
}

/** Milliseconds as if UTC -> `yyyy-mm-dd hh24:mi:ss`. */
export function dateText(local: number): string {
  const year = new Date(local).getUTCFullYear()
  if (!(year >= 1 && year <= 9999)) throw ora(1841, '(full) year must be between -4713 and +9999, and not be 0')
  return new Date(local).toISOString().slice(0, 19).replace('T', ' ')
}

export function dateMillis(text: string): number {
  return Date.parse(`${text.slice(0, 10)}T${text.slice(11, 19)}Z`)
}

/** A moment as DATE text in the zone. */
export function localDate(utc: number, zone: string): string {
  return dateText(utc + offsetAt(utc, zone) * 60000)
}

export function offsetText(minutes: number): string {
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${String(Math.trunc(size / 60)).padStart(2, '0')}:${String(size % 60).padStart(2, '0')}`
}

/** A TIMESTAMP WITH TIME ZONE value of a moment. */
export function timestampText(utc: number, offset: number): string {
  return `${dateText(Math.floor(utc / 1000) * 1000)}.${String(((Math.floor(utc) % 1000) + 1000) % 1000).padStart(3, '0')}000${offsetText(offset)}`
}

/** What {@link timestampText} wrote. */
export function timestampParts(text: string): { utc: number; offset: number } {
  const zone = /([+-])(\d\d):(\d\d)$/.exec(text)
  const offset = (zone?.[1] === '-' ? -1 : 1) * (Number(zone?.[2]) * 60 + Number(zone?.[3]))
  return { utc: dateMillis(text) + Number(text.slice(20, 23)), offset }
}
