import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatMoment } from '../../src/sql/date-format.ts'
import { parseMoment } from '../../src/sql/date-parse.ts'
import { addMonths } from '../../src/sql/date-arithmetic.ts'
import { arithmetic, formatNumber, loadNumber, numberText, parseNumber, storeNumber } from '../../src/sql/number.ts'
import { dateText, offsetAt, timestampParts, timestampText, utcOf } from '../../src/sql/zone.ts'

const scn = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })
const seconds = fc.integer({ min: Date.UTC(1970, 0, 1) / 1000, max: Date.UTC(2099, 11, 31) / 1000 }).map((value) => value * 1000)

describe('numbers', () => {
  it('stay exact through text and SQLite', () => {
    fc.assert(
      fc.property(scn, (value) => {
        expect(parseNumber(numberText(value))).toBe(value)
        expect(loadNumber(storeNumber(value))).toBe(value)
        expect(parseNumber(formatNumber(value, 'TM9'))).toBe(value)
      }),
    )
  })

  it('sort in SQLite as they do', () => {
    /** SQLite's order: every INTEGER before every TEXT. */
    const before = (left: bigint, right: bigint): boolean => {
      const [a, b] = [storeNumber(left), storeNumber(right)]
      return typeof a === typeof b ? a < b : typeof a === 'bigint'
    }
    fc.assert(
      fc.property(scn, scn, (left, right) => {
        expect(before(left, right)).toBe(left < right)
      }),
    )
  })

  it('add and subtract exactly', () => {
    fc.assert(
      fc.property(scn, scn, (left, right) => {
        expect(arithmetic('-', arithmetic('+', left, right), right)).toBe(left)
      }),
    )
  })
})

describe('dates', () => {
  it.each(['yyyy-mm-dd hh24:mi:ss', 'DD-MON-YYYY HH:MI:SS AM', 'yyyymmddhh24miss', 'fmMonth dd, yyyy, hh24:mi:ss', 'yyyy ddd sssss', 'J sssss', '"at" yyyy.mm.dd"T"hh24:mi:ss'])('are read back in format %s', (format) => {
    fc.assert(
      fc.property(seconds, (local) => {
        expect(parseMoment(formatMoment({ local, offset: undefined }, format), format, 0)).toEqual({ local, offset: undefined })
      }),
    )
  })

  it('survive a zone and back, but for the hour that occurs twice', () => {
    fc.assert(
      fc.property(seconds, fc.constantFrom('Europe/Stockholm', 'America/New_York', 'Asia/Kolkata', 'UTC', '+05:45', '-03:00'), (utc, zone) => {
        const offset = offsetAt(utc, zone)
        expect(Math.abs(utcOf(utc + offset * 60000, zone) - utc) % 3600000).toBe(0)
        expect(timestampParts(timestampText(utc, offset))).toEqual({ utc, offset })
      }),
    )
  })

  it('keep their day when months are added, or fall on a last day', () => {
    fc.assert(
      fc.property(seconds, fc.integer({ min: -600, max: 600 }), (local, count) => {
        const text = addMonths(local, count)
        const moved = new Date(Date.parse(`${text.replace(' ', 'T')}Z`))
        const from = new Date(local)
        expect((moved.getUTCFullYear() - from.getUTCFullYear()) * 12 + moved.getUTCMonth() - from.getUTCMonth()).toBe(count)
        expect(text.slice(11)).toBe(dateText(local).slice(11))
      }),
    )
  })
})
