import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { adapter as local } from '@icb/storage-local'
import { defineStorageAdapter, hasHolds, hasLabels, storageErrors } from '@icb/storage-core'
import type { SnapshotStorage, StorageAdapter } from '@icb/storage-core'
import { z } from 'zod'
import type { StorageCall } from './plan.ts'
import { orderFile, struckFile } from './storage-faults.ts'
import type { StorageFaultOrder } from './storage-faults.ts'

interface FaultingOptions {
  /** Where orders are read and answers written. */
  readonly control: string
}

/** The local adapter, as a third party would publish one of its own, with a fault now and then. */
export const adapter: StorageAdapter<FaultingOptions> = defineStorageAdapter<FaultingOptions>({
  name: 'faulting',
  options: z.object({ control: z.string() }),
  open: async ({ control }, context) => withFaults(await local.open({}, context), control, (ms, signal) => context.clock.sleep(ms, signal)),
})

function withFaults(storage: SnapshotStorage, control: string, sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>): SnapshotStorage {
  const counts = new Map<StorageCall, number>()
  const strike = (call: StorageCall): StorageFaultOrder | undefined => {
    const file = join(control, orderFile)
    if (!existsSync(file)) return undefined
    const order = JSON.parse(readFileSync(file, 'utf8')) as StorageFaultOrder
    if (order.call !== call) return undefined
    const count = (counts.get(call) ?? 0) + 1
    counts.set(call, count)
    if (order.fault === 'outage' || order.fault === 'lost-for-good' ? count < order.nth : count !== order.nth) return undefined
    writeFileSync(join(control, struckFile), '')
    return order
  }
  const gone = (call: StorageCall): Error => storageErrors.UNREACHABLE(`${call}: the connection was reset`)

  const calling = async <T>(call: StorageCall, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> => {
    const order = strike(call)
    if (order === undefined) return work()
    if (order.fault === 'fail' || order.fault === 'outage') throw gone(call)
    if (order.fault === 'late') await sleep(order.ms, signal)
    const result = await work()
    if (order.fault === 'lost') throw gone(call)
    // An answer that nobody understands is not asked for again.
    if (order.fault === 'lost-for-good') throw storageErrors.PROTOCOL(`${call}: the answer was cut off`)
    return result
  }
  const listing = async function* <T>(call: StorageCall, signal: AbortSignal | undefined, list: () => AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    const all = await calling(call, signal, async () => {
      const found: T[] = []
      for await (const each of list()) found.push(each)
      return found
    })
    yield* all
  }
  return {
    capabilities: storage.capabilities,
    createSnapshot: (name, options) => calling('createSnapshot', options?.signal, () => storage.createSnapshot(name, options)),
    listSnapshots: (options) => listing('listSnapshots', options?.signal, () => storage.listSnapshots(options)),
    deleteSnapshot: (id, options) => calling('deleteSnapshot', options?.signal, () => storage.deleteSnapshot(id, options)),
    createClone: (id, name, options) => calling('createClone', options?.signal, () => storage.createClone(id, name, options)),
    listClones: (options) => listing('listClones', options?.signal, () => storage.listClones(options)),
    deleteClone: (id, options) => calling('deleteClone', options?.signal, () => storage.deleteClone(id, options)),
    describe: (options) => calling('describe', options?.signal, () => storage.describe(options)),
    createVolume: (spec, options) => storage.createVolume(spec, options),
    ...(storage.removeLeftovers === undefined ? {} : { removeLeftovers: async (options) => (await storage.removeLeftovers?.(options)) ?? [] }),
    ...(hasHolds(storage) ? { hold: storage.hold.bind(storage), releaseHold: storage.releaseHold.bind(storage) } : {}),
    ...(hasLabels(storage) ? { setLabels: storage.setLabels.bind(storage) } : {}),
  }
}
