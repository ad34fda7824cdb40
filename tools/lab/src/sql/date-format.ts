import { ora } from '../engine/ora-error.ts'
import { offsetText } from './zone.ts'

export const months: readonly string[] = ['JANUARY', 'FEBRUARY', 'MARCH', 'APRIL', 'MAY', 'JUNE', 'JULY', 'AUGUST', 'SEPTEMBER', 'OCTOBER', 'NOVEMBER', 'DECEMBER']
export const days: readonly string[] = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY']
const dayMillis = 86400000

/** Longest first, so that HH24 is not read as HH. */
const elements = [
  'SYYYY', 'YYYY', 'IYYY', 'RRRR', 'Y,YYY', 'YYY', 'YY', 'RR', 'Y', 'MONTH', 'MON', 'MM', 'MI', 'DDD', 'DD', 'DAY', 'DY', 'D', 'HH24', 'HH12', 'HH', 'SSSSS', 'SS',
  'FF9', 'FF8', 'FF7', 'FF6', 'FF5', 'FF4', 'FF3', 'FF2', 'FF1', 'FF', 'TZH', 'TZM', 'TZR', 'TZD', 'A.M.', 'P.M.', 'AM', 'PM', 'A.D.', 'B.C.', 'AD', 'BC', 'IW', 'WW', 'W', 'Q', 'J', 'CC', 'FM', 'FX', 'X',
] as const
type Element = (typeof elements)[number]

export type FormatPart = { readonly kind: 'element'; readonly element: Element; readonly written: string; readonly suffix: string } | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }

const parsed = new Map<string, readonly FormatPart[]>()

/** A format's elements and texts. @throws OraError 01821 */
export function parseFormat(format: string): readonly FormatPart[] {
  const known = parsed.get(format)
  if (known !== undefined) return known
  const parts: FormatPart[] = []
  const upper = format.toUpperCase()
  let at = 0
  while (at < format.length) {
    if (format[at] === '"') {
      const end = format.indexOf('"', at + 1)
      if (end < 0) throw ora(1821, 'date format not recognized')
      parts.push({ kind: 'text', text: format.slice(at + 1, end), quoted: true })
      at = end + 1
      continue
    }
    const element = elements.find((candidate) => upper.startsWith(candidate, at))
    if (element !== undefined) {
      const suffix = /^(?:TH|SP|THSP|SPTH)(?![A-Z])/.exec(upper.slice(at + element.length))?.[0] ?? ''
      parts.push({ kind: 'element', element, written: format.slice(at, at + element.length), suffix })
      at += element.length + suffix.length
    } else if (/[A-Za-z0-9]/.test(format[at] ?? '')) throw ora(1821, 'date format not recognized')
    else parts.push({ kind: 'text', text: format[at++] ?? '', quoted: false })
  }
  if (parsed.size > 500) parsed.clear()
  parsed.set(format, parts)
  return parts
}

/** Longest text that a format can give, for the display width of a column. */
export function formatWidth(format: string): number {
  let width = 0
  for (const part of parseFormat(format)) {
    if (part.kind === 'text') width += part.text.length
    else if (part.element === 'MONTH' || part.element === 'DAY') width += 9
    else if (part.element === 'MON' || part.element === 'DY') width += 3
    else if (part.element.startsWith('FF')) width += part.element === 'FF' ? 9 : Number(part.element.slice(2))
    else if (part.element === 'TZR') width += 32
    else if (part.element === 'HH24' || part.element === 'HH12') width += 2
    else if (part.element === 'TZH' || part.element === 'J') width += part.element === 'J' ? 7 : 3
    else if (part.element === 'TZM' || part.element === 'FM' || part.element === 'FX') width += part.element === 'TZM' ? 2 : 0
    else width += part.element.length
  }
  return width
}

/** A moment taken apart for formatting: local milliseconds (as if UTC), and the offset of a timestamp with time zone. */
export interface Moment {
  readonly local: number
  readonly offset: number | undefined
}

function cased(written: string, text: string): string {
  if (written === written.toUpperCase()) return text
  return written[0] === written[0]?.toUpperCase() ? text.slice(0, 1) + text.slice(1).toLowerCase() : text.toLowerCase()
}

function isoWeek(local: number): { year: number; week: number } {
  const date = new Date(local)
  const thursday = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + 3 - ((date.getUTCDay() + 6) % 7)))
  const start = Date.UTC(thursday.getUTCFullYear(), 0, 1)
  return { year: thursday.getUTCFullYear(), week: 1 + Math.floor((thursday.getTime() - start) / dayMillis / 7) }
}

