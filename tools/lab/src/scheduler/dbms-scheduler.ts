import type { Instance, ServerSession } from '../engine/instance-api.ts'
import { ora } from '../engine/ora-error.ts'
import { defineBuiltin, defineConstant, type BuiltinArguments } from '../plsql/builtins.ts'
import { hasSince } from '../sql/views/view.ts'
import { offsetAt, timestampText } from '../sql/zone.ts'
import { removeObjects, saveObject, schemaOf, type ObjectType, type StoredObject } from '../sql/schema/schema-store.ts'
import { requireUser, type QualifiedName } from '../sql/schema/names.ts'
import { runningJobs, stopJob } from './coordinator.ts'
import { actionOf, objectName, refuseExisting, requireObject, timingOf, type ActionType, type ProgramArgument, type SchedulerCredential, type SchedulerJob, type SchedulerJobClass, type SchedulerProgram, type SchedulerSchedule } from './objects.ts'
import { purgeLog } from './log.ts'
import { logChange, logRun, performJob } from './run-job.ts'
import { checkInterval, nextOfCalendar, nextRun, utcOfTimestamp } from './timing.ts'
import './set-attribute.ts'

interface Here {
  readonly instance: Instance
  readonly session: ServerSession
}

const hereOf = ({ run }: BuiltinArguments): Here => ({ instance: run.instance, session: run.session })
const truth = (call: BuiltinArguments, name: string, otherwise: boolean): boolean => (call.given(name) && call.value(name) !== null ? call.value(name) === 1n : otherwise)
const moment = (call: BuiltinArguments, name: string): number | null => { const text = call.text(name); return text === null ? null : utcOfTimestamp(text) }
const owned = (name: QualifiedName) => (object: { readonly owner: string; readonly name: string }): boolean => object.owner === name.owner && object.name === name.name

/** @throws OraError 27452 */
export function actionType(text: string | null, instance: Instance): ActionType {
  const type = (text ?? '').toUpperCase()
  if (type === 'PLSQL_BLOCK' || type === 'STORED_PROCEDURE' || type === 'EXECUTABLE') return type
  if (type === 'EXTERNAL_SCRIPT' && hasSince(instance.release, [12, 1])) return type
  throw ora(27452, `"${text ?? ''}" is an invalid value for JOB_TYPE`)
}

for (const [name, value] of [['LOGGING_OFF', 32n], ['LOGGING_RUNS', 64n], ['LOGGING_FAILED_RUNS', 128n], ['LOGGING_FULL', 256n]] as const) defineConstant(`DBMS_SCHEDULER.${name}`, value)

defineBuiltin('DBMS_SCHEDULER.CREATE_JOB_CLASS', 'JOB_CLASS_NAME:v RESOURCE_CONSUMER_GROUP:v? SERVICE:v? LOGGING_LEVEL:n? LOG_HISTORY:n? COMMENTS:v?', async (call) => {
  const { instance, session } = hereOf(call)
  const name = { owner: 'SYS', name: objectName(call.text('JOB_CLASS_NAME'), session, 'JOB_CLASS').name }
  refuseExisting(name, instance, 'JOB CLASS')
  const logging = ({ 32: 'OFF', 64: 'RUNS', 128: 'FAILED RUNS', 256: 'FULL' } as const)[call.number('LOGGING_LEVEL') ?? 64]
  if (logging === undefined) throw ora(27452, `"${call.text('LOGGING_LEVEL') ?? ''}" is an invalid value for LOGGING_LEVEL`)
  const definition: SchedulerJobClass = { logging, logHistory: call.number('LOG_HISTORY'), service: call.text('SERVICE'), comments: call.text('COMMENTS') }
  await saveObject(instance, { ...name, type: 'JOB CLASS', definition })
})

defineBuiltin('DBMS_SCHEDULER.CREATE_PROGRAM', 'PROGRAM_NAME:v PROGRAM_TYPE:v PROGRAM_ACTION:v NUMBER_OF_ARGUMENTS:n? ENABLED:b? COMMENTS:v?', async (call) => {
  const { instance, session } = hereOf(call)
  const name = objectName(call.text('PROGRAM_NAME'), session, 'PROGRAM')
  requireUser(name.owner, instance)
  refuseExisting(name, instance, 'PROGRAM', 'JOB', 'SCHEDULE')
  const count = call.number('NUMBER_OF_ARGUMENTS') ?? 0
  const enabled = truth(call, 'ENABLED', false)
  if (enabled && count > 0) throw ora(27456, `not all arguments of program "${name.owner}.${name.name}" have been defined`)
  const definition: SchedulerProgram = { type: actionType(call.text('PROGRAM_TYPE'), instance), action: call.text('PROGRAM_ACTION') ?? '', argumentCount: count, arguments: [], enabled, comments: call.text('COMMENTS') }
  await saveObject(instance, { ...name, type: 'PROGRAM', definition })
})

