import type { RetentionPlan } from '@icb/retention'
import type { StorageDependencies } from './dependencies.ts'

export interface CleanOptions {
  readonly dryRun?: boolean
  /** Drop also while backups are overdue. */
  readonly overrideFreeze?: boolean
  /** Names that are never dropped in this call whatever the plan says. */
  readonly protect?: readonly string[]
}

export interface CleanOutcome {
  readonly snapshotId: string
  readonly snapshot: string
  /** ISO UTC. */
  readonly createdAt: string
  /** `valid`: kept by the plan. `expired`: would be dropped (dry run). `has-clones`: dropping was refused by the storage. */
  readonly outcome: 'valid' | 'foreign' | 'expired' | 'dropped' | 'has-clones' | 'failed'
  /** The plan's reasons, for people. */
  readonly reasons: readonly string[]
  readonly error?: { readonly code: string; readonly message: string }
}

export interface CleanResult {
  readonly plan: RetentionPlan
  /** Oldest first. */
  readonly outcomes: readonly CleanOutcome[]
  readonly dropped: number
  readonly failed: number
  readonly warnings: readonly string[]
}

/**
 * Plans retention over one listing and drops what the plan gives up. A snapshot that cannot be dropped is an outcome, not an exception.
 * @throws ICB_STORAGE_… when the listing fails; ICB_BACKUP_PINS when pins cannot be read (nothing is dropped then).
 */
export function cleanSnapshots(deps: StorageDependencies, options: CleanOptions = {}): Promise<CleanResult> {
  throw new Error(`not built yet: ${deps.settings.name} ${options.dryRun ?? false}`)
}
