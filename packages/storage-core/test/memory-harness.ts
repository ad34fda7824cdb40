import type { Clock } from '@icb/runtime'
import type { ConformanceHarness } from '../src/conformance.ts'
import type { SnapshotStorage } from '../src/index.ts'
import { createMemoryStorage } from '../src/testing.ts'
import type { MemoryStorage, MemoryStorageOptions } from '../src/testing.ts'

/** A clock that moves only when told. */
export function tickingClock(): Clock & { advance(ms: number): void } {
  let now = Date.UTC(2026, 2, 29, 0, 30)
  return {
    now: () => now,
    monotonic: () => now,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted()
      now += ms
    },
    advance: (ms) => {
      now += ms
    },
  }
}

/** A harness over the memory storage that offers everything; `alter` puts a mutant in the storage's place. */
export async function memoryHarness(options: Partial<MemoryStorageOptions> = {}, alter: (storage: MemoryStorage) => SnapshotStorage = (storage) => storage): Promise<ConformanceHarness> {
  const clock = tickingClock()
  const memory = createMemoryStorage({ database: 'orcl', clock, ...options })
  const { volume } = memory
  return {
    storage: alter(memory),
    database: 'orcl',
    reopen: async () => alter(createMemoryStorage({ database: 'orcl', clock, ...options, volume })),
    makeForeignSnapshot: async (name) => volume.addSnapshot(name, false).id,
    makeForeignClone: async (snapshot, name) => volume.addClone(volume.snapshots.get(snapshot)!, name, false).id,
    makeHalfSnapshot: async (name) => {
      volume.halfMade.add(name)
    },
    files: {
      write: async (path, text) => {
        volume.files.set(path, text)
      },
      read: async (path) => volume.files.get(path) ?? '',
      writeInClone: async (clone, path, text) => {
        volume.clones.get(clone.id)!.files.set(path, text)
      },
      readInClone: async (clone, path) => volume.clones.get(clone.id)!.files.get(path) ?? '',
    },
    injectFault: async (fault) => {
      memory.faults.add(fault)
    },
    clearFaults: async () => {
      memory.faults.clear()
    },
    requestCount: () => memory.requests.length,
    tick: async () => {
      clock.advance(1000)
    },
    destroy: async () => undefined,
  }
}