defineBuiltin('DBMS_SCHEDULER.DEFINE_PROGRAM_ARGUMENT', 'PROGRAM_NAME:v ARGUMENT_POSITION:n ARGUMENT_NAME:v? ARGUMENT_TYPE:v DEFAULT_VALUE:v? OUT_ARGUMENT:b?', async (call) => {
  const { instance, session } = hereOf(call)
  const program = requireObject<SchedulerProgram>('PROGRAM', objectName(call.text('PROGRAM_NAME'), session, 'PROGRAM'), instance)
  const position = call.number('ARGUMENT_POSITION') ?? 0
  if (position < 1 || position > program.definition.argumentCount) throw ora(27465, `invalid value ${String(position)} for attribute ARGUMENT_POSITION`)
  const argument: ProgramArgument = { position, name: call.text('ARGUMENT_NAME')?.toUpperCase(), type: call.text('ARGUMENT_TYPE')?.toUpperCase() ?? 'VARCHAR2', value: call.text('DEFAULT_VALUE'), given: call.given('DEFAULT_VALUE') }
  await saveObject(instance, { ...program, definition: { ...program.definition, arguments: [...program.definition.arguments.filter((other) => other.position !== position), argument] } })
})

defineBuiltin('DBMS_SCHEDULER.CREATE_SCHEDULE', 'SCHEDULE_NAME:v START_DATE:t? REPEAT_INTERVAL:v? END_DATE:t? COMMENTS:v?', async (call) => {
  const { instance, session } = hereOf(call)
  const name = objectName(call.text('SCHEDULE_NAME'), session, 'SCHEDULE')
  requireUser(name.owner, instance)
  refuseExisting(name, instance, 'PROGRAM', 'JOB', 'SCHEDULE')
  const definition: SchedulerSchedule = { start: moment(call, 'START_DATE'), interval: call.text('REPEAT_INTERVAL'), end: moment(call, 'END_DATE'), comments: call.text('COMMENTS') }
  checkInterval(definition.interval)
  await saveObject(instance, { ...name, type: 'SCHEDULE', definition })
})

async function createCredential(call: BuiltinArguments): Promise<undefined> {
  const { instance, session } = hereOf(call)
  const name = objectName(call.text('CREDENTIAL_NAME'), session, 'CREDENTIAL')
  requireUser(name.owner, instance)
  refuseExisting(name, instance, 'CREDENTIAL')
  const username = call.text('USERNAME')
  if (username === null || call.text('PASSWORD') === null) throw ora(27452, '"" is an invalid value for USERNAME')
  // The password is Oracle's to keep; this database starts programs only as its own user, or as root for another one.
  const definition: SchedulerCredential = { username, enabled: truth(call, 'ENABLED', true), comments: call.text('COMMENTS') }
  await saveObject(instance, { ...name, type: 'CREDENTIAL', definition })
}

async function dropCredential(call: BuiltinArguments): Promise<undefined> {
  const { instance, session } = hereOf(call)
  const name = objectName(call.text('CREDENTIAL_NAME'), session, 'CREDENTIAL')
  requireObject('CREDENTIAL', name, instance)
  const used = schemaOf(instance).all<SchedulerJob>('JOB').some((job) => job.definition.credential?.owner === name.owner && job.definition.credential.name === name.name)
  if (used && !truth(call, 'FORCE', false)) throw ora(27479, `Cannot drop "${name.owner}.${name.name}" because other objects depend on it`)
  await removeObjects(instance, (object) => object.type === 'CREDENTIAL' && owned(name)(object))
}

