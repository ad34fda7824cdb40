import { ora } from '../engine/ora-error.ts'

const frequencies = ['YEARLY', 'MONTHLY', 'WEEKLY', 'DAILY', 'HOURLY', 'MINUTELY', 'SECONDLY'] as const
type Frequency = (typeof frequencies)[number]

interface DayOfWeek {
  /** 0 is Monday. */
  readonly day: number
  /** 1 the first, -1 the last of the month or year; 0 every one. */
  readonly ordinal: number
}

/** A repeat interval in Oracle's calendaring syntax. */
export interface Calendar {
  readonly frequency: Frequency
  readonly interval: number
  readonly months: readonly number[] | undefined
  readonly weekNumbers: readonly number[] | undefined
  readonly yearDays: readonly number[] | undefined
  readonly dates: readonly { readonly month: number; readonly day: number }[] | undefined
  readonly monthDays: readonly number[] | undefined
  readonly weekDays: readonly DayOfWeek[] | undefined
  readonly hours: readonly number[] | undefined
  readonly minutes: readonly number[] | undefined
  readonly seconds: readonly number[] | undefined
  readonly positions: readonly number[] | undefined
}

const dayMillis = 86400000
const monthNames = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const dayNames = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN']
const clauses = ['FREQ', 'INTERVAL', 'BYMONTH', 'BYWEEKNO', 'BYYEARDAY', 'BYDATE', 'BYMONTHDAY', 'BYDAY', 'BYHOUR', 'BYMINUTE', 'BYSECOND', 'BYSETPOS']

/** Whether a repeat interval is written in calendaring syntax; otherwise it is a PL/SQL expression. */
export const isCalendar = (text: string): boolean => /^\s*FREQ\s*=/i.test(text)

/** @throws OraError 27412, 27413, 27416 */
export function parseCalendar(text: string): Calendar {
  const values = new Map<string, string>()
  for (const part of text.split(';').map((piece) => piece.trim()).filter((piece) => piece !== '')) {
    const [name = '', value = ''] = part.split('=').map((piece) => piece.trim().toUpperCase())
    if (!clauses.includes(name)) throw ora(27412, `repeat interval or calendar contains invalid identifier: ${name}`)
    if (values.has(name)) throw ora(27413, 'repeat interval is too long')
    if (value === '') throw ora(27416, 'BYDAY= clause in repeat interval or calendar contains an invalid weekday'.replace('BYDAY', name))
    values.set(name, value)
  }
  const frequency = frequencies.find((name) => name === values.get('FREQ'))
  if (frequency === undefined) throw ora(27412, `repeat interval or calendar contains invalid identifier: ${values.get('FREQ') ?? 'FREQ'}`)
  const invalid = (name: string) => ora(27415, `repeat interval or calendar must start with the FREQ= clause (${name})`)
  const list = <T>(name: string, parse: (item: string) => T): readonly T[] | undefined => values.get(name)?.replace(/[()]/g, '').split(',').map((item) => parse(item.trim()))
  const numbers = (name: string, least: number, most: number): readonly number[] | undefined =>
    list(name, (item) => {
      const number = Number(item)
      if (!/^[+-]?\d+$/.test(item) || number < least || number > most || (least < 0 && number === 0)) throw invalid(name)
      return number
    })
  return {
    frequency,
    interval: numbers('INTERVAL', 1, 999)?.[0] ?? 1,
    months: list('BYMONTH', (item) => (monthNames.includes(item) ? monthNames.indexOf(item) + 1 : numberIn(item, 1, 12, () => invalid('BYMONTH')))),
    weekNumbers: numbers('BYWEEKNO', -53, 53),
    yearDays: numbers('BYYEARDAY', -366, 366),
    dates: list('BYDATE', (item) => {
      const [, month = '', day = ''] = /^(?:\d{4})?(\d{2})(\d{2})$/.exec(item) ?? []
      if (month === '') throw invalid('BYDATE')
      return { month: Number(month), day: Number(day) }
    }),
    monthDays: numbers('BYMONTHDAY', -31, 31),
    weekDays: list('BYDAY', (item) => {
      const [, ordinal = '', name = ''] = /^([+-]?\d+)?\s*([A-Z]{3})[A-Z]*$/.exec(item) ?? []
      const day = dayNames.indexOf(name)
      if (day < 0) throw ora(27416, 'BYDAY= clause in repeat interval or calendar contains an invalid weekday')
      return { day, ordinal: Number(ordinal === '' ? 0 : ordinal) }
    }),
    hours: numbers('BYHOUR', 0, 23),
    minutes: numbers('BYMINUTE', 0, 59),
    seconds: numbers('BYSECOND', 0, 59),
    positions: numbers('BYSETPOS', -9999, 9999),
  }
}

