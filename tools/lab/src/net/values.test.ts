import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeInterval, decodeTimestamp, encodeDate, decodeDate, encodeInterval, encodeTimestamp } from './date-value.ts'
import { decodeFloat, encodeFloat } from './float-value.ts'
import { decodeNumber, encodeNumber, encodeWhole } from './number-value.ts'

describe('NUMBER', () => {
  it.each([
    ['0', '80'], ['1', 'c102'], ['-1', '3e6466'], ['10', 'c10b'], ['100', 'c202'], ['-100', '3d6466'], ['.01', 'c002'], ['-0.001', '405b66'], ['123.456', 'c202182e3d'], ['-123.456', '3d644e382966'], ['1e2', 'c202'],
  ])('%s is %s', (text, bytes) => {
    expect(encodeNumber(text).toString('hex')).toBe(bytes)
  })

  it('comes back as it went, up to 38 digits', () => {
    fc.assert(fc.property(fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n }), fc.integer({ min: 0, max: 30 }), (whole, places) => {
      const digits = (whole < 0n ? -whole : whole).toString().padStart(places + 1, '0')
      const text = `${whole < 0n ? '-' : ''}${digits.slice(0, digits.length - places)}${places === 0 ? '' : `.${digits.slice(digits.length - places)}`}`
      const plain = (value: string): string => {
        const short = value.includes('.') ? value.replace(/\.?0+$/, '') : value
        return short === '-0' ? '0' : short
      }
      expect(decodeNumber(encodeNumber(text))).toBe(plain(text))
    }))
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: 20_000n }), (whole) => {
      expect(decodeNumber(encodeWhole(whole))).toBe(whole.toString())
    }))
  })

  it('sorts as bytes', () => {
    fc.assert(fc.property(fc.maxSafeInteger(), fc.maxSafeInteger(), (left, right) => {
      expect(Math.sign(Buffer.compare(encodeNumber(String(left)), encodeNumber(String(right))))).toBe(Math.sign(left - right))
    }))
  })

  it('refuses what is none', () => {
    expect(() => encodeNumber('1x')).toThrow(RangeError)
    expect(() => encodeNumber('1e200')).toThrow(RangeError)
  })
})

it('a DATE has seven bytes', () => {
  expect(encodeDate('2025-01-31 13:14:15').toString('hex')).toBe('787d011f0e0f10')
  expect(decodeDate(Buffer.from('787d011f0e0f10', 'hex'))).toBe('2025-01-31 13:14:15')
})

it('a TIMESTAMP keeps nanoseconds and zone, an INTERVAL its sign', () => {
  expect(decodeTimestamp(encodeTimestamp('1999-12-31 23:59:59', 123_456_789, -210))).toEqual({ date: '1999-12-31 23:59:59', nanoseconds: 123_456_789, offset: -210 })
  fc.assert(fc.property(fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }), (seconds) => {
    expect(decodeInterval(encodeInterval(seconds))).toBe(seconds)
  }))
})

it('a BINARY_DOUBLE comes back as it went', () => {
  fc.assert(fc.property(fc.double({ noNaN: true }), (value) => {
    expect(decodeFloat(encodeFloat(value, 8))).toBe(value)
  }))
})
