import { describe, expect, it } from 'vitest'
import { readByteSize } from './byte-size.ts'

describe('sizes', () => {
  it.each([['1', 1n], ['4096', 4096n], ['1k', 1024n], ['500G', 536_870_912_000n], ['5T', 5_497_558_138_880n], ['9007199254740993', 9_007_199_254_740_993n]])('%s', (text, bytes) => {
    expect(readByteSize(text)).toBe(bytes)
  })

  it.each(['', '0', '-1', '1.5G', '5P', 'G', '5 G'])('%j is none', (text) => {
    expect(() => readByteSize(text)).toThrow(expect.objectContaining({ code: 'ICB_USAGE_ARGUMENT' }))
  })
})
