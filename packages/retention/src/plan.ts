import type { DateTime } from 'luxon'
import { periodsIn } from './periods.ts'
import type { Periods } from './periods.ts'
import type { RetentionCandidate, RetentionDecision, RetentionPeriod, RetentionPlan, RetentionPolicy, RetentionReason, RetentionReasonCode, RetentionSituation } from './retention.ts'

const dayMs = 86_400_000
/** A month of the original. */
const compatibleMonthMs = 31 * dayMs

/** Snapshots and their times, oldest first, as parallel arrays: there may be a million of them. */
interface Sorted {
  readonly candidates: readonly RetentionCandidate[]
  readonly times: Float64Array
}

/** Those that are ours and not from the future. */
interface Timeline extends Sorted {
  /** Reasons to keep each of them that were found so far. */
  readonly reasons: (RetentionReason[] | undefined)[]
}

/**
 * Decides for every snapshot whether it stays, and why. Pure: nothing is deleted here, and equal input gives an equal plan.
 *
 * A snapshot stays when at least one reason speaks for it: `keepDays`, `keepMonths`, a rule, the floor (`minRedundancy`, newest proven), a pin, a lock, a clone, a
 * creation time in the future; foreign ones always stay and count for nothing. Those that nothing speaks for are dropped, unless the plan is frozen.
 * @throws RangeError for a negative number, an unknown zone or an invalid time
 */
export function plan(candidates: Iterable<RetentionCandidate>, policy: RetentionPolicy, situation: RetentionSituation): RetentionPlan {
  checkPolicy(policy)
  const now = millisOf(situation.now, 'now')
  const periods = periodsIn(policy.zone ?? 'utc')
  const all = oldestFirst(candidates)
  const line = timelineOf(all, now)

  keepYoung(line, policy, now)
  if (policy.months === 'compatible') keepAsOriginal(line, policy, now)
  else if (policy.keepMonths > 0) keepOfPeriods(line, periods, 'month', 'last', periods.startOf('month', now, policy.keepMonths), 'last-of-month', (name) => `last of ${name}`)
  for (const rule of policy.rules ?? []) {
    const keep = rule.keep ?? 'last'
    keepOfPeriods(line, periods, rule.every, keep, periods.startOf(rule.every, now, rule.count - 1), 'rule', (name) => `${keep} of ${rule.every} ${name}`)
  }
  const warnings = keepFloor(line, policy, situation)
  keepHeld(line, now)

  const frozen = situation.overdue && situation.spaceLow !== true && situation.overrideFreeze !== true
  if (frozen) warnings.push('Backups are overdue: nothing is dropped until a new one has been made.')
  else if (situation.overdue) warnings.push(`Backups are overdue, but ${situation.overrideFreeze === true ? 'the freeze was overridden' : 'space is low'}: snapshots above the floor are dropped.`)
  return { decisions: decide(all, line, now, frozen, policy), frozen, warnings }
}

/** One line for people: `drop cdb1-20260301T050000Z-…: older than 31 days and kept by no rule`. */
export function describeDecision({ action, candidate, reasons }: RetentionDecision): string {
  return `${action} ${candidate.id}: ${reasons.map(({ text }) => text).join('; ')}`
}

function checkPolicy({ keepDays, keepMonths, minRedundancy = 2, rules = [] }: RetentionPolicy): void {
  const check = (name: string, value: number, min: number): void => {
    if (!Number.isFinite(value) || value < min) throw new RangeError(`${name} must be at least ${min}, not ${value}`)
  }
  check('keepDays', keepDays, 0)
  check('keepMonths', keepMonths, 0)
  check('minRedundancy', minRedundancy, 1)
  for (const { every, count } of rules) check(`count of rule ${every}`, count, 1)
}

function millisOf(time: DateTime, what: string): number {
  const millis = time.toMillis()
  if (Number.isNaN(millis)) throw new RangeError(`${what} is no valid time`)
  return millis
}

