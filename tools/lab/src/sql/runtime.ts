import { createHash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { ora } from '../engine/ora-error.ts'
import { addMonths, lastDay, monthsBetween, roundDate, sameDay, truncateDate } from './date-arithmetic.ts'
import { formatMoment } from './date-format.ts'
import { parseMoment } from './date-parse.ts'
import { arithmetic, formatNumber, loadNumber, modulo, numberText, parseNumber, parseNumberWith, roundNumber, storeNumber, truncateNumber, type OraNumber, type StoredNumber } from './number.ts'
import { registerStatistics } from './statistics.ts'
import { dateMillis, dateText, localDate, offsetAt, timestampParts, timestampText, utcOf } from './zone.ts'

type Value = bigint | number | string | null
type Given = bigint | number | string

const dayMillis = 86400000
/** Levels of a hierarchy without PRIOR: it has no other end than its condition. */
const deepestTree = 10_000
const text = (value: Given | undefined): string => String(value)
const whole = (value: Given | undefined): number => Math.trunc(Number(value === undefined ? 0 : loadNumber(value)))
const number = (value: Given | undefined): OraNumber => loadNumber(value ?? 0n)
/** The empty string is null. */
const orNull = (value: string): string | null => (value === '' ? null : value)

/** SUBSTR: position 0 is 1, a negative one counts from the end. */
function substring(source: string, position: number, length: number | undefined): string | null {
  const characters = Array.from(source)
  const start = position > 0 ? position - 1 : position === 0 ? 0 : characters.length + position
  if (start < 0 || (length !== undefined && length < 1)) return null
  return orNull(characters.slice(start, length === undefined ? undefined : start + length).join(''))
}

/** INSTR with a start (negative: backwards from the end) and an occurrence. @throws OraError 01428 */
function position(source: string, wanted: string, start: number, occurrence: number): bigint {
  if (occurrence < 1) throw ora(1428, `argument '${String(occurrence)}' is out of range`)
  if (start === 0) return 0n
  const backwards = start < 0
  let at = backwards ? source.length + start : start - 1
  for (let left = occurrence; left > 0; left--) {
    const found = at < 0 ? -1 : backwards ? source.lastIndexOf(wanted, at) : source.indexOf(wanted, at)
    if (found < 0) return 0n
    if (left === 1) return BigInt(found + 1)
    at = backwards ? found - 1 : found + 1
  }
  return 0n
}

function padTo(source: string, length: number, fill: string, left: boolean): string | null {
  if (length <= 0) return null
  const kept = Array.from(source).slice(0, length).join('')
  return left ? kept.padStart(length, fill) : kept.padEnd(length, fill)
}

function trimSet(source: string, set: string, left: boolean): string | null {
  let start = 0
  let end = source.length
  if (left) while (start < end && set.includes(source[start] ?? '')) start++
  else while (end > start && set.includes(source[end - 1] ?? '')) end--
  return orNull(source.slice(start, end))
}

function translate(source: string, from: string, to: string): string | null {
  let out = ''
  for (const character of source) {
    const index = from.indexOf(character)
    out += index < 0 ? character : (to[index] ?? '')
  }
  return orNull(out)
}

const likePatterns = new Map<string, RegExp>()

/** LIKE's pattern; case counts. @throws OraError 01424, 01425 */
function likePattern(pattern: string, escape: string): RegExp {
  const key = `${escape}\0${pattern}`
  const known = likePatterns.get(key)
  if (known !== undefined) return known
  let source = ''
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] ?? ''
    if (escape !== '' && character === escape) {
      const escaped = pattern[++at]
      if (escaped !== '%' && escaped !== '_' && escaped !== escape) throw ora(1424, 'missing or illegal character following the escape character')
      source += escaped.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
    } else source += character === '%' ? '[^]*' : character === '_' ? '[^]' : character.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  }
  const compiled = new RegExp(`^${source}$`, 'u')
  if (likePatterns.size > 500) likePatterns.clear()
  likePatterns.set(key, compiled)
  return compiled
}

