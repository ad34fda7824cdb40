import type { Instance, ServerSession } from '../engine/instance-api.ts'
import { ora } from '../engine/ora-error.ts'
import { loadSchema, removeObjects, saveObject, schemaOf, type StoredObject } from '../sql/schema/schema-store.ts'
import type { QualifiedName } from '../sql/schema/names.ts'
import type { SchedulerJob } from './objects.ts'
import { logChange, logRun, performJob } from './run-job.ts'
import { nextRun } from './timing.ts'

/** An instance that can also let somebody in. */
export interface SchedulingInstance extends Instance {
  logon(username: string, program: string): ServerSession
}

interface Running {
  readonly stop: AbortController
  readonly done: Promise<void>
  readonly session: ServerSession
  readonly started: number
}

const running = new WeakMap<object, Map<string, Running>>()

function runningOf(instance: Instance): Map<string, Running> {
  const key: object = instance
  const known = running.get(key) ?? new Map<string, Running>()
  running.set(key, known)
  return known
}

const keyOf = ({ owner, name }: QualifiedName): string => `${owner}.${name}`

/** The jobs that run now, with the session of each. */
export function runningJobs(instance: Instance): readonly (QualifiedName & { readonly session: ServerSession; readonly started: number })[] {
  return [...runningOf(instance)].map(([key, { session, started }]) => ({ owner: key.split('.')[0] ?? '', name: key.split('.')[1] ?? '', session, started }))
}

/** @throws OraError 27366 when it does not run */
export async function stopJob(instance: Instance, name: QualifiedName): Promise<void> {
  const found = runningOf(instance).get(keyOf(name))
  if (found === undefined) throw ora(27366, `job "${name.owner}"."${name.name}" is not running`)
  found.stop.abort()
  await found.done
}

async function change(instance: Instance, name: QualifiedName, apply: (job: SchedulerJob) => SchedulerJob): Promise<void> {
  const found = schemaOf(instance).get<SchedulerJob>('JOB', name.owner, name.name)
  if (found !== undefined) await saveObject(instance, { ...found, definition: apply(found.definition) })
}

/** Gives every enabled job its next run, and every due one a session to run in. */
export class JobCoordinator {
  readonly #instance: SchedulingInstance
  #busy = false
  #recovered = false

  constructor(instance: SchedulingInstance) {
    this.#instance = instance
  }

  /** Whether jobs may run here at all: JOB_QUEUE_PROCESSES, and a database that can be written. */
  get #allowed(): boolean {
    const instance = this.#instance
    return instance.status === 'OPEN' && instance.openMode === 'READ WRITE' && Number(instance.parameters.get('job_queue_processes')?.value ?? 1000) > 0
  }

  /** One look at the jobs; what is due starts, without being waited for. */
  async tick(): Promise<void> {
    if (this.#busy || !this.#allowed) return
    this.#busy = true
    try {
      const roots = this.#instance.containers.length === 0 ? [this.#instance as Instance] : [this.#instance as Instance, ...this.#instance.containers.filter((container) => container.conId > 2 && container.openMode === 'READ WRITE').map((container) => this.#instance.inContainer(container.conId))]
      for (const instance of roots) await this.#look(instance)
      this.#recovered = true
    } finally {
      this.#busy = false
    }
  }

  async #look(instance: Instance): Promise<void> {
    if (!instance.tables().some((table) => table.owner === 'SYS' && table.name === 'OBJ$')) return
    const now = instance.host.now()
    for (const job of (await loadSchema(instance)).all<SchedulerJob>('JOB')) {
      const { definition } = job
      // Nobody runs a job that was running when the instance died.
      if (!this.#recovered && definition.state === 'RUNNING') await change(instance, job, (current) => ({ ...current, state: 'SCHEDULED' }))
      if (!definition.enabled || runningOf(instance).has(keyOf(job)) || definition.nextRun === null || definition.nextRun > now) continue
      if (definition.instanceId !== null && definition.instanceId !== Number(instance.parameters.get('instance_number')?.value ?? 1)) continue
      this.#start(instance, job, definition.nextRun)
    }
  }

  #start(instance: Instance, job: StoredObject<SchedulerJob>, requested: number): void {
    const session = this.#instance.logon(job.owner, `oracle@${instance.host.name} (J000)`)
    session.container = instance.container > 1 ? instance.container : 0
    const stop = new AbortController()
    const { abort } = session
    abort.addEventListener('abort', () => { stop.abort() }, { once: true })
    const started = instance.host.now()
    const done = this.#run(instance, session, job, { requested, started }, stop.signal)
      .catch(() => undefined)
      .finally(() => {
        runningOf(instance).delete(keyOf(job))
        instance.closeSession(session.sid)
      })
    runningOf(instance).set(keyOf(job), { stop, done, session, started })
  }

  async #run(instance: Instance, session: ServerSession, job: StoredObject<SchedulerJob>, times: { readonly requested: number; readonly started: number }, signal: AbortSignal): Promise<void> {
    await change(instance, job, (current) => ({ ...current, state: 'RUNNING', lastStart: times.started }))
    const outcome = await performJob(instance, session, job, job.definition, signal)
    if (!this.#allowed) return
    await loadSchema(instance)
    await logRun(instance, job, job.definition, outcome, times)
    const failed = outcome.status !== 'SUCCEEDED'
    const current = schemaOf(instance).get<SchedulerJob>('JOB', job.owner, job.name)?.definition
    if (current === undefined) return
    const counted: SchedulerJob = { ...current, runCount: current.runCount + 1, failureCount: current.failureCount + (failed ? 1 : 0), lastDuration: Math.max(0, (instance.host.now() - times.started) / 1000) }
    const next = await nextRun(instance, session, counted, Math.max(times.requested, instance.host.now())).catch(() => null)
    const over = next === null || (counted.maxRuns !== null && counted.runCount >= counted.maxRuns)
    const broken = counted.maxFailures !== null && counted.failureCount >= counted.maxFailures
    if (over && counted.autoDrop && !broken) {
      await logChange(instance, job, counted.jobClass, 'COMPLETED')
      await removeObjects(instance, (object) => object.type === 'JOB' && object.owner === job.owner && object.name === job.name)
      return
    }
    await change(instance, job, () => ({ ...counted, nextRun: over || broken ? null : next, enabled: over || broken ? false : counted.enabled, state: broken ? 'BROKEN' : over ? (failed ? 'FAILED' : 'COMPLETED') : 'SCHEDULED' }))
  }
}
