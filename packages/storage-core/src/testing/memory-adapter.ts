import { z } from 'zod'
import { defineStorageAdapter } from '../adapter.ts'
import type { StorageAdapter } from '../adapter.ts'
import { createMemoryStorage } from './memory-storage.ts'

export interface MemoryAdapterOptions {
  readonly pageSize?: number | undefined
  readonly latencyMs?: number | undefined
}

/** The memory storage as an adapter called `memory`, for tests of code that loads adapters. */
export const memoryAdapter: StorageAdapter<MemoryAdapterOptions> = defineStorageAdapter<MemoryAdapterOptions>({
  name: 'memory',
  options: z.strictObject({ pageSize: z.int().positive().optional(), latencyMs: z.number().nonnegative().optional() }),
  open: async ({ pageSize, latencyMs }, { database, clock }) =>
    createMemoryStorage({ database, clock, ...(pageSize === undefined ? {} : { pageSize }), ...(latencyMs === undefined ? {} : { latencyMs }) }),
})
