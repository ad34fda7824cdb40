import type { ManifestWindow, PointEntry, ReadManifest } from '@icb/recovery-point'
import type { StepRun } from '@icb/runtime'
import type { LogIdentity } from './archivelogs.ts'
import type { CleanResult } from './clean.ts'
import type { BackupDependencies } from './dependencies.ts'
import type { SwitchPoint } from './log-switch.ts'
import type { DatabaseState, DatabaseSurroundings } from './manifest-from-database.ts'
import type { MetadataBackup } from './metadata-backup.ts'
import type { CopyCensus } from './preflight.ts'
import type { RefreshSummary } from './refresh.ts'
import type { CompleteSettings } from './settings.ts'

export interface BackupOptions {
  /** Accept that datafiles which had a copy are copied in full again. */
  readonly allowFull?: boolean
  /** Accept that archived logs are lost for good: the point of this run is marked damaged, the refresh makes the next one whole. */
  readonly acceptGap?: boolean
  /** Delete the copies of dropped datafiles also when they are more than a tenth of all. */
  readonly allowPurge?: boolean
  /** `false`: refresh the copies without a snapshot before, and drop none after. What the copies were is then lost to all but the archived logs. Default: as the settings say. */
  readonly snapshot?: boolean
  /** Look, predict and plan; change nothing. */
  readonly dryRun?: boolean
}

/** What the steps of one run share. Each field is set by the step that finds it out. */
export interface BackupRun {
  readonly deps: BackupDependencies
  readonly settings: CompleteSettings
  readonly options: BackupOptions
  /** Why there is nothing to do: the database has the other role. */
  skipped?: string
  areaId?: string
  /** Directories in the area where its further volumes are mounted. */
  volumes?: readonly string[]
  enterprise: boolean
  /** The manifest as the run before left it. */
  previous?: ReadManifest
  before?: DatabaseState
  census?: CopyCensus
  surroundings?: DatabaseSurroundings
  switchPoint?: SwitchPoint
  /** Manifest with a closed window, as it goes into the snapshot. */
  closed?: ReadManifest
  /** Why the point is marked. */
  remarks: string[]
  snapshot?: { readonly id: string; readonly name: string }
  point?: PointEntry
  refresh?: RefreshSummary
  /** SYSDATE after the refresh: not before the highest SCN of any copy. */
  refreshedTime?: string
  metadata?: MetadataBackup
  after?: DatabaseState
  window?: ManifestWindow
  logsCopied: LogIdentity[]
  retention?: CleanResult
}

/** The dependencies as a step may use them: under its own signal, which also ends with the lease. */
export function during(run: BackupRun, step: Pick<StepRun, 'signal' | 'logger'>): BackupDependencies {
  return { ...run.deps, signal: step.signal, logger: step.logger }
}

/**
 * For writes that would undo what another run has done: the lease is asked again at the last moment, since this process may have stood
 * still since its step began.
 */
export function stillLeased(run: BackupRun): { readonly stillAllowed: () => Promise<void> } {
  return { stillAllowed: () => run.deps.lease.assertHeld() }
}

/** A fact that an earlier step has found. */
export function known<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new TypeError(`no earlier step has set: ${what}`)
  return value
}
