import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { cleanSnapshots, openArea } from '@icb/backup'
import { loadConfig } from '@icb/config'
import type { IcbConfig } from '@icb/config'
import { connectDatabase, openLedger, withLease } from '@icb/fleet'
import type { DatabaseConnection } from '@icb/fleet'
import { beginSideBySide, compareRetention, disableOriginalJobs, endSideBySide, isWorkingCronLine, migrateErrors, readCronLines, readInstallation, readOriginalJobs, readOriginalLock, readSideBySide, removeLeftLock } from '@icb/migrate'
import type { CronLine, Installation, OriginalJob, RetentionDifference } from '@icb/migrate'
import { isoNow } from '@icb/runtime'
import type { Snapshot } from '@icb/storage-core'
import type { AppContext } from '../app-context.ts'
import { flag } from '../command.ts'
import type { CommandAction, CommandOutcome } from '../command.ts'
import { usageErrors } from '../errors.ts'
import { storageDependencies } from './storage-dependencies.ts'

interface DatabaseReport {
  readonly database: string
  readonly sideBySideSince?: string
  readonly lock?: string
  readonly snapshots: number
  readonly foreignSnapshots: number
  readonly differences: readonly RetentionDifference[]
  /** Absent: the database did not answer. */
  readonly jobs?: readonly OriginalJob[]
}

/** The configuration that is named, else the one beside the old programs. */
async function configOf(app: AppContext, directory: string): Promise<IcbConfig> {
  if (app.options.config !== undefined) return app.config()
  const path = join(directory, 'backup.cfg')
  if (!existsSync(path)) throw usageErrors.NO_CONFIG(`${path} is not there`, { hint: 'Name the configuration with --config.' })
  return loadConfig(path, { env: app.env, signal: app.signal })
}

async function examine(app: AppContext, connection: DatabaseConnection): Promise<DatabaseReport> {
  const { config } = connection
  const listed: Snapshot[] = []
  for await (const snapshot of (await connection.storage()).listSnapshots({ signal: app.signal })) listed.push(snapshot)
  const share = listed.map(({ name, createdAt, hasClones }) => ({ name, createdAt: createdAt.toUTC().toISO() ?? '', hasClones }))
  const { outcomes } = await cleanSnapshots(await storageDependencies(app, connection), { dryRun: true })
  const planned = outcomes.map(({ snapshot, outcome, reasons }) => ({ snapshot, keeps: outcome !== 'expired', reasons }))
  const unreadable = (code: string, what: string) => (error: unknown): undefined => {
    app.signal.throwIfAborted()
    app.warn(code, `${config.name}: ${what} could not be read: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`)
  }
  const [sideBySide, lock] = await Promise.all([readSideBySide(config.areaPath), readOriginalLock(config.areaPath).catch(unreadable('ICB_MIGRATE_LOCK', 'the lock of the original, which may be at work,'))])
  const jobs = config.oracleHome === undefined ? undefined : await readOriginalJobs(connection.sql(), { signal: app.signal }).catch(unreadable('ICB_MIGRATE_JOBS', 'its jobs'))
  return {
    database: config.name, snapshots: listed.length, foreignSnapshots: listed.filter(({ ours }) => !ours).length, differences: compareRetention(share, { days: config.retention.keepDays, months: config.retention.keepMonths }, planned, app.clock.now()),
    ...(sideBySide === undefined ? {} : { sideBySideSince: sideBySide.since }), ...(lock === undefined ? {} : { lock: lock.text }), ...(jobs === undefined ? {} : { jobs }),
  }
}

function tellInstallation(app: AppContext, { directory, edits, unchanged, foreign, credentials, tns }: Installation): void {
  app.print(directory)
  app.print(`  ${String(unchanged.length)} programs and templates are as published`)
  for (const { file, key, line, edit } of edits) app.print(`  ${edit}: ${file}${key === undefined ? '' : ` ${key}`}${line === undefined ? '' : `, line ${String(line)}`}`)
  if (edits.length > 0) app.print('  icb takes no templates: what these edits are for has to be found in the configuration, or is lost')
  for (const name of foreign) app.print(`  of your own: ${name}`)
  for (const { file, open } of credentials) app.print(`  credentials: ${file}${open ? ', which others may read: chmod 600 it, icb refuses it otherwise' : ''}`)
  for (const each of tns) {
    app.print(`  TNS directory: ${each.directory}${each.tnsnames ? '' : ', without tnsnames.ora'}${each.sqlnet ? '' : ', without sqlnet.ora'}`)
    if (each.wallet !== undefined) app.print(`  wallet: ${each.wallet}${each.walletFound ? '' : ', which is not there'}`)
    for (const alias of each.missingAliases) app.print(`  not in tnsnames.ora: ${alias}`)
  }
}

