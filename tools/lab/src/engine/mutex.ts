/** Runs one body at a time, in the order asked. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve()

  run<T>(body: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(body, body)
    this.#last = turn.catch(() => undefined)
    return turn
  }
}

/** Resolves after `ms`, or rejects with the signal's reason. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error)
      return
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal.reason as Error)
    }
    signal.addEventListener('abort', stop, { once: true })
  })
}

/** Something to wait for again and again: `notify` wakes all who wait. */
export class Condition {
  #waiting = new Set<() => void>()

  notify(): void {
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }

  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error)
        return
      }
      const stop = (): void => {
        this.#waiting.delete(wake)
        reject(signal.reason as Error)
      }
      const wake = (): void => {
        signal.removeEventListener('abort', stop)
        resolve()
      }
      this.#waiting.add(wake)
      signal.addEventListener('abort', stop, { once: true })
    })
  }
}
