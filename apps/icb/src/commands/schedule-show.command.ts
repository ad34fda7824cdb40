import { nextRuns, parseCalendar, remarksOn, toCron, toSystemd } from '@icb/calendar'
import type { DatabaseConfig } from '@icb/config'
import { findDatabase } from '@icb/config'
import { DateTime } from 'luxon'
import { text } from '../command.ts'
import type { CommandAction } from '../command.ts'
import { usageErrors } from '../errors.ts'

interface Job {
  readonly name: string
  /** The command line behind `icb`. */
  readonly command: string
  readonly calendar: string
}

function jobsOf(database: DatabaseConfig): readonly Job[] {
  return [
    { name: 'backup', command: `backup ${database.name}`, calendar: database.scheduleBackup },
    { name: 'archivelogs', command: `archivelogs ${database.name}`, calendar: database.scheduleArchivelog },
  ]
}

/** Unit files of one job, each with the name it is saved under. */
function systemdUnits(job: Job, database: DatabaseConfig, onCalendar: string, commandLine: string): readonly string[] {
  const unit = `icb-${job.name}-${database.name}`
  const user = database.osUser === undefined ? [] : [`User=${database.osUser}`]
  return [
    `# /etc/systemd/system/${unit}.service`, '[Unit]', `Description=icb ${job.command}`, '', '[Service]', 'Type=oneshot', ...user, `ExecStart=${commandLine}`, '',
    `# /etc/systemd/system/${unit}.timer`, '[Unit]', `Description=icb ${job.command}`, '', '[Timer]', `OnCalendar=${onCalendar}`, 'Persistent=true', '', '[Install]', 'WantedBy=timers.target', '',
  ]
}

/** `icb schedule show <db>`: the next runs of the configured calendars, what is odd about them, and the same as cron lines or systemd units. */
export const scheduleShow: CommandAction = async (app, [name = ''], options) => {
  const print = text(options, 'print')
  if (print !== undefined && print !== 'cron' && print !== 'systemd') throw usageErrors.ARGUMENT(`--print ${print}`, { hint: 'Write cron or systemd.' })
  const zone = text(options, 'zone') ?? 'local'
  const start = DateTime.fromMillis(app.clock.now(), { zone })
  if (!start.isValid) throw usageErrors.ARGUMENT(`--zone ${zone} is no time zone`, { hint: 'Write UTC or Europe/Stockholm.' })
  const database = findDatabase(await app.config(), name)
  const program = text(options, 'program') ?? '/usr/local/bin/icb'
  const jobs = jobsOf(database).map((job) => {
    const calendar = parseCalendar(job.calendar)
    const commandLine = `${program} ${job.command} --config ${app.configPath()}`
    const lines = print === 'cron' ? [`${toCron(calendar, start)} ${commandLine}`] : print === 'systemd' ? systemdUnits(job, database, toSystemd(calendar, start), commandLine) : []
    return { ...job, next: nextRuns(calendar, { start, count: 5 }).map((run) => run.toISO()), remarks: remarksOn(calendar), lines }
  })
  for (const job of jobs) {
    for (const remark of job.remarks) app.warn('ICB_CALENDAR_REMARK', `${job.name} (${job.calendar}): ${remark}`)
    if (print !== undefined) for (const line of job.lines) app.print(line)
    else {
      app.print(`${job.name}: ${job.calendar}`)
      for (const run of job.next) app.print(`  ${run ?? ''}`)
    }
  }
  return { schema: 'schedule/1', result: { database: name, zone: start.zoneName, jobs } }
}
