import type { Instance } from '../engine/instance-api.ts'
import type { ViewContext } from '../sql/catalog.ts'
import { instanceNumber } from '../sql/environment.ts'
import { schemaName, type QualifiedName } from '../sql/schema/names.ts'
import { schemaOf } from '../sql/schema/schema-store.ts'
import { defineView, type ViewRow } from '../sql/views/view.ts'
import { runningJobs } from './coordinator.ts'
import { readDetails, readLog } from './log.ts'
import { actionOf, type SchedulerCredential, type SchedulerJob, type SchedulerJobClass, type SchedulerProgram, type SchedulerSchedule } from './objects.ts'

type Owned = ViewRow & { readonly OWNER: string }

function defineFamily(name: string, columns: string, rows: (context: ViewContext) => readonly Owned[] | Promise<readonly Owned[]>): void {
  for (const prefix of ['DBA', 'ALL']) defineView(`${prefix}_${name}`, 'open', `OWNER:v128 ${columns}`, rows)
  defineView(`USER_${name}`, 'open', columns, async (context) => (await rows(context)).filter((row) => row.OWNER === schemaName(context.session)).map((row) => Object.fromEntries(Object.entries(row).filter(([column]) => column !== 'OWNER'))))
}

const yes = (value: boolean): string => (value ? 'TRUE' : 'FALSE')
const ownerOf = (name: QualifiedName | undefined): string | null => name?.owner ?? null
const nameOf = (name: QualifiedName | undefined): string | null => name?.name ?? null

function jobRow(instance: Instance, owner: string, name: string, job: SchedulerJob): Owned {
  const schedule = job.schedule === undefined ? undefined : schemaOf(instance).get<SchedulerSchedule>('SCHEDULE', job.schedule.owner, job.schedule.name)?.definition
  return {
    OWNER: owner, JOB_NAME: name, JOB_STYLE: 'REGULAR', JOB_CREATOR: owner, PROGRAM_OWNER: ownerOf(job.program), PROGRAM_NAME: nameOf(job.program), JOB_TYPE: job.type ?? null, JOB_ACTION: job.action ?? null,
    NUMBER_OF_ARGUMENTS: job.program === undefined ? job.argumentCount : null, SCHEDULE_OWNER: ownerOf(job.schedule), SCHEDULE_NAME: nameOf(job.schedule),
    SCHEDULE_TYPE: job.schedule !== undefined ? 'NAMED' : job.interval === null ? (job.start === null ? 'IMMEDIATE' : 'ONCE') : /^\s*freq/i.test(job.interval) ? 'CALENDAR' : 'PLSQL', START_DATE: job.start ?? (job.enabled ? job.created : null),
    REPEAT_INTERVAL: schedule?.interval ?? job.interval, END_DATE: schedule?.end ?? job.end, JOB_CLASS: job.jobClass, ENABLED: yes(job.enabled), AUTO_DROP: yes(job.autoDrop), RESTARTABLE: 'FALSE', STATE: job.state, JOB_PRIORITY: 3,
    RUN_COUNT: job.runCount, MAX_RUNS: job.maxRuns, FAILURE_COUNT: job.failureCount, MAX_FAILURES: job.maxFailures, RETRY_COUNT: 0, LAST_START_DATE: job.lastStart, LAST_RUN_DURATION: job.lastDuration, NEXT_RUN_DATE: job.nextRun,
    LOGGING_LEVEL: schemaOf(instance).get<SchedulerJobClass>('JOB CLASS', 'SYS', job.jobClass)?.definition.logging ?? 'RUNS', STOP_ON_WINDOW_CLOSE: 'FALSE', INSTANCE_STICKINESS: 'TRUE', SYSTEM: 'FALSE', CREDENTIAL_OWNER: ownerOf(job.credential),
    CREDENTIAL_NAME: nameOf(job.credential), INSTANCE_ID: job.instanceId, COMMENTS: job.comments,
  }
}

