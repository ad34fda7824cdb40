import type { Clock, EventSink, Journal, JournalRun, Lease, Logger, ProcessRunner, Secret, StepEvent } from '@icb/runtime'
import type { ProofLedger, Verdict } from '@icb/ledger'
import type { InstanceControl, SqlSession } from '@icb/oracle'
import type { Rman } from '@icb/rman'
import type { SnapshotStorage } from '@icb/storage-core'
import type { Assertion } from './assertions.ts'
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
  /** `latest`: newest snapshot, its last SCN; `random`: any snapshot, any SCN of its window. */
  readonly point: 'latest' | 'random'
  /** The restored heartbeat is compared with the target, too. */
  readonly heartbeat: boolean
  readonly assertions: readonly Assertion[]
  readonly mount: 'path' | 'fstab' | 'sudo' | 'already-mounted'
  /** `{slot}` stands for the slot's name in lower case; needed with several slots. `{clone}`, with `already-mounted`: the clone's name. */
  readonly mountPoint?: string
  /** As `mountPoint`. */
  readonly cloneName?: string
  /** The program that the strategy `sudo` starts as root, default `defaultMountHelper`; see `renderMountHelper`. */
  readonly mountHelper?: string
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
  /** Transparent Data Encryption: redo of encrypted tablespaces is applied only where the keystore is open. */
  readonly tde?: {
    /** WALLET_ROOT of the test instance; the keystore is in its `tde` directory. */
    readonly walletRoot: string
    /** Absent: the keystore opens by itself (`cwallet.sso`). */
    readonly password?: (signal: AbortSignal) => Promise<Secret>
  }
  readonly acceptedCorruption: readonly AcceptedCorruption[]
  /** Deadline of each RMAN step, milliseconds. */
  readonly deadlineMs: number
}

/** The test instance, reached as its local owner (`/ as sysdba`). */
export interface SandboxOracle {
  readonly sql: SqlSession
  readonly rman: Rman
  readonly instance: InstanceControl
  /** Where its instances leave their `hc_` and `lk` files: `dbs` of the Oracle home. */
  readonly dbsDirectory: string
}

/** What restore tests and restores share. */
export interface RecoveryDependencies {
  readonly settings: RestoreTestSettings
  readonly storage: SnapshotStorage
  /** Opens the programs of the sandbox's Oracle home for one SID. */
  readonly sandboxOracle: (sid: string) => SandboxOracle
  readonly host: HostView
  readonly runProcess: ProcessRunner
  readonly runId: string
  readonly clock: Clock
  readonly logger: Logger
  readonly signal: AbortSignal
}

export interface RestoreTestDependencies extends RecoveryDependencies {
  readonly ledger: ProofLedger
  readonly journal: Journal
  readonly lease: Lease
  /** Journals of earlier tests on this host that never ended. */
  readonly unfinished: readonly JournalRun[]
  readonly events: EventSink<StepEvent>
  /** Directory of the slots' locks, the same for every test of this host. */
  readonly slotLocks: string
  /** How long to wait while all slots are in use, milliseconds. */
  readonly slotWaitMs: number
}

export interface RestoreTestOptions {
  /** Snapshot name; absent: the newest one of ours that is old enough. */
  readonly snapshot?: string
  /** Default: as in the settings. Not with `snapshot`: that one is restored to its last SCN. */
  readonly point?: 'latest' | 'random'
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
