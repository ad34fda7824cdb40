import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LedgerEntry, ProofLedger } from '@icb/ledger'
import { newRunId, openJournal, silentLogger, systemClock, unfinishedRuns } from '@icb/runtime'
import type { Clock, IcbEvent, Lease } from '@icb/runtime'
import { recordingEvents } from '@icb/runtime/testing'
import type { RecordingEvents } from '@icb/runtime/testing'
import type { SnapshotStorage, StorageCapabilities } from '@icb/storage-core'
import { createMemoryStorage } from '@icb/storage-core/testing'
import type { MemoryStorage } from '@icb/storage-core/testing'
import { runBackup } from '../src/index.ts'
import type { BackupDependencies, BackupOptions, BackupResult, BackupSettings } from '../src/index.ts'
import { FakeDatabase } from './fake-database.ts'

/** A database, a storage whose volume is the area, and everything a run is given. */
export interface Stand {
  readonly root: string
  readonly areaPath: string
  readonly database: FakeDatabase
  readonly memory: MemoryStorage
  readonly storage: SnapshotStorage
  readonly events: RecordingEvents<IcbEvent>
  readonly clock: JumpingClock
  readonly settings: BackupSettings
  readonly ledgerEntries: LedgerEntry[]
  /** Dependencies of one run, with a journal of its own. */
  dependencies(overrides?: Partial<BackupDependencies>): Promise<BackupDependencies>
  backup(options?: BackupOptions, overrides?: Partial<BackupDependencies>): Promise<BackupResult>
  remove(): Promise<void>
}

/** The system's clock, moved on by whole days at will, with sleeps that take no time. */
export class JumpingClock implements Clock {
  offset = 0
  #slept = 0
  now(): number { return systemClock.now() + this.offset }
  monotonic(): number { return systemClock.monotonic() + this.#slept }
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    this.#slept += ms
    // A real turn of the event loop, so that polling cannot starve what it waits for.
    await systemClock.sleep(0, signal)
  }
}

export async function makeStand(options: { readonly settings?: Partial<BackupSettings>; readonly capabilities?: Partial<StorageCapabilities> } = {}): Promise<Stand> {
  const root = await mkdtemp(join(tmpdir(), 'icb-backup-'))
  const areaPath = join(root, 'area')
  await mkdir(areaPath)
  const clock = new JumpingClock()
  const database = new FakeDatabase({ areaPath, recoveryArea: join(root, 'fra'), clock })
  const memory = createMemoryStorage({ database: 'orcl', clock, ...(options.capabilities === undefined ? {} : { capabilities: options.capabilities }) })
  // The memory adapter has no place on a disk; for the guards its volume is the area.
  const storage: SnapshotStorage = { ...memory, describe: async (call) => ({ ...(await memory.describe(call)), mounts: [{ kind: 'path', path: areaPath }] }) }
  const events = recordingEvents()
  const settings: BackupSettings = {
    name: 'orcl', dbid: database.dbid, areaPath, parallel: 2, recoveryWindowDays: 2, hasDataGuard: false, role: 'primary', snapshots: true, restoreTests: false,
    retention: { keepDays: 31, keepMonths: 6, minRedundancy: 2 }, landingDeadlineMs: 60_000, sessionDeadlineMs: 2000, ...options.settings,
  }
  const journals = join(root, 'state')
  const ledgerEntries: LedgerEntry[] = []
  const ledger: ProofLedger = { description: 'test', shared: true, open: async () => undefined, close: async () => undefined, list: async () => ledgerEntries, find: async () => undefined }
  const lease: Lease = { path: '', token: 1, signal: new AbortController().signal, assertHeld: async () => undefined, release: async () => undefined }
  const dependencies = async (overrides: Partial<BackupDependencies> = {}): Promise<BackupDependencies> => {
    const runId = newRunId(clock, 'cafe0001')
    const unfinished = await unfinishedRuns(journals, { database: 'orcl', action: 'backup' })
    const journal = await openJournal(journals, { action: 'backup', database: 'orcl', host: 'prod', hostId: 'cafe0001', version: 'icb 0.0.0' }, { clock, runId })
    return {
      settings, sql: database.sql, rman: database.rman, storage, ledger, journal, lease, unfinished, runId, clock, logger: silentLogger, events, signal: new AbortController().signal, tool: 'icb 0.0.0', ...overrides,
    }
  }
  return {
    root, areaPath, database, memory, storage, events, clock, settings, ledgerEntries, dependencies,
    backup: async (backupOptions, overrides) => {
      const deps = await dependencies(overrides)
      try {
        return await runBackup(deps, backupOptions)
      } finally {
        await deps.journal.close()
      }
    },
    remove: () => rm(root, { recursive: true, force: true }),
  }
}
