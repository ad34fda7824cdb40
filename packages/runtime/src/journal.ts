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
  append(entry: JournalEntry): Promise<JournalRecord>
  close(): Promise<void>
}

/** A run as read back from its journal. A torn last line is dropped; damage before it is an error. */
export interface JournalRun {
  readonly runId: string
  readonly path: string
  readonly header: JournalHeader
  readonly records: readonly JournalRecord[]
  /** True when the `end` record is there. */
  readonly finished: boolean
  /** Intents without outcome, failure, compensation or reconciliation. */
  readonly openIntents: readonly JournalRecord[]
}