/** By time, then by id, so that equal times give the same plan in whatever order the storage lists them. */
function oldestFirst(candidates: Iterable<RetentionCandidate>): Sorted {
  const list = [...candidates]
  const times = Float64Array.from(list, (candidate) => millisOf(candidate.createdAt, `creation time of ${candidate.id}`))
  const compare = (a: number, b: number): number => (times[a] ?? 0) - (times[b] ?? 0) || compareIds(list[a]?.id ?? '', list[b]?.id ?? '')
  // A storage lists oldest first; then there is nothing to sort.
  if (times.every((_, index) => index === 0 || compare(index - 1, index) <= 0)) return { candidates: list, times }
  const order = Uint32Array.from(list, (_, index) => index).sort(compare)
  return { candidates: Array.from(order, (index) => list[index] as RetentionCandidate), times: times.map((_, index) => times[order[index] ?? 0] ?? 0) }
}

function compareIds(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function timelineOf(all: Sorted, now: number): Timeline {
  const counted = (candidate: RetentionCandidate, index: number): boolean => candidate.ours && (all.times[index] ?? 0) <= now
  const candidates = all.candidates.filter(counted)
  const times = candidates.length === all.candidates.length ? all.times : all.times.filter((_, index) => counted(all.candidates[index] as RetentionCandidate, index))
  return { candidates, times, reasons: new Array<RetentionReason[] | undefined>(candidates.length).fill(undefined) }
}

function keep({ reasons }: Timeline, index: number, reason: RetentionReason): void {
  const known = reasons[index]
  if (known === undefined) reasons[index] = [reason]
  else known.push(reason)
}

/** Index of the first snapshot that is not older than `since`. */
function firstSince(times: Float64Array, since: number): number {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((times[middle] ?? 0) < since) low = middle + 1
    else high = middle
  }
  return low
}

function keepYoung(line: Timeline, { keepDays }: RetentionPolicy, now: number): void {
  const young: RetentionReason = { code: 'within-days', text: `younger than ${keepDays} days` }
  const youngButBad: RetentionReason = { code: 'not-restorable-recent', text: `no recovery point, but younger than ${keepDays} days` }
  for (let index = firstSince(line.times, now - keepDays * dayMs); index < line.times.length; index++) {
    keep(line, index, line.candidates[index]?.restorable === false ? youngButBad : young)
  }
}

/** The original's rule to the letter: what is older than the days goes when it is older than the months too, or when the next newer one is of the same UTC month. */
function keepAsOriginal(line: Timeline, policy: RetentionPolicy, now: number): void {
  const utc = periodsIn('utc')
  const { times } = line
  const young = firstSince(times, now - policy.keepDays * dayMs)
  for (let index = firstSince(times, now - policy.keepMonths * compatibleMonthMs); index < young; index++) {
    const at = times[index] ?? 0
    const next = times[index + 1]
    if (next !== undefined && utc.keyOf('month', next) === utc.keyOf('month', at)) continue
    keep(line, index, { code: 'last-of-month', text: `last of ${utc.nameOf('month', at)} (UTC)` })
  }
}

/**
 * Keeps the first or last recovery point of each period since `since`. One whose restorability is unknown may take the place, but does not push out one that is known
 * to be restorable: then both stay. One that is not restorable never takes a place.
 */
function keepOfPeriods(
  line: Timeline, periods: Periods, every: RetentionPeriod, which: 'first' | 'last', since: number, code: RetentionReasonCode, text: (name: string) => string,
): void {
  const known = new Map<number, number>()
  const possible = new Map<number, number>()
  const { candidates, times } = line
  // In the order of time for the first of a period, against it for the last: whoever comes first has the place.
  const start = firstSince(times, since)
  const step = which === 'first' ? 1 : -1
  for (let index = which === 'first' ? start : times.length - 1; index >= start && index < times.length; index += step) {
    const restorable = candidates[index]?.restorable
    if (restorable === false) continue
    const key = periods.keyOf(every, times[index] ?? 0)
    if (!possible.has(key)) possible.set(key, index)
    if (restorable === true && !known.has(key)) known.set(key, index)
  }
  for (const [key, index] of possible) {
    const reason = { code, text: text(periods.nameOf(every, times[index] ?? 0)) }
    keep(line, index, reason)
    const restorable = known.get(key)
    if (restorable !== undefined && restorable !== index) keep(line, restorable, { code, text: `${reason.text} that is known to be restorable` })
  }
}

