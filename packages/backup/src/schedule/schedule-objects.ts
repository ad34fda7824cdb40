import type { BindValue } from '@icb/oracle'
import { sqlString } from '@icb/oracle'
import { checkedViews, logCheckDigest, logCheckProcedure } from './log-check-procedure.ts'
import type { LogCheck } from './log-check-procedure.ts'
import type { InstalledSchedule } from './installed-schedule.ts'
import type { ScheduleNames } from './schedule-names.ts'

export interface ScheduleStatement {
  readonly text: string
  /** Values that stand in no text; what is secret is only here. */
  readonly binds?: Readonly<Record<string, BindValue>>
}

/** One object as it is and as it should be. */
export interface ScheduleObject {
  /** `job BACKUP_JOB` */
  readonly id: string
  readonly wanted: Readonly<Record<string, string>>
  /** Absent: it is not there. */
  readonly found?: Readonly<Record<string, string>>
  /** Creates it, or makes it what it should be. */
  readonly make: readonly ScheduleStatement[]
  /** Removes what is there before `make`. */
  readonly unmake: readonly ScheduleStatement[]
  /** Jobs that are made anew when this changes: they refer to it. */
  readonly jobs: readonly string[]
}

export interface ScheduleRequest {
  readonly names: ScheduleNames
  readonly check: LogCheck
  /** Absolute path of the program that jobs start. */
  readonly program: string
  readonly backup: { readonly arguments: readonly string[]; readonly calendar: string; readonly enabled: boolean }
  readonly archivelogs: { readonly arguments: readonly string[]; readonly calendar: string }
  /** User of the operating system that jobs run as; absent: what externaljob.ora says. */
  readonly osUser?: string
  /** Service that jobs run at, on a cluster. */
  readonly service?: string
  readonly release: { readonly credentialPackage: 'DBMS_CREDENTIAL' | 'DBMS_SCHEDULER'; readonly noAuthentication: boolean; readonly container: boolean }
}

const systemPrivileges: readonly string[] = ['CREATE JOB', 'CREATE EXTERNAL JOB']
const logHistoryDays = 60

const yes = (value: boolean): string => (value ? 'true' : 'false')
const drop = (what: string, argument: string, name: string): ScheduleStatement => ({ text: `begin dbms_scheduler.drop_${what}(${argument} => '${name}', force => true); end;` })

/** Everything of a schedule in the order it is made. Passwords are not here: `credential` is made by the caller, who has one. */
export function scheduleObjects(request: ScheduleRequest, installed: InstalledSchedule, secrets: { readonly userPassword: string; readonly osPassword?: string }): readonly ScheduleObject[] {
  const { names } = request
  return [user(request, installed, secrets.userPassword), jobClass(request, installed), privileges(request, installed), ...credential(request, installed, secrets.osPassword), ...programs(request, installed), ...schedules(request, installed), procedure(request, installed), ...jobs(request, installed)].map((object) => ({ ...object, id: object.id.replace(`${names.owner}.`, '') }))
}

function user({ names, release }: ScheduleRequest, installed: InstalledSchedule, password: string): ScheduleObject {
  const common = release.container ? ' container=all' : ''
  // Locked either way; from 18c on there need not even be a password that nobody knows.
  const authentication = release.noAuthentication ? 'no authentication' : `identified by "${password}"`
  return {
    id: `user ${names.owner}`, wanted: { account: 'locked' }, ...(installed.user === undefined ? {} : { found: { account: installed.user.locked ? 'locked' : 'open' } }),
    make: [{ text: installed.user === undefined ? `create user ${names.owner} ${authentication} account lock${common}` : `alter user ${names.owner} account lock${common}` }], unmake: [], jobs: [],
  }
}

function jobClass({ names, service }: ScheduleRequest, installed: InstalledSchedule): ScheduleObject {
  const found = installed.jobClass
  return {
    id: `job class ${names.jobClass}`, wanted: { logging: 'FULL', 'log history': String(logHistoryDays), service: service ?? '' },
    ...(found === undefined ? {} : { found: { logging: found.logging, 'log history': found.history, service: found.service } }),
    unmake: [drop('job_class', 'job_class_name', names.jobClass)],
    make: [{ text: `begin dbms_scheduler.create_job_class(job_class_name => '${names.jobClass}', ${service === undefined ? '' : `service => ${sqlString(service)}, `}logging_level => dbms_scheduler.logging_full, log_history => ${String(logHistoryDays)}, comments => 'icb: jobs of backups'); end;` }, { text: `grant execute on sys.${names.jobClass} to ${names.owner}` }],
    jobs: [names.backupJob, names.archivelogsJob],
  }
}

function privileges({ names }: ScheduleRequest, installed: InstalledSchedule): ScheduleObject {
  const objects = [...checkedViews.map((view) => ({ privilege: 'SELECT', object: `SYS.${view}` })), { privilege: 'EXECUTE', object: `SYS.${names.jobClass}` }]
  const all = [...systemPrivileges, ...objects.map((each) => `${each.privilege} ON ${each.object}`)]
  const missing = all.filter((each) => !installed.privileges.has(each))
  return {
    id: 'privileges', wanted: { granted: all.join(', ') }, ...(installed.user === undefined ? {} : { found: { granted: all.filter((each) => !missing.includes(each)).join(', ') } }),
    make: [
      ...systemPrivileges.filter((each) => missing.includes(each)).map((each) => ({ text: `grant ${each} to ${names.owner}` })),
      ...objects.filter((each) => missing.includes(`${each.privilege} ON ${each.object}`)).map((each) => ({ text: `grant ${each.privilege} on ${each.object} to ${names.owner}` })),
    ],
    unmake: [], jobs: [],
  }
}

