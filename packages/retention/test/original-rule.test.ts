import { DateTime } from 'luxon'
import { expect, it } from 'vitest'
import { plan } from '../src/index.ts'
import type { RetentionCandidate } from '../src/index.ts'

const dayMs = 86_400_000

/** A snapshot as the original looked at it: an id, a creation time of whole seconds in UTC, a number of clones. */
interface Share {
  readonly id: string
  readonly created: number
  readonly clones: number
}

/**
 * What the original's `zsnapper clean` left, written down from its description alone: snapshots oldest first; one goes when its age is more than the days and either
 * more than the months of 31 days, or the next newer snapshot was made in the same `YYYY-MM` of UTC; one with clones stays.
 */
function left(share: readonly Share[], now: number, days: number, months: number): Set<string> {
  const sorted = [...share].sort((a, b) => a.created - b.created)
  const kept = new Set<string>()
  sorted.forEach((snapshot, index) => {
    const age = now - snapshot.created
    const newer = sorted[index + 1]
    const month = (each: Share): string => new Date(each.created).toISOString().slice(0, 7)
    const expired = age > days * dayMs && (age > months * 31 * dayMs || (newer !== undefined && month(newer) === month(snapshot)))
    if (!expired || snapshot.clones > 0) kept.add(snapshot.id)
  })
  return kept
}

/** Numbers from a seed (mulberry32), so that a set which disagrees can be made again from its number. */
function numbersOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

type State = Pick<RetentionCandidate, 'restorable' | 'provenAt'>

/** Nightly snapshots with nights missed and some taken by hand, or times anywhere; every second of a share has at most one. */
function randomShare(random: (below: number) => number): { readonly share: readonly Share[]; readonly states: ReadonlyMap<string, State>; readonly now: number } {
  const now = Date.UTC(2020 + random(12), random(12), 1 + random(31), random(24), random(60), random(60))
  const times = new Set<number>()
  if (random(2) === 0) {
    const hour = random(24)
    for (let night = random(400); night >= 0; night--) if (random(10) > 0) times.add(Math.floor((now - night * dayMs) / dayMs) * dayMs + hour * 3_600_000 + random(60) * 1000)
    for (let byHand = random(6); byHand > 0; byHand--) times.add(now - random(400 * 86_400) * 1000)
  } else for (let count = random(60); count > 0; count--) times.add(now - random(1200 * 86_400) * 1000)
  const share = [...times].filter((at) => at <= now).map((created, index): Share => ({ id: `s${String(index)}`, created, clones: random(20) === 0 ? 1 : 0 }))
  const mood = random(4)
  const states = new Map(share.map(({ id }): [string, State] => {
    const restorable = mood === 0 ? true : mood === 1 ? false : [true, true, false, undefined][random(4)]
    return [id, { restorable, ...(random(15) === 0 ? { provenAt: DateTime.fromMillis(now, { zone: 'utc' }) } : {}) }]
  }))
  return { share, states, now }
}

/** The one listed difference: the newest `floor` that can be restored (unknown ones while there are too few), and the newest proven one. */
function safetyFloor(share: readonly Share[], states: ReadonlyMap<string, State>, floor: number): Set<string> {
  const newestFirst = [...share].sort((a, b) => b.created - a.created).map(({ id }) => ({ id, ...(states.get(id) ?? { restorable: undefined }) }))
  const restorable = newestFirst.filter((each) => each.restorable === true).slice(0, floor)
  const unknown = newestFirst.filter((each) => each.restorable === undefined).slice(0, floor - restorable.length)
  const proven = newestFirst.find((each) => each.provenAt !== undefined && each.restorable !== false)
  return new Set([...restorable, ...unknown, ...(proven === undefined ? [] : [proven])].map(({ id }) => id))
}

const named = (ids: Iterable<string>): string => [...ids].sort().join(' ')

it('[M:daily-monthly] [K:snapexpirationdays] [K:snapexpirationmonths] compatible retention leaves what the original left, and the safety floor besides, on 10,000 random sets of snapshots', () => {
  let droppedByBoth = 0
  let savedByFloor = 0
  let monthly = 0
  for (let seed = 1; seed <= 10_000; seed++) {
    const random = numbersOf(seed)
    const { share, states, now } = randomShare(random)
    const days = random(60)
    const months = random(3) === 0 ? 0 : random(24)
    const minRedundancy = 1 + random(3)
    const zone = ['utc', 'Europe/Stockholm', 'America/Los_Angeles'][random(3)] ?? 'utc'
    const original = left(share, now, days, months)
    const floor = safetyFloor(share, states, minRedundancy)
    const candidates = share.map(({ id, created, clones }): RetentionCandidate => ({ id, createdAt: DateTime.fromMillis(created, { zone: 'utc' }), ours: true, hasClones: clones > 0, ...(states.get(id) ?? { restorable: undefined }) }))
    const { decisions } = plan(candidates, { keepDays: days, keepMonths: months, months: 'compatible', minRedundancy, zone }, { now: DateTime.fromMillis(now, { zone: 'utc' }), overdue: false, proofs: 'known' })
    const kept = decisions.filter(({ action }) => action === 'keep').map(({ candidate }) => candidate.id)
    expect(named(kept), `seed ${String(seed)}: ${String(days)} days, ${String(months)} months, ${String(share.length)} snapshots`).toBe(named(new Set([...original, ...floor])))
    droppedByBoth += share.length - kept.length
    savedByFloor += [...floor].filter((id) => !original.has(id)).length
    monthly += decisions.filter(({ reasons }) => reasons.some(({ code }) => code === 'last-of-month')).length
  }
  // The sets ask the question: each of the three kinds of decision is met many times.
  expect(droppedByBoth).toBeGreaterThan(100_000)
  expect(savedByFloor).toBeGreaterThan(1_000)
  expect(monthly).toBeGreaterThan(10_000)
}, 60_000)
