import { join } from 'node:path'
import { systemHostView } from '@icb/autorestore'
import type { HostView, RestoreTestSettings, SandboxOracle } from '@icb/autorestore'
import type { BackupSettings } from '@icb/backup'
import { findDatabase, resolveSecret } from '@icb/config'
import type { DatabaseConfig, Environment, IcbConfig } from '@icb/config'
import { createFileLedger } from '@icb/ledger'
import type { FileLedger } from '@icb/ledger'
import { createInstanceControl, createSqlPlusSession, oracleEnvironment } from '@icb/oracle'
import type { SqlSession } from '@icb/oracle'
import { createRman } from '@icb/rman'
import type { Rman } from '@icb/rman'
import type { Check, Clock, EventSink, HostFacts, Logger, ProcessRunner } from '@icb/runtime'
import { createAdapterRegistry, withRetry } from '@icb/storage-core'
import type { BuiltInAdapter, SnapshotStorage } from '@icb/storage-core'
import { adapterOptions } from './adapter-options.ts'
import { fleetErrors as errors } from './errors.ts'
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
  /** SYSDBA work on the database. @throws ICB_FLEET_NO_ORACLE_HOME */
  readonly sql: () => SqlSession
  /** The primary, where backups run on a standby; else the same database. */
  readonly primarySql: () => SqlSession | undefined
  readonly rman: () => Rman
  /** The programs of this host's Oracle home for a local test instance. */
  readonly sandboxOracle: (sid: string) => SandboxOracle
  readonly ledger: () => FileLedger | undefined
  readonly hostView: HostView
  readonly context: FleetContext
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}

/** State directory of the configuration, else the app's default. */
export function stateDirectory(config: IcbConfig, context: Pick<FleetContext, 'defaultStateDir'>): string {
  return config.stateDir ?? context.defaultStateDir
}

/** The proof ledger that the configuration names. `undefined`: none. */
export function openLedger(config: IcbConfig, context: Pick<FleetContext, 'clock' | 'logger' | 'defaultStateDir'>): FileLedger | undefined {
  if (config.ledger.kind === 'none') return undefined
  const state = stateDirectory(config, context)
  return createFileLedger({ directory: config.ledger.path ?? join(state, 'ledger'), shared: config.ledger.shared, spoolDir: join(state, 'ledger-spool'), clock: context.clock, logger: context.logger })
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
  const session = (connect: string, sid?: string): SqlSession => {
    const sql = createSqlPlusSession({ oracleHome: home(), connect, env: environment(connect === '/' ? sid : undefined), runProcess, logger: log })
    closers.push(() => sql.close())
    return sql
  }
  const rman = (connect: string, sid?: string): Rman => createRman({ oracleHome: home(), connect, env: environment(connect === '/' ? sid : undefined), runProcess, logger: log })

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
    restoreTestSettings: restoreTestSettingsOf(database),
    paths: {
      root,
      journals: join(root, 'journals'),
      logs: join(root, 'logs'),
      database: join(root, 'databases', name),
      areaLease: config.leaseDir === undefined ? join(database.areaPath, '.icb', 'lease') : join(config.leaseDir, `${name}.lease`),
      sandboxLease: join(root, 'leases', `restore-test-${name}.lease`),
    },
    storage: once(openStorage),
    storageChecks: async () => (await loadAdapter()).checks?.(await connection.storage()) ?? [],
    sql: once(() => session(database.connect, database.sid)),
    primarySql: once(() => (database.primaryConnect === database.connect ? undefined : session(database.primaryConnect, database.sid))),
    rman: once(() => rman(database.connect, database.sid)),
    sandboxOracle: (sid) => ({
      sql: session('/', sid),
      rman: rman('/', sid),
      instance: createInstanceControl({ oracleHome: home(), sid, env: environment(sid), runProcess, logger: log }),
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
