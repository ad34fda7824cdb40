import type { VerdictReason, VerdictReasonCode } from '@icb/ledger'
import type { Manifest, PointEntry } from '@icb/recovery-point'
import type { RecoveryTarget, RmanEvent, RmanResult } from '@icb/rman'
import type { StepRun } from '@icb/runtime'
import type { Clone, Snapshot } from '@icb/storage-core'
import type { CloneMounter } from './clone-mounter.ts'
import { rmanFinding } from './findings.ts'
import type { RecoveryDependencies, RestoreTestDependencies, RestoreTestOptions, SandboxOracle } from './settings.ts'

/** One snapshot of the database as it is used here: its clone, and what the clone says of itself. */
export interface ClonedPoint {
  readonly mounter: CloneMounter
  readonly cloneName: string
  snapshot: Snapshot | undefined
  entry: PointEntry | undefined
  clone: Clone | undefined
  /** Directories of the mounted clone; the first is the one with the manifest. */
  paths: readonly string[]
  manifest: Manifest | undefined
}

/** What the steps have found and made so far that restore tests and restores share; each step adds to it. */
export interface RecoveryRun extends ClonedPoint {
  readonly deps: RecoveryDependencies
  readonly sid: string
  readonly oracle: SandboxOracle
  /** db_unique_name of the instance; absent: `icb_<sid>`. */
  readonly uniqueName?: string
  /** The run's own directory in the scratch directory. */
  readonly scratch: string
  /** The live area with links resolved, where it exists on this host. */
  liveArea: string
  /** A second point that only gives archived logs: for a target between two snapshots. */
  readonly logs: ClonedPoint | undefined
  /** What to recover to; absent: the last SCN of the point. */
  readonly goal: RecoveryTarget | undefined
  /** The SCN to restore to (inclusive); unknown while the goal is a time. */
  targetScn: bigint | undefined
  /** Database-local `yyyy-mm-dd hh:mm:ss`. */
  targetTime: string | undefined
  cloneRequestedAt: number | undefined
  openedAt: number | undefined
  verified: { scn: bigint; time: string | undefined } | undefined
  instanceStarted: boolean
}

/** A restore test. */
export interface RestoreRun extends RecoveryRun {
  readonly deps: RestoreTestDependencies
  readonly options: RestoreTestOptions
  readonly findings: VerdictReason[]
  readonly warnings: string[]
  timeDifferenceSeconds: number | undefined
  validation: { blocksExamined: number; corruptBlocks: number } | undefined
}

/** A point before anything of it is known. */
export function unknownPoint(mounter: CloneMounter, cloneName: string): ClonedPoint {
  return { mounter, cloneName, snapshot: undefined, entry: undefined, clone: undefined, paths: [], manifest: undefined }
}

/** Where everything lies that this run may read and write: its scratch directory and its clones. */
export function ownDirectories(run: Pick<RecoveryRun, 'scratch' | 'paths' | 'logs'>): readonly string[] {
  return [run.scratch, ...run.paths, ...(run.logs?.paths ?? [])]
}

/** The manifest; every step after `read-manifest` has one. */
export function manifestOf(run: ClonedPoint): Manifest {
  if (run.manifest === undefined) throw new Error('the manifest has not been read yet')
  return run.manifest
}

/** The clone's main directory. */
export function mainPath(run: ClonedPoint): string {
  const [path] = run.paths
  if (path === undefined) throw new Error('the clone is not mounted yet')
  return path
}

/** Runs one RMAN script on the run's own instance. @throws ICB_AUTORESTORE_FINDING with the reason Oracle's codes give, else `fallback`. */
export async function runRman(run: Pick<RecoveryRun, 'deps' | 'oracle'>, step: StepRun, options: { readonly what: string; readonly script: string; readonly fallback: VerdictReasonCode; readonly onEvent?: (event: RmanEvent) => void }): Promise<RmanResult> {
  const result = await run.oracle.rman.run({
    script: options.script,
    commandId: run.deps.runId,
    deadlineMs: run.deps.settings.deadlineMs,
    signal: step.signal,
    onEvent: (event) => {
      options.onEvent?.(event)
      if (event.type === 'phase') step.progress({ text: `${event.operation} ${event.edge === 'start' ? 'started' : 'finished'}` })
    },
  })
  if (!result.ok) throw rmanFinding(result, options.what, options.fallback)
  return result
}

/** `<db>-rt-<run id>`: the run's own, so that a leftover can be told to be of that run. */
export function cloneNameOf(database: string, runId: string): string {
  return `${database}-rt-${runId}`
}
