import type { JournalRun } from '@icb/runtime'
import { isoNow, reconcileRun } from '@icb/runtime'
import { createCloneMounter } from './clone-mounter.ts'
import { cloneNameOf } from './restore-run.ts'
import { removeRunDirectory, runDirectory } from './sandbox.ts'
import type { RestoreTestDependencies } from './settings.ts'
import { runsOwnInstance, stopOwnInstance } from './steps/instance-steps.ts'

/** What was found of one earlier test and removed. */
export interface ReconciledTest {
  readonly runId: string
  readonly removed: readonly string[]
}

function recorded(run: JournalRun, step: string, key: string): string | undefined {
  const record = run.records.find((entry) => entry.kind === 'intent' && entry.step === step)
  const value = (record?.data as Record<string, unknown> | undefined)?.[key]
  return typeof value === 'string' ? value : undefined
}

/** A test that was killed ends in the ledger as what it was: it says nothing of its point, and it is not running any more. */
async function closeVerdict({ ledger, settings, clock }: RestoreTestDependencies, old: JournalRun, removed: readonly string[]): Promise<void> {
  const entry = await ledger.find(old.runId)
  if (entry?.state !== 'running') return
  const { runId, database, startedAt, host, snapshot } = entry
  await ledger.close({
    schema: 1, runId, database, dbid: settings.dbid, outcome: 'inconclusive', startedAt, finishedAt: isoNow(clock), host, ...(snapshot === undefined ? {} : { snapshot }),
    reasons: [{ code: 'INTERRUPTED', text: `the test ended without a verdict; ${removed.length === 0 ? 'it left nothing' : `it left ${removed.join(', ')}, which was removed`}` }],
    warnings: [],
  })
}

/**
 * Removes everything that earlier, unfinished tests of this host left: instance, mount, clone, scratch directory. Each is
 * asked for by the name that the journal recorded before it was made, and proven to be that run's before it is touched; a
 * restore test is never resumed. Idempotent.
 * @throws ICB_LEDGER_STORE when the end of such a test cannot be recorded; ICB_AUTORESTORE_REFUSED_INSTANCE, ICB_AUTORESTORE_CLEANUP
 */
export async function reconcileRestoreTests(deps: RestoreTestDependencies): Promise<readonly ReconciledTest[]> {
  const { settings, storage, signal, host, logger } = deps
  const done: ReconciledTest[] = []
  for (const old of deps.unfinished) {
    const removed: string[] = []
    const scratch = runDirectory(settings.scratch, old.runId)
    const sid = recorded(old, 'start-instance', 'sid')
    if (sid !== undefined) {
      const oracle = deps.sandboxOracle(sid)
      try {
        const slot = { deps, sid, oracle, scratch }
        // Another test may use the slot by now; ours is gone then.
        if (await runsOwnInstance(slot, signal)) {
          await stopOwnInstance(slot, signal)
          removed.push(`instance ${sid}`)
        }
      } finally {
        await oracle.sql.close()
      }
    }
    const cloneName = recorded(old, 'create-clone', 'clone')
    if (cloneName !== undefined) {
      if (recorded(old, 'mount-clone', 'mount') !== undefined) await createCloneMounter(deps).unmount({ signal })
      const fixed = settings.mount === 'fstab' && cloneName === settings.cloneName
      for await (const clone of storage.listClones({ signal })) {
        if (clone.name !== cloneName || (!fixed && cloneName !== cloneNameOf(settings.database, old.runId))) continue
        await storage.deleteClone(clone.id, { signal })
        removed.push(`clone ${clone.name}`)
      }
    }
    if ((await host.probe(scratch)).state === 'present') {
      await removeRunDirectory(scratch, host)
      removed.push(scratch)
    }
    await closeVerdict(deps, old, removed)
    await reconcileRun(old, { clock: deps.clock, token: deps.lease.token, answer: () => Promise.resolve({ removed }) })
    logger.info({ run: old.runId, removed }, 'an interrupted restore test was cleaned up')
    done.push({ runId: old.runId, removed })
  }
  return done
}