defineFamily(
  'SCHEDULER_JOBS',
  'JOB_NAME:v128 JOB_SUBNAME:v128 JOB_STYLE:v17 JOB_CREATOR:v128 PROGRAM_OWNER:v4000 PROGRAM_NAME:v4000 JOB_TYPE:v16 JOB_ACTION:v4000 NUMBER_OF_ARGUMENTS:n SCHEDULE_OWNER:v4000 SCHEDULE_NAME:v4000 SCHEDULE_TYPE:v12 START_DATE:t REPEAT_INTERVAL:v4000 END_DATE:t JOB_CLASS:v128 ENABLED:v5 AUTO_DROP:v5 RESTARTABLE:v5 STATE:v20 JOB_PRIORITY:n RUN_COUNT:n MAX_RUNS:n FAILURE_COUNT:n MAX_FAILURES:n RETRY_COUNT:n LAST_START_DATE:t LAST_RUN_DURATION:i NEXT_RUN_DATE:t LOGGING_LEVEL:v11 STOP_ON_WINDOW_CLOSE:v5 INSTANCE_STICKINESS:v5 SYSTEM:v5 CREDENTIAL_OWNER:v128 CREDENTIAL_NAME:v128 INSTANCE_ID:n COMMENTS:v4000',
  ({ instance }) => schemaOf(instance).all<SchedulerJob>('JOB').map((job) => jobRow(instance, job.owner, job.name, job.definition)),
)
defineFamily('SCHEDULER_PROGRAMS', 'PROGRAM_NAME:v128 PROGRAM_TYPE:v16 PROGRAM_ACTION:v4000 NUMBER_OF_ARGUMENTS:n ENABLED:v5 DETACHED:v5 COMMENTS:v4000', ({ instance }) =>
  schemaOf(instance).all<SchedulerProgram>('PROGRAM').map(({ owner, name, definition }) => ({ OWNER: owner, PROGRAM_NAME: name, PROGRAM_TYPE: definition.type, PROGRAM_ACTION: definition.action, NUMBER_OF_ARGUMENTS: definition.argumentCount, ENABLED: yes(definition.enabled), DETACHED: 'FALSE', COMMENTS: definition.comments })),
)
defineFamily('SCHEDULER_PROGRAM_ARGS', 'PROGRAM_NAME:v128 ARGUMENT_NAME:v128 ARGUMENT_POSITION:n ARGUMENT_TYPE:v257 DEFAULT_VALUE:v4000 OUT_ARGUMENT:v5', ({ instance }) =>
  schemaOf(instance).all<SchedulerProgram>('PROGRAM').flatMap(({ owner, name, definition }) => definition.arguments.map((argument) => ({ OWNER: owner, PROGRAM_NAME: name, ARGUMENT_NAME: argument.name ?? null, ARGUMENT_POSITION: argument.position, ARGUMENT_TYPE: argument.type, DEFAULT_VALUE: argument.value, OUT_ARGUMENT: 'FALSE' }))),
)
defineFamily('SCHEDULER_JOB_ARGS', 'JOB_NAME:v128 ARGUMENT_NAME:v128 ARGUMENT_POSITION:n ARGUMENT_TYPE:v257 VALUE:v4000 OUT_ARGUMENT:v5', ({ instance }) =>
  schemaOf(instance).all<SchedulerJob>('JOB').flatMap(({ owner, name, definition }) => {
    const args = definition.program === undefined || schemaOf(instance).get('PROGRAM', definition.program.owner, definition.program.name) !== undefined ? actionOf(definition, instance).arguments : definition.arguments
    return args.map((argument) => ({ OWNER: owner, JOB_NAME: name, ARGUMENT_NAME: argument.name ?? null, ARGUMENT_POSITION: argument.position, ARGUMENT_TYPE: argument.type, VALUE: argument.value, OUT_ARGUMENT: 'FALSE' }))
  }),
)
defineFamily('SCHEDULER_SCHEDULES', 'SCHEDULE_NAME:v128 SCHEDULE_TYPE:v12 START_DATE:t REPEAT_INTERVAL:v4000 END_DATE:t COMMENTS:v4000', ({ instance }) =>
  schemaOf(instance).all<SchedulerSchedule>('SCHEDULE').map(({ owner, name, definition }) => ({ OWNER: owner, SCHEDULE_NAME: name, SCHEDULE_TYPE: definition.interval === null ? 'ONCE' : 'CALENDAR', START_DATE: definition.start, REPEAT_INTERVAL: definition.interval, END_DATE: definition.end, COMMENTS: definition.comments })),
)
const credentialColumns = 'CREDENTIAL_NAME:v128 USERNAME:v128 WINDOWS_DOMAIN:v30 COMMENTS:v4000 ENABLED:v5'
const credentials = ({ instance }: ViewContext): Owned[] => schemaOf(instance).all<SchedulerCredential>('CREDENTIAL').map(({ owner, name, definition }) => ({ OWNER: owner, CREDENTIAL_NAME: name, USERNAME: definition.username, COMMENTS: definition.comments, ENABLED: yes(definition.enabled) }))
defineFamily('CREDENTIALS', credentialColumns, credentials)
defineFamily('SCHEDULER_CREDENTIALS', credentialColumns, credentials)
for (const prefix of ['DBA', 'ALL']) {
  defineView(`${prefix}_SCHEDULER_JOB_CLASSES`, 'open', 'OWNER:v128 JOB_CLASS_NAME:v128 RESOURCE_CONSUMER_GROUP:v128 SERVICE:v64 LOGGING_LEVEL:v11 LOG_HISTORY:n COMMENTS:v4000', ({ instance }) => [
    { OWNER: 'SYS', JOB_CLASS_NAME: 'DEFAULT_JOB_CLASS', LOGGING_LEVEL: 'RUNS', COMMENTS: 'This is the default job class.' },
    ...schemaOf(instance).all<SchedulerJobClass>('JOB CLASS').map(({ name, definition }) => ({ OWNER: 'SYS', JOB_CLASS_NAME: name, SERVICE: definition.service, LOGGING_LEVEL: definition.logging, LOG_HISTORY: definition.logHistory, COMMENTS: definition.comments })),
  ])
}
defineFamily('SCHEDULER_JOB_LOG', 'LOG_ID:n LOG_DATE:t JOB_NAME:v128 JOB_SUBNAME:v128 JOB_CLASS:v128 OPERATION:v30 STATUS:v30 USER_NAME:v128 ADDITIONAL_INFO:v4000', async ({ instance }) =>
  (await readLog(instance)).map((entry) => ({ OWNER: entry.owner, LOG_ID: entry.id, LOG_DATE: entry.time, JOB_NAME: entry.job, JOB_CLASS: entry.jobClass, OPERATION: entry.operation, STATUS: entry.status, ADDITIONAL_INFO: entry.info })),
)
defineFamily('SCHEDULER_JOB_RUN_DETAILS', 'LOG_ID:n LOG_DATE:t JOB_NAME:v128 JOB_SUBNAME:v128 STATUS:v30 ERROR#:n REQ_START_DATE:t ACTUAL_START_DATE:t RUN_DURATION:i INSTANCE_ID:n SESSION_ID:v128 SLAVE_PID:v128 CPU_USED:i ADDITIONAL_INFO:v4000 ERRORS:v4000@12.1 OUTPUT:v4000@12.1', async ({ instance }) => {
  const details = await readDetails(instance)
  return (await readLog(instance)).flatMap((entry) => {
    const run = details.get(entry.id)
    if (run === undefined) return []
    return [{ OWNER: entry.owner, LOG_ID: entry.id, LOG_DATE: entry.time, JOB_NAME: entry.job, STATUS: run.status, 'ERROR#': run.error, REQ_START_DATE: run.requested, ACTUAL_START_DATE: run.started, RUN_DURATION: run.duration, INSTANCE_ID: instanceNumber(instance), SLAVE_PID: run.pid === null ? null : String(run.pid), CPU_USED: 0, ADDITIONAL_INFO: run.info, ERRORS: run.errors, OUTPUT: run.output }]
  })
})
defineFamily('SCHEDULER_RUNNING_JOBS', 'JOB_NAME:v128 JOB_SUBNAME:v128 SESSION_ID:n RUNNING_INSTANCE:n ELAPSED_TIME:i', ({ instance }) =>
  runningJobs(instance).map((job) => ({ OWNER: job.owner, JOB_NAME: job.name, SESSION_ID: job.session.sid, RUNNING_INSTANCE: instanceNumber(instance), ELAPSED_TIME: Math.round((instance.host.now() - job.started) / 1000) })),
)
