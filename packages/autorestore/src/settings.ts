import type { Clock, EventSink, Journal, JournalRun, Lease, Logger, ProcessRunner, StepEvent } from '@icb/runtime'
import type { ProofLedger, Verdict } from '@icb/ledger'
import type { InstanceControl, SqlSession } from '@icb/oracle'
import type { Rman } from '@icb/rman'
import type { SnapshotStorage } from '@icb/storage-core'
import type { HostView } from './host-view.ts'

/** Blocks known to be corrupt and accepted for a time. */
export interface AcceptedCorruption {
  readonly file: number
  readonly firstBlock: number
  readonly blocks: number
  readonly reason: string
  /** ISO date; ignored after it. */
  readonly expires: string
}

/** What a restore test of one database needs to know. */
export interface RestoreTestSettings {
  /** db_unique_name as configured. */
  readonly database: string
  /** Decimal. */
  readonly dbid: string
  /** The live backup area as this host would see it; it is never opened for writing. */
  readonly areaPath: string
  /** Marked by `sandbox prepare`; each test makes and removes a directory of its own in it. */
  readonly scratch: string
  /** ADR base of the test instances. */
  readonly logDir?: string
  /** SIDs, at most 8 alphanumeric characters each; one test uses one. */
  readonly slots: readonly string[]
  readonly mount: 'path' | 'fstab' | 'sudo' | 'already-mounted'
  readonly mountPoint?: string
  readonly cloneName?: string
  readonly minSnapshotAgeHours: number
  readonly toleranceMinutes: number
  /** One query that returns one DATE in the database's local time. */
  readonly verifyQuery?: string
  readonly validateChance: number
  readonly validateModulus: number
  readonly validationKey: string
  readonly sgaSize: string
  readonly pgaSize: string
  readonly instanceNumber: number
  readonly thread: number
  readonly initParameters: Readonly<Record<string, string>>
  readonly acceptedCorruption: readonly AcceptedCorruption[]
  /** Deadline of each RMAN step, milliseconds. */
  readonly deadlineMs: number
}

/** The test instance, reached as its local owner (`/ as sysdba`). */
export interface SandboxOracle {
  readonly sql: SqlSession
  readonly rman: Rman
  readonly instance: InstanceControl
}

export interface RestoreTestDependencies {
  readonly settings: RestoreTestSettings
  readonly storage: SnapshotStorage
  /** Opens the programs of the sandbox's Oracle home for one SID. */
  readonly sandboxOracle: (sid: string) => SandboxOracle
  readonly ledger: ProofLedger
  readonly journal: Journal
  readonly lease: Lease
  /** Journals of earlier tests on this host that never ended. */
  readonly unfinished: readonly JournalRun[]
  readonly host: HostView
  readonly runProcess: ProcessRunner
  readonly runId: string
  readonly clock: Clock
  readonly logger: Logger
  readonly events: EventSink<StepEvent>
  readonly signal: AbortSignal
}

export interface RestoreTestOptions {
  /** Snapshot name; absent: the newest one of ours that is old enough. */
  readonly snapshot?: string
  /** `due`: by chance or modulus of the settings. */
  readonly validate: 'always' | 'due' | 'never'
  readonly logFile?: string
}

export interface RestoreTestResult {
  readonly verdict: Verdict
  /** Set when the verdict could not be stored: the run then counts as failed. */
  readonly storeError?: unknown
  /** What was left behind, if clean-up failed. */
  readonly cleanupErrors: readonly { readonly step: string; readonly error: unknown }[]
  readonly steps: readonly { readonly name: string; readonly durationMs: number; readonly status: 'done' | 'failed' | 'not-run'; readonly summary?: string }[]
}
