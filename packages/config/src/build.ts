import { join, resolve } from 'node:path'
import type { ConfigProblem } from './errors.ts'
import { throwProblems } from './errors.ts'
import { readValue } from './kinds.ts'
import type { ConfigOrigin, ConfigWarning, DatabaseConfig, IcbConfig, LedgerConfig, MonitoringConfig, NotifyConfig, RestoreTestConfig, StorageConfig } from './model.ts'
import { settings } from './settings.ts'
import type { Setting } from './settings.ts'
import { isUnset } from './source.ts'
import type { ConfigSource, DatabaseSource, Written } from './source.ts'

export interface BuildOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly baseDir: string
  readonly file?: string
}

/** Drops what is undefined: an absent key and an undefined one are not the same to `exactOptionalPropertyTypes`. */
type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> }

function present<T extends object>(values: T): Present<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Present<T>
}

/** Checks every value of a source and makes the model of it. Throws all mistakes at once. */
export function buildConfig(source: ConfigSource, { env, baseDir, file }: BuildOptions): IcbConfig {
  const problems: ConfigProblem[] = [...source.problems]
  const warnings: ConfigWarning[] = [...source.warnings]

  function value<T>(setting: Setting<T>, written: Written | undefined): T | undefined {
    const given = written !== undefined && !isUnset(written.value) ? written : undefined
    if (given === undefined && setting.ini.default === undefined) return undefined
    const result = readValue(setting.kind, given === undefined ? setting.ini.default : given.value)
    if ('wrong' in result) {
      problems.push({ name: 'INVALID_VALUE', message: result.wrong, origin: given?.origin ?? source.origin })
      return undefined
    }
    if (setting.kind.type === 'path') return resolve(baseDir, result.value as string) as T
    if (setting.kind.type === 'paths') return (result.value as readonly string[]).map((path) => resolve(baseDir, path)) as T
    return result.value
  }

  const hostValue = <T>(setting: Setting<T>): T | undefined => value(setting, source.read(setting))
  const databases = source.databases.map(database)
  const ledger = ledgerConfig()
  checkAreas()
  if (databases.length === 0) warnings.push({ code: 'ICB_CONFIG_NO_DATABASE', message: 'the configuration names no database', origin: source.origin })
  const config: IcbConfig = present({
    file,
    baseDir,
    format: source.format,
    stateDir: hostValue(settings.stateDir),
    leaseDir: hostValue(settings.leaseDir),
    ledger,
    adapterPath: hostValue(settings.adapterPath) ?? [],
    databases,
    warnings,
  })
  throwProblems(problems)
  return config

  function ledgerConfig(): LedgerConfig {
    const [path, catalog, user, password] = [hostValue(settings.ledgerPath), hostValue(settings.ledgerCatalog), hostValue(settings.ledgerUser), hostValue(settings.ledgerPassword)]
    const kind = hostValue(settings.ledgerKind) ?? (catalog !== undefined && path === undefined ? 'oracle' : 'file')
    const missing = (setting: Setting<unknown>, when: string): void => { problems.push({ name: 'MISSING_KEY', message: `${setting.ini.key} (${setting.path}): required ${when}`, origin: source.read(settings.ledgerKind)?.origin ?? source.origin }) }
    if (kind === 'oracle' && catalog === undefined) missing(settings.ledgerCatalog, 'for a ledger of kind oracle')
    if (user !== undefined && password === undefined) missing(settings.ledgerPassword, 'with a user of the ledger')
    const shared = hostValue(settings.ledgerShared) ?? false
    if (kind !== 'oracle') return present({ kind, path, catalog, shared })
    const oracleHome = hostValue(settings.ledgerOracleHome) ?? databases.find((one) => one.oracleHome !== undefined)?.oracleHome
    const tnsAdmin = hostValue(settings.ledgerTnsAdmin) ?? databases.find((one) => one.tnsAdmin !== undefined)?.tnsAdmin
    return present({ kind, path, catalog, user, password, oracleHome, tnsAdmin, shared: true })
  }

  function database(from: DatabaseSource): DatabaseConfig {
    const get = <T>(setting: Setting<T>): T | undefined => value(setting, from.read(setting))
    const wrong = (setting: Setting<unknown>, name: 'MISSING_KEY' | 'INVALID_VALUE', message: string, hint?: string): void => {
      const written = from.read(setting)
      problems.push({ name, message, hint, origin: name === 'INVALID_VALUE' && written !== undefined ? written.origin : from.placeOf(setting) })
    }
    /** For a required value; the stand-in is never seen, as the problem is thrown in the end. */
    const need = <T>(setting: Setting<T>, standIn: T): T => {
      const written = from.read(setting)
      if (setting.ini.default === undefined && (written === undefined || isUnset(written.value))) {
        wrong(setting, 'MISSING_KEY', `required (${setting.ini.description})`)
        return standIn
      }
      return value(setting, written) ?? standIn
    }
    const connect = get(settings.connect) ?? `/@${from.name}`
    const sid = get(settings.sid)
    if (connect === '/' && sid === undefined) wrong(settings.sid, 'MISSING_KEY', 'required when connect is "/"')
    if (get(settings.user) !== undefined && get(settings.password) === undefined) wrong(settings.password, 'MISSING_KEY', 'required with a database user')
    const home = env['ORACLE_HOME']
    const oracleHome = get(settings.oracleHome) ?? (home === undefined || home === '' ? undefined : home)
    const warningAgeHours = need(settings.warningAgeHours, 0)
    const criticalAgeHours = need(settings.criticalAgeHours, 0)
    if (criticalAgeHours < warningAgeHours) wrong(settings.criticalAgeHours, 'INVALID_VALUE', `critical after ${criticalAgeHours} h comes before warning after ${warningAgeHours} h`)
    return {
      ...present({ oracleHome, sid, catalog: get(settings.catalog), tnsAdmin: get(settings.tnsAdmin), osUser: get(settings.osUser), osPassword: get(settings.osPassword) }),
      ...present({ user: get(settings.user), password: get(settings.password) }),
      ...present({ sectionSize: get(settings.sectionSize), snapshotControlfile: get(settings.snapshotControlfile) }),
      name: from.name,
      dbid: need(settings.dbid, '0'),
      connect,
      primaryConnect: get(settings.primaryConnect) ?? connect,
      driver: need(settings.driver, 'auto'),
      privilege: need(settings.privilege, 'sysdba'),
      registerCatalog: need(settings.registerCatalog, false),
      areaPath: areaPath(),
      storage: storage(from),
      parallel: need(settings.parallel, 1),
      recoveryWindowDays: need(settings.recoveryWindowDays, 0),
      hasDataGuard: need(settings.hasDataGuard, false),
      role: need(settings.role, 'primary'),
      snapshots: need(settings.snapshots, true),
      gridInfrastructure: need(settings.gridInfrastructure, true),
      retention: {
        keepDays: need(settings.keepDays, 0),
        keepMonths: need(settings.keepMonths, 0),
        months: need(settings.months, 'calendar'),
        rules: get(settings.rules) ?? [],
        zone: need(settings.zone, 'UTC'),
        minRedundancy: need(settings.minRedundancy, 2),
      },
      scheduleBackup: need(settings.scheduleBackup, ''),
      scheduleArchivelog: need(settings.scheduleArchivelog, ''),
      backupJobEnabled: need(settings.backupJobEnabled, true),
      warningAgeHours,
      criticalAgeHours,
      maxLockWaitMinutes: need(settings.maxLockWaitMinutes, 0),
      logRetentionDays: need(settings.logRetentionDays, 0),
      backupDeadlineMinutes: need(settings.backupDeadlineMinutes, 1),
      sqlDeadlineSeconds: need(settings.sqlDeadlineSeconds, 1),
      rmanDeadlineSeconds: need(settings.rmanDeadlineSeconds, 1),
      landingDeadlineSeconds: need(settings.landingDeadlineSeconds, 1),
      sessionDeadlineSeconds: need(settings.sessionDeadlineSeconds, 1),
      restoreTest: restoreTest(),
      monitoring: monitoring(),
      notify: notify(),
      origin: from.origin,
    }

    function monitoring(): MonitoringConfig {
      const pairs = [[settings.proofWarningHours, settings.proofCriticalHours, 1], [settings.redoWarningHours, settings.redoCriticalHours, 1], [settings.spaceWarningPercent, settings.spaceCriticalPercent, -1]] as const
      for (const [warning, critical, direction] of pairs) {
        const [first, second] = [get(warning), get(critical)]
        if (first !== undefined && second !== undefined && (second - first) * direction < 0) wrong(critical, 'INVALID_VALUE', `critical at ${String(second)} comes before warning at ${String(first)}`)
      }
      return {
        proofWarningHours: need(settings.proofWarningHours, 0), proofCriticalHours: need(settings.proofCriticalHours, 0),
        ...present({ redoWarningHours: get(settings.redoWarningHours), redoCriticalHours: get(settings.redoCriticalHours) }),
        spaceWarningPercent: need(settings.spaceWarningPercent, 0), spaceCriticalPercent: need(settings.spaceCriticalPercent, 0),
      }
    }

    function notify(): NotifyConfig {
      const mailTo = get(settings.mailTo) ?? []
      const mailServer = get(settings.mailServer)
      if (mailTo.length > 0 && mailServer === undefined) wrong(settings.mailServer, 'MISSING_KEY', 'required where mail has a recipient')
      return {
        mailTo,
        ...present({ mailServer, mailFrom: get(settings.mailFrom), webhook: get(settings.webhook), backupHeartbeat: get(settings.backupHeartbeat), restoreTestHeartbeat: get(settings.restoreTestHeartbeat) }),
      }
    }

    function areaPath(): string {
      const explicit = get(settings.areaPath)
      if (explicit !== undefined) return explicit
      const root = need(settings.backupDest, '/')
      return need(settings.backupDestShared, true) ? join(root, from.name) : root
    }

    function restoreTest(): RestoreTestConfig {
      const scratch = get(settings.scratch)
      const mountPoint = get(settings.mountPoint)
      const cloneName = get(settings.cloneName)
      const enabled = get(settings.testEnabled) ?? scratch !== undefined
      const mount = get(settings.mount) ?? (mountPoint === undefined ? 'path' : 'fstab')
      if (enabled && mount !== 'path' && mountPoint === undefined) wrong(settings.mountPoint, 'MISSING_KEY', `required for mount "${mount}"`)
      if (enabled && (mount === 'fstab' || mount === 'sudo')) {
        const slots = get(settings.slots) ?? []
        for (const [setting, written] of [[settings.mountPoint, mountPoint], ...(mount === 'fstab' ? [[settings.cloneName, cloneName] as const] : [])] as const) {
          if (slots.length > 1 && written !== undefined && !written.includes('{slot}')) wrong(setting, 'INVALID_VALUE', `${String(slots.length)} slots need one of their own each`, 'Write {slot} where the name of the slot belongs, or set slots to 1.')
        }
        if (mount === 'fstab' && cloneName === undefined) wrong(settings.cloneName, 'MISSING_KEY', 'required for mount "fstab"', 'The entry in /etc/fstab names one clone: write its name.')
      }
      if (get(settings.tdePassword) !== undefined && get(settings.tdeWalletRoot) === undefined) wrong(settings.tdeWalletRoot, 'MISSING_KEY', 'required with the password of a keystore')
      return {
        ...present({ scratch, mountPoint, cloneName, logDir: get(settings.logDir), verifyQuery: get(settings.verifyQuery), tdeWalletRoot: get(settings.tdeWalletRoot), tdePassword: get(settings.tdePassword) }),
        enabled,
        mount,
        mountHelper: need(settings.mountHelper, '/'),
        minSnapshotAgeHours: need(settings.minSnapshotAgeHours, 0),
        toleranceMinutes: need(settings.toleranceMinutes, 0),
        validateChance: need(settings.validateChance, 0),
        validateModulus: need(settings.validateModulus, 0),
        validationKey: get(settings.validationKey) ?? from.name,
        sgaSize: need(settings.sgaSize, ''),
        pgaSize: need(settings.pgaSize, ''),
        instanceNumber: need(settings.instanceNumber, 1),
        thread: need(settings.thread, 1),
        slots: need(settings.slots, []),
        point: need(settings.point, 'latest'),
        heartbeat: need(settings.heartbeat, false),
        assertions: get(settings.assertions) ?? [],
        initParameters: get(settings.initParameters) ?? {},
        acceptedCorruption: get(settings.acceptedCorruption) ?? [],
        deadlineMinutes: need(settings.deadlineMinutes, 1),
      }
    }
  }

  function storage(from: DatabaseSource): StorageConfig {
    const { adapter, options } = from.storage()
    const name = adapter?.value ?? 'local'
    if (typeof name !== 'string') problems.push({ name: 'INVALID_VALUE', message: 'expected the name of a storage adapter', origin: adapter?.origin ?? from.origin })
    return {
      adapter: typeof name === 'string' ? name : '',
      options: Object.fromEntries([...options].map(([key, written]) => [key, written.value])),
      origins: { ...(adapter === undefined ? {} : { adapter: adapter.origin }), ...Object.fromEntries([...options].map(([key, written]) => [key, written.origin])) },
    }
  }

  /** Two databases in one area would overwrite each other's copies. */
  function checkAreas(): void {
    const owners = new Map<string, DatabaseConfig>()
    for (const database of databases) {
      const owner = owners.get(database.areaPath)
      if (owner === undefined) owners.set(database.areaPath, database)
      else if (database.areaPath !== '/') {
        const origin: ConfigOrigin = database.origin
        problems.push({ name: 'INVALID_VALUE', message: `the backup area ${database.areaPath} is also that of ${owner.name}`, origin, hint: 'Each database needs an area of its own: see backupdestshared (backupDestShared).' })
      }
    }
  }
}
