import { setImmediate as afterPending } from 'node:timers/promises'
import type { Clock } from '../clock.ts'

interface Sleeper {
  readonly at: number
  wake(): void
}

/** A clock that moves only when the test says so. */
export class ManualClock implements Clock {
  #wall: number
  #monotonic = 0
  readonly #sleepers = new Set<Sleeper>()

  /** @param start wall time: ISO text or milliseconds since 1970. */
  constructor(start: string | number = '2026-01-01T00:00:00Z') {
    this.#wall = typeof start === 'number' ? start : Date.parse(start)
  }

  now(): number {
    return this.#wall
  }

  monotonic(): number {
    return this.#monotonic
  }

  /** How many sleepers wait now. */
  get sleeping(): number {
    return this.#sleepers.size
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    if (ms <= 0) return
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        this.#sleepers.delete(sleeper)
        reject(signal?.reason as Error)
      }
      const sleeper: Sleeper = {
        at: this.#monotonic + ms,
        wake: () => {
          this.#sleepers.delete(sleeper)
          signal?.removeEventListener('abort', abort)
          resolve()
        },
      }
      this.#sleepers.add(sleeper)
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  /** Moves both times on and wakes sleepers in order of their time; what they start sleeping for meanwhile is honoured too. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms
    for (;;) {
      // Let what is ready run first: it may go to sleep.
      await afterPending()
      const next = [...this.#sleepers].sort((a, b) => a.at - b.at)[0]
      if (next === undefined || next.at > end) break
      this.#step(Math.max(0, next.at - this.#monotonic))
      next.wake()
    }
    this.#step(end - this.#monotonic)
    await afterPending()
  }

  /** Sets the wall clock alone, as an operator or NTP does. */
  setWall(time: string | number): void {
    this.#wall = typeof time === 'number' ? time : Date.parse(time)
  }

  #step(ms: number): void {
    this.#monotonic += ms
    this.#wall += ms
  }
}