defineBuiltin('DBMS_SCHEDULER.CREATE_CREDENTIAL', 'CREDENTIAL_NAME:v USERNAME:v PASSWORD:v DATABASE_ROLE:v? WINDOWS_DOMAIN:v? COMMENTS:v? ENABLED:b?', createCredential)
defineBuiltin('DBMS_SCHEDULER.DROP_CREDENTIAL', 'CREDENTIAL_NAME:v FORCE:b?', dropCredential)
defineBuiltin('DBMS_CREDENTIAL.CREATE_CREDENTIAL', 'CREDENTIAL_NAME:v USERNAME:v PASSWORD:v WINDOWS_DOMAIN:v? COMMENTS:v? ENABLED:b?', createCredential)
defineBuiltin('DBMS_CREDENTIAL.DROP_CREDENTIAL', 'CREDENTIAL_NAME:v FORCE:b?', dropCredential)
for (const [procedure, enabled] of [['ENABLE', true], ['DISABLE', false]] as const) {
  defineBuiltin(`DBMS_CREDENTIAL.${procedure}_CREDENTIAL`, 'CREDENTIAL_NAME:v FORCE:b?', async (call) => {
    const { instance, session } = hereOf(call)
    const credential = requireObject<SchedulerCredential>('CREDENTIAL', objectName(call.text('CREDENTIAL_NAME'), session, 'CREDENTIAL'), instance)
    await saveObject(instance, { ...credential, definition: { ...credential.definition, enabled } })
  })
}

const reference = (call: BuiltinArguments, argument: string, what: string): QualifiedName | undefined => (call.text(argument) === null ? undefined : objectName(call.text(argument), call.run.session, what))

defineBuiltin(
  'DBMS_SCHEDULER.CREATE_JOB',
  'JOB_NAME:v JOB_TYPE:v? JOB_ACTION:v? NUMBER_OF_ARGUMENTS:n? START_DATE:t? REPEAT_INTERVAL:v? END_DATE:t? JOB_CLASS:v? ENABLED:b? AUTO_DROP:b? COMMENTS:v? CREDENTIAL_NAME:v? DESTINATION_NAME:v? PROGRAM_NAME:v? SCHEDULE_NAME:v? JOB_STYLE:v?',
  async (call) => {
    const { instance, session } = hereOf(call)
    const name = objectName(call.text('JOB_NAME'), session, 'JOB')
    requireUser(name.owner, instance)
    refuseExisting(name, instance, 'PROGRAM', 'JOB', 'SCHEDULE')
    const program = reference(call, 'PROGRAM_NAME', 'PROGRAM')
    const schedule = reference(call, 'SCHEDULE_NAME', 'SCHEDULE')
    if (program !== undefined) requireObject('PROGRAM', program, instance)
    if (schedule !== undefined) requireObject('SCHEDULE', schedule, instance)
    const jobClass = (call.text('JOB_CLASS') ?? 'DEFAULT_JOB_CLASS').replace(/^"?SYS"?\./i, '').replaceAll('"', '').toUpperCase()
    if (jobClass !== 'DEFAULT_JOB_CLASS') requireObject('JOB CLASS', { owner: 'SYS', name: jobClass }, instance)
    const credential = reference(call, 'CREDENTIAL_NAME', 'CREDENTIAL')
    if (credential !== undefined) requireObject('CREDENTIAL', credential, instance)
    if (call.text('DESTINATION_NAME') !== null) throw ora(3001, 'unimplemented feature')
    const interval = call.text('REPEAT_INTERVAL')
    checkInterval(interval)
    const job: SchedulerJob = {
      program, type: program === undefined ? actionType(call.text('JOB_TYPE'), instance) : undefined, action: call.text('JOB_ACTION') ?? undefined, argumentCount: call.number('NUMBER_OF_ARGUMENTS') ?? 0, arguments: [], schedule,
      start: moment(call, 'START_DATE'), interval, end: moment(call, 'END_DATE'), jobClass, credential, enabled: false, autoDrop: truth(call, 'AUTO_DROP', true), comments: call.text('COMMENTS'), maxRuns: null, maxFailures: null,
      instanceId: null, created: instance.host.now(), state: 'DISABLED', runCount: 0, failureCount: 0, lastStart: null, lastDuration: null, nextRun: null,
    }
    const ready = truth(call, 'ENABLED', false) ? await enabledJob(hereOf(call), name, job) : job
    await saveObject(instance, { ...name, type: 'JOB', definition: ready })
    await logChange(instance, name, jobClass, 'CREATE')
    if (ready.enabled) await logChange(instance, name, jobClass, 'ENABLE')
  },
)

