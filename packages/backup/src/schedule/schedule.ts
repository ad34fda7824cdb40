import { randomBytes } from 'node:crypto'
import { isAtLeast, readIdentity, readInstance, readParameters } from '@icb/oracle'
import type { SqlSession } from '@icb/oracle'
import { Secret } from '@icb/runtime'
import { archivelogDirectory } from '../area-path.ts'
import { backupErrors } from '../errors.ts'
import { assertIdentity } from '../preflight.ts'
import { completeSettings } from '../settings.ts'
import type { BackupSettings } from '../settings.ts'
import { readInstalledSchedule } from './installed-schedule.ts'
import type { InstalledJob, InstalledSchedule } from './installed-schedule.ts'
import { scheduleNames } from './schedule-names.ts'
import type { ScheduleNames } from './schedule-names.ts'
import { scheduleObjects } from './schedule-objects.ts'
import type { ScheduleObject, ScheduleRequest, ScheduleStatement } from './schedule-objects.ts'

export interface ScheduleDependencies {
  /** A session as SYSDBA: SYSBACKUP may make neither users nor job classes. */
  readonly sql: SqlSession
  readonly settings: BackupSettings
  readonly signal: AbortSignal
}

/** What is to run, and when. */
export interface ScheduleWishes {
  /** Absolute path of a program that finds its own way: an external job has no shell, no PATH, no HOME and no directory of its own. */
  readonly program: string
  readonly backup: { readonly arguments: readonly string[]; readonly calendar: string; readonly enabled: boolean }
  readonly archivelogs: { readonly arguments: readonly string[]; readonly calendar: string }
  /** User of the operating system that the jobs run as; absent: the user of externaljob.ora. */
  readonly osUser?: string
  readonly osPassword?: Secret
  /** The credential is made anew, with this password. */
  readonly renewCredential?: boolean
  readonly service?: string
}

export interface ScheduleChange {
  /** `job BACKUP_JOB` */
  readonly id: string
  readonly action: 'create' | 'change' | 'remove'
  readonly differences: readonly { readonly name: string; readonly from?: string; readonly to?: string }[]
}

export interface SchedulePlan {
  readonly database: string
  readonly owner: string
  readonly changes: readonly ScheduleChange[]
  readonly unchanged: readonly string[]
  readonly warnings: readonly string[]
}

interface Situation {
  readonly names: ScheduleNames
  readonly release: string
  readonly container: boolean
  readonly installed: InstalledSchedule
}

const textsOf = (statements: readonly ScheduleStatement[]): readonly string[] => statements.map((statement) => statement.text)

async function situationOf({ sql, settings, signal }: ScheduleDependencies): Promise<Situation> {
  const [{ release }, [prefix]] = await Promise.all([readInstance(sql, { signal }), readParameters(sql, { names: ['common_user_prefix'], signal })])
  const identity = await readIdentity(sql, { release, signal })
  assertIdentity(identity, completeSettings(settings))
  if (identity.openMode !== 'READ WRITE') {
    throw backupErrors.SCHEDULE(`${settings.name} is ${identity.openMode} (${identity.role}), so its scheduler runs no job`, { hint: 'Schedule it from outside: icb schedule show --print systemd, or --print jenkins.' })
  }
  const names = scheduleNames(identity.cdb ? (prefix?.value ?? 'C##') : undefined)
  return { names, release, container: identity.cdb, installed: await readInstalledSchedule(sql, names, { hasCredentialViews: isAtLeast(release, 12, 1), signal }) }
}

function requestOf({ settings }: ScheduleDependencies, wishes: ScheduleWishes, { names, release, container }: Situation): ScheduleRequest {
  const { tag, areaPath } = completeSettings(settings)
  return {
    names, program: wishes.program, backup: wishes.backup, archivelogs: wishes.archivelogs, ...(wishes.osUser === undefined ? {} : { osUser: wishes.osUser }), ...(wishes.service === undefined ? {} : { service: wishes.service }),
    check: { names, directory: archivelogDirectory(areaPath), tag, withCredential: wishes.osUser !== undefined },
    release: { credentialPackage: isAtLeast(release, 12, 1) ? 'DBMS_CREDENTIAL' : 'DBMS_SCHEDULER', noAuthentication: isAtLeast(release, 18), container },
  }
}

