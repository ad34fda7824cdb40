/** Oracle's default NLS_DATE_FORMAT in America. */
export const defaultDateFormat = 'DD-MON-RR'

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']

interface Parts {
  readonly year: string
  readonly month: string
  readonly day: string
  readonly hour: string
  readonly minute: string
  readonly second: string
  readonly weekday: string
}

function parts(time: number, timeZone: string): Parts {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', weekday: 'short',
  })
  const found = Object.fromEntries(format.formatToParts(new Date(time)).map(({ type, value }) => [type, value]))
  const get = (name: string): string => found[name] ?? ''
  return { year: get('year').padStart(4, '0'), month: get('month'), day: get('day'), hour: get('hour'), minute: get('minute'), second: get('second'), weekday: get('weekday') }
}

/** A time in an NLS_DATE_FORMAT (the elements that occur in practice), local to `timeZone`. */
export function formatDate(time: number, timeZone: string, format: string): string {
  const p = parts(time, timeZone)
  const hour12 = Number(p.hour) % 12 === 0 ? 12 : Number(p.hour) % 12
  const month = months[Number(p.month) - 1] ?? ''
  const values: Readonly<Record<string, string>> = {
    YYYY: p.year, RRRR: p.year, YY: p.year.slice(2), RR: p.year.slice(2), MM: p.month, MON: month, DD: p.day, HH24: p.hour,
    HH12: String(hour12).padStart(2, '0'), HH: String(hour12).padStart(2, '0'), MI: p.minute, SS: p.second, AM: Number(p.hour) < 12 ? 'AM' : 'PM', PM: Number(p.hour) < 12 ? 'AM' : 'PM',
  }
  return format.replace(/"([^"]*)"|YYYY|RRRR|YY|RR|MM|MON|DD|HH24|HH12|HH|MI|SS|AM|PM/gi, (element: string, literal: string | undefined) => {
    if (literal !== undefined) return literal
    const value = values[element.toUpperCase()] ?? element
    if (element.toUpperCase() !== 'MON') return value
    return element === 'Mon' ? value.charAt(0) + value.slice(1).toLowerCase() : element === 'mon' ? value.toLowerCase() : value
  })
}

/** `Tue Nov 8 21:53:37 2016`: the time in RMAN's banner. */
export function bannerDate(time: number, timeZone: string): string {
  const p = parts(time, timeZone)
  const month = months[Number(p.month) - 1] ?? ''
  return `${p.weekday} ${month.charAt(0)}${month.slice(1).toLowerCase()} ${Number(p.day)} ${p.hour}:${p.minute}:${p.second} ${p.year}`
}

/** `2016_11_08`: a day's directory in the recovery area. */
export function dayDirectory(time: number, timeZone: string): string {
  const p = parts(time, timeZone)
  return `${p.year}_${p.month}_${p.day}`
}

/** A wall clock time in `timeZone` as milliseconds UTC; of two that a clock change makes, the first. */
export function fromLocal(year: number, month: number, day: number, hour: number, minute: number, second: number, timeZone: string): number {
  const wanted = Date.UTC(year, month - 1, day, hour, minute, second)
  const offset = (time: number): number => {
    const p = parts(time, timeZone)
    return Date.UTC(Number(p.year), Number(p.month) - 1, Number(p.day), Number(p.hour), Number(p.minute), Number(p.second)) - Math.floor(time / 1000) * 1000
  }
  const first = wanted - offset(wanted - 86_400_000)
  if (first + offset(first) === wanted) return first
  return wanted - offset(wanted + 86_400_000)
}