const posixClasses: Readonly<Record<string, string>> = { alpha: 'A-Za-z', digit: '0-9', alnum: 'A-Za-z0-9', upper: 'A-Z', lower: 'a-z', space: '\\s', punct: '!-\\/:-@\\[-`{-~', xdigit: '0-9A-Fa-f', blank: ' \\t' }

/** POSIX classes become JavaScript's. @throws OraError 12726 and others as 12733 */
function regexp(pattern: string, match: string, flags: string): RegExp {
  if (/[^icnmx]/.test(match)) throw ora(1760, 'illegal argument for function')
  try {
    return new RegExp(
      pattern.replace(/\[:(\w+):\]/g, (found, name: string) => posixClasses[name] ?? found),
      `${flags}${match.lastIndexOf('i') > match.lastIndexOf('c') ? 'i' : ''}${match.includes('n') ? 's' : ''}${match.includes('m') ? 'm' : ''}`,
    )
  } catch {
    throw ora(12726, 'unmatched bracket in regular expression')
  }
}

function regexpSubstring(source: string, pattern: string, start: number, occurrence: number, match: string, group: number): string | null {
  const found = [...source.slice(start - 1).matchAll(regexp(pattern, match, 'g'))][occurrence - 1]
  return orNull(found?.[group] ?? '')
}

function regexpReplace(source: string, pattern: string, replacement: string, start: number, occurrence: number, match: string): string | null {
  let count = 0
  const replaced = source.slice(start - 1).replace(regexp(pattern, match, 'g'), (...found: (string | number)[]) => {
    count++
    if (occurrence !== 0 && count !== occurrence) return String(found[0])
    return replacement.replace(/\\(\d)/g, (_, index: string) => String(found[Number(index)] ?? ''))
  })
  return orNull(source.slice(0, start - 1) + replaced)
}

/** An INTERVAL DAY TO SECOND as Oracle shows it. */
export function intervalText(seconds: number): string {
  const micros = Math.round(Math.abs(seconds) * 1e6)
  const part = (unit: number, size: number, width: number): string => String(Math.floor(micros / 1e6 / unit) % size).padStart(width, '0')
  return `${seconds < 0 ? '-' : '+'}${part(86400, 1e9, 9)} ${part(3600, 24, 2)}:${part(60, 60, 2)}:${part(1, 60, 2)}.${String(micros % 1e6).padStart(6, '0')}`
}

/** An INTERVAL YEAR TO MONTH as Oracle shows it. */
export function intervalMonths(months: number): string {
  const size = Math.abs(months)
  return `${months < 0 ? '-' : '+'}${String(Math.floor(size / 12)).padStart(2, '0')}-${String(size % 12).padStart(2, '0')}`
}

function extract(field: string, local: number, offset: number): bigint | number {
  const date = new Date(local)
  switch (field) {
    case 'YEAR':
      return BigInt(date.getUTCFullYear())
    case 'MONTH':
      return BigInt(date.getUTCMonth() + 1)
    case 'DAY':
      return BigInt(date.getUTCDate())
    case 'HOUR':
      return BigInt(date.getUTCHours())
    case 'MINUTE':
      return BigInt(date.getUTCMinutes())
    case 'SECOND':
      return date.getUTCSeconds() + date.getUTCMilliseconds() / 1000
    case 'TIMEZONE_HOUR':
      return BigInt(Math.trunc(offset / 60))
    default:
      return BigInt(offset % 60)
  }
}

