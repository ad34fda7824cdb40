import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bannerDate, formatDate, parseDate } from './nls-date.ts'

const stockholm = 'Europe/Stockholm'
const time = Date.UTC(2016, 10, 8, 20, 53, 7)

describe('dates as Oracle shows them', () => {
  it.each([
    ['yyyy-mm-dd hh24:mi:ss', '2016-11-08 21:53:07'],
    ['DD-MON-RR', '08-NOV-16'],
    ['Mon DD YYYY HH:MI:SS AM', 'Nov 08 2016 09:53:07 PM'],
    ['YYYYMMDD"T"HH24MISS', '20161108T215307'],
  ])('%s', (format, text) => {
    expect(formatDate(time, stockholm, format)).toBe(text)
  })

  it('has no leading zero in the banner', () => {
    expect(bannerDate(time, stockholm)).toBe('Tue Nov 8 21:53:07 2016')
  })

  it('finds the moment of a wall clock time, also around clock changes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2_000_000_000 }), fc.constantFrom(stockholm, 'America/New_York', 'UTC', 'Asia/Kolkata'), (seconds, zone) => {
        const text = formatDate(seconds * 1000, zone, 'YYYY-MM-DD-HH24-MI-SS')
        const back = parseDate(text, 'YYYY-MM-DD-HH24-MI-SS', zone, 0)
        // One wall clock hour of the year happens twice; either of its two moments is right.
        expect(formatDate(back, zone, 'YYYY-MM-DD-HH24-MI-SS')).toBe(text)
        expect([0, 3_600_000]).toContain(Math.abs(seconds * 1000 - back))
      }),
    )
  })
})
