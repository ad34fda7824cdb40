import { cleanSnapshots } from '@icb/backup'
import { withLease } from '@icb/fleet'
import { withDatabase } from '../app-context.ts'
import { flag } from '../command.ts'
import type { CommandAction } from '../command.ts'
import { renderTable } from '../table.ts'
import { storageDependencies } from './storage-dependencies.ts'

/** `icb snapshot clean <db>`: every decision with its reasons; exit code 1 when a snapshot could not be dropped. */
export const snapshotClean: CommandAction = async (app, [name = ''], options) =>
  withDatabase(app, name, async (connection) => {
    const deps = await storageDependencies(app, connection)
    const dryRun = flag(options, 'dryRun')
    const overrideFreeze = flag(options, 'overrideFreeze')
    const result = dryRun ? await cleanSnapshots(deps, { dryRun, overrideFreeze }) : await withLease(connection, { action: 'snapshot-clean', lease: 'area', waitMs: connection.config.maxLockWaitMinutes * 60_000, signal: app.signal }, async ({ runId, lease, signal }) => cleanSnapshots({ ...deps, lease, signal }, { overrideFreeze, runId }))
    for (const line of renderTable(['SNAPSHOT', 'CREATED (UTC)', 'OUTCOME', 'REASONS'], result.outcomes.map((entry) => [entry.snapshot, entry.createdAt.slice(0, 19), entry.outcome, [...entry.reasons, ...(entry.error === undefined ? [] : [entry.error.message])].join('; ')]))) app.print(line)
    for (const warning of result.warnings) app.warn('ICB_BACKUP_RETENTION', warning)
    const expired = result.outcomes.filter((entry) => entry.outcome === 'expired').length
    app.print(dryRun ? `${String(expired)} would be dropped` : `${String(result.dropped)} dropped, ${String(result.failed)} failed`)
    const outcomes = result.outcomes
    return { schema: 'snapshot-clean/1', result: { dryRun, frozen: result.plan.frozen, outcomes, dropped: result.dropped, failed: result.failed }, exitCode: result.failed > 0 ? 1 : 0 }
  })
