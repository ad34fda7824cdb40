import { DateTime } from 'luxon'

/** A snapshot of the share, whoever made it: the original asks for no more. */
export interface ShareSnapshot {
  readonly name: string
  /** ISO UTC. */
  readonly createdAt: string
  readonly hasClones: boolean | undefined
}

export interface OriginalRule {
  /** `snapexpirationdays`, `snapexpirationmonths` */
  readonly days: number
  readonly months: number
}

const dayMs = 86_400_000

/** Names of the snapshots that the original's `zsnapper clean` would leave now: its months have 31 days, and the last of one is known by its next newer neighbour. */
export function keptByOriginal(share: readonly ShareSnapshot[], rule: OriginalRule, now: number): ReadonlySet<string> {
  const sorted = share.map((snapshot) => ({ ...snapshot, at: Date.parse(snapshot.createdAt), month: DateTime.fromISO(snapshot.createdAt, { zone: 'utc' }).toFormat('yyyy-MM') })).sort((a, b) => a.at - b.at)
  return new Set(sorted.filter(({ at, month, hasClones }, index) => {
    const age = now - at
    const expired = age > rule.days * dayMs && (age > rule.months * 31 * dayMs || sorted[index + 1]?.month === month)
    return !expired || hasClones === true
  }).map(({ name }) => name))
}

/** What icb would do with a snapshot, from a dry run of its retention. */
export interface PlannedOutcome {
  readonly snapshot: string
  readonly keeps: boolean
  readonly reasons: readonly string[]
}

export interface RetentionDifference {
  readonly snapshot: string
  readonly original: 'keeps' | 'drops'
  readonly icb: 'keeps' | 'drops'
  /** icb's reasons. */
  readonly reasons: readonly string[]
  /** icb keeps more: nothing is lost by it. */
  readonly safe: boolean
}

/** Snapshots that the two would treat differently now. Empty: the same decisions. */
export function compareRetention(share: readonly ShareSnapshot[], rule: OriginalRule, planned: readonly PlannedOutcome[], now: number): readonly RetentionDifference[] {
  const kept = keptByOriginal(share, rule, now)
  return planned.flatMap(({ snapshot, keeps, reasons }): RetentionDifference[] => {
    const original = kept.has(snapshot)
    return original === keeps ? [] : [{ snapshot, original: original ? 'keeps' : 'drops', icb: keeps ? 'keeps' : 'drops', reasons, safe: keeps }]
  })
}