const placeOf = ({ source, line }: CronLine): string => `${source}, line ${String(line)}`

/** Cron of this host only: the original may be called from another one. */
async function cronLines(app: AppContext, directory: string): Promise<readonly CronLine[]> {
  const { lines, problems } = await readCronLines({ directory, runProcess: app.fleet.runProcess, env: app.env, signal: app.signal })
  for (const problem of problems) app.warn('ICB_MIGRATE_CRON', problem)
  return lines
}

function tellCron(app: AppContext, lines: readonly CronLine[]): void {
  for (const found of lines) {
    const what = found.programs.length === 0 ? 'names its directory' : `calls ${found.programs.join(', ')}${found.certain ? '' : ', perhaps of the original'}`
    app.print(`  cron: ${placeOf(found)} ${what}${found.through === undefined ? '' : ` through ${found.through}`}: ${found.text}`)
  }
}

function tellDatabase(app: AppContext, report: DatabaseReport): void {
  app.print(report.database)
  app.print(`  ${report.sideBySideSince === undefined ? 'icb does not look for the lock of the original here' : `side by side since ${report.sideBySideSince}`}${report.lock === undefined ? '' : `; backup.lck: ${report.lock}`}`)
  app.print(`  ${String(report.snapshots)} snapshots, ${String(report.foreignSnapshots)} of them neither of icb nor of the original: never dropped`)
  if (report.differences.length === 0) app.print('  retention: both would keep the same snapshots')
  for (const { snapshot, original, icb, reasons, safe } of report.differences) app.print(`  ${safe ? 'keeps more' : 'KEEPS LESS'}: ${snapshot}: the original ${original} it, icb ${icb} it (${reasons.join('; ')})`)
  for (const { owner, name, enabled, running } of report.jobs ?? []) app.print(`  job ${owner}.${name}: ${enabled ? 'enabled' : 'disabled'}${running ? ', running' : ''}`)
}

/** Rows of the ledger, the original's among them. */
async function ledgerRows(app: AppContext, config: IcbConfig): Promise<number | undefined> {
  try {
    return (await openLedger(config, app.fleet)?.list())?.length
  } catch (error) {
    app.signal.throwIfAborted()
    app.warn('ICB_MIGRATE_LEDGER', `the ledger cannot be read: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`)
    return undefined
  }
}

async function begin(app: AppContext, connection: DatabaseConnection, directory: string): Promise<void> {
  const { name, areaPath } = connection.config
  await openArea({ settings: connection.backupSettings, storage: await connection.storage(), signal: app.signal })
  const made = await beginSideBySide(areaPath, { since: isoNow(app.clock), installation: directory })
  app.print(`${name}: ${made ? 'from now on' : 'already'} side by side: runs of icb take ${join(areaPath, 'backup.lck')} too`)
}

async function needSideBySide(connection: DatabaseConnection, step: string): Promise<void> {
  if ((await readSideBySide(connection.config.areaPath)) === undefined) throw migrateErrors.errors.SIDE_BY_SIDE(`${connection.config.name}: ${step} comes after --begin`, { hint: 'Run icb migrate --begin, let icb back the database up beside the original, then take over.' })
}

/** Work that nobody of the original does at the same time. */
async function alone<T>(app: AppContext, connection: DatabaseConnection, work: () => Promise<T>): Promise<T> {
  return withLease(connection, { action: 'migrate', lease: 'area', waitMs: connection.config.maxLockWaitMinutes * 60_000, signal: app.signal }, work)
}

