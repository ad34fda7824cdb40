import fc from 'fast-check'
import { DateTime } from 'luxon'
import { expect, it } from 'vitest'
import { nextRuns, parseCalendar, remarksOn, toCron, toSystemd } from './index.ts'

const at = (text: string, zone = 'utc'): DateTime => DateTime.fromISO(text, { zone })
const runs = (text: string, options: { readonly start?: string; readonly after?: string; readonly zone?: string; readonly count?: number } = {}): readonly string[] =>
  nextRuns(parseCalendar(text), { start: at(options.start ?? '2026-01-05T08:20:30', options.zone), ...(options.after === undefined ? {} : { after: at(options.after, options.zone) }), count: options.count ?? 3 }).map((run) => run.toFormat("yyyy-MM-dd'T'HH:mm:ss"))

it.each<[string, readonly string[]]>([
  ['FREQ=DAILY;BYHOUR=10;BYMINUTE=0', ['2026-01-05T10:00:30', '2026-01-06T10:00:30', '2026-01-07T10:00:30']],
  ['FREQ=DAILY;BYHOUR=2,14;BYMINUTE=30;BYSECOND=0', ['2026-01-05T14:30:00', '2026-01-06T02:30:00', '2026-01-06T14:30:00']],
  ['FREQ=DAILY', ['2026-01-05T08:20:30', '2026-01-06T08:20:30', '2026-01-07T08:20:30']],
  ['freq=hourly; byhour=21', ['2026-01-05T21:20:30', '2026-01-06T21:20:30', '2026-01-07T21:20:30']],
  ['FREQ=HOURLY;INTERVAL=6', ['2026-01-05T08:20:30', '2026-01-05T14:20:30', '2026-01-05T20:20:30']],
  ['FREQ=WEEKLY;BYDAY=SUN;BYHOUR=1;BYMINUTE=0;BYSECOND=0', ['2026-01-11T01:00:00', '2026-01-18T01:00:00', '2026-01-25T01:00:00']],
  ['FREQ=WEEKLY;INTERVAL=2;BYDAY=MON,FRI;BYHOUR=1;BYMINUTE=0;BYSECOND=0', ['2026-01-09T01:00:00', '2026-01-19T01:00:00', '2026-01-23T01:00:00']],
  ['FREQ=MONTHLY;BYMONTHDAY=-1;BYHOUR=0;BYMINUTE=0;BYSECOND=0', ['2026-01-31T00:00:00', '2026-02-28T00:00:00', '2026-03-31T00:00:00']],
  ['FREQ=MONTHLY;BYDAY=2TUE;BYHOUR=3;BYMINUTE=0;BYSECOND=0', ['2026-01-13T03:00:00', '2026-02-10T03:00:00', '2026-03-10T03:00:00']],
  ['FREQ=MONTHLY;BYDAY=-1FRI;BYHOUR=3;BYMINUTE=0;BYSECOND=0', ['2026-01-30T03:00:00', '2026-02-27T03:00:00', '2026-03-27T03:00:00']],
  ['FREQ=YEARLY;BYMONTH=JUN;BYMONTHDAY=30;BYHOUR=0;BYMINUTE=0;BYSECOND=0', ['2026-06-30T00:00:00', '2027-06-30T00:00:00', '2028-06-30T00:00:00']],
  ['FREQ=MINUTELY;INTERVAL=15', ['2026-01-05T08:20:30', '2026-01-05T08:35:30', '2026-01-05T08:50:30']],
])('%s', (text, expected) => {
  expect(runs(text)).toEqual(expected)
})

it('runs once where clocks go back, and not at an hour that is not there', () => {
  const daily = 'FREQ=DAILY;BYHOUR=2;BYMINUTE=30;BYSECOND=0'
  expect(runs(daily, { start: '2026-03-28T00:00', zone: 'Europe/Stockholm' })).toEqual(['2026-03-28T02:30:00', '2026-03-29T03:30:00', '2026-03-30T02:30:00'])
  expect(runs(daily, { start: '2026-10-24T00:00', zone: 'Europe/Stockholm' })).toEqual(['2026-10-24T02:30:00', '2026-10-25T02:30:00', '2026-10-26T02:30:00'])
})

