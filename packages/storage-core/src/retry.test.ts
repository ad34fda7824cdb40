import { describe, expect, it } from 'vitest'
import { tickingClock } from '../test/memory-harness.ts'
import { storageErrors } from './errors.ts'
import { withRetry } from './retry.ts'
import type { SnapshotStorage } from './snapshot-storage.ts'
import { createMemoryStorage } from './testing.ts'
import type { MemoryStorage } from './testing.ts'

const name = 'orcl-20260101T000000Z-x1'

function setUp(random = 1, attempts = 3): { memory: MemoryStorage; storage: SnapshotStorage; slept: number[] } {
  const clock = tickingClock()
  const slept: number[] = []
  const memory = createMemoryStorage({ database: 'orcl', clock, pageSize: 2 })
  const waiting = {
    ...clock,
    sleep: async (ms: number, signal?: AbortSignal) => {
      slept.push(ms)
      await clock.sleep(ms, signal)
    },
  }
  return { memory, slept, storage: withRetry(memory, { clock: waiting, attempts, firstDelayMs: 100, maxDelayMs: 150, random: () => random }) }
}

async function names(storage: SnapshotStorage): Promise<string[]> {
  const found: string[] = []
  for await (const snapshot of storage.listSnapshots()) found.push(snapshot.name)
  return found
}

describe('withRetry', () => {
  it('converges after lost answers, with growing pauses up to the longest', async () => {
    const { memory, storage, slept } = setUp()
    memory.faults.add({ operation: 'createSnapshot', when: 'after', times: 2 })
    expect((await storage.createSnapshot(name)).name).toBe(name)
    expect(slept).toEqual([100, 150])
    expect(await names(storage)).toEqual([name])
  })

  it('spreads the pauses between half and whole', async () => {
    const { memory, storage, slept } = setUp(0)
    memory.faults.add({ operation: 'describe', when: 'before', times: 2 })
    await storage.describe()
    expect(slept).toEqual([50, 75])
  })

  it('gives up after the attempts with the last error', async () => {
    const { memory, storage, slept } = setUp()
    memory.faults.add({ operation: 'describe', when: 'before', times: 9 })
    await expect(storage.describe()).rejects.toMatchObject({ code: 'ICB_STORAGE_UNREACHABLE' })
    expect(memory.requests).toHaveLength(3)
    expect(slept).toHaveLength(2)
  })

  it('does not repeat what repeating cannot help', async () => {
    const { memory, storage } = setUp()
    memory.faults.add({ operation: 'describe', when: 'before', error: storageErrors.AUTH('wrong password') })
    await expect(storage.describe()).rejects.toMatchObject({ code: 'ICB_STORAGE_AUTH' })
    expect(memory.requests).toHaveLength(1)
  })

  it('repeats a listing that failed before its first element, and none after it', async () => {
    const { memory, storage } = setUp()
    for (const stamp of ['01', '02', '03']) await storage.createSnapshot(`orcl-202601${stamp}T000000Z-x1`)
    memory.faults.add({ operation: 'listSnapshots', when: 'before' })
    expect(await names(storage)).toHaveLength(3)
    memory.faults.add({ operation: 'listSnapshots', when: 'before', skip: 1 })
    await expect(names(storage)).rejects.toMatchObject({ code: 'ICB_STORAGE_UNREACHABLE' })
  })

  it('stops at an aborted signal', async () => {
    const { memory, storage } = setUp()
    memory.faults.add({ operation: 'describe', when: 'before', times: 9 })
    const abort = new AbortController()
    const error = new Error('stop')
    abort.abort(error)
    await expect(storage.describe({ signal: abort.signal })).rejects.toBe(error)
    expect(memory.requests).toHaveLength(0)
  })

  it('has the optional methods exactly when the storage has them', () => {
    const clock = tickingClock()
    const plain = withRetry(createMemoryStorage({ database: 'orcl', clock, capabilities: { holds: false, labels: false } }), { clock })
    expect(plain).not.toHaveProperty('hold')
    expect(plain).not.toHaveProperty('setLabels')
    expect(withRetry(createMemoryStorage({ database: 'orcl', clock }), { clock })).toHaveProperty('hold')
  })
})
