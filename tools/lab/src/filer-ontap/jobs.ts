import { randomUUID } from 'node:crypto'
import { OntapError } from './ontap-error.ts'

export interface Job {
  readonly uuid: string
  readonly description: string
  readonly svm: string | undefined
  state: 'queued' | 'running' | 'success' | 'failure'
  error: OntapError | undefined
  readonly startedAt: number
  endedAt: number | undefined
  readonly done: Promise<void>
}

/** Work that takes time and whose record is forgotten some time after its end. */
export class Jobs {
  readonly #jobs = new Map<string, Job>()
  /** Jobs that are to fail: text in the description, and the error. */
  readonly failures: { readonly pattern: string; readonly code: string; readonly message: string; times: number }[] = []
  readonly #durationMs: () => number
  readonly #keepMs: () => number

  constructor(durationMs: () => number, keepMs: () => number) {
    this.#durationMs = durationMs
    this.#keepMs = keepMs
  }

  start(description: string, svm: string | undefined, work: () => void): Job {
    const uuid = randomUUID()
    const run = async (): Promise<void> => {
      await pause(this.#durationMs() / 2)
      job.state = 'running'
      await pause(this.#durationMs() / 2)
      try {
        const planned = this.failures.find((failure) => failure.times > 0 && description.includes(failure.pattern))
        if (planned !== undefined) {
          planned.times--
          throw new OntapError(500, planned.code, planned.message)
        }
        work()
        job.state = 'success'
      } catch (error) {
        job.error = error instanceof OntapError ? error : new OntapError(500, 460770, `[Job 1] Job failed: ${String(error)}`)
        job.state = 'failure'
      }
      job.endedAt = Date.now()
      setTimeout(() => this.#jobs.delete(uuid), this.#keepMs()).unref()
    }
    const job: Job = { uuid, description, svm, state: 'queued', error: undefined, startedAt: Date.now(), endedAt: undefined, done: Promise.resolve().then(run) }
    this.#jobs.set(uuid, job)
    return job
  }

  find(uuid: string): Job | undefined {
    return this.#jobs.get(uuid)
  }

  all(): readonly Job[] {
    return [...this.#jobs.values()]
  }
}

/** The servers keep the process alive, not what waits. */
export function pause(ms: number): Promise<void> {
  return ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms).unref())
}
