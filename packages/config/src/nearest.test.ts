import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { editDistance, nearestName } from './nearest.ts'

describe('editDistance', () => {
  it.each([['', '', 0], ['a', '', 1], ['paralel', 'parallel', 1], ['dbdi', 'dbid', 1], ['kitten', 'sitting', 3]] as const)('%s to %s is %i', (a, b, distance) => {
    expect(editDistance(a, b, 9)).toBe(distance)
  })

  it('is symmetric, zero only for equal words, and never more than the longer one', () => {
    const word = fc.stringMatching(/^[abc]{0,8}$/u)
    fc.assert(fc.property(word, word, (a, b) => {
      const distance = editDistance(a, b, 20)
      expect(distance).toBe(editDistance(b, a, 20))
      expect(distance === 0).toBe(a === b)
      expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length))
      expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length))
    }))
  })
})

describe('nearestName', () => {
  it('finds what was meant, in any case, and nothing for something else', () => {
    const names = ['parallel', 'dbid', 'recoverywindow']
    expect(nearestName('recoverwindow', names)).toBe('recoverywindow')
    expect(nearestName('PARALEL', names)).toBe('parallel')
    expect(nearestName('banana', names)).toBeUndefined()
    expect(nearestName('', names)).toBeUndefined()
  })
})
