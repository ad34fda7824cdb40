export type VerdictOutcome = 'passed' | 'failed' | 'inconclusive'

/** Why a verdict is not `passed`; the list is closed so that a monitoring rule can rely on it. */
export type VerdictReasonCode =
  | 'ARCHIVED_LOG_MISSING' | 'BLOCK_CORRUPT' | 'DBID_MISMATCH' | 'MANIFEST_MISMATCH' | 'COPY_MISSING' | 'CONTROL_FILE_UNREADABLE' | 'RECOVERY_FAILED' | 'OPEN_FAILED'
  | 'SWITCH_INCOMPLETE' | 'SCN_MISMATCH' | 'TIME_OUT_OF_TOLERANCE' | 'DATAFILE_STATE' | 'NOT_A_RECOVERY_POINT' | 'VERIFICATION_FAILED'
  | 'GUARD_REFUSED' | 'SANDBOX_FAILED' | 'STORAGE_FAILED' | 'CANCELED' | 'INTERRUPTED' | 'INTERNAL'

export interface VerdictReason {
  readonly code: VerdictReasonCode
  /** One sentence with the facts: file, block, thread, sequence, SCN. */
  readonly text: string
  /** Oracle's own messages behind it, root cause last. */
  readonly messages?: readonly string[]
}

/** The result of one restore test. SCNs are decimal strings, times ISO UTC. */
export interface Verdict {
  readonly schema: 1
  readonly runId: string
  readonly database: string
  readonly dbid?: string
  readonly outcome: VerdictOutcome
  readonly reasons: readonly VerdictReason[]
  readonly warnings: readonly string[]
  readonly snapshot?: string
  readonly startedAt: string
  readonly finishedAt: string
  readonly host: string
  readonly sid?: string
  readonly target?: { readonly scn?: string; readonly time?: string }
  readonly verified?: { readonly scn?: string; readonly time?: string }
  /** target minus verified, seconds; negative: the restored data is newer. */
  readonly timeDifferenceSeconds?: number
  readonly scnDifference?: string
  readonly validation?: { readonly ran: boolean; readonly blocksExamined: number; readonly corruptBlocks: number }
  /** Seconds from the clone request to the open database: the measured RTO. */
  readonly restoreSeconds?: number
  readonly logFile?: string
}

/** A row of the ledger: opened before the test, closed after it. */
export interface LedgerEntry {
  readonly runId: string
  readonly database: string
  readonly snapshot?: string
  readonly startedAt: string
  readonly host: string
  readonly state: 'running' | 'closed'
  readonly verdict?: Verdict
}

export interface LedgerFilter {
  readonly database?: string
  readonly snapshot?: string
  /** ISO UTC. */
  readonly since?: string
  readonly limit?: number
}

/** Where verdicts are kept. */
export interface ProofLedger {
  readonly description: string
  /** True when the hosts that run backups and retention see the same rows. */
  readonly shared: boolean
  /** On disk when it resolves. @throws ICB_LEDGER_STORE */
  open(entry: Omit<LedgerEntry, 'state' | 'verdict'>): Promise<void>
  /** @throws ICB_LEDGER_STORE: the caller must treat the test as failed. */
  close(verdict: Verdict): Promise<void>
  /** Newest first. */
  list(filter?: LedgerFilter): Promise<readonly LedgerEntry[]>
  find(runId: string): Promise<LedgerEntry | undefined>
}
