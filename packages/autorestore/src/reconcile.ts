import type { JournalRun, Leftover } from '@icb/runtime'
import { isoNow, reconcileRun } from '@icb/runtime'
import { madeByRun, recordedCloneOfTest, slotOf } from './leftovers.ts'
import type { LeftoverDependencies, RecordedClone } from './leftovers.ts'
import type { RestoreTestDependencies } from './settings.ts'
import { lockSlot, ownsMountPoint } from './slots.ts'

/** What was found of one earlier test and removed. */
export interface ReconciledTest {
  readonly runId: string
  readonly removed: readonly Leftover[]
}

export type ReconcileTestDependencies = LeftoverDependencies & Pick<RestoreTestDependencies, 'ledger' | 'lease' | 'unfinished' | 'slotLocks' | 'runId'>

/** {@link madeByRun}, removed. Idempotent. @throws ICB_AUTORESTORE_REFUSED_INSTANCE, ICB_AUTORESTORE_CLEANUP */
export async function removeWhatRunMade(deps: LeftoverDependencies, old: JournalRun, clones: readonly RecordedClone[]): Promise<readonly Leftover[]> {
  const removed: Leftover[] = []
  for await (const { remove, ...leftover } of madeByRun(deps, old, clones)) {
    await remove()
    removed.push(leftover)
  }
  return removed
}

/** A test that was killed ends in the ledger as what it was: it says nothing of its point, and it is not running any more. */
export async function closeInterrupted({ ledger, settings, clock }: Pick<RestoreTestDependencies, 'ledger' | 'settings' | 'clock'>, old: JournalRun, removed: readonly Leftover[]): Promise<void> {
  const entry = await ledger.find(old.runId)
  if (entry?.state !== 'running') return
  const { runId, database, startedAt, host, snapshot } = entry
  await ledger.close({
    schema: 1, runId, database, ...(old.header.action === 'restore' ? { action: 'restore' as const } : {}), dbid: settings.dbid, outcome: 'inconclusive', startedAt, finishedAt: isoNow(clock), host, ...(snapshot === undefined ? {} : { snapshot }),
    reasons: [{ code: 'INTERRUPTED', text: `the run ended without a verdict; ${removed.length === 0 ? 'it left nothing' : `it left ${removed.map(({ kind, name }) => `${kind} ${name}`).join(', ')}, which was removed`}` }],
    warnings: [],
  })
}

/**
 * Removes everything that earlier, unfinished tests of this host left: instance, mount, clone, scratch directory. Each is
 * asked for by the name that the journal recorded before it was made, and proven to be that run's before it is touched; a
 * restore test is never resumed. Idempotent.
 * @throws ICB_LEDGER_STORE when the end of such a test cannot be recorded; ICB_AUTORESTORE_REFUSED_INSTANCE, ICB_AUTORESTORE_CLEANUP
 */
export async function reconcileRestoreTests(deps: ReconcileTestDependencies): Promise<readonly ReconciledTest[]> {
  const { settings, logger } = deps
  const done: ReconciledTest[] = []
  for (const old of deps.unfinished) {
    const slot = slotOf(old)
    const lease = slot === undefined || !ownsMountPoint(settings.mount) ? undefined : await lockSlot(slot, deps)
    if (slot !== undefined && ownsMountPoint(settings.mount) && lease === undefined) {
      // Another test has the slot, its mount point and its clone name now; this one's remains are told apart when it has ended.
      logger.info({ run: old.runId, slot }, 'an interrupted restore test is cleaned up once its slot is free')
      continue
    }
    let removed: readonly Leftover[]
    try {
      removed = await removeWhatRunMade(deps, old, [recordedCloneOfTest(deps, old)])
    } finally {
      await lease?.release()
    }
    await closeInterrupted(deps, old, removed)
    await reconcileRun(old, { clock: deps.clock, token: deps.lease.token, answer: () => Promise.resolve({ removed }) })
    logger.info({ run: old.runId, removed }, 'an interrupted restore test was cleaned up')
    done.push({ runId: old.runId, removed })
  }
  return done
}