const pad = (value: number, width: number): string => String(value).padStart(width, '0')

function elementText(element: Element, moment: Moment): string {
  const date = new Date(moment.local)
  const year = date.getUTCFullYear()
  const hour = date.getUTCHours()
  const dayOfYear = Math.floor((moment.local - Date.UTC(year, 0, 1)) / dayMillis) + 1
  switch (element) {
    case 'SYYYY':
      return ` ${pad(year, 4)}`
    case 'YYYY':
    case 'RRRR':
      return pad(year, 4)
    case 'IYYY':
      return pad(isoWeek(moment.local).year, 4)
    case 'Y,YYY':
      return `${pad(year, 4).slice(0, 1)},${pad(year, 4).slice(1)}`
    case 'YYY':
    case 'YY':
    case 'Y':
      return pad(year, 4).slice(-element.length)
    case 'RR':
      return pad(year, 4).slice(-2)
    case 'MONTH':
      return (months[date.getUTCMonth()] ?? '').padEnd(9)
    case 'MON':
      return (months[date.getUTCMonth()] ?? '').slice(0, 3)
    case 'MM':
      return pad(date.getUTCMonth() + 1, 2)
    case 'MI':
      return pad(date.getUTCMinutes(), 2)
    case 'DDD':
      return pad(dayOfYear, 3)
    case 'DD':
      return pad(date.getUTCDate(), 2)
    case 'DAY':
      return (days[date.getUTCDay()] ?? '').padEnd(9)
    case 'DY':
      return (days[date.getUTCDay()] ?? '').slice(0, 3)
    case 'D':
      return String(date.getUTCDay() + 1)
    case 'HH24':
      return pad(hour, 2)
    case 'HH12':
    case 'HH':
      return pad(hour % 12 === 0 ? 12 : hour % 12, 2)
    case 'SSSSS':
      return pad(hour * 3600 + date.getUTCMinutes() * 60 + date.getUTCSeconds(), 5)
    case 'SS':
      return pad(date.getUTCSeconds(), 2)
    case 'TZH':
    case 'TZM':
    case 'TZR':
    case 'TZD': {
      if (moment.offset === undefined) throw ora(1821, 'date format not recognized')
      const zone = offsetText(moment.offset)
      return element === 'TZH' ? zone.slice(0, 3) : element === 'TZM' ? zone.slice(4) : element === 'TZR' ? zone : ''
    }
    case 'AM':
    case 'PM':
      return hour < 12 ? 'AM' : 'PM'
    case 'A.M.':
    case 'P.M.':
      return hour < 12 ? 'A.M.' : 'P.M.'
    case 'AD':
    case 'BC':
      return 'AD'
    case 'A.D.':
    case 'B.C.':
      return 'A.D.'
    case 'IW':
      return pad(isoWeek(moment.local).week, 2)
    case 'WW':
      return pad(Math.ceil(dayOfYear / 7), 2)
    case 'W':
      return String(Math.ceil(date.getUTCDate() / 7))
    case 'Q':
      return String(Math.floor(date.getUTCMonth() / 3) + 1)
    case 'J':
      return pad(Math.floor(moment.local / dayMillis) + 2440588, 7)
    case 'CC':
      return pad(Math.ceil(year / 100), 2)
    case 'X':
      return '.'
    case 'FM':
    case 'FX':
      return ''
    default: {
      if (moment.offset === undefined) throw ora(1821, 'date format not recognized')
      const fraction = `${pad(((moment.local % 1000) + 1000) % 1000, 3)}000000`
      return fraction.slice(0, element === 'FF' ? 6 : Number(element.slice(2)))
    }
  }
}

function ordinal(text: string): string {
  const value = Number(text)
  const tens = value % 100
  return `${text}${tens >= 11 && tens <= 13 ? 'TH' : (['TH', 'ST', 'ND', 'RD'][value % 10] ?? 'TH')}`
}

/** TO_CHAR of a DATE or TIMESTAMP. @throws OraError 01821 */
export function formatMoment(moment: Moment, format: string): string {
  let out = ''
  let fill = true
  for (const part of parseFormat(format)) {
    if (part.kind === 'text') {
      out += part.text
      continue
    }
    if (part.element === 'FM') fill = !fill
    if (part.suffix.includes('SP')) throw ora(1821, 'date format not recognized')
    let text = elementText(part.element, moment)
    if (!fill) text = /^\d+$/.test(text) ? text.replace(/^0+(?=\d)/, '') : text.trim()
    if (part.suffix === 'TH') text = ordinal(text)
    out += cased(part.written, text)
  }
  return out
}
