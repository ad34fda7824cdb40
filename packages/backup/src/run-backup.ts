import type { ManifestWindow, PointEntry } from '@icb/recovery-point'
import type { RunStepsResult } from '@icb/runtime'
import type { LogIdentity } from './archivelogs.ts'
import type { CleanResult } from './clean.ts'
import type { BackupDependencies } from './dependencies.ts'

export interface BackupOptions {
  /** Accept that datafiles which had a copy are copied in full again. */
  readonly allowFull?: boolean
  /** Look, predict and plan; change nothing. */
  readonly dryRun?: boolean
}

/** What the refresh did, by datafile number. */
export interface RefreshSummary {
  readonly merged: readonly number[]
  /** Copied in full: first run, new datafiles, or `allowFull`. */
  readonly created: readonly number[]
  /** Skipped as unchanged (read-only tablespaces, PDB$SEED). */
  readonly skipped: readonly number[]
  readonly durationMs: number
}

export interface BackupResult {
  readonly runId: string
  readonly database: string
  /** `skipped`: the database has the other role. `planned`: dry run. */
  readonly outcome: 'done' | 'failed' | 'skipped' | 'planned'
  /** ISO UTC. */
  readonly startedAt: string
  readonly finishedAt: string
  /** The first failure; an IcbError wherever it is one of ours. */
  readonly error?: unknown
  readonly failedStep?: string
  readonly warnings: RunStepsResult['warnings']
  readonly steps: RunStepsResult['steps']
  /** The snapshot made before the refresh; absent on the very first run. */
  readonly snapshot?: { readonly id: string; readonly name: string }
  /** Its entry in the points index. */
  readonly point?: PointEntry
  readonly refresh?: RefreshSummary
  /** Window of the live copies after the refresh. */
  readonly window?: ManifestWindow
  readonly logsCopied: readonly LogIdentity[]
  readonly retention?: CleanResult
  /** Dry run: one sentence per thing that a run would do. */
  readonly planned?: readonly string[]
}

/**
 * One run of the backup workflow. Resolves also for a failed run: look at `outcome` and `error`; what was done before stays
 * recorded in the result and in the journal.
 */
export function runBackup(deps: BackupDependencies, options: BackupOptions = {}): Promise<BackupResult> {
  throw new Error(`not built yet: ${deps.settings.name} ${options.dryRun ?? false}`)
}
