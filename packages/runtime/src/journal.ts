/** One line of a journal. `intent` is written and synced before the world is changed, `outcome` after. */
export interface JournalRecord {
  readonly v: 1
  readonly seq: number
  /** ISO 8601, UTC. */
  readonly at: string
  readonly runId: string
  readonly kind: 'run' | 'intent' | 'outcome' | 'failure' | 'compensated' | 'reconciled' | 'end'
  /** Name of the step; absent for `run` and `end`. */
  readonly step?: string
  /** Fencing token of the lease under which it was written. */
  readonly token?: number
  /** JSON data: for `run` its header, for `intent` the names it will create, for `outcome` what it returned. Never a secret. */
  readonly data?: unknown
}

export interface JournalHeader {
  readonly action: string
  readonly database: string
  readonly host: string
  readonly hostId: string
  readonly version: string
}

export type JournalEntry = Omit<JournalRecord, 'v' | 'seq' | 'at' | 'runId'>

/** Append-only record of one run. Each append is on disk when it resolves. */
export interface Journal {
  readonly runId: string
  readonly path: string
  /** Secrets in strings are redacted, bigints become decimal strings. @throws ICB_JOURNAL_WRITE */
  append(entry: JournalEntry): Promise<JournalRecord>
  close(): Promise<void>
}

/**
 * What a journal says of one step.
 * `open`: begun, no end known. `half-done`: it failed and its compensation is not recorded. `failed`: it failed and has nothing to undo.
 */
export type JournalStepState = 'open' | 'half-done' | 'failed' | 'done' | 'compensated' | 'reconciled'

export interface JournalStep {
  readonly name: string
  readonly state: JournalStepState
  /** The data of its intents, in order. */
  readonly intents: readonly unknown[]
  /** The data of its last record that is no intent. */
  readonly result?: unknown
}

/** A run as read back from its journal. A torn last line is dropped; damage before it is an error. */
export interface JournalRun {
  readonly runId: string
  readonly path: string
  readonly header: JournalHeader
  readonly records: readonly JournalRecord[]
  /** True when the `end` record is there. */
  readonly finished: boolean
  /** The steps that wrote an intent, in order of their first one. */
  readonly steps: readonly JournalStep[]
  /** Intents whose effect is not known or not undone: no outcome, compensation or reconciliation, and no failure of a step that has nothing to undo. */
  readonly openIntents: readonly JournalRecord[]
}
