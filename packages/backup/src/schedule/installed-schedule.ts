import type { SqlSession } from '@icb/oracle'
import type { ScheduleNames } from './schedule-names.ts'

type Row = Readonly<Record<string, string | null>>

/** What is installed, each object with the attributes that are compared. Absent: it is not there. */
export interface InstalledSchedule {
  readonly user?: { readonly locked: boolean }
  /** `CREATE JOB`, `SELECT ON SYS.V_$LOG`. */
  readonly privileges: ReadonlySet<string>
  readonly jobClass?: { readonly logging: string; readonly history: string; readonly service: string }
  readonly credential?: { readonly username: string; readonly enabled: boolean }
  readonly programs: ReadonlyMap<string, { readonly action: string; readonly arguments: readonly string[]; readonly enabled: boolean }>
  readonly schedules: ReadonlyMap<string, string>
  readonly procedure?: { readonly digest: string; readonly valid: boolean }
  readonly jobs: ReadonlyMap<string, InstalledJob>
  /** Objects of the schema that are not ours. */
  readonly foreign: readonly string[]
}

export interface InstalledJob {
  readonly what: string
  readonly schedule: string
  readonly jobClass: string
  readonly credential: string
  readonly enabled: boolean
  /** SCHEDULED, RUNNING, DISABLED, BROKEN, FAILED … */
  readonly state: string
  /** ISO times with zone. */
  readonly nextRun?: string
  readonly lastStart?: string
  readonly runs: number
  readonly failures: number
  /** Status and what it said, of the last finished run. */
  readonly lastRun?: { readonly status: string; readonly at: string; readonly info: string }
}

/** Reads what is there of a schedule. Not on a mounted database: the scheduler's views need an open one. */
export async function readInstalledSchedule(sql: SqlSession, names: ScheduleNames, options: { readonly hasCredentialViews: boolean; readonly signal: AbortSignal }): Promise<InstalledSchedule> {
  const { owner } = names
  const ask = (name: string, columns: readonly string[], from: string): Promise<readonly Row[]> =>
    sql.query({ name, sql: `select ${columns.join(', ')} from ${from}`, columns: Object.fromEntries(columns.map((column) => [column, 'text' as const])) }, { signal: options.signal })
  const [users, system, objects, classes, credentials, programs, args, schedules, procedures, sources, jobs, runs, others] = await Promise.all([
    ask('owner of the jobs', ['account_status'], `dba_users where username = '${owner}'`),
    ask('system privileges', ['privilege'], `dba_sys_privs where grantee = '${owner}'`),
    ask('object privileges', ['privilege', 'owner', 'table_name'], `dba_tab_privs where grantee = '${owner}'`),
    ask('job class', ['logging_level', "to_char(log_history)", 'service'], `dba_scheduler_job_classes where job_class_name = '${names.jobClass}'`),
    ask('credential', ['username', 'enabled'], `${options.hasCredentialViews ? 'dba_credentials' : '(select owner, credential_name, username, \'TRUE\' enabled from dba_scheduler_credentials)'} where owner = '${owner}' and credential_name = '${names.credential}'`),
    ask('programs', ['program_name', 'program_action', 'enabled'], `dba_scheduler_programs where owner = '${owner}'`),
    ask('program arguments', ['program_name', 'to_char(argument_position)', 'default_value'], `dba_scheduler_program_args where owner = '${owner}' order by argument_position`),
    ask('schedules', ['schedule_name', 'repeat_interval'], `dba_scheduler_schedules where owner = '${owner}'`),
    ask('procedure', ['status'], `dba_objects where owner = '${owner}' and object_name = '${names.checkProcedure}' and object_type = 'PROCEDURE'`),
    ask('its text', ['text'], `dba_source where owner = '${owner}' and name = '${names.checkProcedure}' and text like '%icb:%'`),
    ask('jobs', ['job_name', 'program_name', 'job_action', 'schedule_name', 'job_class', 'credential_name', 'enabled', 'state', `to_char(next_run_date, 'yyyy-mm-dd"T"hh24:mi:sstzh:tzm')`, `to_char(last_start_date, 'yyyy-mm-dd"T"hh24:mi:sstzh:tzm')`, 'to_char(run_count)', 'to_char(failure_count)'], `dba_scheduler_jobs where owner = '${owner}'`),
    ask('last runs', ['job_name', 'status', `to_char(log_date, 'yyyy-mm-dd"T"hh24:mi:sstzh:tzm')`, 'substr(additional_info, 1, 1000)'], `dba_scheduler_job_run_details where owner = '${owner}' and log_id in (select max(log_id) from dba_scheduler_job_run_details where owner = '${owner}' group by job_name)`),
    ask('other objects', ['object_type', 'object_name'], `dba_objects where owner = '${owner}'`),
  ])
  const value = (row: Row | undefined, index: number): string => (row === undefined ? '' : (Object.values(row)[index] ?? ''))
  const [user] = users
  const [jobClass] = classes
  const [credential] = credentials
  const [procedure] = procedures
  const lastRun = new Map(runs.map((row) => [value(row, 0), { status: value(row, 1), at: value(row, 2), info: value(row, 3) }]))
  const ours = new Set(Object.values(names))
  return {
    ...(user === undefined ? {} : { user: { locked: value(user, 0).includes('LOCKED') } }),
    privileges: new Set([...system.map((row) => value(row, 0)), ...objects.map((row) => `${value(row, 0)} ON ${value(row, 1)}.${value(row, 2)}`)]),
    ...(jobClass === undefined ? {} : { jobClass: { logging: value(jobClass, 0), history: value(jobClass, 1), service: value(jobClass, 2) } }),
    ...(credential === undefined ? {} : { credential: { username: value(credential, 0), enabled: value(credential, 1) === 'TRUE' } }),
    programs: new Map(programs.map((row) => [value(row, 0), { action: value(row, 1), arguments: args.filter((arg) => value(arg, 0) === value(row, 0)).map((arg) => value(arg, 2)), enabled: value(row, 2) === 'TRUE' }])),
    schedules: new Map(schedules.map((row) => [value(row, 0), value(row, 1)])),
    ...(procedure === undefined ? {} : { procedure: { digest: /icb:([0-9a-f]+)/.exec(sources.map((row) => value(row, 0)).join('\n'))?.[1] ?? '', valid: value(procedure, 0) === 'VALID' } }),
    jobs: new Map(jobs.map((row) => {
      const [name, next, last] = [value(row, 0), value(row, 8), value(row, 9)]
      const run = lastRun.get(name)
      return [name, {
        what: value(row, 1) === '' ? value(row, 2) : value(row, 1), schedule: value(row, 3), jobClass: value(row, 4), credential: value(row, 5), enabled: value(row, 6) === 'TRUE', state: value(row, 7),
        ...(next === '' ? {} : { nextRun: next }), ...(last === '' ? {} : { lastStart: last }), runs: Number(value(row, 10) || '0'), failures: Number(value(row, 11) || '0'), ...(run === undefined ? {} : { lastRun: run }),
      }]
    })),
    foreign: others.filter((row) => !ours.has(value(row, 1))).map((row) => `${value(row, 0).toLowerCase()} ${value(row, 1)}`),
  }
}