/** The floor: what no age, freeze or lack of space takes away. Returns what a person should know about it. */
function keepFloor(line: Timeline, policy: RetentionPolicy, situation: RetentionSituation): string[] {
  const { candidates } = line
  const warnings: string[] = []
  const floor = policy.minRedundancy ?? 2
  let missing = floor
  for (let index = candidates.length - 1; index >= 0 && missing > 0; index--) {
    if (candidates[index]?.restorable !== true) continue
    keep(line, index, { code: 'min-redundancy', text: `one of the newest ${floor} that can be restored` })
    missing--
  }
  if (missing > 0 && candidates.length > 0) {
    warnings.push(`Only ${floor - missing} snapshots are known to be restorable; the floor is ${floor}.`)
    // Unknown ones do not count, but the last of them must not go while they may be all there is.
    for (let index = candidates.length - 1, places = missing; index >= 0 && places > 0; index--) {
      if (candidates[index]?.restorable !== undefined) continue
      keep(line, index, { code: 'min-redundancy', text: `may be restorable, and fewer than ${floor} are known to be` })
      places--
    }
  }
  const proofsKnown = situation.proofs === 'known'
  if (!proofsKnown) warnings.push('Restore tests are not visible here: the newest proven snapshot is not protected beyond the floor.')
  if (policy.keepNewestProven ?? proofsKnown) {
    const proven = candidates.findLastIndex(({ provenAt, restorable }) => provenAt !== undefined && restorable !== false)
    if (proven >= 0) keep(line, proven, { code: 'newest-proven', text: 'newest one that passed a restore test' })
  }
  return warnings
}

function keepHeld(line: Timeline, now: number): void {
  for (const [index, { pinnedUntil, lockedUntil, hasClones }] of line.candidates.entries()) {
    if (pinnedUntil === 'forever') keep(line, index, { code: 'pinned', text: 'pinned' })
    else if (pinnedUntil !== undefined && millisOf(pinnedUntil, 'end of a pin') > now) keep(line, index, { code: 'pinned', text: `pinned until ${isoOf(pinnedUntil)}` })
    if (lockedUntil !== undefined && millisOf(lockedUntil, 'end of a lock') > now) keep(line, index, { code: 'locked', text: `locked by the storage until ${isoOf(lockedUntil)}` })
    if (hasClones === true) keep(line, index, { code: 'has-clones', text: 'a clone depends on it' })
  }
}

function isoOf(time: DateTime): string {
  return time.toUTC().toISO() ?? ''
}

const foreign: readonly RetentionReason[] = [{ code: 'foreign', text: 'not made by this tool' }]
const future: readonly RetentionReason[] = [{ code: 'in-the-future', text: 'created in the future: a clock is wrong' }]
const freeze: readonly RetentionReason[] = [{ code: 'frozen', text: 'expired, but backups are overdue' }]
const unknownClones: RetentionReason = { code: 'clones-unknown', text: 'whether a clone depends on it is known only when it is deleted' }

function decide({ candidates, times }: Sorted, { reasons }: Timeline, now: number, frozen: boolean, { keepDays }: RetentionPolicy): RetentionDecision[] {
  const text = `older than ${keepDays} days and kept by no rule`
  const old: RetentionReason = { code: 'expired', text }
  const bad: RetentionReason = { code: 'expired', text: `no recovery point, ${text}` }
  // Shared by all: most of a million decisions say the same.
  const known = { old: [old], bad: [bad] }
  const unknown = { old: [old, unknownClones], bad: [bad, unknownClones] }
  let next = 0
  return candidates.map((candidate, index): RetentionDecision => {
    if (!candidate.ours) return { candidate, action: 'keep', reasons: foreign }
    if ((times[index] ?? 0) > now) return { candidate, action: 'keep', reasons: future }
    const found = reasons[next++]
    if (found !== undefined) return { candidate, action: 'keep', reasons: found }
    if (frozen) return { candidate, action: 'keep', reasons: freeze }
    const sort = candidate.restorable === false ? 'bad' : 'old'
    return { candidate, action: 'drop', reasons: (candidate.hasClones === undefined ? unknown : known)[sort] }
  })
}