function numberIn(item: string, least: number, most: number, error: () => Error): number {
  const number = Number(item)
  if (!/^\d+$/.test(item) || number < least || number > most) throw error()
  return number
}

const midnight = (time: number): number => Math.floor(time / dayMillis) * dayMillis
const weekday = (day: number): number => (new Date(day).getUTCDay() + 6) % 7
const yearStart = (year: number): number => Date.UTC(year, 0, 1)
const daysInMonth = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate()

/** ISO week of a day, and how many weeks its year has. */
function isoWeek(day: number): { readonly week: number; readonly weeks: number } {
  const thursday = day + (3 - weekday(day)) * dayMillis
  const year = new Date(thursday).getUTCFullYear()
  const last = Date.UTC(year, 11, 28)
  const weekOf = (time: number): number => Math.floor((time + (3 - weekday(time)) * dayMillis - yearStart(year)) / (7 * dayMillis)) + 1
  return { week: weekOf(day), weeks: weekOf(last) }
}

const counted = (wanted: readonly number[], place: number, size: number): boolean => wanted.some((number) => number === place || (number < 0 && number === place - size - 1))

/** Whether a day passes the rules about days; `start` gives what no rule says, for frequencies of a week and longer. */
function dayFits(calendar: Calendar, day: number, start: Date): boolean {
  const date = new Date(day)
  const [year, month, dayOfMonth] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()]
  const { frequency } = calendar
  if (calendar.months !== undefined && !calendar.months.includes(month)) return false
  if (calendar.dates !== undefined && !calendar.dates.some((wanted) => wanted.month === month && wanted.day === dayOfMonth)) return false
  const days = (yearStart(year + 1) - yearStart(year)) / dayMillis
  const yearDay = (day - yearStart(year)) / dayMillis + 1
  if (calendar.yearDays !== undefined && !counted(calendar.yearDays, yearDay, days)) return false
  if (calendar.monthDays !== undefined && !counted(calendar.monthDays, dayOfMonth, daysInMonth(year, month))) return false
  if (calendar.weekNumbers !== undefined) {
    const { week, weeks } = isoWeek(day)
    if (!counted(calendar.weekNumbers, week, weeks)) return false
  }
  if (calendar.weekDays !== undefined && !calendar.weekDays.some((wanted) => weekdayFits(wanted, frequency === 'YEARLY' && calendar.months === undefined, { day, yearDay, days, dayOfMonth, size: daysInMonth(year, month) }))) return false
  const said = calendar.dates ?? calendar.yearDays ?? calendar.monthDays ?? calendar.weekDays
  if (said !== undefined) return true
  switch (frequency) {
    case 'YEARLY':
      return calendar.weekNumbers !== undefined ? weekday(day) === weekday(midnight(start.getTime())) : dayOfMonth === start.getUTCDate() && (calendar.months !== undefined || month === start.getUTCMonth() + 1)
    case 'MONTHLY':
      return dayOfMonth === start.getUTCDate()
    case 'WEEKLY':
      return weekday(day) === weekday(midnight(start.getTime()))
    default:
      return true
  }
}

function weekdayFits({ day, ordinal }: DayOfWeek, ofYear: boolean, at: { readonly day: number; readonly yearDay: number; readonly days: number; readonly dayOfMonth: number; readonly size: number }): boolean {
  if (weekday(at.day) !== day) return false
  if (ordinal === 0) return true
  const [place, size] = ofYear ? [at.yearDay, at.days] : [at.dayOfMonth, at.size]
  return ordinal > 0 ? Math.ceil(place / 7) === ordinal : Math.ceil((size - place + 1) / 7) === -ordinal
}

