import { calendarErrors as errors } from './errors.ts'

export type Frequency = 'YEARLY' | 'MONTHLY' | 'WEEKLY' | 'DAILY' | 'HOURLY' | 'MINUTELY' | 'SECONDLY'

/** A weekday, perhaps only the n-th of its month or year; negative counts from the end. Monday is 1. */
export interface ByDay {
  readonly weekday: number
  readonly nth?: number
}

/** A calendar expression (Oracle Database PL/SQL Packages and Types Reference, DBMS_SCHEDULER, "Calendaring Syntax"). */
export interface Calendar {
  readonly text: string
  readonly freq: Frequency
  readonly interval: number
  readonly months?: readonly number[]
  readonly weeks?: readonly number[]
  readonly yearDays?: readonly number[]
  readonly monthDays?: readonly number[]
  readonly days?: readonly ByDay[]
  readonly hours?: readonly number[]
  readonly minutes?: readonly number[]
  readonly seconds?: readonly number[]
}

/** Coarsest first. */
export const frequencies: readonly Frequency[] = ['YEARLY', 'MONTHLY', 'WEEKLY', 'DAILY', 'HOURLY', 'MINUTELY', 'SECONDLY']
export const weekdays: readonly string[] = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN']
const monthNames = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const unsupported = new Set(['BYDATE', 'BYTIME', 'BYSETPOS', 'INCLUDE', 'EXCLUDE', 'INTERSECT', 'PERIODS', 'BYPERIOD'])

function numbers(name: string, value: string, min: number, max: number, negative: boolean, names: readonly string[] = []): readonly number[] {
  const list = value.split(',').map((item) => {
    const named = names.indexOf(item)
    const number = named === -1 ? (/^[+-]?\d{1,4}$/.test(item) ? Number(item) : NaN) : named + 1
    const size = negative ? Math.abs(number) : number
    if (Number.isNaN(number) || size < min || size > max) throw errors.SYNTAX(`${name}=${value}: ${item} is not from ${String(min)} to ${String(max)}`, { details: { name, value } })
    return number
  })
  return [...new Set(list)].sort((a, b) => a - b)
}

function byDays(value: string): readonly ByDay[] {
  return value.split(',').map((item) => {
    const [, nth, day = ''] = /^([+-]?\d{1,2})?\s*([A-Z]{3})$/.exec(item) ?? []
    const weekday = weekdays.indexOf(day) + 1
    if (weekday === 0 || nth === '0') throw errors.SYNTAX(`BYDAY=${value}: ${item} is no weekday`, { details: { value } })
    return { weekday, ...(nth === undefined ? {} : { nth: Number(nth) }) }
  })
}

/**
 * Reads a calendar expression. Named schedules, BYDATE, BYTIME and BYSETPOS are refused, not guessed.
 * @throws ICB_CALENDAR_SYNTAX, ICB_CALENDAR_UNSUPPORTED
 */
export function parseCalendar(text: string): Calendar {
  const clauses = new Map<string, string>()
  for (const clause of text.toUpperCase().split(';').map((each) => each.trim()).filter((each) => each !== '')) {
    const [, name = '', value = ''] = /^([A-Z]+)\s*=\s*(\S.*)$/.exec(clause) ?? []
    if (name === '') throw errors.SYNTAX(`"${clause}" is no clause of a calendar expression`, { hint: 'For example: FREQ=DAILY;BYHOUR=2;BYMINUTE=30', details: { text } })
    if (clauses.has(name)) throw errors.SYNTAX(`${name} is there twice`, { details: { text } })
    clauses.set(name, value.replace(/\s*,\s*/g, ','))
  }
  const take = (name: string): string | undefined => {
    const value = clauses.get(name)
    clauses.delete(name)
    return value
  }
  const freq = take('FREQ')
  if (freq === undefined || !frequencies.includes(freq as Frequency)) throw errors.SYNTAX(`FREQ is ${freq ?? 'missing'}; it must come as one of ${frequencies.join(', ')}`, { details: { text } })
  const list = (name: string, min: number, max: number, negative = false, names: readonly string[] = []): readonly number[] | undefined => {
    const value = take(name)
    return value === undefined ? undefined : numbers(name, value, min, max, negative, names)
  }
  const [interval = 1] = list('INTERVAL', 1, 999) ?? []
  const dayText = take('BYDAY')
  const parts = {
    months: list('BYMONTH', 1, 12, false, monthNames), weeks: list('BYWEEKNO', 1, 53, true), yearDays: list('BYYEARDAY', 1, 366, true), monthDays: list('BYMONTHDAY', 1, 31, true),
    days: dayText === undefined ? undefined : byDays(dayText), hours: list('BYHOUR', 0, 23), minutes: list('BYMINUTE', 0, 59), seconds: list('BYSECOND', 0, 59),
  }
  const [left] = clauses.keys()
  if (left !== undefined && unsupported.has(left)) throw errors.UNSUPPORTED(`${left} cannot be evaluated here`, { hint: 'DBMS_SCHEDULER.EVALUATE_CALENDAR_STRING tells its runs.', details: { text } })
  if (left !== undefined) throw errors.SYNTAX(`${left} is no clause of a calendar expression`, { details: { text } })
  if (parts.days?.some((day) => day.nth !== undefined) === true && freq !== 'MONTHLY' && freq !== 'YEARLY') throw errors.SYNTAX('a numbered weekday (2MON) needs FREQ=MONTHLY or YEARLY', { details: { text } })
  if (parts.weeks !== undefined && freq !== 'YEARLY') throw errors.SYNTAX('BYWEEKNO needs FREQ=YEARLY', { details: { text } })
  return { text: text.trim(), freq: freq as Frequency, interval, ...(Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as Partial<Calendar>) }
}

/** Whether the frequency is at least as coarse as another one. */
export function isCoarse(freq: Frequency, than: Frequency): boolean {
  return frequencies.indexOf(freq) <= frequencies.indexOf(than)
}