/** What differs; empty when all of it is as it should be. */
function differencesOf({ wanted, found }: ScheduleObject): ScheduleChange['differences'] {
  return Object.entries(wanted).filter(([name, value]) => found?.[name] !== value).map(([name, to]) => ({ name, ...(found?.[name] === undefined ? {} : { from: found[name] }), to }))
}

const isJob = ({ id }: ScheduleObject): boolean => /^job (?!class)/.test(id)

interface Comparison {
  readonly plan: SchedulePlan
  readonly statements: readonly ScheduleStatement[]
}

function compare(deps: ScheduleDependencies, wishes: ScheduleWishes, situation: Situation): Comparison {
  const { names, installed } = situation
  // Nobody knows it: the account is locked and owns only jobs. 24 characters fit every password profile of 11.2 on.
  const password = new Secret(`A1_${randomBytes(10).toString('hex')}x`, 'password of the scheduler account')
  const objects = scheduleObjects(requestOf(deps, wishes, situation), installed, { userPassword: password.reveal(), ...(wishes.osPassword === undefined ? {} : { osPassword: wishes.osPassword.reveal() }) })
  const renewed = (object: ScheduleObject): boolean => wishes.renewCredential === true && object.id === `credential ${names.credential}`
  const changed = objects.filter((object) => object.found === undefined || renewed(object) || differencesOf(object).length > 0)
  // What a job refers to is dropped before it is made anew, and the job with it.
  const again = new Set(changed.filter((object) => object.found !== undefined).flatMap((object) => object.jobs))
  const touched = objects.filter((object) => changed.includes(object) || (isJob(object) && object.jobs.some((job) => again.has(job))))
  const dropped = objects.filter((object) => isJob(object) && object.found !== undefined && touched.includes(object))
  const rest = touched.filter((object) => !dropped.includes(object))
  const statements = [...dropped.flatMap((object) => object.unmake), ...objects.filter((object) => touched.includes(object)).flatMap((object) => [...(rest.includes(object) && object.found !== undefined ? object.unmake : []), ...object.make])]
  const warnings = [
    ...(installed.foreign.length === 0 ? [] : [`${names.owner} owns what is not ours: ${installed.foreign.join(', ')}`]),
    ...(wishes.osUser === undefined && installed.credential !== undefined ? [`the credential ${names.credential} of ${installed.credential.username} is no longer used`] : []),
  ]
  return {
    statements,
    plan: {
      database: deps.settings.name, owner: names.owner, warnings,
      changes: changed.map((object) => ({ id: object.id, action: object.found === undefined ? 'create' : 'change', differences: renewed(object) && differencesOf(object).length === 0 ? [{ name: 'password', to: 'renewed' }] : differencesOf(object) })),
      unchanged: objects.filter((object) => !changed.includes(object)).map((object) => object.id),
    },
  }
}

/**
 * Compares the scheduler of a database with what is wished; changes nothing.
 * @throws ICB_BACKUP_REFUSED_IDENTITY; ICB_BACKUP_SCHEDULE when the database cannot run jobs
 */
export async function planSchedule(deps: ScheduleDependencies, wishes: ScheduleWishes): Promise<SchedulePlan> {
  return compare(deps, wishes, await situationOf(deps)).plan
}

/**
 * Makes what is missing and changes what differs; nothing else is touched. A repeated call goes on where an interrupted one stopped.
 * @throws ICB_BACKUP_SCHEDULE_RUNNING while a job that would change runs; ICB_BACKUP_SCHEDULE when a credential needs a password that is not given, or something is not there afterwards
 */
export async function applySchedule(deps: ScheduleDependencies, wishes: ScheduleWishes): Promise<SchedulePlan> {
  const situation = await situationOf(deps)
  const { plan, statements } = compare(deps, wishes, situation)
  if (statements.length === 0) return plan
  await assertNothingRuns(deps, situation.names)
  const needsPassword = statements.some((statement) => statement.binds !== undefined)
  if (needsPassword && wishes.osPassword === undefined) throw backupErrors.SCHEDULE(`the credential of ${wishes.osUser ?? ''} needs the password of that user`, { hint: 'Set osPassword in the configuration (env, file or command), or the environment variable OSPASSWORD.' })
  // In SQL*Plus a value becomes a literal, in which quotes are doubled: that form is as secret.
  if (wishes.osPassword !== undefined) new Secret(wishes.osPassword.reveal().replaceAll("'", "''"), 'password of the operating system user')
  const binds = Object.assign({}, ...statements.map((statement) => statement.binds ?? {})) as NonNullable<ScheduleStatement['binds']>
  await deps.sql.execute(textsOf(statements), { signal: deps.signal, binds })
  const after = compare(deps, { ...wishes, renewCredential: false }, await situationOf(deps)).plan
  if (after.changes.length > 0) throw backupErrors.SCHEDULE(`${after.changes.map((change) => change.id).join(', ')} did not become what was asked for`, { hint: 'See DBA_ERRORS and the alert log.', details: { changes: after.changes } })
  return plan
}

