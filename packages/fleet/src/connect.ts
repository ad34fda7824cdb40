import { join } from 'node:path'
import { systemHostView } from '@icb/autorestore'
import type { HostView, RestoreTestSettings, SandboxOracle } from '@icb/autorestore'
import type { BackupSettings } from '@icb/backup'
import { findDatabase, resolveSecret } from '@icb/config'
import type { DatabaseConfig, Environment, IcbConfig } from '@icb/config'
import type { KeptLedger } from '@icb/ledger'
import { chooseDriver, createInstanceControl, createOracledbSession, createSqlPlusSession, findOracledb, oracleEnvironment, oracleErrors, readHomeEnvironment, withFallback } from '@icb/oracle'
import type { DriverChoice, HomeEnvironment, SqlSession } from '@icb/oracle'
import { createRman } from '@icb/rman'
import type { Rman } from '@icb/rman'
import type { Check, Clock, EventSink, HostFacts, Logger, ProcessRunner } from '@icb/runtime'
import { createAdapterRegistry, withRetry } from '@icb/storage-core'
import type { BuiltInAdapter, SnapshotStorage } from '@icb/storage-core'
import { adapterOptions } from './adapter-options.ts'
import { fleetErrors as errors } from './errors.ts'
import { openLedger, stateDirectory } from './ledger.ts'
import { backupSettingsOf, restoreTestSettingsOf } from './settings.ts'

/** What an app gives to every connection. */
export interface FleetContext {
  /** Adapters that come with the app; others are found by package name or path. */
  readonly adapters: readonly BuiltInAdapter[]
  readonly env: Environment
  readonly clock: Clock
  readonly logger: Logger
  readonly events: EventSink
  readonly runProcess: ProcessRunner
  readonly host: HostFacts
  /** Effective user id and home directory of this process. */
  readonly uid: number
  readonly homeDirectory: string
  /** `icb 0.1.0` */
  readonly tool: string
  /** Used when the configuration names no state directory. */
  readonly defaultStateDir: string
}

/** Where this database's state lies on this host; never in its area. */
export interface StatePaths {
  readonly root: string
  readonly journals: string
  readonly logs: string
  /** Old values that `configure` replaced, leases of restore tests. */
  readonly database: string
  /** The lease that protects the area. */
  readonly areaLease: string
  /** The lease that keeps two restore tests of one database apart on this host. */
  readonly sandboxLease: string
  /** The lease that keeps two restores of one database apart on this host. */
  readonly restoreLease: string
  /** Locks of the slots of this host. */
  readonly slotLocks: string
}

/**
 * Everything that workflows need for one database, wired. A frozen record of ports; whatever costs something is opened at
 * the first use. Dispose it when done.
 */
export interface DatabaseConnection extends AsyncDisposable {
  readonly config: DatabaseConfig
  readonly backupSettings: BackupSettings
  readonly restoreTestSettings: RestoreTestSettings | undefined
  readonly paths: StatePaths
  readonly storage: () => Promise<SnapshotStorage>
  /** What the adapter wants `doctor` to ask. */
  readonly storageChecks: () => Promise<readonly Check[]>
  /** Which driver carries SQL, and why. */
  readonly driver: () => DriverChoice
  /** SYSDBA work on the database. @throws ICB_FLEET_NO_ORACLE_HOME, ICB_ORACLE_DRIVER */
  readonly sql: () => SqlSession
  /** The primary, where backups run on a standby; else the same database. */
  readonly primarySql: () => SqlSession | undefined
  readonly rman: () => Rman
  /** The same with the recovery catalog, for a database that uses one. */
  readonly catalogRman: () => Rman | undefined
  /** Patches of the Oracle home, and services where Clusterware manages the database. */
  readonly environment: (signal: AbortSignal) => Promise<HomeEnvironment>
  /** The programs of this host's Oracle home for a local test instance. */
  readonly sandboxOracle: (sid: string) => SandboxOracle
  readonly ledger: () => KeptLedger | undefined
  readonly hostView: HostView
  readonly context: FleetContext
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}

/**
 * Wires one database of a configuration. Nothing is opened yet.
 * @throws ICB_CONFIG_UNKNOWN_DATABASE
 */
