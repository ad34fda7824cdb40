import { ora } from '../engine/ora-error.ts'
import { days, months, parseFormat, type FormatPart } from './date-format.ts'

const dayMillis = 86400000

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
