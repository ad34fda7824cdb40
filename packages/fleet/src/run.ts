import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { openArea } from '@icb/backup'
import { acquireLease, newRunId, openJournal, unfinishedRuns } from '@icb/runtime'
import type { Journal, JournalRun, Lease } from '@icb/runtime'
import type { DatabaseConnection } from './connect.ts'

/** What a workflow runs under: its id, its journal, its lease, and what earlier runs left open. */
export interface RunScope {
  readonly runId: string
  readonly journal: Journal
  readonly lease: Lease
  readonly unfinished: readonly JournalRun[]
  /** Aborts when the caller's signal does, or when the lease is lost. */
  readonly signal: AbortSignal
}

export interface RunScopeOptions {
  /** `backup`, `restore-test`: journals are told apart by it. */
  readonly action: string
  /** `area`: one run per database wherever it runs. `sandbox`: one per database on this host; the area is not touched. */
  readonly lease: 'area' | 'sandbox'
  /** How long to wait for another holder. */
  readonly waitMs: number
  readonly signal: AbortSignal
}

/**
 * Runs `work` under the lease of the database with a fresh journal, and releases both.
 * @throws ICB_LEASE_HELD, ICB_JOURNAL_LOCATION, ICB_BACKUP_REFUSED_AREA, and what `work` throws.
 */
export async function withRun<T>(connection: DatabaseConnection, options: RunScopeOptions, work: (scope: RunScope) => Promise<T>): Promise<T> {
  const { context, paths, config } = connection
  const { clock, logger, host } = context
  const runId = newRunId(clock, host.hostId)
  const path = options.lease === 'area' ? paths.areaLease : paths.sandboxLease
  // A lease in the area is bound to the area's id, so that its copy in a clone blocks nobody.
  const boundTo = options.lease === 'area' ? (await openArea({ settings: connection.backupSettings, storage: await connection.storage(), signal: options.signal })).areaId : host.hostId
  await mkdir(dirname(path), { recursive: true })
  const lease = await acquireLease({ path, boundTo, runId, purpose: `${options.action} ${config.name}`, waitMs: options.waitMs, clock, logger, signal: options.signal })
  try {
    const unfinished = await unfinishedRuns(paths.journals, { database: config.name, action: options.action })
    const journal = await openJournal(paths.journals, { action: options.action, database: config.name, host: host.hostname, hostId: host.hostId, version: context.tool }, { clock, runId, protectedPaths: [config.areaPath] })
    try {
      return await work({ runId, journal, lease, unfinished, signal: AbortSignal.any([options.signal, lease.signal]) })
    } finally {
      await journal.close()
    }
  } finally {
    await lease.release()
  }
}
