import { setTimeout as delay } from 'node:timers/promises'

/** Time as an argument, so that a test can turn it. */
export interface Clock {
  /** Wall time, milliseconds since 1970-01-01 UTC. It can jump. */
  now(): number
  /** Milliseconds from an arbitrary start; never jumps. Use it for deadlines. */
  monotonic(): number
  /** Resolves after `ms`; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** Node's timers take 31 bits of milliseconds; a longer one would fire at once. */
const longestTimer = 2 ** 31 - 1

async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted()
  try {
    for (let left = ms; left > 0; left -= longestTimer) await delay(Math.min(left, longestTimer), undefined, signal === undefined ? {} : { signal })
  } catch (error) {
    // Node rejects with its own AbortError; callers want to know why.
    signal?.throwIfAborted()
    throw error
  }
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now(), sleep }

/** Current time as ISO 8601 UTC. */
export function isoNow(clock: Clock): string {
  return new Date(clock.now()).toISOString()
}
