import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { openArea } from '@icb/backup'
import { readSideBySide, takeOriginalLock } from '@icb/migrate'
import { acquireLease, hasErrorCode, leaseOwnerLife, newRunId, openJournal, readLease, reopenJournal, unfinishedRuns } from '@icb/runtime'
import type { Journal, JournalRun, Lease } from '@icb/runtime'
import type { DatabaseConnection } from './connect.ts'

/** What an action runs under that changes something of a database. */
export interface LeaseScope {
  readonly runId: string
  readonly lease: Lease
  /** Aborts when the caller's signal does, or when the lease is lost. */
  readonly signal: AbortSignal
}

/** What a workflow of journalled steps runs under. */
export interface RunScope extends LeaseScope {
  readonly journal: Journal
  /** Earlier runs of the same action on this host that never ended. */
  readonly unfinished: readonly JournalRun[]
  /** The run that this one goes on with. */
  readonly resumed: JournalRun | undefined
}

export interface RunScopeOptions {
  /** `backup`, `restore-test`: journals are told apart by it. */
  readonly action: string
  /** `area`: one run per database wherever it runs. `sandbox`, `restore`: one restore test, or one restore, per database on this host; the area is not touched. */
  readonly lease: 'area' | 'sandbox' | 'restore'
  /** Goes on with an interrupted run instead of starting one: its run id and its journal. Ignored by {@link withLease}. */
  readonly resume?: (unfinished: readonly JournalRun[]) => JournalRun | undefined
  /** How long to wait for another holder. */
  readonly waitMs: number
  readonly signal: AbortSignal
}

/**
 * Runs `work` under the lease of the database and releases it.
 * @throws ICB_LEASE_HELD, ICB_MIGRATE_ORIGINAL_BUSY, ICB_BACKUP_REFUSED_AREA, and what `work` throws.
 */
export async function withLease<T>(connection: DatabaseConnection, options: RunScopeOptions, work: (scope: LeaseScope) => Promise<T>): Promise<T> {
  const { context, paths, config } = connection
  const { clock, logger, host } = context
  const runId = newRunId(clock, host.hostId)
  const path = { area: paths.areaLease, sandbox: paths.sandboxLease, restore: paths.restoreLease }[options.lease]
  // A lease in the area is bound to the area's id, so that its copy in a clone blocks nobody.
  const boundTo = options.lease === 'area' ? (await openArea({ settings: connection.backupSettings, storage: await connection.storage(), signal: options.signal })).areaId : host.hostId
  await mkdir(dirname(path), { recursive: true })
  const lease = await acquireLease({ path, boundTo, runId, purpose: `${options.action} ${config.name}`, waitMs: options.waitMs, clock, logger, signal: options.signal })
  try {
    if (options.lease !== 'area') await freeAbandoned(connection, options.lease === 'restore' ? paths.sandboxLease : paths.restoreLease, { runId, signal: options.signal })
    // Until a migration has ended, the original may work in the same area; it knows no lease.
    const original = options.lease === 'area' && (await readSideBySide(config.areaPath)) !== undefined
      ? await takeOriginalLock({ areaPath: config.areaPath, runId, hostname: host.hostname, waitMs: options.waitMs, clock, logger, signal: AbortSignal.any([options.signal, lease.signal]) })
      : undefined
    try {
      return await work({ runId, lease, signal: AbortSignal.any([options.signal, lease.signal]) })
    } finally {
      await original?.release()
    }
  } finally {
    await lease.release()
  }
}

/**
 * A killed run of the other kind on this host may have left its lease to nobody: there is no more to do that would take it over. It blocks
 * nobody either, so what goes wrong with it is only logged.
 */
async function freeAbandoned({ context, config }: DatabaseConnection, path: string, { runId, signal }: { readonly runId: string; readonly signal: AbortSignal }): Promise<void> {
  const { clock, logger, host } = context
  try {
    const left = await readLease(path)
    if (left === undefined || left.released || leaseOwnerLife(left.owner) !== 'dead') return
    const lease = await acquireLease({ path, boundTo: host.hostId, runId, purpose: `free ${config.name}`, waitMs: 0, clock, logger, signal })
    await lease.release()
  } catch (error) {
    signal.throwIfAborted()
    // Somebody who has taken it meanwhile gives it back.
    if (!hasErrorCode(error, 'ICB_LEASE_HELD')) logger.warn({ path, error }, 'the lease of a killed run could not be freed')
  }
}

/**
 * {@link withLease} with a fresh journal and what earlier runs of the action left open.
 * @throws ICB_JOURNAL_LOCATION too
 */
export async function withRun<T>(connection: DatabaseConnection, options: RunScopeOptions, work: (scope: RunScope) => Promise<T>): Promise<T> {
  const { context, paths, config } = connection
  const { clock, host } = context
  return withLease(connection, options, async (scope) => {
    const unfinished = await unfinishedRuns(paths.journals, { database: config.name, action: options.action })
    const header = { action: options.action, database: config.name, host: host.hostname, hostId: host.hostId, version: context.tool }
    const resumed = options.resume?.(unfinished)
    const journal = resumed === undefined ? await openJournal(paths.journals, header, { clock, runId: scope.runId, protectedPaths: [config.areaPath] }) : await reopenJournal(resumed, { clock })
    try {
      return await work({ ...scope, runId: journal.runId, journal, unfinished, resumed })
    } finally {
      await journal.close()
    }
  })
}
