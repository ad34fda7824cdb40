import type { PointEntry, RestoreTarget } from '@icb/recovery-point'
import type { EventSink, Journal, JournalRun, Lease, StepEvent } from '@icb/runtime'
import type { ProofLedger } from '@icb/ledger'
import type { RecoveryTarget } from '@icb/rman'
import type { RecoveryDependencies } from '../settings.ts'

/** What the DBA asks for. */
export interface RestoreRequest {
  readonly target: RestoreTarget
  /** SID of the instance that is started. */
  readonly sid: string
  /** Where the clone is mounted; needed for storages that export clones by NFS. A second clone goes to `<mount>-logs`. */
  readonly mount?: string
  readonly open: RestoreOpening
  /** Only say what would be done. */
  readonly dryRun: boolean
}

/** `resetlogs`: a database of its own that can be written to, under a new db_unique_name. */
export type RestoreOpening = { readonly mode: 'read-only' } | { readonly mode: 'resetlogs'; readonly uniqueName: string }

/** A snapshot of a plan. */
export interface PlannedPoint {
  readonly snapshot: string
  readonly snapshotId: string
  /** What the points index says of it; absent: nothing. */
  readonly entry?: PointEntry
}

/** What will be restored from what. */
export interface RestorePlan {
  /** `live`: the target lies behind the newest snapshot, so one is taken first; `logs` is not known yet. */
  readonly kind: 'single' | 'pair' | 'live'
  /** The snapshot whose copies and control file are used. */
  readonly copies: PlannedPoint
  /** A later snapshot that gives the archived logs between the two. */
  readonly logs?: PlannedPoint
  /** The index proves that the logs of both reach from one to the other; else only the clones can. */
  readonly chainKnown: boolean
  /** Times are database-local and exclusive; absent for `live`. */
  readonly goal?: RecoveryTarget
  readonly sid: string
  /** The request in words: the same request goes on with an interrupted restore, another one does not. */
  readonly asked: string
  /** The run's own directory: parameter file, control file, archived logs after RESETLOGS. */
  readonly scratch: string
  readonly mount?: string
  readonly open: RestoreOpening
}

export interface RestoreDependencies extends RecoveryDependencies {
  /** Absent: the restore is not recorded. */
  readonly ledger?: ProofLedger
  readonly journal: Journal
  readonly lease: Lease
  readonly events: EventSink<StepEvent>
  /** The interrupted run whose journal `journal` is: it goes on where that one ended. */
  readonly resume?: JournalRun
  /** Asked once, before anything is made. */
  readonly confirm: (plan: RestorePlan) => Promise<boolean>
  /** Tells the DBA what only he can do: mount commands for root. */
  readonly tell: (line: string) => void
  /** Switches logs and takes a snapshot of the live area; absent where the area or its database is out of reach. Answers the snapshot's name. */
  readonly snapshotNow?: (signal: AbortSignal) => Promise<string>
}

export interface RestoreResult {
  readonly runId: string
  readonly outcome: 'opened' | 'planned' | 'declined' | 'failed'
  readonly plan?: RestorePlan
  readonly resumed: boolean
  readonly error?: unknown
  readonly failedStep?: string
  /** SCN of the data files' headers. */
  readonly scn?: bigint
  /** Database-local time of that SCN. */
  readonly time?: string
  /** Directories of the clone(s). */
  readonly paths: readonly string[]
  readonly seconds?: number
  /** Why the ledger does not have it. */
  readonly storeError?: unknown
  readonly warnings: readonly string[]
  readonly cleanupErrors: readonly { readonly step: string; readonly error: unknown }[]
  readonly steps: readonly { readonly name: string; readonly durationMs: number; readonly status: 'done' | 'failed' | 'not-run'; readonly summary?: string }[]
}