function credential({ names, osUser, release }: ScheduleRequest, installed: InstalledSchedule, password: string | undefined): readonly ScheduleObject[] {
  const found = installed.credential
  if (osUser === undefined) return []
  const full = `${names.owner}.${names.credential}`
  return [{
    id: `credential ${names.credential}`, wanted: { username: osUser, enabled: 'true' }, ...(found === undefined ? {} : { found: { username: found.username, enabled: yes(found.enabled) } }),
    unmake: [{ text: `begin ${release.credentialPackage}.drop_credential(credential_name => '${full}', force => true); end;` }],
    make: [{
      text: `begin ${release.credentialPackage}.create_credential(credential_name => '${full}', username => :os_user, password => :os_password, comments => 'icb: user that backups run as'); end;`,
      binds: { os_user: osUser, os_password: password ?? null },
    }],
    jobs: [],
  }]
}

function programs({ names, program, backup, archivelogs }: ScheduleRequest, installed: InstalledSchedule): readonly ScheduleObject[] {
  const make = (name: string, args: readonly string[], comment: string): ScheduleObject => {
    const found = installed.programs.get(name)
    const full = `${names.owner}.${name}`
    return {
      id: `program ${name}`, wanted: { action: program, arguments: args.join(' '), enabled: 'true' }, ...(found === undefined ? {} : { found: { action: found.action, arguments: found.arguments.join(' '), enabled: yes(found.enabled) } }),
      unmake: [drop('program', 'program_name', full)],
      make: [
        { text: `begin dbms_scheduler.create_program(program_name => '${full}', program_type => 'EXECUTABLE', program_action => ${sqlString(program)}, number_of_arguments => ${String(args.length)}, enabled => false, comments => 'icb: ${comment}'); end;` },
        ...args.map((value, index) => ({ text: `begin dbms_scheduler.define_program_argument(program_name => '${full}', argument_position => ${String(index + 1)}, argument_type => 'VARCHAR2', default_value => ${sqlString(value)}); end;` })),
        { text: `begin dbms_scheduler.enable('${full}'); end;` },
      ],
      jobs: name === names.backupProgram ? [names.backupJob] : [],
    }
  }
  return [make(names.backupProgram, backup.arguments, 'snapshot and refresh'), make(names.archivelogsProgram, archivelogs.arguments, 'copies missing archived logs')]
}

function schedules({ names, backup, archivelogs }: ScheduleRequest, installed: InstalledSchedule): readonly ScheduleObject[] {
  const make = (name: string, calendar: string, job: string): ScheduleObject => {
    const found = installed.schedules.get(name)
    const full = `${names.owner}.${name}`
    return {
      id: `schedule ${name}`, wanted: { calendar }, ...(found === undefined ? {} : { found: { calendar: found } }), unmake: [drop('schedule', 'schedule_name', full)],
      make: [{ text: `begin dbms_scheduler.create_schedule(schedule_name => '${full}', repeat_interval => ${sqlString(calendar)}, comments => 'icb'); end;` }], jobs: [job],
    }
  }
  return [make(names.backupSchedule, backup.calendar, names.backupJob), make(names.archivelogsSchedule, archivelogs.calendar, names.archivelogsJob)]
}

function procedure({ names, check }: ScheduleRequest, installed: InstalledSchedule): ScheduleObject {
  const found = installed.procedure
  return {
    id: `procedure ${names.checkProcedure}`, wanted: { version: logCheckDigest(check), valid: 'true' }, ...(found === undefined ? {} : { found: { version: found.digest, valid: yes(found.valid) } }),
    unmake: [], make: [{ text: logCheckProcedure(check) }], jobs: [],
  }
}

function jobs({ names, backup, osUser }: ScheduleRequest, installed: InstalledSchedule): readonly ScheduleObject[] {
  const make = (name: string, what: string, schedule: string, enabled: boolean, external: boolean): ScheduleObject => {
    const found = installed.jobs.get(name)
    const full = `${names.owner}.${name}`
    const credentialName = external && osUser !== undefined ? names.credential : ''
    const action = external ? `program_name => '${names.owner}.${what}'` : `job_type => 'STORED_PROCEDURE', job_action => '${names.owner}.${what}'`
    return {
      id: `job ${name}`,
      wanted: { does: what, schedule, class: names.jobClass, credential: credentialName, enabled: yes(enabled) },
      ...(found === undefined ? {} : { found: { does: found.what.replace(`${names.owner}.`, ''), schedule: found.schedule, class: found.jobClass, credential: found.credential, enabled: yes(found.enabled) } }),
      unmake: [drop('job', 'job_name', full)],
      make: [{
        text: `begin dbms_scheduler.create_job(job_name => '${full}', ${action}, schedule_name => '${names.owner}.${schedule}', job_class => '${names.jobClass}', ${credentialName === '' ? '' : `credential_name => '${names.owner}.${credentialName}', `}enabled => ${yes(enabled)}, auto_drop => false, comments => 'icb'); end;`,
      }],
      jobs: [name],
    }
  }
  return [make(names.backupJob, names.backupProgram, names.backupSchedule, backup.enabled, true), make(names.archivelogsJob, names.checkProcedure, names.archivelogsSchedule, true, false)]
}
