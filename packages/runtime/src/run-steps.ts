import { isoNow } from './clock.ts'
import { defineErrors, isIcbError } from './errors.ts'
import type { DefinedErrors, ErrorDefinition } from './errors.ts'
import type { JournalEntry } from './journal.ts'
import { redact } from './secret.ts'
import type { RunStepsOptions, RunStepsResult, Step, StepEvent, StepRun } from './steps.ts'

/** The error list of step runs. */
export const stepErrors: DefinedErrors<Record<'COMPENSATION_EXPIRED', ErrorDefinition>> = defineErrors('STEPS', {
  COMPENSATION_EXPIRED: { remedy: 'operator', summary: 'Undoing a step took longer than allowed and was given up; the next run tries again.' },
})

interface StepState<C> {
  readonly step: Step<C>
  /** `failed` before `run` was called changed nothing and needs no compensation. */
  begun: boolean
  status: 'done' | 'failed' | 'not-run'
  durationMs: number
  summary?: string
}

function textOf(error: unknown): string {
  return redact(error instanceof Error ? error.message : String(error))
}

function codeOf(error: unknown): string {
  return isIcbError(error) ? error.code : 'ICB_UNEXPECTED'
}

/**
 * Runs the steps of a workflow in order.
 *
 * Each step that changes something is preceded by a check of the lease and by its intent in the journal, and followed by its outcome. The
 * first failure (or an abort) ends the sequence. Then compensations run, last step first, under a signal of their own, so that they also run
 * after an abort; one that fails is reported and the others still run. Steps with `compensateWhen: 'always'` are compensated after success too.
 *
 * A run whose lease is lost undoes nothing: somebody else may be at work. Its journal, like that of a run with a failed compensation, gets
 * no end, so that the next run finds and reconciles it.
 *
 * Never rejects for a failing step; the journal is the caller's to close.
 */
export async function runSteps<C>(options: RunStepsOptions<C>): Promise<RunStepsResult> {
  const run = new StepsRun(options)
  await run.forward()
  await run.backward()
  return run.finish()
}

class StepsRun<C> {
  readonly #options: RunStepsOptions<C>
  readonly #states: readonly StepState<C>[]
  readonly #begun: number
  readonly #warnings: { code: string; message: string; step?: string }[] = []
  readonly #compensationErrors: { step: string; error: unknown }[] = []
  #failure: { readonly error: unknown; readonly step?: string } | undefined
  #endUnknown = false

  constructor(options: RunStepsOptions<C>) {
    this.#options = options
    const before = new Set(options.alreadyDone ?? [])
    this.#states = options.steps.map((step) => (before.has(step.name) ? { step, begun: true, status: 'done', durationMs: 0, summary: 'done before' } : { step, begun: false, status: 'not-run', durationMs: 0 }))
    this.#begun = options.clock.monotonic()
  }

