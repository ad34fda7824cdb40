import type { IcbError } from '@icb/runtime'
import { storageErrors } from '../errors.ts'

export type StorageOperation =
  'createSnapshot' | 'listSnapshots' | 'deleteSnapshot' | 'createClone' | 'listClones' | 'deleteClone' | 'createVolume' | 'describe' | 'removeLeftovers' | 'hold' | 'releaseHold' | 'setLabels'

export interface StorageFault {
  readonly operation: StorageOperation
  /** `before`: nothing was changed; `after`: the change was made and its answer was lost. */
  readonly when: 'before' | 'after'
  /** How many requests fail; default 1. */
  readonly times?: number
  /** Requests of this operation that still succeed first; default 0. A listing makes one request per page. */
  readonly skip?: number
  /** Default ICB_STORAGE_UNREACHABLE. */
  readonly error?: IcbError
}

/** Faults that are waiting to happen. */
export class FaultScript {
  #waiting: { fault: StorageFault; skip: number; times: number }[] = []

  add(fault: StorageFault): void {
    this.#waiting.push({ fault, skip: fault.skip ?? 0, times: fault.times ?? 1 })
  }

  clear(): void {
    this.#waiting = []
  }

  /** The fault that hits this request, if any; counts it. */
  take(operation: StorageOperation): { readonly when: 'before' | 'after'; readonly error: IcbError } | undefined {
    const entry = this.#waiting.find((candidate) => candidate.fault.operation === operation)
    if (entry === undefined) return undefined
    if (entry.skip > 0) {
      entry.skip--
      return undefined
    }
    if (--entry.times <= 0) this.#waiting = this.#waiting.filter((candidate) => candidate !== entry)
    const { when, error } = entry.fault
    return { when, error: error ?? storageErrors.UNREACHABLE(`injected fault ${when} ${operation}`) }
  }
}
