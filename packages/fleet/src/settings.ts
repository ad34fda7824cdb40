import type { RestoreTestSettings } from '@icb/autorestore'
import type { BackupSettings } from '@icb/backup'
import type { DatabaseConfig, SecretReference } from '@icb/config'
import type { Secret } from '@icb/runtime'

const minute = 60_000

/** The part of a database's configuration that backups need. */
export function backupSettingsOf(database: DatabaseConfig): BackupSettings {
  const { retention } = database
  return {
    name: database.name,
    dbid: database.dbid,
    areaPath: database.areaPath,
    parallel: database.parallel,
    ...(database.sectionSize === undefined ? {} : { sectionSize: database.sectionSize }),
    recoveryWindowDays: database.recoveryWindowDays,
    hasDataGuard: database.hasDataGuard,
    role: database.role,
    snapshots: database.snapshots,
    retention: { keepDays: retention.keepDays, keepMonths: retention.keepMonths, months: retention.months, rules: retention.rules, zone: retention.zone, minRedundancy: retention.minRedundancy },
    restoreTests: database.restoreTest.enabled,
    ...(database.snapshotControlfile === undefined ? {} : { snapshotControlfile: database.snapshotControlfile }),
    refreshDeadlineMs: database.backupDeadlineMinutes * minute,
    rmanDeadlineMs: database.rmanDeadlineSeconds * 1000,
    landingDeadlineMs: database.landingDeadlineSeconds * 1000,
    sessionDeadlineMs: database.sessionDeadlineSeconds * 1000,
  }
}

type SecretReader = (reference: SecretReference, signal: AbortSignal) => Promise<Secret>

/** The part that restore tests need; `secret` fetches the password of a keystore, where one is asked for. `undefined` without a scratch directory: this host is no sandbox for it. */
export function restoreTestSettingsOf(database: DatabaseConfig, secret?: SecretReader): RestoreTestSettings | undefined {
  const test = database.restoreTest
  if (test.scratch === undefined) return undefined
  return {
    database: database.name,
    dbid: database.dbid,
    areaPath: database.areaPath,
    scratch: test.scratch,
    ...(test.logDir === undefined ? {} : { logDir: test.logDir }),
    slots: test.slots,
    point: test.point,
    heartbeat: test.heartbeat,
    assertions: test.assertions,
    mount: test.mount,
    mountHelper: test.mountHelper,
    ...(test.mountPoint === undefined ? {} : { mountPoint: test.mountPoint }),
    ...(test.cloneName === undefined ? {} : { cloneName: test.cloneName }),
    minSnapshotAgeHours: test.minSnapshotAgeHours,
    toleranceMinutes: test.toleranceMinutes,
    ...(test.verifyQuery === undefined ? {} : { verifyQuery: test.verifyQuery }),
    validateChance: test.validateChance,
    validateModulus: test.validateModulus,
    validationKey: test.validationKey,
    sgaSize: test.sgaSize,
    pgaSize: test.pgaSize,
    instanceNumber: test.instanceNumber,
    thread: test.thread,
    initParameters: test.initParameters,
    ...(test.tdeWalletRoot === undefined ? {} : { tde: { walletRoot: test.tdeWalletRoot, ...keystorePassword(test.tdePassword, secret) } }),
    acceptedCorruption: test.acceptedCorruption,
    deadlineMs: test.deadlineMinutes * minute,
  }
}

function keystorePassword(reference: SecretReference | undefined, secret: SecretReader | undefined): { readonly password?: (signal: AbortSignal) => Promise<Secret> } {
  return reference === undefined || secret === undefined ? {} : { password: (signal) => secret(reference, signal) }
}