/** Null when any argument is null, as most of Oracle's functions are. */
const strict: Readonly<Record<string, (...given: (Given | undefined)[]) => Value>> = {
  o_number_text: (value) => numberText(number(value)),
  o_number_format: (value, format) => orNull(formatNumber(number(value), text(format))),
  o_to_number: (value) => storeNumber(parseNumber(text(value))),
  o_to_number_format: (value, format) => storeNumber(parseNumberWith(text(value), text(format))),
  o_add: (left, right) => storeNumber(arithmetic('+', number(left), number(right))),
  o_subtract: (left, right) => storeNumber(arithmetic('-', number(left), number(right))),
  o_multiply: (left, right) => storeNumber(arithmetic('*', number(left), number(right))),
  o_divide: (left, right) => storeNumber(arithmetic('/', number(left), number(right))),
  o_mod: (left, right) => storeNumber(modulo(number(left), number(right))),
  o_round: (value, digits) => storeNumber(roundNumber(number(value), whole(digits))),
  o_trunc: (value, digits) => storeNumber(truncateNumber(number(value), whole(digits))),
  o_no_loop: (found) => {
    if (Number(found) > 0) throw ora(1436, 'CONNECT BY loop in user data')
    return 1n
  },
  o_connect_depth: (level) => {
    if (Number(level) >= deepestTree) throw ora(30009, 'Not enough memory for CONNECT BY operation')
    return 1n
  },
  o_no_cycle: (row, most) => {
    if (Number(row) >= Number(most)) throw ora(32044, 'cycle detected while executing recursive WITH query')
    return 1n
  },
  o_ceil: (value) => storeNumber(typeof value === 'number' ? Math.ceil(value) : number(value)),
  o_floor: (value) => storeNumber(typeof value === 'number' ? Math.floor(value) : number(value)),
  o_power: (base, exponent) => {
    const [b, e] = [number(base), number(exponent)]
    return storeNumber(typeof b === 'bigint' && typeof e === 'bigint' && e >= 0n && e < 500n ? b ** e : Number(b) ** Number(e))
  },
  o_sqrt: (value) => {
    if (Number(number(value)) < 0) throw ora(1428, `argument '${numberText(number(value))}' is out of range`)
    return storeNumber(Math.sqrt(Number(number(value))))
  },
  o_exp: (value) => storeNumber(Number(Math.exp(Number(number(value))).toPrecision(15))),
  o_ln: (value) => {
    if (Number(number(value)) <= 0) throw ora(1428, `argument '${numberText(number(value))}' is out of range`)
    return storeNumber(Number(Math.log(Number(number(value))).toPrecision(15)))
  },
  o_log: (base, value) => storeNumber(Number((Math.log(Number(number(value))) / Math.log(Number(number(base)))).toPrecision(15))),
  o_sin: (value) => storeNumber(Math.sin(Number(number(value)))),
  o_cos: (value) => storeNumber(Math.cos(Number(number(value)))),
  o_tan: (value) => storeNumber(Math.tan(Number(number(value)))),
  o_ora_hash: (value, buckets) => BigInt(createHash('md5').update(text(value)).digest().readUInt32BE(0)) % (BigInt(whole(buckets ?? 4294967295n)) + 1n),
  o_months_text: (value) => intervalMonths(Number(value)),
  o_date_months: (date, count) => dateText(sameDay(dateMillis(text(date)), whole(count))),
  o_timestamp_months: (value, count) => {
    const { utc, offset } = timestampParts(text(value))
    return timestampText(sameDay(utc + offset * 60000, whole(count)) - offset * 60000, offset)
  },
  o_bitand: (left, right) => storeNumber(BigInt(whole(left)) & BigInt(whole(right))),
  o_date_text: (value, format) => orNull(formatMoment({ local: dateMillis(text(value)), offset: undefined }, text(format))),
  o_timestamp_text: (value, format) => {
    const { utc, offset } = timestampParts(text(value))
    return orNull(formatMoment({ local: utc + offset * 60000, offset }, text(format)))
  },
  o_interval_text: (value) => intervalText(Number(value)),
  o_to_date: (value, format, now) => dateText(Math.floor(parseMoment(text(value), text(format), Number(now)).local / 1000) * 1000),
  o_to_timestamp: (value, format, now, zone) => {
    const { local, offset } = parseMoment(text(value), text(format), Number(now))
    const utc = offset === undefined ? utcOf(local, text(zone)) : local - offset * 60000
    return timestampText(utc, offset ?? offsetAt(utc, text(zone)))
  },
  o_date_timestamp: (value, zone) => {
    const utc = utcOf(dateMillis(text(value)), text(zone))
    return timestampText(utc, offsetAt(utc, text(zone)))
  },
  o_timestamp_date: (value) => {
    const { utc, offset } = timestampParts(text(value))
    return dateText(Math.floor((utc + offset * 60000) / 1000) * 1000)
  },
  o_timestamp_zone: (value, zone) => {
    const { utc } = timestampParts(text(value))
    return timestampText(utc, offsetAt(utc, text(zone)))
  },
  o_timestamp_add: (value, seconds) => {
    const { utc, offset } = timestampParts(text(value))
    return timestampText(utc + Number(seconds) * 1000, offset)
  },
  o_timestamp_difference: (left, right) => (timestampParts(text(left)).utc - timestampParts(text(right)).utc) / 1000,
  o_date_add: (date, days) => dateText(dateMillis(text(date)) + Math.round(Number(number(days)) * 86400) * 1000),
  o_date_subtract: (date, days) => dateText(dateMillis(text(date)) - Math.round(Number(number(days)) * 86400) * 1000),
  o_date_difference: (left, right) => storeNumber((dateMillis(text(left)) - dateMillis(text(right))) / dayMillis),
  o_date_trunc: (date, unit) => dateText(truncateDate(dateMillis(text(date)), text(unit))),
  o_date_round: (date, unit) => dateText(roundDate(dateMillis(text(date)), text(unit))),
  o_add_months: (date, count) => addMonths(dateMillis(text(date)), whole(count)),
  o_months_between: (left, right) => storeNumber(monthsBetween(dateMillis(text(left)), dateMillis(text(right)))),
  o_last_day: (date) => text(date).slice(0, 8) + String(lastDay(dateMillis(text(date)))) + text(date).slice(10),
  o_next_day: (date, name) => {
    const names = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']
    const day = names.indexOf(text(name).slice(0, 3).toUpperCase())
    if (day < 0) throw ora(1846, 'not a valid day of the week')
    const millis = dateMillis(text(date))
    return dateText(millis + (((day - new Date(millis).getUTCDay() + 6) % 7) + 1) * dayMillis)
  },
  o_extract_date: (field, value) => extract(text(field), dateMillis(text(value)), 0),
  o_extract_timestamp: (field, value) => {
    const { utc, offset } = timestampParts(text(value))
    const zoned = text(field).startsWith('TIMEZONE')
    // Oracle extracts from a timestamp with time zone in UTC.
    return extract(text(field), zoned ? utc + offset * 60000 : utc, offset)
  },
  o_extract_interval: (field, value) => {
    const seconds = Number(value)
    const size = Math.abs(seconds)
    const part = { DAY: Math.floor(size / 86400), HOUR: Math.floor(size / 3600) % 24, MINUTE: Math.floor(size / 60) % 60, SECOND: size % 60 }[text(field)]
    if (part === undefined) throw ora(30076, 'invalid extract field for extract source')
    return storeNumber(seconds < 0 ? -part : part)
  },
  o_local_date: (utc, zone) => localDate(Number(utc), text(zone)),
  o_hextoraw: (value) => {
    const hex = text(value)
    if (!/^[0-9a-f]*$/i.test(hex)) throw ora(1465, 'invalid hex number')
    return (hex.length % 2 === 0 ? hex : `0${hex}`).toUpperCase()
  },
  o_upper: (value) => text(value).toUpperCase(),
  o_lower: (value) => text(value).toLowerCase(),
  o_initcap: (value) => text(value).toLowerCase().replace(/[\p{L}\p{N}]+/gu, (found) => found.slice(0, 1).toUpperCase() + found.slice(1)),
  o_substr: (value, start, length) => substring(text(value), whole(start), length === undefined ? undefined : whole(length)),
  o_instr: (value, wanted, start, occurrence) => position(text(value), text(wanted), start === undefined ? 1 : whole(start), occurrence === undefined ? 1 : whole(occurrence)),
  o_lpad: (value, length, fill) => padTo(text(value), whole(length), text(fill ?? ' '), true),
  o_rpad: (value, length, fill) => padTo(text(value), whole(length), text(fill ?? ' '), false),
  o_ltrim: (value, set) => trimSet(text(value), text(set ?? ' '), true),
  o_rtrim: (value, set) => trimSet(text(value), text(set ?? ' '), false),
  o_translate: (value, from, to) => translate(text(value), text(from), text(to)),
  o_chr: (value) => String.fromCodePoint(whole(value)),
  o_ascii: (value) => BigInt(text(value).codePointAt(0) ?? 0),
  o_like: (value, pattern, escape) => {
    if (escape !== undefined && text(escape).length !== 1) throw ora(1425, 'escape character must be character string of length 1')
    return likePattern(text(pattern), text(escape ?? '')).test(text(value)) ? 1n : 0n
  },
  o_regexp_like: (value, pattern, match) => (regexp(text(pattern), text(match ?? ''), '').test(text(value)) ? 1n : 0n),
  o_regexp_substr: (value, pattern, start, occurrence, match, group) => regexpSubstring(text(value), text(pattern), whole(start ?? 1n), whole(occurrence ?? 1n), text(match ?? ''), whole(group ?? 0n)),
  o_regexp_count: (value, pattern) => BigInt([...text(value).matchAll(regexp(text(pattern), '', 'g'))].length),
  o_regexp_instr: (value, pattern) => BigInt(text(value).search(regexp(text(pattern), '', '')) + 1),
}

