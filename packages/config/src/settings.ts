import { addresses, alias, assertions, blocks, boolean, choice, connect, dbid, integer, parameters, path, paths, rules, secret, sid, sids, size, text, zone } from './kinds.ts'
import type { AcceptedBlocks, Assertion, KeepRule, Kind } from './kinds.ts'
import type { SecretReference } from './model.ts'
import { icbKeys } from './icb-keys.ts'
import type { SettingSection } from './icb-keys.ts'
import { seedKeys } from './seed.ts'
import type { KeyDefinition } from './seed.ts'

export type SettingScope = 'file' | 'database' | 'only-database'

/** One value of the model: its place in YAML and its key in an INI file. */
export interface Setting<T> {
  /** Below `defaults` and each database, or at the top for scope `file`; dotted. */
  readonly path: string
  /** `file`: once; `database`: each database, or `defaults` for all; `only-database`: has no sense as a default. */
  readonly scope: SettingScope
  readonly kind: Kind<T>
  readonly ini: KeyDefinition
  /** May stand in a database's section without the prefix. */
  readonly bare: boolean
}

function setting<T>(scope: SettingScope, path: string, kind: Kind<T>, section: SettingSection, key: string): Setting<T> {
  const own = icbKeys.find((definition) => definition.section === section && definition.key === key)
  const ini = own ?? seedKeys.find((definition) => definition.section === section && definition.key === key)
  if (ini === undefined) throw new TypeError(`no INI key ${section}.${key}`)
  return { path, scope, kind, ini, bare: own?.section === 'generic' && scope === 'database' }
}

const days = integer(0, 100_000)
const hours = integer(0, 1_000_000)
const minutes = integer(1, 100_000)

/** Every setting but the options of adapters. */
export interface Settings {
  readonly stateDir: Setting<string>
  readonly leaseDir: Setting<string>
  readonly adapterPath: Setting<readonly string[]>
  readonly ledgerKind: Setting<'file' | 'oracle' | 'none'>
  readonly ledgerPath: Setting<string>
  readonly ledgerShared: Setting<boolean>
  readonly ledgerCatalog: Setting<string>
  readonly ledgerUser: Setting<string>
  readonly ledgerPassword: Setting<SecretReference>
  readonly ledgerOracleHome: Setting<string>
  readonly ledgerTnsAdmin: Setting<string>
  readonly backupDest: Setting<string>
  readonly backupDestShared: Setting<boolean>
  readonly areaPath: Setting<string>
  readonly dbid: Setting<string>
  readonly connect: Setting<string>
  readonly sid: Setting<string>
  readonly primaryConnect: Setting<string>
  readonly driver: Setting<'auto' | 'thin' | 'thick' | 'sqlplus'>
  readonly user: Setting<string>
  readonly password: Setting<SecretReference>
  readonly privilege: Setting<'sysdba' | 'sysbackup'>
  readonly oracleHome: Setting<string>
  readonly tnsAdmin: Setting<string>
  readonly osUser: Setting<string>
  readonly osPassword: Setting<SecretReference>
  readonly catalog: Setting<string>
  readonly registerCatalog: Setting<boolean>
  readonly parallel: Setting<number>
  readonly sectionSize: Setting<string>
  readonly recoveryWindowDays: Setting<number>
  readonly hasDataGuard: Setting<boolean>
  readonly role: Setting<'primary' | 'standby' | 'any'>
  readonly snapshots: Setting<boolean>
  readonly gridInfrastructure: Setting<boolean>
  readonly snapshotControlfile: Setting<string>
  readonly keepDays: Setting<number>
  readonly keepMonths: Setting<number>
  readonly months: Setting<'calendar' | 'compatible'>
  readonly rules: Setting<readonly KeepRule[]>
  readonly zone: Setting<string>
  readonly minRedundancy: Setting<number>
  readonly scheduleBackup: Setting<string>
  readonly scheduleArchivelog: Setting<string>
  readonly backupJobEnabled: Setting<boolean>
  readonly warningAgeHours: Setting<number>
  readonly criticalAgeHours: Setting<number>
  readonly maxLockWaitMinutes: Setting<number>
  readonly logRetentionDays: Setting<number>
  readonly backupDeadlineMinutes: Setting<number>
  readonly sqlDeadlineSeconds: Setting<number>
  readonly rmanDeadlineSeconds: Setting<number>
  readonly landingDeadlineSeconds: Setting<number>
  readonly sessionDeadlineSeconds: Setting<number>
  readonly testEnabled: Setting<boolean>
  readonly scratch: Setting<string>
  readonly mountPoint: Setting<string>
  readonly cloneName: Setting<string>
  readonly mount: Setting<'path' | 'fstab' | 'sudo' | 'already-mounted'>
  readonly mountHelper: Setting<string>
  readonly minSnapshotAgeHours: Setting<number>
  readonly logDir: Setting<string>
  readonly toleranceMinutes: Setting<number>
  readonly validateChance: Setting<number>
  readonly validateModulus: Setting<number>
  readonly validationKey: Setting<string>
  readonly verifyQuery: Setting<string>
  readonly sgaSize: Setting<string>
  readonly pgaSize: Setting<string>
  readonly instanceNumber: Setting<number>
  readonly thread: Setting<number>
  readonly slots: Setting<readonly string[]>
  readonly point: Setting<'latest' | 'random'>
  readonly heartbeat: Setting<boolean>
  readonly assertions: Setting<readonly Assertion[]>
  readonly initParameters: Setting<Readonly<Record<string, string>>>
  readonly tdeWalletRoot: Setting<string>
  readonly tdePassword: Setting<SecretReference>
  readonly acceptedCorruption: Setting<readonly AcceptedBlocks[]>
  readonly deadlineMinutes: Setting<number>
  readonly proofWarningHours: Setting<number>
  readonly proofCriticalHours: Setting<number>
  readonly redoWarningHours: Setting<number>
  readonly redoCriticalHours: Setting<number>
  readonly spaceWarningPercent: Setting<number>
  readonly spaceCriticalPercent: Setting<number>
  readonly webhook: Setting<SecretReference>
  readonly mailServer: Setting<SecretReference>
  readonly mailTo: Setting<readonly string[]>
  readonly mailFrom: Setting<string>
  readonly backupHeartbeat: Setting<SecretReference>
  readonly restoreTestHeartbeat: Setting<SecretReference>
}

