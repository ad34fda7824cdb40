import type { VerdictReason, VerdictReasonCode } from '@icb/ledger'
import type { Manifest, PointEntry } from '@icb/recovery-point'
import type { RmanEvent, RmanResult } from '@icb/rman'
import type { StepRun } from '@icb/runtime'
import type { Clone, Snapshot } from '@icb/storage-core'
import type { CloneMounter } from './clone-mounter.ts'
import { rmanFinding } from './findings.ts'
import type { RestoreTestDependencies, RestoreTestOptions, SandboxOracle } from './settings.ts'

/** What one restore test has found and made so far; each step adds to it. */
export interface RestoreRun {
  readonly deps: RestoreTestDependencies
  readonly options: RestoreTestOptions
  readonly sid: string
  readonly oracle: SandboxOracle
  readonly mounter: CloneMounter
  readonly cloneName: string
  /** This test's directory in the scratch directory. */
  readonly scratch: string
  /** The live area with links resolved, where it exists on this host. */
  liveArea: string
  readonly findings: VerdictReason[]
  readonly warnings: string[]
  snapshot: Snapshot | undefined
  entry: PointEntry | undefined
  clone: Clone | undefined
  /** Directories of the mounted clone; the first is the one with the manifest. */
  paths: readonly string[]
  manifest: Manifest | undefined
  /** The SCN to restore to (inclusive). */
  targetScn: bigint | undefined
  /** Database-local `yyyy-mm-dd hh:mm:ss`. */
  targetTime: string | undefined
  cloneRequestedAt: number | undefined
  openedAt: number | undefined
  verified: { scn: bigint; time: string | undefined } | undefined
  timeDifferenceSeconds: number | undefined
  validation: { blocksExamined: number; corruptBlocks: number } | undefined
  instanceStarted: boolean
}

/** The manifest; every step after `read-manifest` has one. */
export function manifestOf(run: RestoreRun): Manifest {
  if (run.manifest === undefined) throw new Error('the manifest has not been read yet')
  return run.manifest
}

/** The clone's main directory. */
export function mainPath(run: RestoreRun): string {
  const [path] = run.paths
  if (path === undefined) throw new Error('the clone is not mounted yet')
  return path
}

/** Runs one RMAN script on the test instance. @throws ICB_AUTORESTORE_FINDING with the reason Oracle's codes give, else `fallback`. */
export async function runRman(run: RestoreRun, step: StepRun, options: { readonly what: string; readonly script: string; readonly fallback: VerdictReasonCode; readonly onEvent?: (event: RmanEvent) => void }): Promise<RmanResult> {
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
