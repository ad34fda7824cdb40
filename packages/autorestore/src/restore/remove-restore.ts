import { reconcileRun, reopenJournal } from '@icb/runtime'
import type { JournalRun, Leftover } from '@icb/runtime'
import { announcedMounter } from '../clone-mounter.ts'
import { autorestoreErrors as errors } from '../errors.ts'
import type { RecordedClone } from '../leftovers.ts'
import { closeInterrupted, removeWhatRunMade } from '../reconcile.ts'
import { planOf, restoreCloneName } from './restoration.ts'
import type { CloneUse } from './restoration.ts'
import type { RestoreDependencies } from './restore-request.ts'

type RemovalDependencies = Omit<RestoreDependencies, 'journal' | 'resume' | 'confirm' | 'snapshotNow' | 'events'>

/** What a removed restore was. */
export interface RemovedRestore {
  readonly runId: string
  readonly removed: readonly Leftover[]
}

/**
 * Removes what a restore left: its instance, clones, mounts and scratch directory; only what its own journal says it made.
 * @throws ICB_AUTORESTORE_UNKNOWN_RUN when this host has no journal of it, ICB_AUTORESTORE_REFUSED_INSTANCE, ICB_AUTORESTORE_CLEANUP
 */
export async function removeRestore(deps: RemovalDependencies, runs: readonly JournalRun[], runId: string): Promise<RemovedRestore> {
  const { settings, clock, lease } = deps
  const run = runs.find((each) => each.runId === runId && each.header.action === 'restore' && each.header.database === settings.database)
  if (run === undefined) {
    const known = runs.filter((each) => each.header.action === 'restore').map((each) => each.runId)
    throw errors.UNKNOWN_RUN(`this host has no journal of a restore ${runId} of ${settings.database}`, { hint: known.length === 0 ? 'Look at the other sandbox hosts.' : `Known are: ${known.join(', ')}` })
  }
  const mount = planOf(run)?.mount
  const clone = (use: CloneUse, createStep: string, mountStep: string, mountPoint: string | undefined): RecordedClone => ({
    createStep, mountStep, name: restoreCloneName(settings.database, runId, use), mounter: announcedMounter({ ...deps, mountPoint, tell: deps.tell }),
  })
  const removed = await removeWhatRunMade(deps, run, [
    clone('logs', 'create-logs-clone', 'mount-logs-clone', mount === undefined ? undefined : `${mount}-logs`),
    clone('copies', 'create-clone', 'mount-clone', mount),
    clone('index', 'read-index', 'read-index', undefined),
  ])
  const closeRow = async (): Promise<void> => { if (deps.ledger !== undefined) await closeInterrupted({ ...deps, ledger: deps.ledger }, run, removed) }
  if (run.finished) {
    // It may have been killed before its row was written. A ledger that is away is no reason to keep it.
    await closeRow().catch((error: unknown) => { deps.logger.error({ runId, error }, 'whether the restore has its row in the ledger is not known') })
    const journal = await reopenJournal(run, { clock })
    try {
      await journal.append({ kind: 'compensated', step: 'restore', token: lease.token, data: { removed } })
    } finally {
      await journal.close()
    }
  } else {
    await closeRow()
    await reconcileRun(run, { clock, token: lease.token, answer: () => Promise.resolve({ removed }) })
  }
  return { runId, removed }
}

/** Restores of this host that still have something standing: finished ones that were never removed, and interrupted ones. */
export function standingRestores(runs: readonly JournalRun[], database: string): readonly JournalRun[] {
  return runs.filter((run) => run.header.action === 'restore' && run.header.database === database && (!run.finished || (planOf(run) !== undefined && !hasFailed(run) && !isRemoved(run))))
}

/** What a failed restore had made was undone, or its journal would have no end. */
function hasFailed(run: JournalRun): boolean {
  return run.records.some((record) => record.kind === 'end' && (record.data as { ok?: boolean } | undefined)?.ok === false)
}

function isRemoved(run: JournalRun): boolean {
  return run.records.some((record) => record.kind === 'compensated' && record.step === 'restore')
}
