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
  readonly spaceWarningPercent: number
  readonly spaceCriticalPercent: number
}

/** A proof a day is the aim: one missed day is noticed, three are an alarm. */
export const usualThresholds: Omit<Thresholds, 'warningAgeHours' | 'criticalAgeHours'> = { proofWarningHours: 36, proofCriticalHours: 84, spaceWarningPercent: 15, spaceCriticalPercent: 5 }
