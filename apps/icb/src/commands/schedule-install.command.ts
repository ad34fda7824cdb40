import { realpathSync } from 'node:fs'
import { userInfo } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { applySchedule, planSchedule } from '@icb/backup'
import type { SchedulePlan, ScheduleWishes } from '@icb/backup'
import { parseCalendar, remarksOn } from '@icb/calendar'
import { findDatabase, resolveSecret } from '@icb/config'
import type { DatabaseConfig } from '@icb/config'
import type { AppContext } from '../app-context.ts'
import { flag, text } from '../command.ts'
import type { CommandAction } from '../command.ts'
import { confirmed } from '../confirm.ts'
import { usageErrors } from '../errors.ts'
import { closedDirectories, compareJobStarter, jobStarterText, writeJobStarter } from '../job-starter.ts'
import { nextRunsOf } from '../schedule-jobs.ts'
import { withAdministration } from '../schedule-administration.ts'

type Options = Readonly<Record<string, unknown>>

/** How this very program is started again: Node and the bundle, or what `--program` names. */
function programWords(options: Options): readonly string[] {
  const named = text(options, 'program')
  if (named !== undefined) {
    if (!isAbsolute(named)) throw usageErrors.ARGUMENT(`--program ${named} is no absolute path`, { hint: 'An external job has no PATH.' })
    return [named]
  }
  const [, script = ''] = process.argv
  return [process.execPath, realpathSync(script)]
}

/** Variables of this shell that decide what the configuration means, and that a job would not have. */
function inheritedVariables(app: AppContext, osUser: string | undefined): Readonly<Record<string, string>> {
  const names = ['ORACLE_HOME', 'XDG_STATE_HOME', ...(osUser === undefined || osUser === userInfo().username ? ['HOME'] : [])]
  return Object.fromEntries(names.flatMap((name) => (app.env[name] === undefined || app.env[name] === '' ? [] : [[name, app.env[name]]])))
}

/** Secrets that come from the environment, which jobs do not have. */
function secretsFromEnvironment(database: DatabaseConfig): readonly string[] {
  const values: readonly unknown[] = [database.password, ...Object.values(database.storage.options)]
  return values.flatMap((value) => (typeof value === 'object' && value !== null && 'env' in value && typeof value.env === 'string' ? [value.env] : []))
}

function show(app: AppContext, plan: SchedulePlan): void {
  for (const id of plan.unchanged) app.print(`  = ${id}`)
  for (const change of plan.changes) {
    app.print(`  ${change.action === 'create' ? '+' : '~'} ${change.id}`)
    for (const { name, from, to } of change.differences) app.print(`      ${name}: ${from === undefined ? '' : `${from} -> `}${to ?? ''}`)
  }
  for (const warning of plan.warnings) app.warn('ICB_BACKUP_SCHEDULE', warning)
}

/** `icb schedule install <db>`: the difference first, then jobs of DBMS_SCHEDULER that run this program. */
export const scheduleInstall: CommandAction = async (app, [name = ''], options) => {
  const database = findDatabase(await app.config(), name)
  const osUser = flag(options, 'noCredential') || options['credential'] === false ? undefined : database.osUser
  if (osUser === undefined && options['credential'] !== false) throw usageErrors.ARGUMENT(`${name} has no osUser, so Oracle would run its jobs as the user of externaljob.ora`, { hint: 'Set osuser (osUser) in the configuration; or add --no-credential if that user is meant.' })
  for (const [job, calendar] of [['backup', database.scheduleBackup], ['archivelogs', database.scheduleArchivelog]] as const) {
    for (const remark of remarksOn(parseCalendar(calendar))) app.warn('ICB_CALENDAR_REMARK', `${job} (${calendar}): ${remark}`)
  }
  const starter = resolve(text(options, 'starter') ?? join((await app.config()).stateDir ?? app.fleet.defaultStateDir, 'bin', `icb-job-${name}`))
  const starterText = jobStarterText({ program: programWords(options), configPath: app.configPath(), env: inheritedVariables(app, osUser) })
  for (const variable of secretsFromEnvironment(database)) app.warn('ICB_BACKUP_SCHEDULE', `a secret of ${name} comes from the environment variable ${variable}, which a job of the database does not have: take a file or a command`)
  if (osUser !== undefined && osUser !== userInfo().username) for (const directory of await closedDirectories(starter)) app.warn('ICB_BACKUP_SCHEDULE', `${directory} cannot be passed by everybody; ${osUser} must be able to start ${starter}`)

  return withAdministration(app, name, options, async (connection) => {
    const reference = database.osPassword ?? (app.env['OSPASSWORD'] === undefined ? undefined : { env: 'OSPASSWORD' })
    const service = text(options, 'service')
    const wishes: ScheduleWishes = {
      program: starter,
      backup: { arguments: ['backup', name], calendar: database.scheduleBackup, enabled: database.backupJobEnabled },
      archivelogs: { arguments: ['archivelogs', name], calendar: database.scheduleArchivelog },
      ...(osUser === undefined ? {} : { osUser }),
      ...(reference === undefined ? {} : { osPassword: await resolveSecret(reference, `password of ${osUser ?? ''}`, { env: app.env, baseDir: (await app.config()).baseDir, runProcess: app.fleet.runProcess, clock: app.clock, signal: app.signal }) }),
      renewCredential: flag(options, 'renewCredential'),
      ...(service === undefined ? {} : { service }),
    }
    const deps = { sql: connection.sql(), settings: connection.backupSettings, signal: app.signal }
    const plan = await planSchedule(deps, wishes)
    const file = await compareJobStarter(starter, starterText)
    show(app, plan)
    app.print(`  ${file === 'none' ? '=' : file === 'create' ? '+' : '~'} file ${starter}`)
    const next = nextRunsOf(app, database)
    const outcome = (applied: boolean): { schema: string; result: unknown } => ({ schema: 'schedule-install/1', result: { plan, starter: { path: starter, action: file }, applied, next } })
    if (plan.changes.length === 0 && file === 'none') {
      app.print('nothing to change')
      return outcome(false)
    }
    if (flag(options, 'dryRun')) return outcome(false)
    if (app.options.json !== true && !(await confirmed(app, options, { command: 'schedule install asks before it changes a database', question: 'make these jobs?' }))) return { ...outcome(false), exitCode: 1 }
    if (file !== 'none') await writeJobStarter(starter, starterText)
    await applySchedule(deps, wishes)
    app.print(`${String(plan.changes.length)} changes made in schema ${plan.owner}`)
    for (const job of next) app.print(`${job.name}: next ${job.next.join(', ')}`)
    return outcome(true)
  })
}
