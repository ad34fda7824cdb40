import fc from 'fast-check'
import { DateTime } from 'luxon'
import { describe, expect, it } from 'vitest'
import { bytesIn, parseExactly, timeIn } from './exact-json.ts'

describe('numbers', () => {
  it('are exact whatever their size, as number or text', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (bytes) => {
        const { number, text } = parseExactly(`{"number":${bytes},"text":"${bytes}"}`) as { number: unknown; text: unknown }
        expect([bytesIn(number), bytesIn(text)]).toEqual([bytes, bytes])
      }),
    )
  })

  it('that are none are not guessed', () => {
    for (const value of ['', '1.5', '-1', 'none', null, undefined, {}, true]) expect(bytesIn(value)).toBeUndefined()
  })
})

describe('times', () => {
  it('of both versions are UTC', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800 }), (seconds) => {
        const time = DateTime.fromSeconds(seconds, { zone: 'utc' })
        const read = [time.toFormat("yyyyMMdd'T'HH:mm:ss"), time.toFormat("yyyy-MM-dd'T'HH:mm:ss'Z'"), time.toFormat("yyyy-MM-dd'T'HH:mm:ss'.000Z'")].map(timeIn)
        expect(read.map((each) => [each.toSeconds(), each.zoneName])).toEqual(Array.from({ length: 3 }, () => [seconds, 'UTC']))
      }),
    )
  })

  it.each(['', 'yesterday', '2015-08-03', '20150803T13:31', '20151303T00:00:00', 0, null])('%j is none', (value) => {
    expect(() => timeIn(value)).toThrow(expect.objectContaining({ code: 'ICB_STORAGE_PROTOCOL' }))
  })
})