export function connectDatabase(config: IcbConfig, name: string, context: FleetContext): DatabaseConnection {
  const database = findDatabase(config, name)
  const { clock, logger, runProcess, env } = context
  const log = logger.child({ database: name })
  const root = stateDirectory(config, context)
  const closers: (() => Promise<void>)[] = []

  const home = (): string => {
    if (database.oracleHome === undefined) throw errors.NO_ORACLE_HOME(`${name} has no Oracle home`, { hint: 'Set oraclehome (oracleHome) in the configuration, or ORACLE_HOME.' })
    return database.oracleHome
  }
  const environment = (sid?: string): Record<string, string> =>
    oracleEnvironment({ oracleHome: home(), home: context.homeDirectory, ...(sid === undefined ? {} : { sid }), ...(database.tnsAdmin === undefined ? {} : { tnsAdmin: database.tnsAdmin }) })
  const sqlplus = (connect: string, sid?: string): SqlSession =>
    createSqlPlusSession({ oracleHome: home(), connect, deadlineMs: database.sqlDeadlineSeconds * 1000, privilege: database.privilege, env: environment(connect === '/' ? sid : undefined), runProcess, logger: log })
  const choice = (connect: string): DriverChoice =>
    chooseDriver({ wish: database.driver, connect, hasCredentials: database.user !== undefined && database.password !== undefined, isInstalled: findOracledb([config.baseDir]) !== undefined })
  const withDriver = (connect: string, driver: 'thin' | 'thick'): SqlSession =>
    createOracledbSession({
      driver,
      connectString: connect.replace(/^\/@/, ''),
      privilege: database.privilege,
      ...(database.user === undefined ? {} : { user: database.user, password: (signal) => resolveSecret(database.password, `password of ${name}`, { env, baseDir: config.baseDir, runProcess, clock, signal }) }),
      ...(database.tnsAdmin === undefined ? {} : { tnsAdmin: database.tnsAdmin }),
      moduleDirectories: [config.baseDir],
      deadlineMs: database.sqlDeadlineSeconds * 1000,
      clock,
      logger: log,
    })
  const session = (connect: string, sid?: string): SqlSession => {
    const { driver, problem } = choice(connect)
    if (problem !== undefined) throw oracleErrors.DRIVER(`${name}: driver ${driver} cannot be used: ${problem}`, { hint: 'Set driver = auto or sqlplus, or install what is missing (npm install oracledb).' })
    const sql = driver === 'sqlplus' ? sqlplus(connect, sid) : database.driver === 'auto' ? withFallback(withDriver(connect, driver), () => sqlplus(connect, sid), log) : withDriver(connect, driver)
    closers.push(() => sql.close())
    return sql
  }
  const rman = (connect: string, sid?: string, catalog?: string): Rman => createRman({ oracleHome: home(), connect, env: environment(connect === '/' ? sid : undefined), runProcess, logger: log, ...(catalog === undefined ? {} : { catalog }) })

  const loadAdapter = once(() => createAdapterRegistry({ builtIn: context.adapters, baseDir: config.baseDir, adapterPath: config.adapterPath }).load(database.storage.adapter))
  const openStorage = async (): Promise<SnapshotStorage> => {
    const adapter = await loadAdapter()
    const options = adapterOptions(adapter, database.storage)
    const storage = await adapter.open(options, {
      database: name, areaPath: database.areaPath, baseDir: config.baseDir, clock, logger: log, runProcess,
      resolveSecret: (reference, label) => resolveSecret(reference, label, { env, baseDir: config.baseDir, runProcess, clock }),
    })
    closers.push(async () => storage.close?.())
    return withRetry(storage, { clock, logger: log })
  }

  const connection: DatabaseConnection = {
    config: database,
    backupSettings: backupSettingsOf(database),
    restoreTestSettings: restoreTestSettingsOf(database, (reference, signal) => resolveSecret(reference, `password of the keystore of ${name}`, { env, baseDir: config.baseDir, runProcess, clock, signal })),
    paths: {
      root,
      journals: join(root, 'journals'),
      logs: join(root, 'logs'),
      database: join(root, 'databases', name),
      areaLease: config.leaseDir === undefined ? join(database.areaPath, '.icb', 'lease') : join(config.leaseDir, `${name}.lease`),
      sandboxLease: join(root, 'leases', `restore-test-${name}.lease`),
      restoreLease: join(root, 'leases', `restore-${name}.lease`),
      slotLocks: join(root, 'leases'),
    },
    storage: once(openStorage),
    storageChecks: async () => (await loadAdapter()).checks?.(await connection.storage()) ?? [],
    driver: once(() => choice(database.connect)),
    sql: once(() => session(database.connect, database.sid)),
    primarySql: once(() => (database.primaryConnect === database.connect ? undefined : session(database.primaryConnect, database.sid))),
    rman: once(() => rman(database.connect, database.sid)),
    catalogRman: once(() => (database.registerCatalog && database.catalog !== undefined ? rman(database.connect, database.sid, database.catalog) : undefined)),
    environment: (signal) => readHomeEnvironment({ oracleHome: home(), database: name, clusterware: database.gridInfrastructure, env: environment(), runProcess, signal }),
    sandboxOracle: (sid) => ({
      sql: sqlplus('/', sid),
      rman: rman('/', sid),
      instance: createInstanceControl({ oracleHome: home(), sid, deadlineMs: database.sqlDeadlineSeconds * 2000, env: environment(sid), runProcess, logger: log }),
      dbsDirectory: join(home(), 'dbs'),
    }),
    ledger: once(() => openLedger(config, context)),
    hostView: systemHostView({ hostname: context.host.hostname, hostId: context.host.hostId, uid: context.uid, homeDirectory: context.homeDirectory, clock }),
    context,
    async [Symbol.asyncDispose]() {
      for (const close of closers.splice(0)) await close().catch((error: unknown) => { log.warn({ error: (error as Error).message }, 'closing failed') })
    },
  }
  return Object.freeze(connection)
}
