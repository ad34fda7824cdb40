import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { choosePoint } from '../src/index.ts'
import type { PointEntry, PointState, RecoveryPoint } from '../src/index.ts'

const day = (n: number): string => new Date(Date.UTC(2026, 2, 1 + n)).toISOString()
const options = { now: day(200) }

const point = (index: number, min: bigint | undefined, last: bigint | undefined, more: { state?: PointState; resetlogsId?: string; entry?: Partial<PointEntry> } = {}): RecoveryPoint => {
  const state = more.state ?? 'refreshed'
  return {
    snapshotId: `s${String(index)}`,
    snapshot: `s${String(index)}`,
    createdAt: day(index),
    state,
    entry: { snapshot: `s${String(index)}`, createdAt: day(index), runId: 'r', manifestDigest: 'd', state, ...(min === undefined ? {} : { minScn: min }), ...(last === undefined ? {} : { lastScn: last }), resetlogsId: more.resetlogsId ?? '1', dbid: '7', ...more.entry },
  }
}
const scn = (value: bigint) => ({ kind: 'scn', scn: value }) as const
const brief = (choice: ReturnType<typeof choosePoint>): string => (choice.kind === 'single' ? choice.point.snapshot : choice.kind === 'pair' ? `${choice.copies.snapshot}+${choice.logs.snapshot}` : choice.kind === 'live' ? `live ${choice.copies.snapshot}` : 'none')