  async forward(): Promise<void> {
    const { action, steps, lease, signal } = this.#options
    this.#emit({ type: 'run.started', action, steps: steps.map((step) => step.name) })
    const either = lease === undefined ? signal : AbortSignal.any([signal, lease.signal])
    for (const state of this.#states) {
      if (state.status === 'done') continue
      await this.#runStep(state, either)
      if (this.#failure !== undefined) return
    }
    if (lease?.signal.aborted === true) this.#failure = { error: lease.signal.reason }
  }

  async #runStep(state: StepState<C>, signal: AbortSignal): Promise<void> {
    const { clock, context, lease } = this.#options
    const { step } = state
    const begun = clock.monotonic()
    const elapsed = (): number => Math.round(clock.monotonic() - begun)
    const changes = step.changes !== false
    try {
      signal.throwIfAborted()
      this.#emit({ type: 'step.started', step: step.name, title: step.title })
      if (changes) {
        await lease?.assertHeld()
        const data = step.intent?.(context)
        await this.#record({ kind: 'intent', step: step.name, ...(data === undefined ? {} : { data }) })
      }
      state.begun = true
      await step.run(context, this.#stepRun(state, signal))
      state.status = 'done'
      state.durationMs = elapsed()
      if (changes) await this.#record({ kind: 'outcome', step: step.name, data: { durationMs: state.durationMs, ...(state.summary === undefined ? {} : { summary: state.summary }) } })
      this.#emit({ type: 'step.finished', step: step.name, durationMs: state.durationMs, ...(state.summary === undefined ? {} : { summary: state.summary }) })
    } catch (error) {
      if (state.status !== 'done') state.status = state.begun ? 'failed' : 'not-run'
      state.durationMs = elapsed()
      this.#failure = { error, step: step.name }
      this.#emit({ type: 'step.failed', step: step.name, durationMs: state.durationMs, code: codeOf(error), message: textOf(error) })
      this.#options.logger.error({ step: step.name, error }, 'step failed')
      if (changes && state.status === 'failed') {
        await this.#recordAnyway({ kind: 'failure', step: step.name, data: { code: codeOf(error), message: textOf(error), undo: step.compensate !== undefined } })
      }
    }
  }

  async backward(): Promise<void> {
    const failed = this.#failure !== undefined
    if (failed ? this.#options.resumable === true : this.#options.continues === true) return
    const due = this.#states.filter(({ step, begun }) => begun && step.compensate !== undefined && (failed || step.compensateWhen === 'always'))
    for (const state of due.toReversed()) await this.#compensate(state)
  }

  async #compensate(state: StepState<C>): Promise<void> {
    const { lease, logger } = this.#options
    const { step } = state
    try {
      if (step.changes !== false) await lease?.assertHeld()
      await this.#withDeadline(state)
      await this.#recordAnyway({ kind: 'compensated', step: step.name })
      this.#emit({ type: 'step.compensated', step: step.name, ok: true })
    } catch (error) {
      this.#endUnknown = true
      this.#compensationErrors.push({ step: step.name, error })
      this.#emit({ type: 'step.compensated', step: step.name, ok: false, message: textOf(error) })
      logger.error({ step: step.name, error }, 'a step could not be undone')
    }
  }

  /** A compensation gets a signal of its own: the run's may be aborted already. One that ignores it is left behind, the others must still run. */
  async #withDeadline(state: StepState<C>): Promise<void> {
    const { clock, context, lease } = this.#options
    const deadlineMs = this.#options.compensationDeadlineMs ?? 600_000
    const expired = new AbortController()
    const settled = new AbortController()
    const signal = lease === undefined ? expired.signal : AbortSignal.any([expired.signal, lease.signal])
    const expiry = clock.sleep(deadlineMs, settled.signal).then(() => {
      const error = stepErrors.errors.COMPENSATION_EXPIRED(`undoing ${state.step.name} took longer than ${deadlineMs / 1000} s`, { details: { step: state.step.name, deadlineMs } })
      expired.abort(error)
      throw error
    })
    expiry.catch(() => undefined)
    try {
      await Promise.race([state.step.compensate?.(context, this.#stepRun(state, signal)), expiry])
    } finally {
      settled.abort()
    }
  }

  async finish(): Promise<RunStepsResult> {
    const { clock, lease, conclude } = this.#options
    const ok = this.#failure === undefined && this.#compensationErrors.length === 0
    const goesOn = ok ? this.#options.continues === true : this.#options.resumable === true
    if (!goesOn) await conclude?.(this.#result())
    if (!this.#endUnknown && lease?.signal.aborted !== true && !goesOn) {
      try {
        const codes = [...new Set(this.#warnings.map((warning) => warning.code))]
        await this.#record({ kind: 'end', data: { ok, ...(codes.length === 0 ? {} : { warnings: codes.slice(0, 100) }) } })
      } catch (error) {
        this.#failure ??= { error }
      }
    }
    const result = this.#result()
    if (!goesOn || !ok) this.#emit({ type: 'run.finished', ok: result.ok, durationMs: Math.round(clock.monotonic() - this.#begun) })
    return result
  }

  #result(): RunStepsResult {
    const failure = this.#failure
    return {
      ok: failure === undefined && this.#compensationErrors.length === 0,
      ...(failure === undefined ? {} : { error: failure.error, ...(failure.step === undefined ? {} : { failedStep: failure.step }) }),
      compensationErrors: this.#compensationErrors,
      warnings: this.#warnings,
      steps: this.#states.map(({ step, durationMs, status, summary }) => ({ name: step.name, durationMs, status, ...(summary === undefined ? {} : { summary }) })),
    }
  }

  #stepRun(state: StepState<C>, signal: AbortSignal): StepRun {
    const { journal, logger } = this.#options
    const step = state.step.name
    return {
      runId: journal.runId,
      signal,
      logger: logger.child({ runId: journal.runId, step }),
      progress: (progress) => {
        this.#emit({ type: 'step.progress', step, progress })
      },
      summary: (text) => {
        state.summary = text
      },
      warn: (code, message) => {
        this.#warn(code, message, step)
      },
      intend: (data) => this.#record({ kind: 'intent', step, data }),
    }
  }

  async #record(entry: JournalEntry): Promise<void> {
    const { journal, lease } = this.#options
    await journal.append({ ...(lease === undefined ? {} : { token: lease.token }), ...entry })
  }

  /** For what has happened already: without its record the run still has to go on undoing, and its journal stays without an end. */
  async #recordAnyway(entry: JournalEntry): Promise<void> {
    try {
      await this.#record(entry)
    } catch (error) {
      this.#endUnknown = true
      this.#warn(codeOf(error), textOf(error), entry.step)
    }
  }

  #warn(code: string, text: string, step?: string): void {
    const message = redact(text)
    const where = step === undefined ? {} : { step }
    this.#warnings.push({ code, message, ...where })
    this.#emit({ type: 'run.warning', code, message, ...where })
    this.#options.logger.warn({ code, ...where }, message)
  }

  #emit(event: WithoutBase<StepEvent>): void {
    const { events, clock, journal, database, logger } = this.#options
    try {
      events.emit({ ...event, at: isoNow(clock), runId: journal.runId, database })
    } catch (error) {
      logger.warn({ error }, 'an event receiver failed')
    }
  }
}

type WithoutBase<E> = E extends unknown ? Omit<E, 'at' | 'runId' | 'database'> : never