/** Where a null argument has a meaning of its own. */
const lenient: Readonly<Record<string, (...given: (Value | undefined)[]) => Value>> = {
  o_single: (count, value) => {
    if (Number(count) > 1) throw ora(1427, 'single-row subquery returns more than one row')
    return value ?? null
  },
  o_replace: (value, wanted, replacement) => (value === null || value === undefined ? null : wanted === null || wanted === undefined ? value : orNull(String(value).replaceAll(String(wanted), String(replacement ?? '')))),
  o_regexp_replace: (value, pattern, replacement, start, occurrence, match) =>
    value === null || value === undefined || pattern === null ? (value ?? null) : regexpReplace(String(value), String(pattern), String(replacement ?? ''), Number(start ?? 1), Number(occurrence ?? 0), String(match ?? '')),
}

/** Makes Oracle's functions known to a SQLite database. */
export function registerFunctions(database: DatabaseSync): void {
  for (const [name, call] of Object.entries(strict)) {
    database.function(name, { varargs: true, useBigIntArguments: true, deterministic: true }, (...given) => {
      for (const value of given) if (value === null) return null
      return call(...(given as Given[]))
    })
  }
  for (const [name, call] of Object.entries(lenient)) database.function(name, { varargs: true, useBigIntArguments: true, deterministic: true }, (...given) => call(...(given as Value[])))
  registerStatistics(database)
  const total = (sign: 1 | -1) => (state: Total, value: unknown): Total => {
    if (value === null) return state
    return { sum: arithmetic(sign === 1 ? '+' : '-', state.sum, loadNumber(value as StoredNumber)), count: state.count + sign }
  }
  const start = (): Total => ({ sum: 0n, count: 0 })
  const options = { start: start as never, step: total(1) as never, inverse: total(-1) as never, useBigIntArguments: true }
  database.aggregate('o_sum', { ...options, result: ((state: Total) => (state.count === 0 ? null : storeNumber(state.sum))) as never })
  database.aggregate('o_avg', { ...options, result: ((state: Total) => (state.count === 0 ? null : storeNumber(arithmetic('/', state.sum, BigInt(state.count))))) as never })
}

interface Total {
  readonly sum: OraNumber
  readonly count: number
}
