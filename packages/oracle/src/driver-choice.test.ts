import { describe, expect, it } from 'vitest'
import { chooseDriver } from './driver-choice.ts'
import type { DriverSituation } from './driver-choice.ts'

const good: DriverSituation = { wish: 'auto', connect: '/@orcl', hasCredentials: true, isInstalled: true }

describe('the driver', () => {
  it.each<[string, Partial<DriverSituation>, string, RegExp]>([
    ['Thin where it can', {}, 'thin', /user and password/],
    ['SQL*Plus for a local instance', { connect: '/' }, 'sqlplus', /operating system/],
    ['SQL*Plus for a wallet', { hasCredentials: false }, 'sqlplus', /wallet/],
    ['SQL*Plus for 11.2', { release: '11.2.0.4.0' }, 'sqlplus', /12\.1/],
    ['SQL*Plus without the package', { isInstalled: false }, 'sqlplus', /not installed/],
    ['Thin from 12.1 on', { release: '12.1.0.2.0' }, 'thin', /installed/],
    ['what was asked for', { wish: 'sqlplus' }, 'sqlplus', /asks for/],
  ])('is %s', (_, situation, driver, reason) => {
    const choice = chooseDriver({ ...good, ...situation })
    expect(choice).toMatchObject({ driver })
    expect(choice.reason).toMatch(reason)
    expect(choice).not.toHaveProperty('problem')
  })

  it('says why a wish cannot be fulfilled', () => {
    expect(chooseDriver({ ...good, wish: 'thin', hasCredentials: false })).toMatchObject({ driver: 'thin', problem: expect.stringContaining('wallet') as unknown })
    expect(chooseDriver({ ...good, wish: 'thick', isInstalled: false })).toMatchObject({ driver: 'thick', problem: expect.stringContaining('not installed') as unknown })
    expect(chooseDriver({ ...good, wish: 'thick', hasCredentials: false })).not.toHaveProperty('problem')
  })
})
