import type { ProofLedger } from '@icb/ledger'
import type { HomeEnvironment, SqlSession } from '@icb/oracle'
import type { Rman } from '@icb/rman'
import type { Clock, EventSink, Journal, JournalRun, Lease, Logger } from '@icb/runtime'
import type { SnapshotStorage } from '@icb/storage-core'
import type { BackupSettings } from './settings.ts'

/** What every function of this package is given. */
export interface BaseDependencies {
  readonly settings: BackupSettings
  readonly clock: Clock
  readonly logger: Logger
  readonly events: EventSink
  readonly signal: AbortSignal
}

/** What needs only the storage (and the area's index where it is mounted). */
export interface StorageDependencies extends BaseDependencies {
  readonly storage: SnapshotStorage
  /** Verdicts of restore tests; absent: proofs are unknown. */
  readonly ledger?: ProofLedger
  /** Of the area, where one is held: asked again right before something is made or dropped. */
  readonly lease?: Pick<Lease, 'assertHeld'>
}

/** What talks to the database but makes no snapshot. */
export interface DatabaseDependencies extends BaseDependencies {
  /** The database whose files are backed up (SYSDBA or SYSBACKUP). */
  readonly sql: SqlSession
  /** The primary, when `sql` is a standby: logs are switched there. */
  readonly primarySql?: SqlSession
  readonly rman: Rman
  /** RMAN connected to the recovery catalog as well, where there is one: it is told after the backup, never needed for it. */
  readonly catalogRman?: Rman
  readonly runId: string
}

/** What a run of the backup workflow needs. */
export interface BackupDependencies extends StorageDependencies, DatabaseDependencies {
  readonly journal: Journal
  /** Held for this database's area; its token is checked before each step that changes something. */
  readonly lease: Lease
  /** Earlier runs of this action on this host whose journals have no end. */
  readonly unfinished: readonly JournalRun[]
  /** `icb 0.1.0`, for the manifest. */
  readonly tool: string
  /** Patches of the home and services of the database, recorded in the area once a day. Absent: not recorded. */
  readonly environment?: (signal: AbortSignal) => Promise<HomeEnvironment>
}
