/** Something that goes wrong between a request and its answer. */
export interface Fault {
  /** `before`: the connection is cut and nothing is done; `after`: it is cut when the change has been made; `status`: an error is answered instead of doing anything; `slow`: the answer comes late. */
  readonly kind: 'before' | 'after' | 'status' | 'slow'
  readonly method?: string
  /** Regular expression on the path with its query. */
  readonly path?: string
  /** Requests that pass first. */
  readonly skip?: number
  readonly times?: number
  readonly status?: number
  readonly code?: string
  readonly message?: string
  readonly retryAfter?: number
  readonly delayMs?: number
}

/** Faults that hit by chance, the same ones for the same seed and order of requests. Only clients that tell their name (X-Dot-Client-App) are hit, so that a test's own administrator is not. */
export interface Chaos {
  readonly seed: number
  /** Of each request, 0 to 1. */
  readonly probability: number
  /** How many in all. */
  readonly limit: number
}

export class Faults {
  #waiting: { readonly fault: Fault; skip: number; times: number }[] = []
  #chaos: { readonly next: () => number; readonly probability: number; left: number } | undefined
  injected = 0

  add(fault: Fault): void {
    this.#waiting.push({ fault, skip: fault.skip ?? 0, times: fault.times ?? 1 })
  }

  chaos(plan: Chaos | undefined): void {
    this.#chaos = plan === undefined ? undefined : { next: random(plan.seed), probability: plan.probability, left: plan.limit }
  }

  clear(): void {
    this.#waiting = []
    this.#chaos = undefined
  }

  take(method: string, path: string, client: boolean): Fault | undefined {
    for (const entry of this.#waiting) {
      const { fault } = entry
      if ((fault.method !== undefined && fault.method !== method) || (fault.path !== undefined && !new RegExp(fault.path).test(path))) continue
      if (entry.skip-- > 0) continue
      if (--entry.times <= 0) this.#waiting.splice(this.#waiting.indexOf(entry), 1)
      this.injected++
      return fault
    }
    const chaos = this.#chaos
    if (!client || chaos === undefined || chaos.left <= 0 || chaos.next() >= chaos.probability) return undefined
    chaos.left--
    this.injected++
    return [{ kind: 'before' }, { kind: 'after' }, { kind: 'status', status: 503, retryAfter: 0 }, { kind: 'status', status: 500, code: '13107406', message: 'Another volume operation is active.' }, { kind: 'slow', delayMs: 15 }][
      Math.floor(chaos.next() * 5)
    ] as Fault
  }
}

/** mulberry32 */
function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
