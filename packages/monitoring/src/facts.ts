import type { ProofStatistics } from '@icb/ledger'

/** What is known of one database now. Sizes in bytes, times in milliseconds since 1970; absent: not known from here. */
export interface DatabaseFacts {
  readonly database: string
  /** Why nothing could be asked of the storage; the rest is then absent. */
  readonly unavailable?: string
  readonly snapshots?: {
    readonly count: number
    /** Whose window is proven by its manifest and logs. */
    readonly restorable: number
    readonly newestAt?: number
    /** Last time that the newest restorable one reaches: how much would be lost now. */
    readonly newestReaches?: number
    readonly pinned: number
    readonly spaceBytes?: bigint
  }
  /** The image copies in the area. */
  readonly copies?: {
    readonly state: 'refreshed' | 'refreshing'
    readonly refreshedAt?: number
    readonly bytes: bigint
  }
  /** Archived logs in the area: when the newest one landed. */
  readonly redo?: { readonly newestLogAt: number }
  /** Snapshots that retention gave up days ago and that are still there. */
  readonly retention?: {
    /** Due for `retentionWarningDays` or longer, and of those for `retentionCriticalDays`. */
    readonly overdue: number
    readonly longOverdue: number
    /** `2 have clones`, for people. */
    readonly why: readonly string[]
  }
  /** Backup runs of this host, from their journals. */
  readonly backups?: {
    /** The newest one that ended. */
    readonly last: { readonly endedAt: number; readonly ok: boolean; readonly step?: string; readonly message?: string }
    /** Codes that every one of the last `runs` runs warned with. */
    readonly persistingWarnings: readonly string[]
    readonly runs: number
  }
  readonly volume?: { readonly sizeBytes?: bigint; readonly freeBytes?: bigint }
  /** `undefined`: no ledger is configured or it cannot be reached (`ledgerProblem`). */
  readonly proofs?: ProofStatistics
  readonly ledgerProblem?: string
  readonly restoreTests: boolean
  /** From the configuration. */
  readonly thresholds: Thresholds
}

/** When something is late, hours; below what free space is little, percent. */
export interface Thresholds {
  readonly warningAgeHours: number
  readonly criticalAgeHours: number
  /** Of the last passed restore test. */
  readonly proofWarningHours: number
  readonly proofCriticalHours: number
  /** Of the newest archived log in the area. Default: as for snapshots. */
  readonly redoWarningHours?: number
  readonly redoCriticalHours?: number
  readonly spaceWarningPercent: number
  readonly spaceCriticalPercent: number
}

/** A proof a day is the aim: one missed day is noticed, three are an alarm. */
export const usualThresholds: Omit<Thresholds, 'warningAgeHours' | 'criticalAgeHours'> = { proofWarningHours: 36, proofCriticalHours: 84, spaceWarningPercent: 15, spaceCriticalPercent: 5 }

/** For how long a snapshot may outlive retention. */
export const retentionWarningDays = 2
export const retentionCriticalDays = 7

/**
 * To when the database can be restored from what the backup storage has now: the newest restorable snapshot, or the newest log beside complete
 * copies. Milliseconds since 1970; now minus it is the effective RPO.
 */
export function reachesTo({ snapshots, copies, redo }: DatabaseFacts): number | undefined {
  const live = copies?.state === 'refreshed' ? redo?.newestLogAt : undefined
  const reached = [snapshots?.newestReaches, live].filter((at) => at !== undefined)
  return reached.length === 0 ? undefined : Math.max(...reached)
}
