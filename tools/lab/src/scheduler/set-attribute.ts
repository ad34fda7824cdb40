import { ora } from '../engine/ora-error.ts'
import { defineBuiltin, type BuiltinArguments } from '../plsql/builtins.ts'
import { schemaOf, saveObject } from '../sql/schema/schema-store.ts'
import { objectName, requireObject, type SchedulerJob, type SchedulerProgram, type SchedulerSchedule } from './objects.ts'
import { checkInterval, nextRun, utcOfTimestamp } from './timing.ts'

type Setter<T> = (before: T, text: string | null, call: BuiltinArguments) => T

/** A date given as text of any session format is a timestamp as SQL stores it. */
const time = (text: string | null): number | null => (text === null ? null : utcOfTimestamp(text))

const jobAttributes: Readonly<Record<string, Setter<SchedulerJob>>> = {
  REPEAT_INTERVAL: (job, text) => { checkInterval(text); return { ...job, interval: text, schedule: undefined } },
  START_DATE: (job, text) => ({ ...job, start: time(text) }),
  END_DATE: (job, text) => ({ ...job, end: time(text) }),
  COMMENTS: (job, text) => ({ ...job, comments: text }),
  JOB_ACTION: (job, text) => ({ ...job, action: text ?? '' }),
  NUMBER_OF_ARGUMENTS: (job, text) => ({ ...job, argumentCount: Number(text) }),
  JOB_CLASS: (job, text, { run }) => { const name = (text ?? 'DEFAULT_JOB_CLASS').replace(/^"?SYS"?\./i, '').toUpperCase(); if (name !== 'DEFAULT_JOB_CLASS') requireObject('JOB CLASS', { owner: 'SYS', name }, run.instance); return { ...job, jobClass: name } },
  CREDENTIAL_NAME: (job, text, { run }) => { const name = text === null ? undefined : objectName(text, run.session, 'CREDENTIAL'); if (name !== undefined) requireObject('CREDENTIAL', name, run.instance); return { ...job, credential: name } },
  PROGRAM_NAME: (job, text, { run }) => { const name = objectName(text, run.session, 'PROGRAM'); requireObject('PROGRAM', name, run.instance); return { ...job, program: name } },
  SCHEDULE_NAME: (job, text, { run }) => { const name = objectName(text, run.session, 'SCHEDULE'); requireObject('SCHEDULE', name, run.instance); return { ...job, schedule: name } },
  AUTO_DROP: (job, text) => ({ ...job, autoDrop: /^(1|true)$/i.test(text ?? '') }),
  MAX_RUNS: (job, text) => ({ ...job, maxRuns: text === null ? null : Number(text) }),
  MAX_FAILURES: (job, text) => ({ ...job, maxFailures: text === null ? null : Number(text) }),
  INSTANCE_ID: (job, text) => ({ ...job, instanceId: text === null ? null : Number(text) }),
}
const programAttributes: Readonly<Record<string, Setter<SchedulerProgram>>> = {
  PROGRAM_ACTION: (program, text) => ({ ...program, action: text ?? '' }),
  NUMBER_OF_ARGUMENTS: (program, text) => ({ ...program, argumentCount: Number(text) }),
  COMMENTS: (program, text) => ({ ...program, comments: text }),
}
const scheduleAttributes: Readonly<Record<string, Setter<SchedulerSchedule>>> = {
  REPEAT_INTERVAL: (schedule, text) => { checkInterval(text); return { ...schedule, interval: text } },
  START_DATE: (schedule, text) => ({ ...schedule, start: time(text) }),
  END_DATE: (schedule, text) => ({ ...schedule, end: time(text) }),
  COMMENTS: (schedule, text) => ({ ...schedule, comments: text }),
}

const unknown = (attribute: string) => ora(27469, `${attribute} is not a valid job attribute`)

async function setAttribute(call: BuiltinArguments, text: string | null): Promise<undefined> {
  const { instance, session } = call.run
  const name = objectName(call.text('NAME'), session, 'NAME')
  const attribute = (call.text('ATTRIBUTE') ?? '').toUpperCase()
  const schema = schemaOf(instance)
  const program = schema.get<SchedulerProgram>('PROGRAM', name.owner, name.name)
  const schedule = schema.get<SchedulerSchedule>('SCHEDULE', name.owner, name.name)
  if (program !== undefined) {
    const set = programAttributes[attribute]
    if (set === undefined) throw unknown(attribute)
    await saveObject(instance, { ...program, definition: set(program.definition, text, call) })
    return
  }
  if (schedule !== undefined) {
    const set = scheduleAttributes[attribute]
    if (set === undefined) throw unknown(attribute)
    await saveObject(instance, { ...schedule, definition: set(schedule.definition, text, call) })
    const { owner, name: scheduleName } = schedule
    for (const job of schemaOf(instance).all<SchedulerJob>('JOB')) {
      if (job.definition.enabled && job.definition.schedule?.owner === owner && job.definition.schedule.name === scheduleName) await saveObject(instance, { ...job, definition: { ...job.definition, nextRun: await nextRun(instance, session, job.definition, instance.host.now()) } })
    }
    return
  }
  const job = schema.get<SchedulerJob>('JOB', name.owner, name.name)
  if (job === undefined) throw ora(27476, `"${name.owner}"."${name.name}" does not exist`)
  const set = jobAttributes[attribute]
  if (set === undefined) throw unknown(attribute)
  const changed = set(job.definition, text, call)
  const next = changed.enabled ? await nextRun(instance, session, changed, instance.host.now()) : null
  await saveObject(instance, { ...job, definition: { ...changed, nextRun: next } })
}

defineBuiltin('DBMS_SCHEDULER.SET_ATTRIBUTE', 'NAME:v ATTRIBUTE:v VALUE:a VALUE2:v?', (call) => setAttribute(call, call.text('VALUE')))
defineBuiltin('DBMS_SCHEDULER.SET_ATTRIBUTE_NULL', 'NAME:v ATTRIBUTE:v', (call) => setAttribute(call, null))
