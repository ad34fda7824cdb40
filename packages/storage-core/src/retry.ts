import { isIcbError } from '@icb/runtime'
import type { Clock, Logger } from '@icb/runtime'
import { hasHolds, hasLabels } from './snapshot-storage.ts'
import type { SnapshotHolds, SnapshotLabels, SnapshotStorage } from './snapshot-storage.ts'

export interface RetryOptions {
  readonly clock: Clock
  readonly logger?: Logger
  /** Calls in all, the first included. Default 5. */
  readonly attempts?: number
  /** Longest pause before the second call, milliseconds; it doubles with each further one. Default 250. */
  readonly firstDelayMs?: number
  /** Default 10000. */
  readonly maxDelayMs?: number
  /** 0 to 1, for the jitter. Default Math.random. */
  readonly random?: () => number
}

type Call = <T>(what: string, signal: AbortSignal | undefined, call: () => Promise<T>) => Promise<T>

/**
 * The same storage, but calls that fail with `remedy: 'retry'` are repeated with growing, jittered pauses. It knows no
 * vendor: the adapter classifies its errors, and every call of the contract is idempotent by name, so that repeating a call
 * whose answer was lost is safe.
 *
 * A listing is repeated only as long as it has not yielded anything: afterwards its caller has already acted on what it saw.
 */
export function withRetry(storage: SnapshotStorage, options: RetryOptions): SnapshotStorage {
  const { clock, attempts = 5, firstDelayMs = 250, maxDelayMs = 10_000, random = Math.random } = options

  const pauseBefore = async (attempt: number, what: string, error: unknown, signal: AbortSignal | undefined): Promise<void> => {
    signal?.throwIfAborted()
    if (!isIcbError(error) || error.remedy !== 'retry' || attempt >= attempts) throw error
    const longest = Math.min(maxDelayMs, firstDelayMs * 2 ** (attempt - 1))
    // At least half of the pause, so that jitter never turns back-off into hammering.
    const delayMs = Math.round(longest * (0.5 + random() / 2))
    options.logger?.warn({ what, attempt, delayMs, code: error.code }, `${what} failed, trying again: ${error.message}`)
    await clock.sleep(delayMs, signal)
  }

  const call: Call = async (what, signal, run) => {
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted()
      try {
        return await run()
      } catch (error) {
        await pauseBefore(attempt, what, error, signal)
      }
    }
  }

  const list = async function* <T>(what: string, signal: AbortSignal | undefined, open: () => AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted()
      let yielded = false
      try {
        for await (const element of open()) {
          yielded = true
          yield element
        }
        return
      } catch (error) {
        if (yielded) throw error
        await pauseBefore(attempt, what, error, signal)
      }
    }
  }

  return {
    capabilities: storage.capabilities,
    createSnapshot: (name, callOptions) => call(`creating snapshot ${name}`, callOptions?.signal, () => storage.createSnapshot(name, callOptions)),
    listSnapshots: (callOptions) => list('listing snapshots', callOptions?.signal, () => storage.listSnapshots(callOptions)),
    deleteSnapshot: (id, callOptions) => call(`deleting snapshot ${id}`, callOptions?.signal, () => storage.deleteSnapshot(id, callOptions)),
    createClone: (id, name, callOptions) => call(`creating clone ${name}`, callOptions?.signal, () => storage.createClone(id, name, callOptions)),
    listClones: (callOptions) => list('listing clones', callOptions?.signal, () => storage.listClones(callOptions)),
    deleteClone: (id, callOptions) => call(`deleting clone ${id}`, callOptions?.signal, () => storage.deleteClone(id, callOptions)),
    createVolume: (spec, callOptions) => call(`creating volume ${spec.name}`, callOptions?.signal, () => storage.createVolume(spec, callOptions)),
    describe: (callOptions) => call('describing the volume', callOptions?.signal, () => storage.describe(callOptions)),
    ...(storage.removeLeftovers === undefined
      ? {}
      : { removeLeftovers: (callOptions) => call('removing leftovers', callOptions?.signal, async () => (await storage.removeLeftovers?.(callOptions)) ?? []) }),
    ...(storage.close === undefined ? {} : { close: async () => storage.close?.() }),
    ...(hasHolds(storage) ? holdsWithRetry(storage, call) : {}),
    ...(hasLabels(storage) ? labelsWithRetry(storage, call) : {}),
  }
}

function holdsWithRetry(storage: SnapshotHolds, call: Call): SnapshotHolds {
  return {
    hold: (id, options) => call(`holding snapshot ${id}`, options.signal, () => storage.hold(id, options)),
    releaseHold: (id, options) => call(`releasing snapshot ${id}`, options?.signal, () => storage.releaseHold(id, options)),
  }
}

function labelsWithRetry(storage: SnapshotLabels, call: Call): SnapshotLabels {
  return { setLabels: (id, labels, options) => call(`labelling snapshot ${id}`, options?.signal, () => storage.setLabels(id, labels, options)) }
}
