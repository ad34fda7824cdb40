import fc from 'fast-check'
import { DateTime } from 'luxon'
import { describe, expect, it } from 'vitest'
import { plan } from '../src/index.ts'
import type { RetentionCandidate, RetentionPolicy, RetentionSituation } from '../src/index.ts'

const dayMs = 86_400_000
const start = Date.UTC(2015, 0, 1)
const end = Date.UTC(2030, 0, 1)
const zones = ['utc', 'Europe/Stockholm', 'America/Havana', 'Australia/Lord_Howe', 'Pacific/Apia', 'Asia/Kathmandu']

const time = fc.integer({ min: start, max: end }).map((millis) => DateTime.fromMillis(millis, { zone: 'utc' }))
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined, freq: 2 })

const candidate = fc
  .record({ createdAt: time, ours: fc.boolean(), restorable: fc.constantFrom(true, false, undefined), provenAt: maybe(time), pinnedUntil: maybe(fc.oneof(time, fc.constant('forever' as const))), lockedUntil: maybe(time), hasClones: fc.constantFrom(true, false, undefined) })
  .map((value) => Object.fromEntries(Object.entries(value).filter(([name, inner]) => inner !== undefined || name === 'restorable' || name === 'hasClones')) as unknown as Omit<RetentionCandidate, 'id'>)
const candidates = fc.array(candidate, { maxLength: 60 }).map((list): RetentionCandidate[] => list.map((value, index) => ({ ...value, id: `s${index}` })))
const rule = fc.record({ every: fc.constantFrom('hour', 'day', 'week', 'month', 'quarter', 'year'), count: fc.integer({ min: 1, max: 40 }), keep: fc.constantFrom('first', 'last') })
const policy = fc.record({
  keepDays: fc.integer({ min: 0, max: 400 }), keepMonths: fc.integer({ min: 0, max: 40 }), months: fc.constantFrom('calendar', 'compatible'), zone: fc.constantFrom(...zones),
  minRedundancy: fc.integer({ min: 1, max: 5 }), rules: fc.array(rule, { maxLength: 3 }),
}) as fc.Arbitrary<RetentionPolicy>
const situation: fc.Arbitrary<RetentionSituation> = fc.record({ now: time, overdue: fc.boolean(), spaceLow: fc.boolean(), overrideFreeze: fc.boolean(), proofs: fc.constantFrom('known', 'unknown') })

const runs = { numRuns: 600 }

function dropped(list: readonly RetentionCandidate[], by: RetentionPolicy, on: RetentionSituation): Set<string> {
  return new Set(plan(list, by, on).decisions.filter(({ action }) => action === 'drop').map(({ candidate: { id } }) => id))
}

describe('whatever the snapshots, the policy and the situation', () => {
  it('each one is decided once, with a reason', () => {
    fc.assert(fc.property(candidates, policy, situation, (list, by, on) => {
      const { decisions } = plan(list, by, on)
      expect(decisions.map(({ candidate: { id } }) => id).sort()).toEqual(list.map(({ id }) => id).sort())
      expect(decisions.every(({ reasons }) => reasons.length > 0 && reasons.every(({ text }) => text !== ''))).toBe(true)
      expect(decisions.every((decision, index) => index === 0 || decisions[index - 1]!.candidate.createdAt <= decision.candidate.createdAt)).toBe(true)
    }), runs)
  })

  it('the foreign, pinned, locked, cloned, future, floor and proven ones are never dropped, and nothing is while frozen', () => {
    fc.assert(fc.property(candidates, policy, situation, (list, by, on) => {
      const gone = dropped(list, by, on)
      const holds = (until: DateTime | 'forever' | undefined): boolean => until !== undefined && (until === 'forever' || until > on.now)
      for (const one of list) {
        if (!one.ours || one.hasClones === true || holds(one.pinnedUntil) || holds(one.lockedUntil) || one.createdAt > on.now) expect(gone.has(one.id)).toBe(false)
      }
      const counted = list.filter((one) => one.ours && one.createdAt <= on.now).sort((a, b) => b.createdAt.toMillis() - a.createdAt.toMillis())
      const restorable = counted.filter((one) => one.restorable === true)
      const left = restorable.filter((one) => !gone.has(one.id))
      expect(left.length).toBeGreaterThanOrEqual(Math.min(by.minRedundancy!, restorable.length))
      if (restorable[0] !== undefined) expect(gone.has(restorable[0].id) && restorable[0].createdAt > (restorable[1]?.createdAt ?? 0)).toBe(false)
      const proven = counted.find((one) => one.provenAt !== undefined && one.restorable !== false)
      if (on.proofs === 'known' && proven !== undefined && counted.filter((one) => +one.createdAt === +proven.createdAt).length === 1) expect(gone.has(proven.id)).toBe(false)
      if (on.overdue && on.spaceLow !== true && on.overrideFreeze !== true) expect(gone.size).toBe(0)
    }), runs)
  })

  it('the order of the listing does not matter, and a second run right after the first drops nothing more', () => {
    fc.assert(fc.property(candidates, policy, situation, (list, by, on) => {
      const gone = dropped(list, by, on)
      expect(dropped([...list].reverse(), by, on)).toEqual(gone)
      // The original's rule looks at the next neighbour, so it is stable only when everything it leaves stays.
      if (by.months !== 'compatible') expect(dropped(list.filter(({ id }) => !gone.has(id)), by, on)).toEqual(new Set())
    }), runs)
  })

  it('what is dropped today would be dropped at any later time', () => {
    fc.assert(fc.property(candidates, policy, situation, fc.integer({ min: 0, max: 3000 * dayMs }), (list, by, on, later) => {
      const gone = dropped(list, by, on)
      const then = dropped(list, by, { ...on, now: on.now.plus(later) })
      for (const id of gone) expect(then.has(id)).toBe(true)
    }), runs)
  })
})

