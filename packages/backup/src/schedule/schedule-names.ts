/** Names of everything that `schedule install` makes in a database. */
export interface ScheduleNames {
  /** Schema of all of it but the job class, which belongs to SYS. */
  readonly owner: string
  readonly jobClass: string
  readonly credential: string
  readonly backupJob: string
  readonly archivelogsJob: string
  /** The job that the check in the database makes when it misses a log. */
  readonly archivelogsRun: string
  readonly backupProgram: string
  readonly archivelogsProgram: string
  readonly backupSchedule: string
  readonly archivelogsSchedule: string
  readonly checkProcedure: string
}

/** @param commonPrefix COMMON_USER_PREFIX of a container database (`C##`, perhaps empty); absent: no container database */
export function scheduleNames(commonPrefix?: string): ScheduleNames {
  return {
    owner: `${(commonPrefix ?? '').toUpperCase()}ICB_SCHEDULER`,
    jobClass: 'ICB_JOBS',
    credential: 'OS_CREDENTIAL',
    backupJob: 'BACKUP_JOB',
    archivelogsJob: 'ARCHIVELOGS_JOB',
    archivelogsRun: 'ARCHIVELOGS_RUN',
    backupProgram: 'BACKUP_PROGRAM',
    archivelogsProgram: 'ARCHIVELOGS_PROGRAM',
    backupSchedule: 'BACKUP_SCHEDULE',
    archivelogsSchedule: 'ARCHIVELOGS_SCHEDULE',
    checkProcedure: 'CHECK_ARCHIVED_LOGS',
  }
}
