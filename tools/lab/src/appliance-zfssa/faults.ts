/** What goes wrong with a request, and whether it was carried out. */
export interface ApplianceFault {
  /** Matches `METHOD path?query`. */
  readonly match: RegExp
  /** `before`: nothing was changed; `after`: it was carried out, its answer is lost or spoilt. */
  readonly when: 'before' | 'after'
  /** `reset`: the connection is cut; `html`: a proxy's page; `hang`: no answer; `slow-body`: the answer drips; a number: this status. */
  readonly effect: 'reset' | 'html' | 'hang' | 'slow-body' | 'garbage' | number
  /** How many matching requests; default 1. */
  readonly times?: number
  /** Matching requests that go well first; default 0. */
  readonly skip?: number
}

/** One request as it came in. */
export interface LoggedRequest {
  readonly at: number
  readonly node: number
  readonly method: string
  /** Path with query. */
  readonly path: string
  readonly user?: string
  readonly status?: number
  readonly fault?: string
}

const longestLog = 50_000

/** Faults that wait to happen, and what happened. */
export class FaultDesk {
  #waiting: { fault: ApplianceFault; skip: number; times: number }[] = []
  #log: LoggedRequest[] = []

  add(fault: ApplianceFault): void {
    this.#waiting.push({ fault, skip: fault.skip ?? 0, times: fault.times ?? 1 })
  }

  clear(): void {
    this.#waiting = []
  }

  take(request: string): ApplianceFault | undefined {
    const entry = this.#waiting.find(({ fault }) => fault.match.test(request))
    if (entry === undefined) return undefined
    if (entry.skip > 0) {
      entry.skip--
      return undefined
    }
    if (--entry.times <= 0) this.#waiting = this.#waiting.filter((other) => other !== entry)
    return entry.fault
  }

  note(request: LoggedRequest): void {
    this.#log.push(request)
    if (this.#log.length > longestLog) this.#log = this.#log.slice(-longestLog / 2)
  }

  get log(): readonly LoggedRequest[] {
    return this.#log
  }

  forget(): void {
    this.#log = []
  }
}
