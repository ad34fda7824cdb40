import type { Clock } from './clock.ts'
import type { EventSink, IcbEvent } from './events.ts'
import type { Journal } from './journal.ts'
import type { Lease } from './lease.ts'
import type { Logger } from './logger.ts'

export interface StepProgress {
  /** 0 to 1. */
  readonly fraction?: number
  readonly text?: string
}

export type StepEvent = IcbEvent &
  (
    | { readonly type: 'run.started'; readonly action: string; readonly steps: readonly string[] }
    | { readonly type: 'step.started'; readonly step: string; readonly title: string }
    | { readonly type: 'step.progress'; readonly step: string; readonly progress: StepProgress }
    | { readonly type: 'step.finished'; readonly step: string; readonly durationMs: number; readonly summary?: string }
    | { readonly type: 'step.failed'; readonly step: string; readonly durationMs: number; readonly code: string; readonly message: string }
    | { readonly type: 'step.compensated'; readonly step: string; readonly ok: boolean; readonly message?: string }
    | { readonly type: 'run.warning'; readonly code: string; readonly message: string; readonly step?: string }
    | { readonly type: 'run.finished'; readonly ok: boolean; readonly durationMs: number }
  )

/** What a running step gets. */
export interface StepRun {
  readonly runId: string
  readonly signal: AbortSignal
  readonly logger: Logger
  readonly progress: (progress: StepProgress) => void
  /** Shown behind the finished step: `4 files, 12.3 MB`. */
  readonly summary: (text: string) => void
  readonly warn: (code: string, message: string) => void
  /** Adds facts to the intent before the world is changed (a name that is only known now). On disk when it resolves. */
  readonly intend: (data: unknown) => Promise<void>
}

/** One named step of a workflow; `C` is the workflow's own context. */
export interface Step<C> {
  /** Stable, kebab-case: `snapshot-create`. */
  readonly name: string
  readonly title: string
  /** False (default true): the step only reads, so no intent is journalled and the lease is not asked. */
  readonly changes?: boolean
  /** JSON data written as the intent before `run`. */
  intent?(context: C): unknown
  run(context: C, step: StepRun): Promise<void>
  /** Undoes the step when a later step fails or in the finally-phase; must accept that it was half done. */
  compensate?(context: C, step: StepRun): Promise<void>
  /** `always`: compensation runs also after success (restore test clean-up). Default `on-failure`. */
  readonly compensateWhen?: 'on-failure' | 'always'
}

export interface RunStepsOptions<C> {
  readonly action: string
  readonly database: string
  readonly context: C
  readonly steps: readonly Step<C>[]
  readonly journal: Journal
  readonly lease?: Lease
  readonly events: EventSink
  readonly clock: Clock
  readonly logger: Logger
  readonly signal: AbortSignal
  /** Steps that an earlier, interrupted run of the same journal has done: not run again, but compensated like the others. Names that are no step are ignored. */
  readonly alreadyDone?: readonly string[]
  /** More steps follow under the same journal: when these succeed, no end is recorded and nothing is compensated yet. */
  readonly continues?: boolean
  /** What a run must not end without, such as storing its verdict: called before its end is recorded, so that a run killed in it is found as unfinished. */
  readonly conclude?: (result: RunStepsResult) => Promise<void>
  /** A failure leaves everything as it is and the journal without an end, so that the run can be resumed: for work that must go on and not back. */
  readonly resumable?: boolean
  /** Time for one compensation; then it is given up and the next one starts. Default 600000. */
  readonly compensationDeadlineMs?: number
}

export interface RunStepsResult {
  readonly ok: boolean
  /** The first failure; compensation failures are in `compensationErrors`. */
  readonly error?: unknown
  readonly failedStep?: string
  readonly compensationErrors: readonly { readonly step: string; readonly error: unknown }[]
  readonly warnings: readonly { readonly code: string; readonly message: string; readonly step?: string }[]
  readonly steps: readonly { readonly name: string; readonly durationMs: number; readonly status: 'done' | 'failed' | 'not-run'; readonly summary?: string }[]
}