it('every run follows the one before, whichever instant is asked from', () => {
  const texts = ['FREQ=DAILY;BYHOUR=1,13', 'FREQ=HOURLY;INTERVAL=5', 'FREQ=WEEKLY;BYDAY=MON,THU', 'FREQ=MONTHLY;BYMONTHDAY=1,15', 'FREQ=MINUTELY;INTERVAL=7']
  fc.assert(fc.property(fc.constantFrom(...texts), fc.integer({ min: 0, max: 40_000 }), (text, minutes) => {
    const calendar = parseCalendar(text)
    const start = at('2026-01-05T08:20:30')
    const after = start.plus({ minutes })
    const [first, second] = nextRuns(calendar, { start, after, count: 2 })
    expect(first!.toMillis()).toBeGreaterThan(after.toMillis())
    expect(nextRuns(calendar, { start, after: first!, count: 1 })[0]?.toMillis()).toBe(second?.toMillis())
  }), { numRuns: 60 })
})

it.each(['', 'DAILY', 'FREQ=OFTEN', 'FREQ=DAILY;BYHOUR=24', 'FREQ=DAILY;BYHOUR=1;BYHOUR=2', 'FREQ=DAILY;BYDAY=2MON', 'FREQ=DAILY;BYWEEKNO=3', 'FREQ=DAILY;BYWHAT=1', 'FREQ=DAILY;INTERVAL=0', 'FREQ=WEEKLY;BYDAY=XYZ'])('refuses "%s"', (text) => {
  expect(() => parseCalendar(text)).toThrow(expect.objectContaining({ code: 'ICB_CALENDAR_SYNTAX' }) as Error)
})

it('does not guess what it cannot evaluate, and says when there is no run', () => {
  expect(() => parseCalendar('FREQ=DAILY;EXCLUDE=HOLIDAYS')).toThrow(expect.objectContaining({ code: 'ICB_CALENDAR_UNSUPPORTED' }) as Error)
  expect(() => runs('FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30')).toThrow(expect.objectContaining({ code: 'ICB_CALENDAR_NEVER' }) as Error)
})

it('[H20] remarks on what its author hardly meant', () => {
  expect(remarksOn(parseCalendar('FREQ=HOURLY;BYHOUR=21'))).toEqual([expect.stringContaining('once a day, not every hour') as string])
  expect(remarksOn(parseCalendar('FREQ=DAILY'))).toEqual([expect.stringContaining('time of day when the job is made') as string])
  expect(remarksOn(parseCalendar('FREQ=HOURLY;INTERVAL=7'))).toHaveLength(1)
  expect(remarksOn(parseCalendar('FREQ=DAILY;BYHOUR=10;BYMINUTE=0'))).toEqual([])
})

it.each<[string, string, string]>([
  ['FREQ=DAILY;BYHOUR=10;BYMINUTE=0', '0 10 * * *', '*-*-* 10:00:30'],
  ['FREQ=HOURLY;INTERVAL=6', '20 2,8,14,20 * * *', '*-*-* 02,08,14,20:20:30'],
  ['FREQ=WEEKLY;BYDAY=SUN;BYHOUR=1;BYMINUTE=5;BYSECOND=0', '5 1 * * 0', 'Sun *-*-* 01:05:00'],
  ['FREQ=MONTHLY;BYMONTHDAY=1;BYHOUR=4;BYMINUTE=0;BYSECOND=0', '0 4 1 * *', '*-*-01 04:00:00'],
])('%s as cron and systemd', (text, cron, systemd) => {
  const start = at('2026-01-05T08:20:30')
  expect(toCron(parseCalendar(text), start)).toBe(cron)
  expect(toSystemd(parseCalendar(text), start)).toBe(systemd)
})

it.each(['FREQ=DAILY;INTERVAL=3', 'FREQ=HOURLY;INTERVAL=7', 'FREQ=MONTHLY;BYDAY=-1FRI', 'FREQ=MONTHLY;BYMONTHDAY=-1', 'FREQ=SECONDLY'])('%s cannot be said by cron, and that is said', (text) => {
  expect(() => toCron(parseCalendar(text), at('2026-01-05T08:20:30'))).toThrow(expect.objectContaining({ code: 'ICB_CALENDAR_UNSUPPORTED' }) as Error)
})
