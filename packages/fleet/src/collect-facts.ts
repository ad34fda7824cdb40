import { listPoints, newestLogAt, overdueDrops } from '@icb/backup'
import type { ListedPoint } from '@icb/backup'
import { proofStatistics } from '@icb/ledger'
import { retentionCriticalDays, retentionWarningDays } from '@icb/monitoring'
import type { DatabaseFacts } from '@icb/monitoring'
import { findManifest } from '@icb/recovery-point'
import { DateTime } from 'luxon'
import { readBackupRuns } from './backup-runs.ts'
import type { BackupRuns } from './backup-runs.ts'
import type { DatabaseConnection } from './connect.ts'

function sentence(error: unknown): string {
  return error instanceof Error ? error.message.split('\n')[0] ?? '' : String(error)
}

/** End of a point's window as an instant; its times are database-local with the offset beside them. */
function reachesTo(point: ListedPoint): number | undefined {
  const { entry } = point
  if (point.restorable !== true || entry?.lastTime === undefined || entry.utcOffset === undefined) return undefined
  const at = Date.parse(`${entry.lastTime.replace(' ', 'T')}${entry.utcOffset}`)
  return Number.isNaN(at) ? undefined : at
}

function snapshotFacts(points: readonly ListedPoint[]): NonNullable<DatabaseFacts['snapshots']> {
  const ours = points.filter((point) => point.snapshot.ours)
  const newestAt = ours.at(-1)?.snapshot.createdAt.toMillis()
  const reaches = ours.flatMap((point) => reachesTo(point) ?? [])
  const sizes = ours.flatMap((point) => point.snapshot.spaceTotal ?? [])
  return {
    count: ours.length, restorable: ours.filter((point) => point.restorable === true).length, pinned: ours.filter((point) => point.pinned !== undefined).length,
    ...(newestAt === undefined ? {} : { newestAt }),
    ...(reaches.length === 0 ? {} : { newestReaches: Math.max(...reaches) }),
    ...(sizes.length === 0 ? {} : { spaceBytes: sizes.reduce((sum, bytes) => sum + bytes, 0n) }),
  }
}

function retentionFacts(connection: DatabaseConnection, points: readonly ListedPoint[], proofs: 'known' | 'unknown'): DatabaseFacts['retention'] {
  const { backupSettings: settings, context } = connection
  if (!settings.snapshots) return undefined
  const now = DateTime.fromMillis(context.clock.now(), { zone: 'utc' })
  const due = (days: number): ReturnType<typeof overdueDrops> => overdueDrops(points, settings, { now, since: now.minus({ days }), proofs })
  const overdue = due(retentionWarningDays)
  const count = (why: string, text: string): readonly string[] => {
    const number = overdue.filter((drop) => drop.why === why).length
    return number === 0 ? [] : [`${String(number)} ${text}`]
  }
  return { overdue: overdue.length, longOverdue: due(retentionCriticalDays).length, why: [...count('clone', 'with a clone'), ...count('frozen', 'frozen because backups are overdue'), ...count('failed', 'that no run dropped')] }
}

/**
 * What monitoring reports of one database: from the storage, the area where it is mounted, and the ledger; the database itself is
 * not asked. What is away is left out and said so; never throws for it.
 */
export async function collectFacts(connection: DatabaseConnection, options: { readonly signal: AbortSignal; /** Read once for many databases; absent: read here. */ readonly backupRuns?: BackupRuns }): Promise<DatabaseFacts> {
  const { config, context } = connection
  const problems: { unavailable?: string; ledgerProblem?: string } = {}
  const attempt = async <T>(key: 'unavailable' | 'ledgerProblem', ask: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await ask()
    } catch (error) {
      options.signal.throwIfAborted()
      problems[key] ??= sentence(error)
      return undefined
    }
  }
  const ledger = connection.ledger()
  const rows = await attempt('ledgerProblem', async () => ledger?.list({ database: config.name }))
  const points = await attempt('unavailable', async () => listPoints({
    settings: connection.backupSettings, storage: await connection.storage(), logger: context.logger, signal: options.signal, ...(ledger === undefined || rows === undefined ? {} : { ledger: { ...ledger, list: () => Promise.resolve(rows) } }),
  }))
  const volume = await attempt('unavailable', async () => (await connection.storage()).describe({ signal: options.signal }))
  const backups = (options.backupRuns ?? (await readBackupRuns(connection.paths.journals).catch(() => undefined)))?.get(config.name)
  const newestLog = await newestLogAt(config.areaPath)
  const retention = points === undefined ? undefined : retentionFacts(connection, points, ledger?.shared === true && rows !== undefined ? 'known' : 'unknown')
  // On a sandbox host the area is not mounted; its copies are then not known, which is no problem of theirs.
  const manifest = await findManifest(config.areaPath).then((found) => found?.manifest, () => undefined)
  return {
    database: config.name,
    ...problems,
    ...(points === undefined ? {} : { snapshots: snapshotFacts(points) }),
    ...(manifest === undefined ? {} : { copies: { state: manifest.state, bytes: manifest.copies.reduce((sum, copy) => sum + copy.bytes, 0n), ...(manifest.refreshedAt === undefined ? {} : { refreshedAt: Date.parse(manifest.refreshedAt) }) } }),
    ...(volume === undefined ? {} : { volume: { ...(volume.sizeBytes === undefined ? {} : { sizeBytes: volume.sizeBytes }), ...(volume.freeBytes === undefined ? {} : { freeBytes: volume.freeBytes }) } }),
    ...(newestLog === undefined ? {} : { redo: { newestLogAt: newestLog } }),
    ...(backups === undefined ? {} : { backups }),
    ...(retention === undefined ? {} : { retention }),
    ...(rows === undefined ? {} : { proofs: proofStatistics(config.name, rows) }),
    restoreTests: config.restoreTest.enabled || (rows?.length ?? 0) > 0,
    thresholds: { warningAgeHours: config.warningAgeHours, criticalAgeHours: config.criticalAgeHours, ...config.monitoring },
  }
}
