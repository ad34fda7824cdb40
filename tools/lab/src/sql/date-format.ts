import { ora } from '../engine/ora-error.ts'
import { dateText, offsetText } from './zone.ts'

const months = ['JANUARY', 'FEBRUARY', 'MARCH', 'APRIL', 'MAY', 'JUNE', 'JULY', 'AUGUST', 'SEPTEMBER', 'OCTOBER', 'NOVEMBER', 'DECEMBER']
const days = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY']
const dayMillis = 86400000

/** Longest first, so that HH24 is not read as HH. */
const elements = [
  'SYYYY', 'YYYY', 'IYYY', 'RRRR', 'Y,YYY', 'YYY', 'YY', 'RR', 'Y', 'MONTH', 'MON', 'MM', 'MI', 'DDD', 'DD', 'DAY', 'DY', 'D', 'HH24', 'HH12', 'HH', 'SSSSS', 'SS',
  'FF9', 'FF8', 'FF7', 'FF6', 'FF5', 'FF4', 'FF3', 'FF2', 'FF1', 'FF', 'TZH', 'TZM', 'TZR', 'TZD', 'A.M.', 'P.M.', 'AM', 'PM', 'A.D.', 'B.C.', 'AD', 'BC', 'IW', 'WW', 'W', 'Q', 'J', 'CC', 'FM', 'FX', 'X',
] as const
type Element = (typeof elements)[number]

type FormatPart = { readonly kind: 'element'; readonly element: Element; readonly written: string; readonly suffix: string } | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }

const parsed = new Map<string, readonly FormatPart[]>()

