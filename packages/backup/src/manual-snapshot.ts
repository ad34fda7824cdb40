import type { PointEntry } from '@icb/recovery-point'
import type { BackupDependencies, StorageDependencies } from './dependencies.ts'

export interface ManualSnapshotDependencies extends StorageDependencies {
  /** Absent, or failing: the snapshot is made as the area lies, and says so. */
  readonly database?: Pick<BackupDependencies, 'sql' | 'primarySql' | 'rman'>
  readonly runId: string
  readonly tool: string
}

export interface ManualSnapshotOptions {
  readonly reason?: string
}

export interface ManualSnapshotResult {
  readonly snapshotId: string
  readonly snapshot: string
  readonly createdAt: string
  /** As appended to the index; absent when the area is not readable from here. */
  readonly entry?: PointEntry
  readonly warnings: readonly { readonly code: string; readonly message: string }[]
}

/**
 * A snapshot now, on demand. With the database: switches logs, proves the chain and closes the manifest's window first. What is
 * missing or unreachable marks the point and warns; it does not stop the snapshot.
 * @throws ICB_BACKUP_REFUSED_AREA, ICB_BACKUP_REFUSED_IDENTITY; ICB_STORAGE_…
 */
export function createManualSnapshot(deps: ManualSnapshotDependencies, options: ManualSnapshotOptions = {}): Promise<ManualSnapshotResult> {
  throw new Error(`not built yet: ${deps.settings.name} ${options.reason ?? ''}`)
}

/** Deletes one snapshot of ours by name. @throws ICB_BACKUP_SNAPSHOT_UNKNOWN; ICB_STORAGE_HAS_CLONES, ICB_STORAGE_LOCKED, ICB_STORAGE_FOREIGN */
export function deleteSnapshot(deps: StorageDependencies, options: { readonly snapshot: string }): Promise<void> {
  throw new Error(`not built yet: ${deps.settings.name} ${options.snapshot}`)
}