export const settings: Settings = {
  stateDir: setting('file', 'stateDir', path, 'generic', 'statedir'),
  leaseDir: setting('file', 'leaseDir', path, 'generic', 'leasedir'),
  adapterPath: setting('file', 'adapterPath', paths, 'generic', 'adapterpath'),
  ledgerKind: setting('file', 'ledger.kind', choice('file', 'oracle', 'none'), 'ledger', 'kind'),
  ledgerPath: setting('file', 'ledger.path', path, 'ledger', 'path'),
  ledgerShared: setting('file', 'ledger.shared', boolean, 'ledger', 'shared'),
  ledgerCatalog: setting('file', 'ledger.catalog', connect, 'autorestore', 'autorestorecatalog'),
  ledgerUser: setting('file', 'ledger.user', text, 'ledger', 'user'),
  ledgerPassword: setting('file', 'ledger.password', secret, 'ledger', 'password'),
  ledgerOracleHome: setting('file', 'ledger.oracleHome', path, 'ledger', 'oraclehome'),
  ledgerTnsAdmin: setting('file', 'ledger.tnsAdmin', path, 'ledger', 'tnsadmin'),
  backupDest: setting('database', 'backupDest', path, 'generic', 'backupdest'),
  backupDestShared: setting('database', 'backupDestShared', boolean, 'generic', 'backupdestshared'),
  areaPath: setting('only-database', 'areaPath', path, 'database', 'areapath'),
  dbid: setting('only-database', 'dbid', dbid, 'database', 'dbid'),
  connect: setting('only-database', 'connect', connect, 'database', 'connect'),
  sid: setting('only-database', 'sid', sid, 'database', 'sid'),
  primaryConnect: setting('only-database', 'primaryConnect', alias, 'database', 'primarytns'),
  driver: setting('database', 'driver', choice('auto', 'thin', 'thick', 'sqlplus'), 'generic', 'driver'),
  user: setting('database', 'user', text, 'generic', 'dbuser'),
  password: setting('database', 'password', secret, 'generic', 'dbpassword'),
  privilege: setting('database', 'privilege', choice('sysdba', 'sysbackup'), 'generic', 'privilege'),
  oracleHome: setting('database', 'oracleHome', path, 'generic', 'oraclehome'),
  tnsAdmin: setting('database', 'tnsAdmin', path, 'generic', 'tnsadmin'),
  osUser: setting('database', 'osUser', text, 'generic', 'osuser'),
  osPassword: setting('database', 'osPassword', secret, 'generic', 'ospassword'),
  catalog: setting('database', 'catalog', connect, 'rman', 'catalog'),
  registerCatalog: setting('database', 'registerCatalog', boolean, 'database', 'registercatalog'),
  parallel: setting('database', 'parallel', integer(1, 254), 'database', 'parallel'),
  sectionSize: setting('database', 'sectionSize', size, 'rman', 'sectionsize'),
  recoveryWindowDays: setting('database', 'recoveryWindowDays', days, 'database', 'recoverywindow'),
  hasDataGuard: setting('database', 'hasDataGuard', boolean, 'database', 'hasdataguard'),
  role: setting('database', 'role', choice('primary', 'standby', 'any'), 'generic', 'role'),
  snapshots: setting('database', 'snapshots', boolean, 'database', 'dosnapshot'),
  gridInfrastructure: setting('database', 'gridInfrastructure', boolean, 'database', 'gimanaged'),
  snapshotControlfile: setting('only-database', 'snapshotControlfile', path, 'database', 'snapshotcontrolfile'),
  keepDays: setting('database', 'retention.keepDays', days, 'database', 'snapexpirationdays'),
  keepMonths: setting('database', 'retention.keepMonths', integer(0, 12_000), 'database', 'snapexpirationmonths'),
  months: setting('database', 'retention.months', choice('calendar', 'compatible'), 'generic', 'retentionmonths'),
  rules: setting('database', 'retention.rules', rules, 'generic', 'keep'),
  zone: setting('database', 'retention.zone', zone, 'generic', 'retentionzone'),
  minRedundancy: setting('database', 'retention.minRedundancy', integer(1, 10_000), 'generic', 'minredundancy'),
  scheduleBackup: setting('database', 'scheduleBackup', text, 'database', 'schedulebackup'),
  scheduleArchivelog: setting('database', 'scheduleArchivelog', text, 'database', 'schedulearchlog'),
  backupJobEnabled: setting('database', 'backupJobEnabled', boolean, 'database', 'backupjobenabled'),
  warningAgeHours: setting('database', 'warningAgeHours', hours, 'generic', 'warningsnapage'),
  criticalAgeHours: setting('database', 'criticalAgeHours', hours, 'generic', 'criticalsnapage'),
  maxLockWaitMinutes: setting('database', 'maxLockWaitMinutes', integer(0, 100_000), 'generic', 'maxlockwait'),
  logRetentionDays: setting('database', 'logRetentionDays', days, 'generic', 'logretention'),
  backupDeadlineMinutes: setting('database', 'backupDeadlineMinutes', minutes, 'generic', 'backupdeadline'),
  sqlDeadlineSeconds: setting('database', 'sqlDeadlineSeconds', integer(1, 1_000_000), 'generic', 'sqldeadline'),
  rmanDeadlineSeconds: setting('database', 'rmanDeadlineSeconds', integer(1, 1_000_000), 'generic', 'rmandeadline'),
  landingDeadlineSeconds: setting('database', 'landingDeadlineSeconds', integer(1, 1_000_000), 'generic', 'landingdeadline'),
  sessionDeadlineSeconds: setting('database', 'sessionDeadlineSeconds', integer(1, 1_000_000), 'generic', 'sessiondeadline'),
  testEnabled: setting('database', 'restoreTest.enabled', boolean, 'database', 'autorestoreenabled'),
  scratch: setting('database', 'restoreTest.scratch', path, 'autorestore', 'autorestoredestination'),
  mountPoint: setting('database', 'restoreTest.mountPoint', path, 'autorestore', 'autorestoremountpoint'),
  cloneName: setting('database', 'restoreTest.cloneName', text, 'autorestore', 'autorestoreclonename'),
  mount: setting('database', 'restoreTest.mount', choice('path', 'fstab', 'sudo', 'already-mounted'), 'autorestore', 'mount'),
  mountHelper: setting('database', 'restoreTest.mountHelper', path, 'autorestore', 'mounthelper'),
  minSnapshotAgeHours: setting('database', 'restoreTest.minSnapshotAgeHours', hours, 'autorestore', 'autorestoresnapage'),
  logDir: setting('database', 'restoreTest.logDir', path, 'autorestore', 'autorestorelogdir'),
  toleranceMinutes: setting('database', 'restoreTest.toleranceMinutes', integer(0, 1_000_000), 'autorestore', 'autorestoremaxtoleranceminutes'),
  validateChance: setting('database', 'restoreTest.validateChance', integer(0, 1_000_000), 'autorestore', 'autorestorevalidatechance'),
  validateModulus: setting('database', 'restoreTest.validateModulus', integer(0, 1_000_000), 'autorestore', 'autorestoremodulus'),
  validationKey: setting('only-database', 'restoreTest.validationKey', text, 'database', 'stringforvalidationmod'),
  verifyQuery: setting('database', 'restoreTest.verifyQuery', text, 'database', 'customverifydate'),
  sgaSize: setting('database', 'restoreTest.sgaSize', size, 'autorestore', 'sga_size'),
  pgaSize: setting('database', 'restoreTest.pgaSize', size, 'autorestore', 'pga_size'),
  instanceNumber: setting('database', 'restoreTest.instanceNumber', integer(1, 1024), 'database', 'autorestoreinstancenumber'),
  thread: setting('database', 'restoreTest.thread', integer(1, 1024), 'database', 'autorestorethread'),
  slots: setting('database', 'restoreTest.slots', sids, 'autorestore', 'slots'),
  point: setting('database', 'restoreTest.point', choice('latest', 'random'), 'autorestore', 'point'),
  heartbeat: setting('database', 'restoreTest.heartbeat', boolean, 'autorestore', 'heartbeat'),
  assertions: setting('only-database', 'restoreTest.assertions', assertions, 'database', 'assertions'),
  initParameters: setting('database', 'restoreTest.initParameters', parameters, 'autorestore', 'initparameters'),
  tdeWalletRoot: setting('database', 'restoreTest.tdeWalletRoot', path, 'autorestore', 'tdewalletroot'),
  tdePassword: setting('database', 'restoreTest.tdePassword', secret, 'autorestore', 'tdepassword'),
  acceptedCorruption: setting('only-database', 'restoreTest.acceptedCorruption', blocks, 'database', 'acceptedcorruption'),
  deadlineMinutes: setting('database', 'restoreTest.deadlineMinutes', minutes, 'autorestore', 'deadline'),
  proofWarningHours: setting('database', 'monitoring.proofWarningHours', hours, 'monitoring', 'proofwarningage'),
  proofCriticalHours: setting('database', 'monitoring.proofCriticalHours', hours, 'monitoring', 'proofcriticalage'),
  redoWarningHours: setting('database', 'monitoring.redoWarningHours', hours, 'monitoring', 'redowarningage'),
  redoCriticalHours: setting('database', 'monitoring.redoCriticalHours', hours, 'monitoring', 'redocriticalage'),
  spaceWarningPercent: setting('database', 'monitoring.spaceWarningPercent', integer(0, 100), 'monitoring', 'spacewarning'),
  spaceCriticalPercent: setting('database', 'monitoring.spaceCriticalPercent', integer(0, 100), 'monitoring', 'spacecritical'),
  webhook: setting('database', 'notify.webhook', secret, 'monitoring', 'webhook'),
  mailServer: setting('database', 'notify.mailServer', secret, 'monitoring', 'mailserver'),
  mailTo: setting('database', 'notify.mailTo', addresses, 'monitoring', 'mailto'),
  mailFrom: setting('database', 'notify.mailFrom', text, 'monitoring', 'mailfrom'),
  backupHeartbeat: setting('database', 'notify.backupHeartbeat', secret, 'monitoring', 'backupheartbeat'),
  restoreTestHeartbeat: setting('database', 'notify.restoreTestHeartbeat', secret, 'monitoring', 'restoretestheartbeat'),
}

export const allSettings: readonly Setting<unknown>[] = Object.values(settings) as Setting<unknown>[]