/** First and last day (midnights), or the one moment, of the period that is `count` periods after the start's. */
function periodOf(calendar: Calendar, start: Date, count: number): { readonly from: number; readonly days: number } {
  const step = count * calendar.interval
  const [year, month] = [start.getUTCFullYear(), start.getUTCMonth()]
  switch (calendar.frequency) {
    case 'YEARLY': {
      const from = yearStart(year + step)
      return { from, days: (yearStart(year + step + 1) - from) / dayMillis }
    }
    case 'MONTHLY': {
      const from = Date.UTC(year, month + step, 1)
      return { from, days: (Date.UTC(year, month + step + 1, 1) - from) / dayMillis }
    }
    case 'WEEKLY': {
      const today = midnight(start.getTime())
      return { from: today - weekday(today) * dayMillis + step * 7 * dayMillis, days: 7 }
    }
    case 'DAILY':
      return { from: midnight(start.getTime()) + step * dayMillis, days: 1 }
    case 'HOURLY':
      return { from: Math.floor(start.getTime() / 3600000) * 3600000 + step * 3600000, days: 0 }
    case 'MINUTELY':
      return { from: Math.floor(start.getTime() / 60000) * 60000 + step * 60000, days: 0 }
    case 'SECONDLY':
      return { from: Math.floor(start.getTime() / 1000) * 1000 + step * 1000, days: 0 }
  }
}

/** The moments of one period, in order. */
function momentsOf(calendar: Calendar, start: Date, count: number): number[] {
  const { from, days } = periodOf(calendar, start, count)
  const moments: number[] = []
  if (days > 0) {
    for (let index = 0; index < days; index++) {
      const day = from + index * dayMillis
      if (!dayFits(calendar, day, start)) continue
      for (const hour of calendar.hours ?? [start.getUTCHours()]) for (const minute of calendar.minutes ?? [start.getUTCMinutes()]) for (const second of calendar.seconds ?? [start.getUTCSeconds()]) moments.push(day + hour * 3600000 + minute * 60000 + second * 1000)
    }
  } else {
    const date = new Date(from)
    const fits = dayFits(calendar, midnight(from), start) && (calendar.hours?.includes(date.getUTCHours()) ?? true)
    const minutes = calendar.frequency === 'HOURLY' ? (calendar.minutes ?? [start.getUTCMinutes()]) : [date.getUTCMinutes()].filter((minute) => calendar.minutes?.includes(minute) ?? true)
    const seconds = calendar.frequency === 'SECONDLY' ? [date.getUTCSeconds()].filter((second) => calendar.seconds?.includes(second) ?? true) : (calendar.seconds ?? [start.getUTCSeconds()])
    const hour = Math.floor(from / 3600000) * 3600000
    if (fits) for (const minute of minutes) for (const second of seconds) moments.push(hour + minute * 60000 + second * 1000)
  }
  moments.sort((a, b) => a - b)
  const { positions } = calendar
  return positions === undefined ? moments : moments.filter((_, index) => counted(positions, index + 1, moments.length))
}

const shortest: Readonly<Record<Frequency, number>> = { YEARLY: 366 * dayMillis, MONTHLY: 31 * dayMillis, WEEKLY: 7 * dayMillis, DAILY: dayMillis, HOURLY: 3600000, MINUTELY: 60000, SECONDLY: 1000 }
/** Empty periods in a row after which a calendar counts as one that never comes. */
const patience = 200_000

/** The first moment behind `after`, not before `start`; both as wall clock times. `undefined`: it never comes. */
export function nextMoment(calendar: Calendar, start: number, after: number): number | undefined {
  const begin = new Date(Math.floor(start / 1000) * 1000)
  const ahead = Math.max(0, Math.floor((after - begin.getTime()) / (shortest[calendar.frequency] * calendar.interval)) - 1)
  for (let count = ahead; count < ahead + patience; count++) {
    const found = momentsOf(calendar, begin, count).find((moment) => moment > after && moment >= begin.getTime())
    if (found !== undefined) return found
    if (new Date(periodOf(calendar, begin, count).from).getUTCFullYear() > new Date(after).getUTCFullYear() + 60) return undefined
  }
  return undefined
}
