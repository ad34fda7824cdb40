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

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal }),
}

/** Current time as ISO 8601 UTC. */
export function isoNow(clock: Clock): string {
  return new Date(clock.now()).toISOString()
}
