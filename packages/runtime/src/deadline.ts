import type { Clock } from './clock.ts'
import { defineErrors } from './errors.ts'
import type { DefinedErrors } from './errors.ts'

const defined: DefinedErrors<{ readonly EXPIRED: { readonly remedy: 'operator'; readonly summary: string } }> = defineErrors('DEADLINE', {
  EXPIRED: { remedy: 'operator', summary: 'Something that was waited for did not happen in the time given.' },
})

/** The error list of waiting. */
export const deadlineErrors: typeof defined = defined

/** A point in monotonic time. */
export interface Deadline {
  /** Milliseconds left; never negative. */
  remaining(): number
  readonly expired: boolean
}

/** A deadline `ms` milliseconds from now. */
export function deadlineIn(clock: Clock, ms: number): Deadline {
  const end = clock.monotonic() + ms
  return {
    remaining: () => Math.max(0, end - clock.monotonic()),
    get expired() {
      return clock.monotonic() >= end
    },
  }
}

export interface PollOptions {
  readonly clock: Clock
  /** What is waited for, for the error: `log 42 of thread 1 in the backup area`. */
  readonly what: string
  readonly deadlineMs: number
  /** First pause; it doubles up to `maxIntervalMs`. Default 50. */
  readonly intervalMs?: number
  /** Default 1000. */
  readonly maxIntervalMs?: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Asks `probe` until it answers something other than `undefined`.
 * @throws ICB_DEADLINE_EXPIRED when the deadline passes first; the signal's reason when aborted.
 */
export async function pollUntil<T>(options: PollOptions, probe: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const { clock, signal } = options
  const deadline = deadlineIn(clock, options.deadlineMs)
  let pause = options.intervalMs ?? 50
  for (;;) {
    signal?.throwIfAborted()
    const answer = await probe()
    if (answer !== undefined) return answer
    if (deadline.expired) {
      throw defined.errors.EXPIRED(`waited ${String(Math.round(options.deadlineMs / 1000))} s for ${options.what}`, { details: { what: options.what, deadlineMs: options.deadlineMs } })
    }
    await clock.sleep(Math.min(pause, Math.max(1, deadline.remaining())), signal)
    pause = Math.min(pause * 2, options.maxIntervalMs ?? 1000)
  }
}
