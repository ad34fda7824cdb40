import type { DateTime } from 'luxon'
import { frequencies, isCoarse } from './calendar.ts'
import type { Calendar } from './calendar.ts'
import { calendarErrors as errors } from './errors.ts'

export interface RunsOptions {
  /** START_DATE of the job: what the expression does not say (the minute of a daily run) is taken from it, and intervals count from it. Its zone is that of the calendar. */
  readonly start: DateTime
  /** Runs after this instant; default: from the start on, the start included. */
  readonly after?: DateTime
  readonly count: number
}

const furthestDays = 3660
const all = (from: number, to: number): readonly number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** The clock times of a day that the expression allows, intervals aside. */
function timesOf(calendar: Calendar, start: DateTime): { readonly hours: readonly number[]; readonly minutes: readonly number[]; readonly seconds: readonly number[] } {
  const { freq } = calendar
  return {
    hours: calendar.hours ?? (isCoarse(freq, 'DAILY') ? [start.hour] : all(0, 23)),
    minutes: calendar.minutes ?? (isCoarse(freq, 'HOURLY') ? [start.minute] : all(0, 59)),
    seconds: calendar.seconds ?? (isCoarse(freq, 'MINUTELY') ? [start.second] : all(0, 59)),
  }
}

function isNth(day: DateTime, nth: number, freq: Calendar['freq']): boolean {
  const monthly = freq === 'MONTHLY'
  const [index, length] = monthly ? [day.day, day.daysInMonth ?? 31] : [day.ordinal, day.daysInYear]
  return nth > 0 ? Math.ceil(index / 7) === nth : Math.ceil((length - index + 1) / 7) === -nth
}

/** Whether the expression allows this day, intervals aside. */
function allowsDay(calendar: Calendar, day: DateTime, start: DateTime): boolean {
  const { freq, months, weeks, yearDays, monthDays, days } = calendar
  if (months !== undefined && !months.includes(day.month)) return false
  if (weeks !== undefined && !weeks.includes(day.weekNumber) && !weeks.includes(day.weekNumber - day.weeksInWeekYear - 1)) return false
  if (yearDays !== undefined && !yearDays.includes(day.ordinal) && !yearDays.includes(day.ordinal - day.daysInYear - 1)) return false
  if (monthDays !== undefined && !monthDays.includes(day.day) && !monthDays.includes(day.day - (day.daysInMonth ?? 31) - 1)) return false
  if (days !== undefined && !days.some((each) => each.weekday === day.weekday && (each.nth === undefined || isNth(day, each.nth, freq)))) return false
  // What is not said comes from the start date.
  const saysDay = weeks !== undefined || yearDays !== undefined || monthDays !== undefined || days !== undefined
  if (freq === 'WEEKLY' && days === undefined) return day.weekday === start.weekday
  if (freq === 'MONTHLY' && !saysDay) return day.day === start.day
  if (freq === 'YEARLY' && !saysDay) return day.day === start.day && (months !== undefined || day.month === start.month)
  return true
}

/** Whole periods from the start to a local time, for intervals. Local, so that a day with 23 hours is one day. */
function periodsSince(calendar: Calendar, at: DateTime, start: DateTime): number {
  const [a, b] = [at.setZone('utc', { keepLocalTime: true }), start.setZone('utc', { keepLocalTime: true })]
  switch (calendar.freq) {
    case 'YEARLY': return a.year - b.year
    case 'MONTHLY': return (a.year - b.year) * 12 + a.month - b.month
    case 'WEEKLY': return Math.round(a.startOf('week').diff(b.startOf('week'), 'weeks').weeks)
    case 'DAILY': return Math.round(a.startOf('day').diff(b.startOf('day'), 'days').days)
    case 'HOURLY': return Math.floor(a.startOf('hour').diff(b.startOf('hour'), 'hours').hours)
    case 'MINUTELY': return Math.floor(a.startOf('minute').diff(b.startOf('minute'), 'minutes').minutes)
    case 'SECONDLY': return Math.floor(a.diff(b, 'seconds').seconds)
  }
}

/**
 * The next runs, in the start's zone. A local time that does not exist on a day (clocks go forward) is moved by the gap; one that is
 * there twice runs once.
 * @throws ICB_CALENDAR_NEVER when no run comes within ten years
 */
export function nextRuns(calendar: Calendar, options: RunsOptions): readonly DateTime[] {
  const { start, count } = options
  const after = options.after === undefined || options.after < start ? start.minus({ milliseconds: 1 }) : options.after.setZone(start.zone)
  const { hours, minutes, seconds } = timesOf(calendar, start)
  const runs: DateTime[] = []
  const byDay = isCoarse(calendar.freq, 'DAILY')
  for (let offset = 0; offset <= furthestDays && runs.length < count; offset += 1) {
    const day = after.startOf('day').plus({ days: offset })
    if (!allowsDay(calendar, day, start)) continue
    if (byDay && periodsSince(calendar, day, start) % calendar.interval !== 0) continue
    for (const hour of hours) {
      for (const minute of minutes) {
        for (const second of seconds) {
          if (runs.length === count) return runs
          const at = day.set({ hour, minute, second, millisecond: 0 })
          if (at <= after || (runs.at(-1) ?? after) >= at) continue
          if (!byDay && calendar.interval > 1 && periodsSince(calendar, at, start) % calendar.interval !== 0) continue
          runs.push(at)
        }
      }
    }
  }
  if (runs.length === 0) throw errors.NEVER(`${calendar.text} has no run within ten years of ${after.toISO() ?? ''}`, { details: { text: calendar.text } })
  return runs
}

/** What such an expression says that its author hardly meant; empty when there is nothing to remark. */
export function remarksOn(calendar: Calendar): readonly string[] {
  const { freq, interval, hours, minutes, seconds, monthDays, months } = calendar
  const remarks: string[] = []
  if (freq === 'HOURLY' && hours !== undefined && interval === 1) remarks.push(`FREQ=HOURLY with BYHOUR=${hours.join(',')} runs ${hours.length === 1 ? 'once a day' : `${String(hours.length)} times a day`}, not every hour: BYHOUR filters`)
  if (freq === 'MINUTELY' && minutes !== undefined && interval === 1) remarks.push(`FREQ=MINUTELY with BYMINUTE=${minutes.join(',')} runs ${String(minutes.length)} times an hour, not every minute`)
  if (isCoarse(freq, 'DAILY') && hours === undefined) remarks.push('without BYHOUR it runs at the time of day when the job is made')
  else if (isCoarse(freq, 'DAILY') && minutes === undefined) remarks.push('without BYMINUTE it runs at the minute when the job is made')
  if (interval > 1 && !isCoarse(freq, 'DAILY')) {
    const whole = freq === 'HOURLY' ? 24 : 60
    if (whole % interval !== 0) remarks.push(`INTERVAL=${String(interval)} does not divide ${String(whole)}, so the clock times move from ${freq === 'HOURLY' ? 'day to day' : 'hour to hour'}`)
  }
  if (freq === 'SECONDLY' || (seconds?.length ?? 1) > 1) remarks.push('it runs more than once a minute')
  if (monthDays?.some((day) => day > 28) === true && months === undefined && frequencies.includes(freq)) remarks.push('not every month has that day; BYMONTHDAY=-1 is the last one')
  return remarks
}