/** A job that may run: its program enabled, its arguments complete, its first run known. @throws OraError 27376, 27457 */
async function enabledJob({ instance, session }: Here, name: QualifiedName, job: SchedulerJob): Promise<SchedulerJob> {
  const { arguments: args, count } = actionOf(job, instance)
  for (let position = 1; position <= count; position++) if (args.find((argument) => argument.position === position)?.given !== true) throw ora(27457, `argument ${String(position)} of job "${name.owner}.${name.name}" has no value`)
  const now = instance.host.now()
  const { start } = timingOf(job, instance)
  const next = await nextRun(instance, session, job, Math.max(now - 1, (start ?? now) - 1))
  if (next === null) throw ora(27481, `"${name.owner}.${name.name}" has an invalid schedule`)
  return { ...job, enabled: true, state: 'SCHEDULED', nextRun: next }
}

defineBuiltin('DBMS_SCHEDULER.SET_JOB_ARGUMENT_VALUE', 'JOB_NAME:v ARGUMENT_POSITION:a? ARGUMENT_VALUE:v? ARGUMENT_NAME:v?', async (call) => {
  const { instance, session } = hereOf(call)
  const job = requireObject<SchedulerJob>('JOB', objectName(call.text('JOB_NAME'), session, 'JOB'), instance)
  const which = call.text('ARGUMENT_NAME') ?? call.text('ARGUMENT_POSITION') ?? ''
  const declared = job.definition.program === undefined ? [] : requireObject<SchedulerProgram>('PROGRAM', job.definition.program, instance).definition.arguments
  const position = /^\d+$/.test(which) ? Number(which) : (declared.find((argument) => argument.name === which.toUpperCase())?.position ?? 0)
  const count = job.definition.program === undefined ? job.definition.argumentCount : requireObject<SchedulerProgram>('PROGRAM', job.definition.program, instance).definition.argumentCount
  if (position < 1 || position > count) throw ora(27484, 'Argument names are not supported for jobs without a program.')
  const argument: ProgramArgument = { position, name: undefined, type: 'VARCHAR2', value: call.text('ARGUMENT_VALUE'), given: true }
  await saveObject(instance, { ...job, definition: { ...job.definition, arguments: [...job.definition.arguments.filter((other) => other.position !== position), argument] } })
})

/** Each name of a list: a job, a program, or a job class's jobs. */
const namesOf = (text: string | null): string[] => (text ?? '').split(',').map((part) => part.trim()).filter((part) => part !== '')

for (const [procedure, on] of [['ENABLE', true], ['DISABLE', false]] as const) {
  defineBuiltin(`DBMS_SCHEDULER.${procedure}`, 'NAME:v FORCE:b? COMMIT_SEMANTICS:v?', async (call) => {
    const { instance, session } = hereOf(call)
    for (const text of namesOf(call.text('NAME'))) {
      const name = objectName(text, session, 'NAME')
      const program = schemaOf(instance).get<SchedulerProgram>('PROGRAM', name.owner, name.name)
      if (program !== undefined) {
        const missing = Array.from({ length: program.definition.argumentCount }, (_, index) => index + 1).some((position) => !program.definition.arguments.some((argument) => argument.position === position))
        if (on && missing) throw ora(27456, `not all arguments of program "${name.owner}.${name.name}" have been defined`)
        await saveObject(instance, { ...program, definition: { ...program.definition, enabled: on } })
        continue
      }
      const job = schemaOf(instance).get<SchedulerJob>('JOB', name.owner, name.name)
      if (job === undefined) throw ora(27476, `"${name.owner}"."${name.name}" does not exist`)
      if (job.definition.enabled === on) continue
      await saveObject(instance, { ...job, definition: on ? await enabledJob(hereOf(call), name, job.definition) : { ...job.definition, enabled: false, state: 'DISABLED', nextRun: null } })
      await logChange(instance, name, job.definition.jobClass, procedure)
    }
  })
}

defineBuiltin('DBMS_SCHEDULER.RUN_JOB', 'JOB_NAME:v USE_CURRENT_SESSION:b?', async (call) => {
  const { instance, session } = hereOf(call)
  const name = objectName(call.text('JOB_NAME'), session, 'JOB')
  const { definition: job } = requireObject<SchedulerJob>('JOB', name, instance)
  if (runningJobs(instance).some((running) => running.owner === name.owner && running.name === name.name)) throw ora(27478, `job "${name.owner}.${name.name}" is running`)
  const now = instance.host.now()
  if (!truth(call, 'USE_CURRENT_SESSION', true)) {
    await saveObject(instance, { ...name, type: 'JOB', definition: { ...job, enabled: true, state: 'SCHEDULED', nextRun: now } })
    return
  }
  const outcome = await performJob(instance, session, name, job, session.abort)
  await logRun(instance, name, job, outcome, { requested: now, started: now })
  if (outcome.status === 'FAILED') throw ora(outcome.error === 0 ? 27369 : outcome.error, (outcome.info ?? '').split('\n').find((line) => line.startsWith('ORA-'))?.replace(/^ORA-\d+: /, '') ?? 'job failed')
})