/** The original's rule as one would write it down, on plain numbers and strings. */
function original(list: readonly RetentionCandidate[], now: number, days: number, months: number): Set<string> {
  const sorted = list.filter(({ ours }) => ours).map(({ id, createdAt, hasClones }) => ({ id, at: createdAt.toMillis(), month: createdAt.toUTC().toISO()!.slice(0, 7), hasClones })).sort((a, b) => a.at - b.at)
  return new Set(
    sorted
      .filter(({ at, month, hasClones }, index) => {
        const age = now - at
        return age > days * dayMs && (age > months * 31 * dayMs || sorted[index + 1]?.month === month) && hasClones !== true
      })
      .map(({ id }) => id),
  )
}

describe('compatible months', () => {
  it('are the rule of the original', () => {
    const distinct = fc.uniqueArray(fc.integer({ min: start, max: end }), { maxLength: 80 })
    fc.assert(fc.property(distinct, fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 1 }), (times, days, months, clones) => {
      const list = times.map((at, index): RetentionCandidate => ({ id: `s${index}`, createdAt: DateTime.fromMillis(at, { zone: index % 2 === 0 ? 'utc' : 'Asia/Tokyo' }), ours: index % 7 !== 3, restorable: false, hasClones: clones === 1 && index % 5 === 0 }))
      // All are `restorable: false`, so that the floor, which the original lacks, holds none.
      expect(dropped(list, { keepDays: days, keepMonths: months, months: 'compatible', zone: 'Europe/Stockholm' }, { now: DateTime.fromMillis(end), overdue: false, proofs: 'unknown' })).toEqual(original(list, end, days, months))
    }), runs)
  })

  it('drop daily snapshots as it did over two years', () => {
    const days = Array.from({ length: 730 }, (_, index): RetentionCandidate => {
      const createdAt = DateTime.fromMillis(Date.UTC(2027, 0, 1, 5) + index * dayMs, { zone: 'utc' })
      return { id: createdAt.toISODate()!, createdAt, ours: true, restorable: true, hasClones: false }
    })
    const now = DateTime.fromISO('2028-12-30T12:00:00Z')
    const result = plan(days, { keepDays: 31, keepMonths: 6, months: 'compatible' }, { now, overdue: false, proofs: 'known' })
    const kept = result.decisions.filter(({ action }) => action === 'keep').map(({ candidate: { id } }) => id)
    expect(kept.filter((id) => id < '2028-11-29')).toEqual(['2028-06-30', '2028-07-31', '2028-08-31', '2028-09-30', '2028-10-31'])
    expect(kept.filter((id) => id >= '2028-11-29')).toHaveLength(31)
  })
})

describe('calendar months', () => {
  it.each(zones)('keep exactly one of each of the last months in %s, leap day and clock changes included', (zone) => {
    const list: RetentionCandidate[] = []
    for (let at = Date.UTC(2026, 0, 1); at < Date.UTC(2029, 0, 1); at += 7 * 3_600_000) list.push({ id: `s${at}`, createdAt: DateTime.fromMillis(at, { zone: 'utc' }), ours: true, restorable: true, hasClones: false })
    const now = DateTime.fromMillis(Date.UTC(2028, 11, 31, 20), { zone: 'utc' })
    const result = plan(list, { keepDays: 0, keepMonths: 24, zone, minRedundancy: 1 }, { now, overdue: false, proofs: 'known' })
    const months = result.decisions.filter(({ reasons }) => reasons.some(({ code }) => code === 'last-of-month')).map(({ candidate }) => candidate.createdAt.setZone(zone))
    expect(new Set(months.map((month) => month.toFormat('yyyy-MM'))).size).toBe(25)
    expect(months).toHaveLength(25)
    for (const month of months.slice(0, -1)) expect(month.plus({ hours: 7 }).month).not.toBe(month.month)
  })
})

describe('many snapshots', () => {
  it('are planned in time that grows with their number, not its square', () => {
    const list = Array.from({ length: 100_000 }, (_, index): RetentionCandidate => ({ id: `s${index}`, createdAt: DateTime.fromMillis(start + ((index * 7_919) % 100_000) * 1_800_000), ours: true, restorable: index % 3 !== 0, hasClones: false }))
    const before = performance.now()
    const result = plan(list, { keepDays: 31, keepMonths: 24, zone: 'Europe/Stockholm', rules: [{ every: 'hour', count: 48 }, { every: 'week', count: 52, keep: 'first' }] }, { now: DateTime.fromMillis(end), overdue: false, proofs: 'known' })
    expect(result.decisions).toHaveLength(list.length)
    // A million takes about a second on a desk machine; this bound only catches a change of order.
    expect(performance.now() - before).toBeLessThan(10_000)
  })
})