async function takeOver(app: AppContext, connection: DatabaseConnection, acceptRetention: boolean): Promise<void> {
  const { name } = connection.config
  await needSideBySide(connection, '--take-over')
  const less = (await examine(app, connection)).differences.filter(({ safe }) => !safe)
  if (less.length > 0 && !acceptRetention) {
    throw migrateErrors.errors.REFUSED_RETENTION(`${name}: icb would drop ${String(less.length)} snapshots that the original keeps: ${less.slice(0, 3).map(({ snapshot }) => snapshot).join(', ')}${less.length > 3 ? ', …' : ''}`, {
      hint: 'Set retentionmonths = compatible for the rule of the original; or accept it with --accept-retention.', details: { snapshots: less.map(({ snapshot }) => snapshot) },
    })
  }
  await alone(app, connection, async () => {
    const sql = connection.sql()
    const disabled = await disableOriginalJobs(sql, await readOriginalJobs(sql, { signal: app.signal }), { signal: app.signal })
    const left = (await readOriginalJobs(sql, { signal: app.signal })).filter(({ enabled }) => enabled)
    if (left.length > 0) throw migrateErrors.errors.REFUSED_UNFINISHED(`${name}: ${left.map((job) => `${job.owner}.${job.name}`).join(', ')} could not be disabled`, { hint: 'Disable them as SYSDBA with DBMS_SCHEDULER.DISABLE.' })
    app.print(`${name}: ${disabled.length === 0 ? 'no job of the original is enabled' : `disabled ${disabled.join(', ')}`}; next: icb schedule install ${name}, then icb migrate --finish`)
  })
}

async function finish(app: AppContext, connection: DatabaseConnection): Promise<void> {
  const { name, areaPath } = connection.config
  const enabled = (await readOriginalJobs(connection.sql(), { signal: app.signal })).filter((job) => job.enabled || job.running)
  if (enabled.length > 0) throw migrateErrors.errors.REFUSED_UNFINISHED(`${name}: ${enabled.map((job) => `${job.owner}.${job.name}`).join(', ')} still ${enabled.length === 1 ? 'runs' : 'run'}`, { hint: 'Take over first: icb migrate --take-over.' })
  const ended = await alone(app, connection, async () => {
    const there = await endSideBySide(areaPath)
    // Had it ended before, this run took no lock; one of icb is of the run that was killed right after.
    if (!there && (await removeLeftLock(areaPath))) app.print(`${name}: a lock that a killed run of icb left is removed`)
    return there
  })
  app.print(`${name}: ${ended ? 'the original is gone from this area' : 'nothing was left to end'}`)
}

/** `icb migrate <dir> [db...]`: what differs; then `--begin`, `--take-over`, `--finish`, each of which can be repeated. */
export const migrate: CommandAction = async (app, [directory = '', ...names], options): Promise<CommandOutcome> => {
  const steps = ['begin', 'takeOver', 'finish'].filter((step) => flag(options, step))
  if (steps.length > 1) throw usageErrors.ARGUMENT('--begin, --take-over and --finish come one after the other')
  const place = resolve(directory)
  const config = await configOf(app, place)
  const unknown = names.find((name) => !config.databases.some((database) => database.name === name))
  if (unknown !== undefined) throw usageErrors.ARGUMENT(`the configuration has no database ${unknown}`)
  const chosen = config.databases.filter(({ name }) => names.length === 0 || names.includes(name))
  const [step] = steps
  const installation = step === undefined ? await readInstallation(place, config) : undefined
  const rows = step === undefined ? await ledgerRows(app, config) : undefined
  if (installation !== undefined) {
    tellInstallation(app, installation)
    if (rows !== undefined) app.print(`  ledger: ${String(rows)} restore tests`)
  }
  const cron = await cronLines(app, place)
  const atWork = cron.filter(isWorkingCronLine)
  if (step === undefined) tellCron(app, cron)
  if (step === 'takeOver') for (const found of atWork) app.warn('ICB_MIGRATE_CRON_LINE', `${placeOf(found)} still calls ${found.programs.join(', ')}: comment it out, or let it call the old names of icb; icb migrate --finish wants it gone`)
  if (step === 'finish' && atWork.length > 0) {
    throw migrateErrors.errors.REFUSED_UNFINISHED(`cron still calls the original: ${atWork.map((found) => `${placeOf(found)} (${found.programs.join(', ')})`).join('; ')}`, { hint: 'Comment the lines out, or let them call the old names of icb.', details: { cron: atWork } })
  }
  const reports: DatabaseReport[] = []
  for (const { name } of chosen) {
    app.signal.throwIfAborted()
    await using connection = connectDatabase(config, name, app.fleet)
    if (step === 'begin') await begin(app, connection, place)
    else if (step === 'takeOver') await takeOver(app, connection, flag(options, 'acceptRetention'))
    else if (step === 'finish') await finish(app, connection)
    const report = await examine(app, connection)
    if (step === undefined) tellDatabase(app, report)
    reports.push(report)
  }
  return { schema: 'migrate/1', result: { step: step ?? 'report', directory: place, ...(installation === undefined ? {} : { installation }), ...(rows === undefined ? {} : { ledgerRows: rows }), cron, databases: reports } }
}