defineBuiltin('DBMS_SCHEDULER.STOP_JOB', 'JOB_NAME:v FORCE:b? COMMIT_SEMANTICS:v?', async (call) => {
  const { instance, session } = hereOf(call)
  for (const text of namesOf(call.text('JOB_NAME'))) {
    const name = objectName(text, session, 'JOB')
    requireObject('JOB', name, instance)
    await stopJob(instance, name)
  }
})

function defineDrop(procedure: string, argument: string, type: ObjectType, used: (job: SchedulerJob, name: QualifiedName) => boolean): void {
  defineBuiltin(`DBMS_SCHEDULER.${procedure}`, `${argument}:v FORCE:b? DEFER:b? COMMIT_SEMANTICS:v?`, async (call) => {
    const { instance, session } = hereOf(call)
    for (const text of namesOf(call.text(argument))) {
      const found = objectName(text, session, type)
      const name = type === 'JOB CLASS' ? { owner: 'SYS', name: found.name } : found
      const object: StoredObject = requireObject(type, name, instance)
      const force = truth(call, 'FORCE', false)
      if (type === 'JOB') {
        const runs = runningJobs(instance).some(owned(name))
        if (runs && !force) throw ora(27478, `job "${name.owner}.${name.name}" is running`)
        if (runs) await stopJob(instance, name)
        await logChange(instance, name, (object.definition as unknown as SchedulerJob).jobClass, 'DROP')
      }
      const users = schemaOf(instance).all<SchedulerJob>('JOB').filter((job) => used(job.definition, name))
      if (users.length > 0 && !force) throw ora(27479, `Cannot drop "${name.owner}.${name.name}" because other objects depend on it`)
      for (const job of users) await saveObject(instance, { ...job, definition: { ...job.definition, enabled: false, state: 'DISABLED', nextRun: null } })
      await removeObjects(instance, (candidate) => candidate.type === type && owned(name)(candidate))
    }
  })
}

const is = (a: QualifiedName | undefined, b: QualifiedName): boolean => a !== undefined && a.owner === b.owner && a.name === b.name
defineDrop('DROP_JOB', 'JOB_NAME', 'JOB', () => false)
defineDrop('DROP_PROGRAM', 'PROGRAM_NAME', 'PROGRAM', (job, name) => is(job.program, name))
defineDrop('DROP_SCHEDULE', 'SCHEDULE_NAME', 'SCHEDULE', (job, name) => is(job.schedule, name))
defineDrop('DROP_JOB_CLASS', 'JOB_CLASS_NAME', 'JOB CLASS', (job, name) => job.jobClass === name.name)

defineBuiltin('DBMS_SCHEDULER.PURGE_LOG', 'LOG_HISTORY:n? WHICH_LOG:v? JOB_NAME:v?', async (call) => {
  const { instance, session } = hereOf(call)
  const wanted = call.text('JOB_NAME') === null ? undefined : namesOf(call.text('JOB_NAME')).map((text) => objectName(text, session, 'JOB'))
  await purgeLog(instance, instance.host.now() - (call.number('LOG_HISTORY') ?? 0) * 86400000 + 1, (owner, name) => wanted === undefined || wanted.some((job) => job.owner === owner && job.name === name))
})

defineBuiltin('DBMS_SCHEDULER.EVALUATE_CALENDAR_STRING', 'CALENDAR_STRING:v START_DATE:t RETURN_DATE_AFTER:t NEXT_RUN_DATE:t!', (call) => {
  const { instance } = hereOf(call)
  const start = moment(call, 'START_DATE') ?? instance.host.now()
  const after = moment(call, 'RETURN_DATE_AFTER') ?? start
  const next = nextOfCalendar(instance, call.text('CALENDAR_STRING') ?? '', start, after)
  if (next === undefined) throw ora(27419, 'unable to determine valid execution date from repeat interval')
  call.out('NEXT_RUN_DATE', timestampText(next, offsetAt(next, instance.host.timeZone)))
})

let generated = 0
defineBuiltin('DBMS_SCHEDULER.GENERATE_JOB_NAME', 'PREFIX:v?', (call) => `${(call.text('PREFIX') ?? 'JOB$_').toUpperCase()}${String((call.run.instance.host.now() % 1_000_000_000) + generated++)}`, 'v')

