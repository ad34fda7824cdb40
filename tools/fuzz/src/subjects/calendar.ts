import { isDeepStrictEqual } from 'node:util'
import { nextRuns, parseCalendar, toCron, toSystemd } from '@icb/calendar'
import { isIcbError } from '@icb/runtime'
import { DateTime } from 'luxon'
import type { FuzzSubject } from '../subject.ts'

/** Saturday before clocks go forward in Berlin. */
const start = DateTime.fromISO('2026-03-28T01:30:00', { zone: 'Europe/Berlin' })

/** An expression that nothing can be made of is refused by whoever is asked. */
function attempt<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch (error) {
    if (isIcbError(error)) return undefined
    throw error
  }
}

/** What is taken means the same when it is read again; its runs come in order, and only when it says so. */
export const calendarSubject: FuzzSubject = {
  name: 'calendar expressions',
  originals: ['FREQ=DAILY;BYHOUR=2;BYMINUTE=30', 'FREQ=MONTHLY;BYDAY=-1SUN;BYHOUR=2,3;BYMINUTE=0;BYSECOND=0', 'freq=hourly; interval=6', 'FREQ=YEARLY;BYMONTH=FEB;BYMONTHDAY=29', 'FREQ=WEEKLY;BYDAY=MON,TUE,FRI;BYHOUR=22', 'FREQ=YEARLY;BYWEEKNO=53', 'FREQ=YEARLY;BYYEARDAY=366,-1'],
  words: ['FREQ=', 'SECONDLY', 'MINUTELY', ';BYHOUR=', ';INTERVAL=0', ';INTERVAL=999', 'BYDATE=0229', ';BYSETPOS=-1', '31', '-1', '5SUN', '-5MON', ';BYMONTH=FEB;BYMONTHDAY=30', ';BYTIME=0230'],
  examine({ text }) {
    const calendar = parseCalendar(text)
    if (!isDeepStrictEqual(parseCalendar(calendar.text), calendar)) return { wrong: 'it means something else when it is read again' }
    attempt(() => toCron(calendar, start))
    attempt(() => toSystemd(calendar, start))
    const runs = attempt(() => nextRuns(calendar, { start, count: 3 })) ?? []
    for (const [index, run] of runs.entries()) {
      if (run < start || (index > 0 && run <= (runs[index - 1] ?? run))) return { wrong: `its runs are not in order: ${runs.map((each) => each.toISO() ?? '').join(', ')}` }
      if (calendar.months?.includes(run.month) === false) return { wrong: `it runs in month ${String(run.month)}` }
      if (calendar.days?.some(({ weekday }) => weekday === run.weekday) === false) return { wrong: `it runs on weekday ${String(run.weekday)}` }
      // A time that clocks skip is moved by the hour that they skip.
      if (calendar.hours?.some((hour) => hour === run.hour || hour + 1 === run.hour) === false) return { wrong: `it runs in hour ${String(run.hour)}` }
    }
    return 'accepted'
  },
}
