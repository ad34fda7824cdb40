import type { DateTime } from 'luxon'

export interface RetentionCandidate {
  readonly id: string
  readonly createdAt: DateTime
  /** Foreign snapshots are reported, never dropped, never counted. */
  readonly ours: boolean
  /** `false`: no recovery point. `undefined`: unknown, never counted as restorable and never dropped for that reason. */
  readonly restorable: boolean | undefined
  /** Time of the newest passed restore test of this snapshot. */
  readonly provenAt?: DateTime
  readonly pinnedUntil?: DateTime | 'forever'
  readonly lockedUntil?: DateTime
  readonly hasClones: boolean | undefined
}

export type RetentionPeriod = 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year'

/** Keep one snapshot of each of the last `count` periods; the running one is the first of them. */
export interface RetentionRule {
  readonly every: RetentionPeriod
  readonly count: number
  /** Which one of a period stays. Default `last`. */
  readonly keep?: 'first' | 'last'
}

export interface RetentionPolicy {
  /** Keep everything younger than this many days of 24 hours. */
  readonly keepDays: number
  /** Then the last one of each month, for the running month and this many before it (`compatible`: up to an age of this many times 31 days). */
  readonly keepMonths: number
  /** `calendar` (default): calendar months in `zone`. `compatible`: the seed's rule, months of 31 days and UTC month strings. */
  readonly months?: 'calendar' | 'compatible'
  readonly rules?: readonly RetentionRule[]
  /** IANA zone whose days, weeks, months … the rules count. Default `utc`. */
  readonly zone?: string
  /** Restorable snapshots that are always kept, newest first. Default 2, minimum 1. */
  readonly minRedundancy?: number
  /** Keep the newest proven snapshot whatever the rules say. Default true where proofs are known. */
  readonly keepNewestProven?: boolean
}

export interface RetentionSituation {
  readonly now: DateTime
  /** The backup is overdue: nothing above the floor is dropped (freeze) unless `spaceLow` or `overrideFreeze`. */
  readonly overdue: boolean
  readonly spaceLow?: boolean
  readonly overrideFreeze?: boolean
  /** Whether restore tests run and their verdicts are visible; `unknown` keeps the plain floor and says so. */
  readonly proofs: 'known' | 'unknown'
}

export type RetentionReasonCode =
  | 'foreign' | 'in-the-future' | 'within-days' | 'last-of-month' | 'rule' | 'min-redundancy' | 'newest-proven' | 'pinned' | 'locked' | 'has-clones' | 'clones-unknown' | 'frozen' | 'not-restorable-recent' | 'expired'

export interface RetentionReason {
  readonly code: RetentionReasonCode
  /** One phrase for people: `last of 2026-03`, `younger than 31 days`. */
  readonly text: string
}

export interface RetentionDecision {
  readonly candidate: RetentionCandidate
  readonly action: 'keep' | 'drop'
  readonly reasons: readonly RetentionReason[]
}

export interface RetentionPlan {
  /** Oldest first; one per candidate. */
  readonly decisions: readonly RetentionDecision[]
  readonly frozen: boolean
  /** Sentences a person should read: proofs unknown, fewer restorable snapshots than the floor. */
  readonly warnings: readonly string[]
}
