import { nextRuns, parseCalendar, remarksOn } from '@icb/calendar'
import type { DatabaseConfig } from '@icb/config'
import { DateTime } from 'luxon'
import type { AppContext } from './app-context.ts'

export interface ScheduledJob {
  readonly name: 'backup' | 'archivelogs'
  /** The command line behind `icb`. */
  readonly command: string
  readonly calendar: string
}

/** What runs by itself for a database, and when. */
export function scheduledJobs(database: DatabaseConfig): readonly ScheduledJob[] {
  return [
    { name: 'backup', command: `backup ${database.name}`, calendar: database.scheduleBackup },
    { name: 'archivelogs', command: `archivelogs ${database.name}`, calendar: database.scheduleArchivelog },
  ]
}

/** The next five runs of each job if it were made now, and what is odd about its calendar. */
export function nextRunsOf(app: Pick<AppContext, 'clock'>, database: DatabaseConfig, zone = 'local'): readonly (ScheduledJob & { readonly next: readonly string[]; readonly remarks: readonly string[] })[] {
  const start = DateTime.fromMillis(app.clock.now(), { zone })
  return scheduledJobs(database).map((job) => {
    const calendar = parseCalendar(job.calendar)
    return { ...job, next: nextRuns(calendar, { start, count: 5 }).map((run) => run.toISO() ?? ''), remarks: remarksOn(calendar) }
  })
}
