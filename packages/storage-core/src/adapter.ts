import type { Check, Clock, Logger, ProcessRunner, Secret } from '@icb/runtime'
import type { z } from 'zod'
import type { SnapshotStorage } from './snapshot-storage.ts'

/** What an adapter is given besides its options. */
export interface AdapterContext {
  /** The database's unique name as configured; its snapshots are named after it. */
  readonly database: string
  /** Where this database's backup area is mounted on this host. */
  readonly areaPath: string
  /** Directory against which relative file names in options are resolved. */
  readonly baseDir: string
  readonly clock: Clock
  readonly logger: Logger
  readonly runProcess: ProcessRunner
  /** Resolves a secret reference of the configuration (`{ env }`, `{ file }`, `{ command }`, or a literal). */
  readonly resolveSecret: (reference: unknown, label: string) => Promise<Secret>
  readonly signal?: AbortSignal | undefined
}

export interface StorageAdapter<Options = unknown> {
  /** As in `adapter: <name>`. */
  readonly name: string
  /** Contract version; checked at load. */
  readonly apiVersion: 1
  /** A zod (4) schema of its options. */
  readonly options: z.ZodType<Options>
  /** Must not talk to the storage yet; the first call does. */
  // A method, not a property, so that adapters of any options fit one list (methods are compared bivariantly).
  open(options: Options, context: AdapterContext): Promise<SnapshotStorage>
  /** What `doctor` asks about a storage that this adapter opened. */
  checks?(storage: SnapshotStorage): readonly Check[]
}

export interface StorageAdapterDefinition<Options> {
  readonly name: string
  readonly options: z.ZodType<Options>
  readonly open: (options: Options, context: AdapterContext) => Promise<SnapshotStorage>
  readonly checks?: (storage: SnapshotStorage) => readonly Check[]
}

/** Declares an adapter. Its module exports the result as `adapter`. */
export function defineStorageAdapter<Options>(definition: StorageAdapterDefinition<Options>): StorageAdapter<Options> {
  return Object.freeze({ apiVersion: 1 as const, ...definition })
}
