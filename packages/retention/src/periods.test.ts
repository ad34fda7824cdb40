import { DateTime } from 'luxon'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { periodsIn } from './periods.ts'
import type { RetentionPeriod } from './retention.ts'

const all: readonly RetentionPeriod[] = ['hour', 'day', 'week', 'month', 'quarter', 'year']
// Changes at midnight (Havana, Azores, Sao Paulo until 2019), half-hour zone and half-hour change (Lord Howe), a skipped day (Apia 2011-12-30).
const zones = ['utc', 'UTC', 'Europe/Stockholm', 'America/New_York', 'America/Havana', 'America/Sao_Paulo', 'Atlantic/Azores', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Apia']
const time = fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2060, 0, 1) })

describe('periods', () => {
  it('agree with luxon in every zone: same period exactly when same start', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.constantFrom(...all), time, fc.integer({ min: -40 * 86_400_000, max: 40 * 86_400_000 }), (zone, every, at, distance) => {
        const { keyOf } = periodsIn(zone)
        const a = DateTime.fromMillis(at, { zone })
        const b = DateTime.fromMillis(at + distance, { zone })
        const label = (value: DateTime): string => (every === 'hour' ? value.toFormat("yyyy-MM-dd HH Z") : value.startOf(every).toFormat('yyyy-MM-dd'))
        expect(keyOf(every, at) === keyOf(every, at + distance)).toBe(label(a) === label(b))
      }),
      { numRuns: 3000 },
    )
  })

  it('separate the hour that a clock shows twice', () => {
    const { keyOf } = periodsIn('Europe/Stockholm')
    expect(keyOf('hour', Date.UTC(2026, 9, 25, 0, 30))).not.toBe(keyOf('hour', Date.UTC(2026, 9, 25, 1, 30)))
  })

  it('know ISO weeks, leap days and quarters', () => {
    const { nameOf, keyOf } = periodsIn('utc')
    expect(nameOf('week', Date.UTC(2027, 0, 3))).toBe('2026-W53')
    expect(keyOf('week', Date.UTC(2027, 0, 3))).not.toBe(keyOf('week', Date.UTC(2027, 0, 4)))
    expect(nameOf('day', Date.UTC(2028, 1, 29, 23))).toBe('2028-02-29')
    expect(keyOf('month', Date.UTC(2028, 1, 29, 23))).toBe(keyOf('month', Date.UTC(2028, 1, 1)))
    expect(nameOf('quarter', Date.UTC(2026, 11, 31))).toBe('2026-Q4')
    expect(nameOf('hour', Date.UTC(2026, 11, 31, 7, 5))).toBe('2026-12-31T07+00:00')
  })

  it('begin where the zone says', () => {
    const { startOf } = periodsIn('Europe/Stockholm')
    expect(new Date(startOf('month', Date.UTC(2026, 3, 15), 1)).toISOString()).toBe('2026-02-28T23:00:00.000Z')
    expect(startOf('year', Date.UTC(2026, 3, 15), 10_000_000)).toBe(Number.NEGATIVE_INFINITY)
  })

  it('refuse an unknown zone', () => {
    expect(() => periodsIn('Europe/Atlantis')).toThrow(RangeError)
  })
})
