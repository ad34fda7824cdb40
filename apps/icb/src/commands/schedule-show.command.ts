import { installedJobs } from '@icb/backup'
import { parseCalendar, toCron, toSystemd } from '@icb/calendar'
import { findDatabase } from '@icb/config'
import { DateTime } from 'luxon'
import type { AppContext } from '../app-context.ts'
import { flag, text } from '../command.ts'
import type { CommandAction, CommandOutcome } from '../command.ts'
import { usageErrors } from '../errors.ts'
import { jenkinsfile, systemdUnits } from '../outside-schedulers.ts'
import { withAdministration } from '../schedule-administration.ts'
import { nextRunsOf } from '../schedule-jobs.ts'

const kinds = ['cron', 'systemd', 'jenkins'] as const

async function installed(app: AppContext, name: string, options: Readonly<Record<string, unknown>>): Promise<CommandOutcome> {
  return withAdministration(app, name, options, async (connection) => {
    const jobs = await installedJobs({ sql: connection.sql(), settings: connection.backupSettings, signal: app.signal })
    if (jobs.length === 0) app.print('no job is installed; see icb schedule install')
    for (const job of jobs) {
      app.print(`${job.name}: ${job.state.toLowerCase()}${job.nextRun === undefined ? '' : `, next ${job.nextRun}`}, ${String(job.runs)} runs, ${String(job.failures)} failed`)
      if (job.lastRun !== undefined) app.print(`  last ${job.lastRun.status.toLowerCase()} at ${job.lastRun.at}${job.lastRun.status === 'SUCCEEDED' ? '' : `\n  ${job.lastRun.info.replaceAll('\n', '\n  ')}`}`)
      if (!job.enabled) app.warn('ICB_BACKUP_SCHEDULE', `${job.name} is not enabled (${job.state.toLowerCase()})`)
    }
    return { schema: 'schedule-installed/1', result: { database: name, jobs } }
  })
}

/** `icb schedule show <db>`: the next runs of the configured calendars, what is odd about them, and the same for other schedulers; with `--installed` what the database itself runs. */
export const scheduleShow: CommandAction = async (app, [name = ''], options) => {
  if (flag(options, 'installed')) return installed(app, name, options)
  const print = text(options, 'print')
  if (print !== undefined && !kinds.some((kind) => kind === print)) throw usageErrors.ARGUMENT(`--print ${print}`, { hint: `Write ${kinds.join(', ')}.` })
  const zone = text(options, 'zone') ?? 'local'
  const start = DateTime.fromMillis(app.clock.now(), { zone })
  if (!start.isValid) throw usageErrors.ARGUMENT(`--zone ${zone} is no time zone`, { hint: 'Write UTC or Europe/Stockholm.' })
  const database = findDatabase(await app.config(), name)
  const program = text(options, 'program') ?? '/usr/local/bin/icb'
  const ssh = text(options, 'ssh')
  const jobs = nextRunsOf(app, database, zone).map((job) => {
    const calendar = parseCalendar(job.calendar)
    const commandLine = `${program} ${job.command} --config ${app.configPath()}`
    const lines =
      print === 'cron' ? [`${toCron(calendar, start)} ${commandLine}`]
      : print === 'systemd' ? systemdUnits(job, database, toSystemd(calendar, start), commandLine)
      : print === 'jenkins' ? jenkinsfile(job, database, { cron: toCron(calendar, start), zone: start.zoneName, commandLine, ...(ssh === undefined ? {} : { ssh }) })
      : []
    return { ...job, lines }
  })
  for (const job of jobs) {
    for (const remark of job.remarks) app.warn('ICB_CALENDAR_REMARK', `${job.name} (${job.calendar}): ${remark}`)
    if (print !== undefined) for (const line of job.lines) app.print(line)
    else {
      app.print(`${job.name}: ${job.calendar}`)
      for (const run of job.next) app.print(`  ${run}`)
    }
  }
  return { schema: 'schedule/1', result: { database: name, zone: start.zoneName, jobs } }
}