function parseFormat(format: string): readonly FormatPart[] {
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

class Reader {
  readonly text: string
  at = 0
  constructor(text: string) {
    this.text = text
  }
  get rest(): string {
    return this.text.slice(this.at)
  }
  digits(most: number, error = () => ora(1858, 'a non-numeric character was found where a numeric was expected')): number {
    if (this.rest === '') throw ora(1840, 'input value not long enough for date format')
    const found = new RegExp(`^\\s*\\d{1,${String(most)}}`).exec(this.rest)?.[0]
    if (found === undefined) throw error()
    this.at += found.length
    return Number(found)
  }
  word(words: readonly string[], shortest: number): number | undefined {
    const upper = this.rest.toUpperCase()
    for (const [index, word] of words.entries()) {
      const found = upper.startsWith(word) ? word : upper.startsWith(word.slice(0, shortest)) ? word.slice(0, shortest) : undefined
      if (found === undefined) continue
      this.at += found.length
      return index
    }
    return undefined
  }
}

interface Fields {
  year: number | undefined
  month: number | undefined
  day: number | undefined
  dayOfYear: number | undefined
  julian: number | undefined
  hour: number
  hour12: number | undefined
  afternoon: boolean | undefined
  minute: number
  second: number
  secondOfDay: number | undefined
  millis: number
  offsetHour: number | undefined
  offsetMinute: number
}

const noMonth = () => ora(1843, 'not a valid month')
const badYear = () => ora(1841, '(full) year must be between -4713 and +9999, and not be 0')

function between(value: number, low: number, high: number, number: number, text: string): number {
  if (value < low || value > high) throw ora(number, text)
  return value
}

function readElement(part: FormatPart & { kind: 'element' }, reader: Reader, fields: Fields, thisYear: number): void {
  switch (part.element) {
    case 'YYYY':
    case 'SYYYY':
    case 'RRRR':
      fields.year = between(reader.digits(4, badYear), 1, 9999, 1841, badYear().messages[0]?.text ?? '')
      return
    case 'YYY':
    case 'YY':
    case 'Y': {
      const width = part.element.length
      fields.year = Math.floor(thisYear / 10 ** width) * 10 ** width + reader.digits(width)
      return
    }
    case 'RR': {
      const value = reader.digits(4)
      const century = Math.floor(thisYear / 100) * 100
      const low = thisYear % 100 < 50
      fields.year = value > 99 ? value : value < 50 ? century + (low ? 0 : 100) + value : century - (low ? 100 : 0) + value
      return
    }
    case 'MM':
      fields.month = /^\s*[A-Za-z]/.test(reader.rest) ? readMonth(reader) : between(reader.digits(2), 1, 12, 1843, 'not a valid month')
      return
    case 'MON':
    case 'MONTH':
      fields.month = readMonth(reader)
      return
    case 'DD':
      fields.day = between(reader.digits(2), 1, 31, 1847, 'day of month must be between 1 and last day of month')
      return
    case 'DDD':
      fields.dayOfYear = between(reader.digits(3), 1, 366, 1848, 'day of year must be between 1 and 365 (366 for leap year)')
      return
    case 'J':
      fields.julian = reader.digits(7)
      return
    case 'DAY':
    case 'DY':
      if (reader.word(days, 3) === undefined) throw ora(1846, 'not a valid day of the week')
      return
    case 'HH24':
      fields.hour = between(reader.digits(2), 0, 23, 1850, 'hour must be between 0 and 23')
      return
    case 'HH':
    case 'HH12':
      fields.hour12 = between(reader.digits(2), 1, 12, 1849, 'hour must be between 1 and 12')
      return
    case 'AM':
    case 'PM':
    case 'A.M.':
    case 'P.M.': {
      const half = reader.word(['AM', 'PM', 'A.M.', 'P.M.'], 4)
      if (half === undefined) throw ora(1855, 'AM/A.M. or PM/P.M. required')
      fields.afternoon = half % 2 === 1
      return
    }
    case 'MI':
      fields.minute = between(reader.digits(2), 0, 59, 1851, 'minutes must be between 0 and 59')
      return
    case 'SS':
      fields.second = between(reader.digits(2), 0, 59, 1852, 'seconds must be between 0 and 59')
      return
    case 'SSSSS':
      fields.secondOfDay = between(reader.digits(5), 0, 86399, 1853, 'seconds in day must be between 0 and 86399')
      return
    case 'TZH': {
      const sign = /^[+-]/.exec(reader.rest)?.[0]
      if (sign !== undefined) reader.at++
      fields.offsetHour = (sign === '-' ? -1 : 1) * reader.digits(2)
      return
    }
    case 'TZM':
      fields.offsetMinute = reader.digits(2)
      return
    case 'X':
      if (!reader.rest.startsWith('.')) throw ora(1861, 'literal does not match format string')
      reader.at++
      return
    case 'FM':
    case 'FX':
      return
    default: {
      if (!part.element.startsWith('FF')) throw ora(1820, 'format code cannot appear in date input format')
      const digits = /^\d{1,9}/.exec(reader.rest)?.[0]
      if (digits === undefined) throw ora(1858, 'a non-numeric character was found where a numeric was expected')
      reader.at += digits.length
      fields.millis = Number(digits.padEnd(3, '0').slice(0, 3))
    }
  }
}

function readMonth(reader: Reader): number {
  const month = reader.word(months, 3)
  if (month === undefined) throw noMonth()
  return month + 1
}

/** Any punctuation stands for any other, and may be left out between digits. */
function readText(part: FormatPart & { kind: 'text' }, next: FormatPart | undefined, reader: Reader): void {
  const mismatch = () => ora(1861, 'literal does not match format string')
  if (part.quoted) {
    if (!reader.rest.startsWith(part.text)) throw mismatch()
    reader.at += part.text.length
    return
  }
  const char = reader.rest[0]
  if (char === undefined) throw ora(1840, 'input value not long enough for date format')
  if (!/[A-Za-z0-9]/.test(char)) {
    if (/[+-]/.test(char) && next?.kind === 'element' && next.element === 'TZH' && part.text !== char) return
    reader.at++
    return
  }
  const alphabetic = next?.kind === 'element' && /^(MON|DAY|DY|A|P)/.test(next.element)
  if (alphabetic || (/[A-Za-z]/.test(char) && part.text.trim() !== '')) throw mismatch()
}

/**
 * TO_DATE and TO_TIMESTAMP: local milliseconds (as if UTC) and the offset when the format has TZH. What the format lacks:
 * this year, this month, day 1, midnight.
 * @throws OraError 01830, 01839, 01840, 01841, 01843, 01847, 01861 …
 */
export function parseMoment(text: string, format: string, nowLocal: number): { local: number; offset: number | undefined } {
  const now = new Date(nowLocal)
  const fields: Fields = { year: undefined, month: undefined, day: undefined, dayOfYear: undefined, julian: undefined, hour: 0, hour12: undefined, afternoon: undefined, minute: 0, second: 0, secondOfDay: undefined, millis: 0, offsetHour: undefined, offsetMinute: 0 }
  const reader = new Reader(text.trim())
  const parts = parseFormat(format)
  for (const [index, part] of parts.entries()) {
    // A time of day that is not in the text at all is midnight; so are trailing fractions.
    if (reader.rest === '' && parts.slice(index).every((left) => left.kind === 'text' || /^(HH|MI|SS|FF|X|AM|PM|A\.|P\.)/.test(left.element))) break
    if (part.kind === 'text') readText(part, parts[index + 1], reader)
    else readElement(part, reader, fields, now.getUTCFullYear())
  }
  if (reader.rest.trim() !== '') throw ora(1830, 'date format picture ends before converting entire input string')
  return { local: dayOf(fields, now) + timeOf(fields), offset: fields.offsetHour === undefined ? undefined : fields.offsetHour * 60 + (fields.offsetHour < 0 ? -1 : 1) * fields.offsetMinute }
}

function dayOf(fields: Fields, now: Date): number {
  if (fields.julian !== undefined) return (fields.julian - 2440588) * dayMillis
  const year = fields.year ?? now.getUTCFullYear()
  const start = new Date(0)
  start.setUTCFullYear(year, 0, 1)
  if (fields.dayOfYear !== undefined) return start.getTime() + (fields.dayOfYear - 1) * dayMillis
  const month = fields.month ?? (fields.year === undefined || fields.day === undefined ? now.getUTCMonth() + 1 : 1)
  const day = new Date(start)
  day.setUTCFullYear(year, month - 1, fields.day ?? 1)
  if (day.getUTCMonth() !== month - 1) throw ora(1839, 'date not valid for month specified')
  return day.getTime()
}

function timeOf(fields: Fields): number {
  if (fields.secondOfDay !== undefined) return fields.secondOfDay * 1000
  const hour = fields.hour12 === undefined ? fields.hour : (fields.hour12 % 12) + (fields.afternoon === true ? 12 : 0)
  return ((hour * 60 + fields.minute) * 60 + fields.second) * 1000 + fields.millis
}

/** Day arithmetic of months: the last day stays the last day. */
export function addMonths(millis: number, count: number): string {
  const from = new Date(millis)
  const target = new Date(millis)
  target.setUTCDate(1)
  target.setUTCMonth(from.getUTCMonth() + Math.trunc(count))
  const last = lastDay(target.getTime())
  const isLast = from.getUTCDate() === lastDay(millis)
  target.setUTCDate(isLast ? last : Math.min(from.getUTCDate(), last))
  return dateText(target.getTime())
}

/** The last day (28 to 31) of the month. */
export function lastDay(millis: number): number {
  const date = new Date(millis)
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
}

/** TRUNC and ROUND of a DATE to a unit. @throws OraError 01898 too many precision specifiers */
export function truncateDate(millis: number, unit: string): number {
  const date = new Date(millis)
  const year = date.getUTCFullYear()
  const month = date.getUTCMonth()
  const day = Math.floor(millis / dayMillis) * dayMillis
  switch (unit.toUpperCase()) {
    case 'YYYY':
    case 'YEAR':
    case 'SYYYY':
    case 'YYY':
    case 'YY':
    case 'Y':
      return Date.UTC(year, 0, 1)
    case 'Q':
      return Date.UTC(year, month - (month % 3), 1)
    case 'MONTH':
    case 'MON':
    case 'MM':
    case 'RM':
      return Date.UTC(year, month, 1)
    case 'DDD':
    case 'DD':
    case 'J':
      return day
    case 'IW':
      return day - ((date.getUTCDay() + 6) % 7) * dayMillis
    case 'DAY':
    case 'DY':
    case 'D':
      return day - date.getUTCDay() * dayMillis
    case 'HH':
    case 'HH12':
    case 'HH24':
      return Math.floor(millis / 3600000) * 3600000
    case 'MI':
      return Math.floor(millis / 60000) * 60000
    default:
      throw ora(1898, 'too many precision specifiers')
  }
}
