/** Where a secret comes from. A literal text is accepted from the seed's credential files only. */
export type SecretReference = { readonly env: string } | { readonly file: string; readonly key?: string; readonly section?: string } | { readonly command: readonly string[] }

/** Where a value was written. */
export interface ConfigOrigin {
  readonly file: string
  readonly line?: number
  /** YAML only. */
  readonly column?: number
  /** INI section; in YAML the database's name or `defaults`. */
  readonly section?: string
  readonly key?: string
}

export interface ConfigWarning {
  readonly code: string
  readonly message: string
  readonly origin?: ConfigOrigin
}

export interface StorageConfig {
  /** `local`, `zfssa`, …, a package name, or a path. */
  readonly adapter: string
  /** As written; the adapter's own schema checks them (`fleet` joins the two). */
  readonly options: Readonly<Record<string, unknown>>
  /** Where each option was written, and `adapter` itself where it was, for errors of the adapter and its schema. */
  readonly origins: Readonly<Record<string, ConfigOrigin>>
}

export interface RetentionConfig {
  readonly keepDays: number
  readonly keepMonths: number
  readonly months: 'calendar' | 'compatible'
  readonly rules: readonly { readonly every: 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year'; readonly count: number; readonly keep: 'first' | 'last' }[]
  readonly zone: string
  readonly minRedundancy: number
}

export interface RestoreTestConfig {
  readonly enabled: boolean
  /** The scratch directory; must carry the sandbox marker. */
  readonly scratch?: string
  /** Mount point for the strategies `fstab` and `sudo`; with `already-mounted` `{clone}` stands for the clone's name. */
  readonly mountPoint?: string
  /** Fixed clone name for the strategy `fstab`. */
  readonly cloneName?: string
  readonly mount: 'path' | 'fstab' | 'sudo' | 'already-mounted'
  /** Program that the strategy `sudo` starts as root. */
  readonly mountHelper: string
  /** Newest snapshot at least this many hours old. */
  readonly minSnapshotAgeHours: number
  readonly logDir?: string
  readonly toleranceMinutes: number
  readonly validateChance: number
  readonly validateModulus: number
  readonly validationKey: string
  /** One query with one DATE; absent: SCN and SMON_SCN_TIME only. */
  readonly verifyQuery?: string
  readonly sgaSize: string
  readonly pgaSize: string
  readonly instanceNumber: number
  readonly thread: number
  /** SIDs of the slots, default ICB01; so many tests run side by side. `{slot}` in the mount point and the clone name stands for one of them. */
  readonly slots: readonly string[]
  /** `latest`: newest snapshot, its last SCN; `random`: any snapshot, any SCN of its window. */
  readonly point: 'latest' | 'random'
  /** The restored heartbeat (`icb heartbeat install`) is compared with the target. */
  readonly heartbeat: boolean
  readonly assertions: readonly { readonly name: string; readonly expect: string; readonly sql: string }[]
  readonly initParameters: Readonly<Record<string, string>>
  /** WALLET_ROOT of test instances. */
  readonly tdeWalletRoot?: string
  /** Of a keystore that does not open by itself. */
  readonly tdePassword?: SecretReference
  readonly acceptedCorruption: readonly { readonly file: number; readonly firstBlock: number; readonly blocks: number; readonly reason: string; readonly expires: string }[]
  /** Recorded deadlines in minutes for RMAN work; default 1440. */
  readonly deadlineMinutes: number
}

/** When monitoring warns and when it is critical, beside the ages of snapshots. */
export interface MonitoringConfig {
  /** Hours since the last proven restore. */
  readonly proofWarningHours: number
  readonly proofCriticalHours: number
  /** Hours since the newest archived log landed in the area; absent: as for snapshots. */
  readonly redoWarningHours?: number
  readonly redoCriticalHours?: number
  /** Free space of the volume. */
  readonly spaceWarningPercent: number
  readonly spaceCriticalPercent: number
}

/** Who is told of failures, and of success. Addresses may carry tokens, so they are secrets. */
export interface NotifyConfig {
  readonly webhook?: SecretReference
  /** `smtps://user:password@host`, `smtp://host:25`. */
  readonly mailServer?: SecretReference
  readonly mailTo: readonly string[]
  readonly mailFrom?: string
  readonly backupHeartbeat?: SecretReference
  readonly restoreTestHeartbeat?: SecretReference
}

/** One database with every override applied. */
export interface DatabaseConfig {
  /** Section name = db_unique_name. */
  readonly name: string
  /** Decimal; required. */
  readonly dbid: string
  readonly oracleHome?: string
  /** Connect identifier for SYSDBA work: `/@orcl`, or `/` for a local instance. */
  readonly connect: string
  /** ORACLE_SID when `connect` is `/`. */
  readonly sid?: string
  readonly primaryConnect: string
  /** What carries SQL; `auto`: node-oracledb in Thin mode where it can, else SQL*Plus. */
  readonly driver: 'auto' | 'thin' | 'thick' | 'sqlplus'
  /** Database user for the driver, with its password. */
  readonly user?: string
  readonly password?: SecretReference
  readonly privilege: 'sysdba' | 'sysbackup'
  readonly catalog?: string
  readonly registerCatalog: boolean
  readonly tnsAdmin?: string
  readonly osUser?: string
  /** Password of that user; absent: the environment variable OSPASSWORD. */
  readonly osPassword?: SecretReference
  readonly areaPath: string
  readonly storage: StorageConfig
  readonly parallel: number
  readonly sectionSize?: string
  /** Days of archived logs kept in the area. */
  readonly recoveryWindowDays: number
  readonly hasDataGuard: boolean
  readonly role: 'primary' | 'standby' | 'any'
  readonly snapshots: boolean
  readonly gridInfrastructure: boolean
  readonly snapshotControlfile?: string
  readonly retention: RetentionConfig
  readonly scheduleBackup: string
  readonly scheduleArchivelog: string
  readonly backupJobEnabled: boolean
  readonly warningAgeHours: number
  readonly criticalAgeHours: number
  readonly maxLockWaitMinutes: number
  readonly logRetentionDays: number
  /** Deadline of one refresh in minutes; default 1440. */
  readonly backupDeadlineMinutes: number
  /** Longest time of a query or statement, seconds; default 300. Starting and stopping a test instance may take twice that. */
  readonly sqlDeadlineSeconds: number
  /** Longest time of RMAN in a backup run other than its refresh, seconds; default 3600. */
  readonly rmanDeadlineSeconds: number
  /** How long to wait for a switched log to land, seconds; default 300. */
  readonly landingDeadlineSeconds: number
  /** How long a run waits for RMAN sessions of an earlier run to end; default 600. */
  readonly sessionDeadlineSeconds: number
  readonly restoreTest: RestoreTestConfig
  readonly monitoring: MonitoringConfig
  readonly notify: NotifyConfig
  readonly origin: ConfigOrigin
}

export interface LedgerConfig {
  /** `file`: a directory; both hosts must see the same one for proofs to count in retention. `oracle`: the schema behind `catalog`. */
  readonly kind: 'file' | 'oracle' | 'none'
  readonly path?: string
  /** The original's result catalog: `/@autorestore`. */
  readonly catalog?: string
  /** Owner of its schema for node-oracledb; absent: SQL*Plus takes the wallet. */
  readonly user?: string
  readonly password?: SecretReference
  readonly oracleHome?: string
  readonly tnsAdmin?: string
  readonly shared: boolean
}

export interface IcbConfig {
  /** Absolute path; absent for a plain object. */
  readonly file?: string
  readonly baseDir: string
  readonly format: 'ini' | 'yaml' | 'object'
  /** State directory: journals, local ledger, logs. Absent: the app's default. */
  readonly stateDir?: string
  /** Directory for leases instead of `<area>/.icb`. */
  readonly leaseDir?: string
  readonly ledger: LedgerConfig
  readonly adapterPath: readonly string[]
  readonly databases: readonly DatabaseConfig[]
  readonly warnings: readonly ConfigWarning[]
}
