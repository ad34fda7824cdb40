import type { ManifestWindow, PointEntry } from '@icb/recovery-point'
import { isoNow, runSteps } from '@icb/runtime'
import type { RunStepsResult, Step } from '@icb/runtime'
import type { LogIdentity } from './archivelogs.ts'
import type { BackupOptions, BackupRun } from './backup-run.ts'
import type { CleanResult } from './clean.ts'
import type { BackupDependencies } from './dependencies.ts'
import { environmentStep } from './environment-step.ts'
import { openAreaStep, plannedWork, preflightStep, reconcileStep } from './prepare-steps.ts'
import { droppedCopiesStep, incrementsStep, manifestRefreshedStep, manifestRefreshingStep, metadataStep, oldMetadataStep, refreshStep } from './refresh-steps.ts'
import type { RefreshSummary } from './refresh.ts'
import { completeSettings } from './settings.ts'
import { closeWindowStep, snapshotStep, switchAfterStep, switchBeforeStep } from './snapshot-steps.ts'
import { catalogStep, housekeepingStep, logDeletionStep, retentionStep } from './tidy-steps.ts'

export interface BackupResult {
  readonly runId: string
  readonly database: string
  /** `skipped`: the database has the other role. `planned`: dry run. */
  readonly outcome: 'done' | 'failed' | 'skipped' | 'planned'
  readonly skippedReason?: string
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
 * The order is the method: the snapshot keeps the old copies and all redo up to now before the merge destroys their state; the control
 * file comes after the merge because it must know the merged copies; nothing of the last good state is deleted before the new manifest.
 */
const steps: readonly Step<BackupRun>[] = [
  reconcileStep, preflightStep, openAreaStep, switchBeforeStep, closeWindowStep, snapshotStep,
  manifestRefreshingStep, droppedCopiesStep, refreshStep, incrementsStep, metadataStep, switchAfterStep, manifestRefreshedStep, oldMetadataStep,
  logDeletionStep, catalogStep, retentionStep, environmentStep, housekeepingStep,
]

/**
 * One run of the backup workflow. Resolves also for a failed run: look at `outcome` and `error`; what was done before stays
 * recorded in the result and in the journal.
 */
export async function runBackup(deps: BackupDependencies, options: BackupOptions = {}): Promise<BackupResult> {
  const startedAt = isoNow(deps.clock)
  const run: BackupRun = { deps, options, settings: completeSettings(deps.settings), enterprise: false, remarks: [], logsCopied: [] }
  const result = await runSteps({
    action: 'backup', database: deps.settings.name, context: run, steps: options.dryRun === true ? [preflightStep] : steps.map(unlessSkipped),
    journal: deps.journal, lease: deps.lease, events: deps.events, clock: deps.clock, logger: deps.logger, signal: deps.signal,
  })
  const { snapshot, point, refresh, window, retention, skipped } = run
  return {
    runId: deps.runId, database: deps.settings.name, startedAt, finishedAt: isoNow(deps.clock), warnings: result.warnings, steps: result.steps, logsCopied: run.logsCopied,
    outcome: !result.ok ? 'failed' : skipped !== undefined ? 'skipped' : options.dryRun === true ? 'planned' : 'done',
    ...(skipped === undefined ? {} : { skippedReason: skipped }),
    ...(result.error === undefined ? {} : { error: result.error }),
    ...(result.failedStep === undefined ? {} : { failedStep: result.failedStep }),
    ...(options.dryRun === true && result.ok && skipped === undefined ? { planned: plannedWork(run) } : {}),
    ...(snapshot === undefined ? {} : { snapshot }),
    ...(point === undefined ? {} : { point }),
    ...(refresh === undefined ? {} : { refresh }),
    ...(window === undefined ? {} : { window }),
    ...(retention === undefined ? {} : { retention }),
  }
}

/** Once a run is found to have nothing to do, its further steps only say so. */
function unlessSkipped(step: Step<BackupRun>): Step<BackupRun> {
  return {
    ...step,
    intent: (run) => (run.skipped === undefined ? step.intent?.(run) : { skipped: true }),
    run: async (run, stepRun) => {
      if (run.skipped === undefined) await step.run(run, stepRun)
      else stepRun.summary('skipped')
    },
  }
}