describe('choosing a point by SCN', () => {
  const points = [point(1, 100n, 199n), point(2, 250n, 299n), point(3, 250n, 350n)]
  it.each([
    [100n, 's1'],
    [199n, 's1'],
    [200n, 's1+s2'],
    [249n, 's1+s2'],
    [250n, 's2'],
    [299n, 's2'],
    [300n, 's3'],
    [351n, 'live s3'],
    [99n, 'none'],
  ])('%s', (target, expected) => {
    const choice = choosePoint(points, scn(target), options)
    expect(brief(choice)).toBe(expected)
    if (choice.kind === 'single' || choice.kind === 'pair') expect(choice.targetScn).toBe(target)
  })

  it('[H25] says why not, with the neighbours', () => {
    expect(choosePoint(points, scn(5n), options)).toMatchObject({ kind: 'none', after: { snapshot: 's1' } })
    expect(choosePoint([], scn(5n), options)).toMatchObject({ kind: 'none', reason: 'there are no snapshots' })
    expect(choosePoint([point(1, 1n, 9n, { state: 'damaged' })], scn(5n), options)).toMatchObject({ kind: 'none' })
    expect(() => choosePoint(points, scn(0n), options)).toThrow('positive')
  })

  it('never mixes incarnations', () => {
    const both = [point(1, 100n, 199n, { resetlogsId: 'a' }), point(2, 300n, 400n, { resetlogsId: 'b' })]
    expect(choosePoint(both, scn(250n), options)).toMatchObject({ kind: 'none', before: { snapshot: 's1' }, after: { snapshot: 's2' } })
    expect(brief(choosePoint(both, scn(150n), options))).toBe('s1')
    // The abandoned branch has the SCN too.
    expect(brief(choosePoint([point(1, 100n, 400n, { resetlogsId: 'a' }), point(2, 300n, 380n, { resetlogsId: 'b' })], scn(350n), options))).toBe('s2')
  })

  it('latest is the newest proven end', () => {
    expect(choosePoint([...points, point(4, 360n, undefined), point(5, 400n, 390n), point(6, 1n, 999n, { state: 'refreshing' })], { kind: 'latest' }, options)).toMatchObject({ kind: 'single', point: { snapshot: 's3' }, targetScn: 350n })
    expect(choosePoint([], { kind: 'latest' }, options).kind).toBe('none')
  })

  const states: readonly PointState[] = ['refreshed', 'refreshed', 'refreshed', 'damaged', 'refreshing', 'unknown']
  const arbitrary = fc.array(fc.record({ min: fc.option(fc.integer({ min: 1, max: 60 })), length: fc.option(fc.integer({ min: -3, max: 15 })), state: fc.constantFrom(...states), incarnation: fc.constantFrom('a', 'a', 'a', 'b') }), { maxLength: 8 })

  it('[H25] agrees with going through all points and pairs by hand', () => {
    fc.assert(
      fc.property(arbitrary, fc.integer({ min: 1, max: 90 }), (raw, aim) => {
        const target = BigInt(aim)
        const list = raw.map((each, index) =>
          point(index, each.min === null ? undefined : BigInt(each.min), each.min === null || each.length === null || each.min + each.length < 1 ? undefined : BigInt(each.min + each.length), { state: each.state, resetlogsId: each.incarnation }),
        )
        const usable = list.filter((each) => each.state === 'refreshed' && each.entry?.minScn !== undefined && each.entry.lastScn !== undefined && each.entry.minScn <= each.entry.lastScn)
        const choice = choosePoint(list, scn(target), options)
        // Newest incarnation first; inside it: the first end that contains, else the closest pair.
        const order = [...new Set(usable.toReversed().map((each) => each.entry!.resetlogsId))]
        let expected = 'none'
        for (const [age, incarnation] of order.entries()) {
          const group = usable.filter((each) => each.entry!.resetlogsId === incarnation)
          const containing = group.filter((each) => each.entry!.minScn! <= target && target <= each.entry!.lastScn!)
          const least = containing.reduce<RecoveryPoint | undefined>((best, each) => (best === undefined || each.entry!.lastScn! < best.entry!.lastScn! ? each : best), undefined)
          if (least !== undefined) {
            expected = least.snapshot
            break
          }
          const before = group.filter((each) => each.entry!.lastScn! < target).reduce<RecoveryPoint | undefined>((best, each) => (best === undefined || each.entry!.lastScn! >= best.entry!.lastScn! ? each : best), undefined)
          const after = group.filter((each) => each.entry!.minScn! > target).reduce<RecoveryPoint | undefined>((best, each) => (best === undefined || each.entry!.lastScn! < best.entry!.lastScn! ? each : best), undefined)
          if (before !== undefined && after !== undefined) {
            expected = `${before.snapshot}+${after.snapshot}`
            break
          }
          if (age === 0 && before !== undefined) {
            expected = `live ${before.snapshot}`
            break
          }
        }
        expect(brief(choice)).toBe(expected)
        // Whatever was chosen can hold the target, and is of one incarnation.
        if (choice.kind === 'pair') {
          expect(choice.copies.entry!.resetlogsId).toBe(choice.logs.entry!.resetlogsId)
          expect(choice.copies.entry!.minScn! <= target && target <= choice.logs.entry!.lastScn!).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('choosing a point by time', () => {
  const timed = (index: number, minTime: string, lastTime: string, utcOffset: string): RecoveryPoint => point(index, BigInt(index * 10), BigInt(index * 10 + 5), { entry: { minTime, lastTime, utcOffset } })
  // The clock of the database goes forward an hour between the two.
  const points = [timed(1, '2026-03-28 02:00:00', '2026-03-28 22:00:00', '+01:00'), timed(2, '2026-03-29 04:00:00', '2026-03-29 22:00:00', '+02:00')]
  const at = (time: string) => brief(choosePoint(points, { kind: 'time', time }, { now: '2026-04-10T00:00:00Z' }))

  it('[H26] compares instants, whatever the zones', () => {
    expect(at('2026-03-28T21:00:00Z')).toBe('s1')
    expect(at('2026-03-28T21:00:01Z')).toBe('s1+s2')
    expect(at('2026-03-28T22:00:00+01:00')).toBe('s1')
    expect(at('2026-03-29T02:00:00Z')).toBe('s2')
    expect(at('2026-03-29T03:59:59+02:00')).toBe('s1+s2')
    expect(at('2026-03-29T20:00:01Z')).toBe('live s2')
    expect(at('2026-03-28T00:59:59Z')).toBe('none')
  })

  it('answers the time as the database shows it', () => {
    expect(choosePoint(points, { kind: 'time', time: '2026-03-29T12:30:00Z' }, { now: '2026-04-10T00:00:00Z' })).toMatchObject({ kind: 'single', targetScn: undefined, targetTime: '2026-03-29 14:30:00' })
  })

  it('[H26] refuses times without zone, and the future', () => {
    expect(() => at('2026-03-28 21:00:00')).toThrow(expect.objectContaining({ code: 'ICB_POINT_TARGET' }))
    expect(() => at('yesterdayZ')).toThrow(expect.objectContaining({ code: 'ICB_POINT_TARGET' }))
    expect(at('2026-05-01T00:00:00Z')).toBe('none')
  })

  it('does not choose a point whose times are unknown', () => {
    expect(brief(choosePoint([point(1, 1n, 5n)], { kind: 'time', time: '2026-03-28T21:00:00Z' }, { now: '2026-04-10T00:00:00Z' }))).toBe('none')
  })
})

describe('clocks of the database', () => {
  const at = (name: string, entry: Partial<PointEntry>): RecoveryPoint => point(Number(name), 1n, 2n, { entry: { snapshot: name, minUtcOffset: '+01:00', utcOffset: '+01:00', ...entry } })
  const time = (text: string) => ({ kind: 'time', time: text }) as const
  // Berlin: summer time from 2026-03-29 01:00Z, winter time again from 2026-10-25 01:00Z.
  const spring = [at('1', { minTime: '2026-03-28 03:00:00', lastTime: '2026-03-29 04:00:00', utcOffset: '+02:00' })]
  const autumn = [at('2', { minTime: '2026-10-24 03:00:00', minUtcOffset: '+02:00', lastTime: '2026-10-25 06:00:00' })]
  const late = { now: '2027-01-01T00:00:00Z' }

  it.each([
    ['2026-03-28T01:59:00Z', undefined],
    ['2026-03-28T02:00:00Z', '2026-03-28 03:00:00'],
    ['2026-03-29T00:59:59Z', '2026-03-29 01:59:59'],
    ['2026-03-29T01:00:00Z', '2026-03-29 03:00:00'],
    ['2026-03-29T04:00:00+02:00', '2026-03-29 04:00:00'],
  ])('spring: %s', (target, expected) => {
    const choice = choosePoint(spring, time(target), late)
    if (expected === undefined) expect(choice.kind).toBe('none')
    else expect(choice).toMatchObject({ kind: 'single', targetTime: expected })
  })

  it.each([
    ['2026-10-24T23:30:00Z', '2026-10-25 01:30:00'],
    // The hour that came twice: RMAN stops at the first.
    ['2026-10-25T00:30:00Z', '2026-10-25 02:30:00'],
    ['2026-10-25T01:30:00Z', undefined],
    ['2026-10-25T02:00:00Z', '2026-10-25 03:00:00'],
  ])('autumn: %s', (target, expected) => {
    const choice = choosePoint(autumn, time(target), late)
    if (expected === undefined) expect(choice).toMatchObject({ kind: 'none', reason: expect.stringMatching(/twice.*give an SCN/) as unknown })
    else expect(choice).toMatchObject({ kind: 'single', targetTime: expected })
  })

  it('does not take a target for the future because this host is late', () => {
    expect(choosePoint(spring, time('2026-03-28T12:00:00Z'), { now: '2026-03-27T00:00:00Z' }).kind).toBe('single')
    expect(choosePoint(spring, time('2026-03-30T12:00:00Z'), { now: '2026-03-29T00:00:00Z' })).toMatchObject({ kind: 'none', reason: expect.stringContaining('future') as unknown })
  })
})

describe('pairs whose logs do not meet', () => {
  it('are no pair when the index says so, and unproven when it says nothing', () => {
    const points = (logsFrom?: bigint): RecoveryPoint[] => [point(1, 100n, 199n), point(2, 250n, 299n, { entry: logsFrom === undefined ? {} : { logsFrom } })]
    expect(choosePoint(points(), scn(220n), options)).toMatchObject({ kind: 'pair', chainKnown: false })
    expect(choosePoint(points(200n), scn(220n), options)).toMatchObject({ kind: 'pair', chainKnown: true })
    expect(choosePoint(points(201n), scn(220n), options)).toMatchObject({ kind: 'none', before: { snapshot: 's1' }, after: { snapshot: 's2' }, reason: expect.stringMatching(/s1 \(SCN 100 to 199.*s2 \(SCN 250 to 299/) as unknown })
  })
})
