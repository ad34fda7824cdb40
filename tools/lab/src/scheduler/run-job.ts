import type { Instance, ServerSession } from '../engine/instance-api.ts'
import { ora, OraError } from '../engine/ora-error.ts'
import { executeBlock } from '../plsql/execute-block.ts'
import { varchar } from '../sql/bound.ts'
import { commit, rollback } from '../sql/transaction.ts'
import { schemaOf } from '../sql/schema/schema-store.ts'
import type { QualifiedName } from '../sql/schema/names.ts'
import { runExternal } from './external.ts'
import { actionOf, requireObject, type ProgramArgument, type SchedulerCredential, type SchedulerJob, type SchedulerJobClass } from './objects.ts'
import { writeLog, type RunDetails } from './log.ts'

/** Longest part of an external job's error output that the log shows. */
const shownErrors = 200

interface Outcome {
  readonly status: RunDetails['status']
  readonly error: number
  readonly info: string | null
  readonly pid: number | null
  readonly output: string | null
  readonly errors: string | null
}

function requireArguments(args: readonly ProgramArgument[], count: number, name: QualifiedName): readonly (string | null)[] {
  return Array.from({ length: count }, (_, index) => {
    const argument = args.find((candidate) => candidate.position === index + 1)
    if (argument?.given !== true) throw ora(27457, `argument ${String(index + 1)} of job "${name.owner}.${name.name}" has no value`)
    return argument.value
  })
}

/** Does what a job does, once, in a session. Never raises for what the job does wrong. */
export async function performJob(instance: Instance, session: ServerSession, name: QualifiedName, job: SchedulerJob, signal: AbortSignal): Promise<Outcome> {
  let pid: number | null = null
  try {
    const action = actionOf(job, instance)
    const args = requireArguments(action.arguments, action.count, name)
    switch (action.type) {
      case 'PLSQL_BLOCK':
        await executeBlock(instance, session, `BEGIN ${action.action}${/;\s*$/.test(action.action) ? '' : ';'} END;`, {})
        break
      case 'STORED_PROCEDURE':
        await executeBlock(instance, session, `BEGIN ${action.action}${args.length === 0 ? '' : `(${args.map((_, index) => `:a${String(index)}`).join(', ')})`}; END;`, Object.fromEntries(args.map((value, index) => [`A${String(index)}`, { type: varchar(4000), value }])))
        break
      case 'EXECUTABLE':
      case 'EXTERNAL_SCRIPT': {
        const credential = job.credential === undefined ? undefined : requireObject<SchedulerCredential>('CREDENTIAL', job.credential, instance).definition
        const script = action.type === 'EXTERNAL_SCRIPT' ? (action.action.startsWith('/') ? undefined : action.action) : undefined
        const values = args.map((value) => value ?? '')
        const result = await runExternal(instance, { file: script === undefined ? action.action : '/bin/sh', args: script === undefined ? values : ['-s', ...values], script, username: credential?.username, signal })
        pid = result.pid
        const who = `EXTERNAL_LOG_ID="job_${String(result.pid)}",\nUSERNAME="${credential?.username ?? 'nobody'}"`
        if (signal.aborted) return { status: 'STOPPED', error: 0, info: 'REASON="Stop job called"', pid, output: result.output, errors: result.errors }
        if (result.exitCode !== 0) return { status: 'FAILED', error: 27369, info: `${who},\nORA-27369: job of type ${action.type} failed with exit code: ${String(result.exitCode)}\nSTANDARD_ERROR="${result.errors.trimEnd().slice(0, shownErrors)}"`, pid, output: result.output, errors: result.errors }
        return { status: 'SUCCEEDED', error: 0, info: who, pid, output: result.output, errors: result.errors }
      }
    }
    await commit(instance, session)
    return { status: 'SUCCEEDED', error: 0, info: null, pid: process.pid, output: null, errors: null }
  } catch (error) {
    rollback(session)
    if (signal.aborted) return { status: 'STOPPED', error: 0, info: 'REASON="Stop job called"', pid, output: null, errors: null }
    if (!(error instanceof OraError)) throw error
    return { status: 'FAILED', error: Number(/\d+/.exec(error.messages[0]?.code ?? '')?.[0] ?? 0), info: error.message.slice(0, 4000), pid, output: null, errors: null }
  }
}

/** The log line of a run, as far as the job's class wants it. */
export async function logRun(instance: Instance, name: QualifiedName, job: SchedulerJob, outcome: Outcome, times: { readonly requested: number; readonly started: number }): Promise<void> {
  const logging = schemaOf(instance).get<SchedulerJobClass>('JOB CLASS', 'SYS', job.jobClass)?.definition.logging ?? 'RUNS'
  if (logging === 'OFF' || (logging === 'FAILED RUNS' && outcome.status === 'SUCCEEDED')) return
  const duration = Math.max(0, Math.round((instance.host.now() - times.started) / 1000))
  await writeLog(instance, { owner: name.owner, job: name.name, operation: 'RUN', status: outcome.status, info: null }, job.jobClass, { ...outcome, ...times, duration })
}

/** Lines about changes of a job: only LOGGING_FULL wants them. */
export async function logChange(instance: Instance, name: QualifiedName, jobClass: string, operation: string): Promise<void> {
  if (schemaOf(instance).get<SchedulerJobClass>('JOB CLASS', 'SYS', jobClass)?.definition.logging !== 'FULL') return
  await writeLog(instance, { owner: name.owner, job: name.name, operation, status: null, info: null }, jobClass)
}
