import type { DateTime } from 'luxon'
import { isCoarse, weekdays } from './calendar.ts'
import type { Calendar } from './calendar.ts'
import { calendarErrors as errors } from './errors.ts'

interface Fields {
  readonly minutes: readonly number[] | undefined
  readonly hours: readonly number[] | undefined
  readonly monthDays: readonly number[] | undefined
  readonly months: readonly number[] | undefined
  readonly days: readonly number[] | undefined
}

const unsayable = (calendar: Calendar, what: string): Error => errors.UNSUPPORTED(`${calendar.text} cannot be said elsewhere: ${what}`, { hint: 'Keep it in DBMS_SCHEDULER, or write a simpler calendar.', details: { text: calendar.text } })

/** Values of a field by an interval that divides the whole, beginning where the start is. */
function every(interval: number, whole: number, first: number): readonly number[] {
  return Array.from({ length: whole / interval }, (_, index) => (first + index * interval) % whole).sort((a, b) => a - b)
}

/** The five fields that cron and systemd share. `undefined`: any. */
function fieldsOf(calendar: Calendar, start: DateTime): Fields {
  const { freq, interval } = calendar
  if (freq === 'SECONDLY' || (calendar.seconds?.length ?? 1) > 1) throw unsayable(calendar, 'several runs a minute')
  if (calendar.weeks !== undefined || calendar.yearDays !== undefined || calendar.days?.some((day) => day.nth !== undefined) === true) throw unsayable(calendar, 'weeks and days of the year, and numbered weekdays')
  if (calendar.monthDays?.some((day) => day < 0) === true) throw unsayable(calendar, 'days counted from the end of the month')
  if (interval > 1 && isCoarse(freq, 'DAILY')) throw unsayable(calendar, `every ${String(interval)} periods`)
  const whole = freq === 'HOURLY' ? 24 : 60
  if (interval > 1 && whole % interval !== 0) throw unsayable(calendar, `an interval that does not divide ${String(whole)}`)
  const saysDay = calendar.monthDays !== undefined || calendar.days !== undefined
  const steppedHours = freq === 'HOURLY' && interval > 1 ? every(interval, 24, start.hour % interval) : undefined
  const hours = calendar.hours ?? (isCoarse(freq, 'DAILY') ? [start.hour] : undefined)
  const steppedMinutes = freq === 'MINUTELY' && interval > 1 ? every(interval, 60, start.minute % interval) : undefined
  const minutes = calendar.minutes ?? (isCoarse(freq, 'HOURLY') ? [start.minute] : undefined)
  const both = (a: readonly number[] | undefined, b: readonly number[] | undefined): readonly number[] | undefined => (a === undefined ? b : b === undefined ? a : a.filter((value) => b.includes(value)))
  return {
    minutes: both(minutes, steppedMinutes), hours: both(hours, steppedHours),
    monthDays: calendar.monthDays ?? ((freq === 'MONTHLY' || freq === 'YEARLY') && !saysDay ? [start.day] : undefined),
    months: calendar.months ?? (freq === 'YEARLY' && !saysDay ? [start.month] : undefined),
    days: calendar.days?.map((day) => day.weekday) ?? (freq === 'WEEKLY' ? [start.weekday] : undefined),
  }
}

/** The five time fields of a crontab line. @throws ICB_CALENDAR_UNSUPPORTED when cron cannot say it */
export function toCron(calendar: Calendar, start: DateTime): string {
  const { minutes, hours, monthDays, months, days } = fieldsOf(calendar, start)
  // In cron the two kinds of days are alternatives, in a calendar both must hold.
  if (monthDays !== undefined && days !== undefined) throw unsayable(calendar, 'weekdays and days of the month at once')
  const field = (values: readonly number[] | undefined): string => values?.join(',') ?? '*'
  return [field(minutes), field(hours), field(monthDays), field(months), field(days?.map((day) => day % 7))].join(' ')
}

/** The OnCalendar= text of a systemd timer. @throws ICB_CALENDAR_UNSUPPORTED when systemd cannot say it */
export function toSystemd(calendar: Calendar, start: DateTime): string {
  const { minutes, hours, monthDays, months, days } = fieldsOf(calendar, start)
  const two = (values: readonly number[] | undefined): string => values?.map((value) => String(value).padStart(2, '0')).join(',') ?? '*'
  const names = days?.map((day) => { const name = weekdays[day - 1] ?? ''; return `${name.charAt(0)}${name.slice(1).toLowerCase()}` }).join(',')
  return `${names === undefined ? '' : `${names} `}*-${two(months)}-${two(monthDays)} ${two(hours)}:${two(minutes)}:${String((calendar.seconds?.[0] ?? start.second)).padStart(2, '0')}`
}