async function assertNothingRuns({ sql, signal }: ScheduleDependencies, { owner }: ScheduleNames): Promise<void> {
  const running = await sql.query({ name: 'dba_scheduler_running_jobs', sql: `select job_name from dba_scheduler_running_jobs where owner = '${owner}'`, columns: { job: 'text!' } }, { signal })
  if (running.length > 0) throw backupErrors.SCHEDULE_RUNNING(`${running.map((row) => `${owner}.${row.job}`).join(', ')} runs now`, { hint: 'Wait until it has ended, then repeat the command.' })
}

/**
 * Removes everything that {@link applySchedule} made, and the owner where nothing else is left of it.
 * @param options.dryRun only says what would go
 * @throws ICB_BACKUP_SCHEDULE_RUNNING, ICB_BACKUP_SCHEDULE
 */
export async function removeSchedule(deps: ScheduleDependencies, options: { readonly dryRun: boolean }): Promise<SchedulePlan> {
  const { names, release, installed } = await situationOf(deps)
  const { owner } = names
  const credentialPackage = isAtLeast(release, 12, 1) ? 'dbms_credential' : 'dbms_scheduler'
  const drop = (what: string, argument: string, name: string): string => `begin dbms_scheduler.drop_${what}(${argument} => '${name}', force => true); end;`
  const own = new Set(Object.values(names))
  const gone: readonly (readonly [string, string])[] = [
    ...[...installed.jobs.keys()].filter((name) => own.has(name)).map((name) => [`job ${name}`, drop('job', 'job_name', `${owner}.${name}`)] as const),
    ...(installed.procedure === undefined ? [] : [[`procedure ${names.checkProcedure}`, `drop procedure ${owner}.${names.checkProcedure}`] as const]),
    ...[...installed.programs.keys()].filter((name) => own.has(name)).map((name) => [`program ${name}`, drop('program', 'program_name', `${owner}.${name}`)] as const),
    ...[...installed.schedules.keys()].filter((name) => own.has(name)).map((name) => [`schedule ${name}`, drop('schedule', 'schedule_name', `${owner}.${name}`)] as const),
    ...(installed.credential === undefined ? [] : [[`credential ${names.credential}`, `begin ${credentialPackage}.drop_credential(credential_name => '${owner}.${names.credential}', force => true); end;`] as const]),
    ...(installed.user === undefined || installed.foreign.length > 0 ? [] : [[`user ${owner}`, `drop user ${owner}`] as const]),
    ...(installed.jobClass === undefined ? [] : [[`job class ${names.jobClass}`, drop('job_class', 'job_class_name', names.jobClass)] as const]),
  ]
  const plan: SchedulePlan = {
    database: deps.settings.name, owner, changes: gone.map(([id]) => ({ id, action: 'remove', differences: [] })), unchanged: [],
    warnings: installed.foreign.length === 0 ? [] : [`${owner} stays, because it owns what is not ours: ${installed.foreign.join(', ')}`],
  }
  if (options.dryRun || gone.length === 0) return plan
  await assertNothingRuns(deps, names)
  await deps.sql.execute(gone.map(([, text]) => text), { signal: deps.signal })
  const left = (await situationOf(deps)).installed
  if (left.jobs.size > 0 || left.programs.size > 0 || left.jobClass !== undefined) throw backupErrors.SCHEDULE(`something of the schedule is still there: ${[...left.jobs.keys(), ...left.programs.keys()].join(', ')}`)
  return plan
}

/** The jobs as the database knows them, with their next and last runs. */
export async function installedJobs(deps: ScheduleDependencies): Promise<readonly (InstalledJob & { readonly name: string })[]> {
  const { installed } = await situationOf(deps)
  return [...installed.jobs].map(([name, job]) => ({ name, ...job }))
}
