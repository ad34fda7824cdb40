import type { Manifest } from '@icb/recovery-point'
import type { EventSink, Journal, JournalRun, Lease, StepEvent } from '@icb/runtime'
import type { RecoveryRun } from '../restore-run.ts'
import type { RecoveryDependencies } from '../settings.ts'
import type { RescuedFile, RescuePlan } from './rescue-plan.ts'

export interface RescueDependencies extends RecoveryDependencies {
  readonly journal: Journal
  readonly lease: Lease
  readonly events: EventSink<StepEvent>
  /** The interrupted rescue whose journal `journal` is. */
  readonly resume?: JournalRun
  /** The state directory of this host; the rescue gets one of its own in it. */
  readonly stateDir: string
  /** Asked once, before anything is made. */
  readonly confirm: (plan: RescuePlan, manifest: Manifest) => Promise<boolean>
  /** Tells the DBA what only he can do: mount commands for root. */
  readonly tell: (line: string) => void
  /** Takes a snapshot of the live area as it is; answers its name. */
  readonly snapshotNow: (signal: AbortSignal) => Promise<string>
}

export interface RescueRequest {
  /** SID of the database's instance on this host. */
  readonly sid: string
  /** Up to and including; absent: to the last archived log. */
  readonly untilScn?: bigint
  /** Where the clone is mounted; for storages that export clones. */
  readonly mount?: string
  /** Stop when everything is recovered and before RESETLOGS, to look at it; the next call goes on. */
  readonly hold: boolean
  readonly dryRun: boolean
}

/** A rescue from its plan to the database in its old places. */
export interface RescueRun extends RecoveryRun {
  readonly deps: RescueDependencies
  readonly plan: RescuePlan
  /** Where the data files belong. */
  places: readonly RescuedFile[]
  /** Files at the database's own paths that this rescue made itself before it was interrupted. */
  readonly ownFiles: readonly string[]
}

export interface RescueResult {
  readonly runId: string
  /** `held`: recovered and not opened. */
  readonly outcome: 'rescued' | 'held' | 'planned' | 'declined' | 'failed'
  readonly resumed: boolean
  readonly plan?: RescuePlan
  /** What the rescue does, or did, in order. */
  readonly steps: readonly { readonly name: string; readonly title: string; readonly status: 'done' | 'failed' | 'not-run'; readonly durationMs: number; readonly summary?: string }[]
  readonly scn?: bigint
  readonly time?: string
  readonly error?: unknown
  readonly failedStep?: string
  readonly warnings: readonly string[]
  /** What is left for the DBA. */
  readonly notes: readonly string[]
}
