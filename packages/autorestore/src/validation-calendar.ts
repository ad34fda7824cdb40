import { createHash, randomInt } from 'node:crypto'
import type { LedgerEntry } from '@icb/ledger'

export interface ValidationRule {
  /** Validate with probability 1/n; 0: off, 1: always. */
  readonly validateChance: number
  /** Validate every n days, on a day of the database's own; wins over chance when above 0. */
  readonly validateModulus: number
  /** Hashed to find the database's day. */
  readonly validationKey: string
}

const dayMs = 86_400_000

/** First 32 bits of SHA-256: the same on every platform and release. */
function stableHash(key: string): number {
  return createHash('sha256').update(key).digest().readUInt32BE(0)
}

const dayOf = (at: number): number => Math.floor(at / dayMs)

/** How many days ago the database had its last own day (0: today), by modulus. */
function daysSinceOwnDay(rule: ValidationRule, today: number): number {
  const { validateModulus: modulus } = rule
  return (((today - (stableHash(rule.validationKey) % modulus)) % modulus) + modulus) % modulus
}

/** Days from today (UTC) until the next validation by modulus; 0: today. */
export function daysUntilValidation(rule: ValidationRule, now: number): number | undefined {
  const { validateModulus: modulus } = rule
  if (modulus <= 0) return undefined
  const today = Math.floor(now / dayMs) % modulus
  return ((stableHash(rule.validationKey) % modulus) - today + modulus) % modulus
}

/** What is known of a database's validations, from its rows in the ledger. Milliseconds since 1970. */
export interface ValidationHistory {
  readonly lastValidatedAt?: number
  /** Its first restore test: before that, no day was missed. */
  readonly firstTestedAt?: number
}

/** How far back the ledger is asked for {@link ValidationHistory}: what lies before makes no database more overdue. */
export function validationHorizonMs(rules: readonly Pick<ValidationRule, 'validateModulus'>[]): number {
  return Math.max(400, ...rules.map(({ validateModulus }) => 3 * validateModulus)) * dayMs
}

/** The validations of one database, from its rows in the ledger, newest first as the ledger answers them. */
export function validationHistory(entries: readonly LedgerEntry[]): ValidationHistory {
  const last = entries.find((entry) => entry.verdict?.validation?.ran === true)
  const first = entries.at(-1)
  return {
    ...(last === undefined ? {} : { lastValidatedAt: Date.parse(last.verdict?.finishedAt ?? last.startedAt) }),
    ...(first === undefined ? {} : { firstTestedAt: Date.parse(first.startedAt) }),
  }
}

/** Of one database, by modulus: `today` is its own day, `overdue` it missed that. */
function stateOf(rule: ValidationRule & ValidationHistory, today: number): { readonly due: 'today' | 'overdue' | 'no'; readonly overdueDays: number; readonly untilOwnDay: number } {
  const since = daysSinceOwnDay(rule, today)
  const untilOwnDay = (rule.validateModulus - since) % rule.validateModulus
  const ownDay = today - since
  if (rule.lastValidatedAt !== undefined && dayOf(rule.lastValidatedAt) >= ownDay) return { due: 'no', overdueDays: 0, untilOwnDay }
  if (since === 0) return { due: 'today', overdueDays: 0, untilOwnDay }
  const known = rule.lastValidatedAt ?? rule.firstTestedAt
  if (known === undefined || dayOf(known) > ownDay) return { due: 'no', overdueDays: 0, untilOwnDay }
  // Never validated since its last own day: how many of its days passed does not matter, only for how long it waits.
  const waits = rule.lastValidatedAt === undefined ? since : today - dayOf(rule.lastValidatedAt) - rule.validateModulus
  return { due: 'overdue', overdueDays: Math.max(since, waits), untilOwnDay }
}

/**
 * Whether all blocks are validated today: on the database's own day, and at once when it missed that (nobody tested, or the
 * test did not get that far), so that a missed day does not wait a whole cycle. Once a day at most.
 */
export function isValidationDue(rule: ValidationRule, options: ValidationHistory & { readonly now: number; readonly random?: (n: number) => number }): boolean {
  if (rule.validateModulus > 0) return stateOf({ ...rule, ...options }, dayOf(options.now)).due !== 'no'
  if (rule.validateChance <= 0) return false
  return (options.random ?? ((n) => randomInt(n)))(rule.validateChance) === 0
}

export interface ValidationSubject extends ValidationRule, ValidationHistory {
  readonly database: string
}

export interface PlannedValidation {
  readonly database: string
  /** `today`: its own day; `catch-up`: it missed its day and is validated today; `waiting`: it missed its day, and others that wait longer come first; `by-chance`: decided at the test; `off`. */
  readonly decision: 'today' | 'catch-up' | 'waiting' | 'not-today' | 'by-chance' | 'off'
  readonly overdueDays: number
  /** Days until its next own day, 0: today. Absent by chance or when off. */
  readonly daysUntilOwnDay?: number
  readonly lastValidatedAt?: number
}

/**
 * Which databases are validated today, for all of a configuration at once: every database on its own day, and of those that
 * missed theirs as many, longest overdue first, as keep the day below twice the average load. A pure function of the ledger, so
 * runs of single databases and of all of them decide the same.
 */
export function planValidations(subjects: readonly ValidationSubject[], now: number): readonly PlannedValidation[] {
  const today = dayOf(now)
  const states = new Map(subjects.filter((each) => each.validateModulus > 0).map((each) => [each.database, stateOf(each, today)]))
  const average = subjects.reduce((sum, each) => sum + (each.validateModulus > 0 ? 1 / each.validateModulus : 0), 0)
  const isDone = (each: ValidationSubject): boolean => each.lastValidatedAt !== undefined && dayOf(each.lastValidatedAt) === today
  const spoken = subjects.filter((each) => states.get(each.database)?.due === 'today' || isDone(each)).length
  const room = Math.max(0, 2 * Math.ceil(average) - spoken)
  const overdue = subjects
    .filter((each) => states.get(each.database)?.due === 'overdue')
    .sort((a, b) => (states.get(b.database)?.overdueDays ?? 0) - (states.get(a.database)?.overdueDays ?? 0) || (a.database < b.database ? -1 : 1))
  const caughtUp = new Set(overdue.slice(0, room).map((each) => each.database))
  return subjects.map((each): PlannedValidation => {
    const last = each.lastValidatedAt === undefined ? {} : { lastValidatedAt: each.lastValidatedAt }
    const state = states.get(each.database)
    if (state === undefined) return { database: each.database, decision: each.validateChance > 0 ? 'by-chance' : 'off', overdueDays: 0, ...last }
    const decision = state.due === 'today' ? 'today' : state.due === 'no' ? 'not-today' : caughtUp.has(each.database) ? 'catch-up' : 'waiting'
    return { database: each.database, decision, overdueDays: state.overdueDays, daysUntilOwnDay: state.untilOwnDay, ...last }
  })
}
