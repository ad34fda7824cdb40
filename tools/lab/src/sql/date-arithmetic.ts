import { ora } from '../engine/ora-error.ts'
import { normalise, type OraNumber } from './number.ts'
import { dateText } from './zone.ts'

const dayMillis = 86400000

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

/** The same day of another month. @throws OraError 01839 when that month has no such day */
export function sameDay(millis: number, count: number): number {
  const from = new Date(millis)
  const target = new Date(millis)
  target.setUTCDate(1)
  target.setUTCMonth(from.getUTCMonth() + count)
  if (from.getUTCDate() > lastDay(target.getTime())) throw ora(1839, 'date not valid for month specified')
  target.setUTCDate(from.getUTCDate())
  return target.getTime()
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

/** Whole months between equal days or two last days, else with a fraction of 31 days. */
export function monthsBetween(left: number, right: number): OraNumber {
  const a = new Date(left)
  const b = new Date(right)
  const months = (a.getUTCFullYear() - b.getUTCFullYear()) * 12 + a.getUTCMonth() - b.getUTCMonth()
  const bothLast = a.getUTCDate() === lastDay(left) && b.getUTCDate() === lastDay(right)
  if (a.getUTCDate() === b.getUTCDate() || bothLast) return BigInt(months)
  const time = (left % dayMillis) - (right % dayMillis)
  return normalise(months + (a.getUTCDate() - b.getUTCDate() + time / dayMillis) / 31)
}

/** ROUND of a DATE to a unit: years from July on, months from the 16th, the rest from its half. */
export function roundDate(millis: number, unit: string): number {
  const start = truncateDate(millis, unit)
  const month = new Date(start).getUTCMonth()
  const year = new Date(start).getUTCFullYear()
  switch (unit.toUpperCase()) {
    case 'YYYY':
    case 'YEAR':
      return new Date(millis).getUTCMonth() >= 6 ? Date.UTC(year + 1, 0, 1) : start
    case 'MM':
    case 'MON':
    case 'MONTH':
      return new Date(millis).getUTCDate() >= 16 ? Date.UTC(year, month + 1, 1) : start
    default: {
      const size = /^HH/i.test(unit) ? 3600000 : /^MI$/i.test(unit) ? 60000 : dayMillis
      return millis - start >= size / 2 ? start + size : start
    }
  }
}
