import { describe, expect, it } from 'vitest'
import { nearestName } from './nearest-name.ts'

describe('nearestName', () => {
  it.each([
    ['locla', 'local'],
    ['zfsa', 'zfssa'],
    ['LOCAL', 'local'],
  ])('takes %s for %s', (typed, meant) => {
    expect(nearestName(typed, ['local', 'zfssa', 'ontap'])).toBe(meant)
  })

  it('suggests nothing far away', () => {
    expect(nearestName('purestorage', ['local', 'zfssa'])).toBeUndefined()
    expect(nearestName('x', [])).toBeUndefined()
  })
})
