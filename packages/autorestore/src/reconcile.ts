import type { JournalRun } from '@icb/runtime'
import { isoNow, reconcileRun } from '@icb/runtime'
import { createCloneMounter } from './clone-mounter.ts'
import type { CloneMounter } from './clone-mounter.ts'
import { cloneNameOf } from './restore-run.ts'
import { lockSlot, removeInstanceFiles, settingsOfSlot } from './slots.ts'
import { removeRunDirectory, runDirectory } from './sandbox.ts'
import type { RecoveryDependencies, RestoreTestDependencies } from './settings.ts'
import { runsOwnInstance, stopOwnInstance } from './steps/instance-steps.ts'

/** What was found of one earlier test and removed. */
export interface ReconciledTest {
  readonly runId: string
  readonly removed: readonly string[]
}

function recorded(run: JournalRun, step: string, key: string): string | undefined {
  const record = run.records.findLast((entry) => entry.kind === 'intent' && entry.step === step && (entry.data as Record<string, unknown> | undefined)?.[key] !== undefined)
  const value = (record?.data as Record<string, unknown> | undefined)?.[key]
  return typeof value === 'string' ? value : undefined
}

/** A clone that a run may have made, by the step that recorded its name before it was made. */
export interface RecordedClone {
  readonly createStep: string
  readonly mountStep: string
  /** The only name that this run gives; another one in the journal is not its own. */
  readonly name: string
  readonly mounter: CloneMounter
}

/**
 * Removes what a run made: instance, mounts, clones, scratch directory; each asked for by the name that the journal recorded before it
 * was made, and proven to be that run's before it is touched. Idempotent. Answers what was removed.
 * @throws ICB_AUTORESTORE_REFUSED_INSTANCE, ICB_AUTORESTORE_CLEANUP
 */
export async function removeWhatRunMade(deps: RecoveryDependencies, old: JournalRun, clones: readonly RecordedClone[]): Promise<readonly string[]> {
  const { settings, storage, signal, host } = deps
  const removed: string[] = []
  const scratch = runDirectory(settings.scratch, old.runId)
  const sid = recorded(old, 'start-instance', 'sid')
  if (sid !== undefined) {
    const oracle = deps.sandboxOracle(sid)
    try {
      const slot = { deps, sid, oracle, scratch }
      // Another run may use the SID by now; ours is gone then.
      if (await runsOwnInstance(slot, signal)) {
        await stopOwnInstance(slot, signal)
        removed.push(`instance ${sid}`)
      }
      if (!(await host.runningSids()).includes(sid)) await removeInstanceFiles(sid, oracle.dbsDirectory)
    } finally {
      await oracle.sql.close()
    }
  }
  for (const { createStep, mountStep, name, mounter } of clones) {
    if (recorded(old, createStep, 'clone') !== name) continue
    if (recorded(old, mountStep, 'mount') !== undefined) await mounter.unmount({ signal })
    for await (const clone of storage.listClones({ signal })) {
      if (clone.name !== name) continue
      await storage.deleteClone(clone.id, { signal })
      removed.push(`clone ${clone.name}`)
    }
  }
  if ((await host.probe(scratch)).state === 'present') {
    await removeRunDirectory(scratch, host)
    removed.push(scratch)
  }
  return removed
}

/** A test that was killed ends in the ledger as what it was: it says nothing of its point, and it is not running any more. */
export async function closeInterrupted({ ledger, settings, clock }: Pick<RestoreTestDependencies, 'ledger' | 'settings' | 'clock'>, old: JournalRun, removed: readonly string[]): Promise<void> {
  const entry = await ledger.find(old.runId)
  if (entry?.state !== 'running') return
  const { runId, database, startedAt, host, snapshot } = entry
  await ledger.close({
    schema: 1, runId, database, ...(old.header.action === 'restore' ? { action: 'restore' as const } : {}), dbid: settings.dbid, outcome: 'inconclusive', startedAt, finishedAt: isoNow(clock), host, ...(snapshot === undefined ? {} : { snapshot }),
    reasons: [{ code: 'INTERRUPTED', text: `the run ended without a verdict; ${removed.length === 0 ? 'it left nothing' : `it left ${removed.join(', ')}, which was removed`}` }],
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
  const { settings, logger } = deps
  const done: ReconciledTest[] = []
  for (const old of deps.unfinished) {
    const slot = recorded(old, 'create-clone', 'slot')
    const inSlot = slot === undefined ? settings : settingsOfSlot(settings, slot)
    const lease = slot === undefined || settings.mount !== 'fstab' ? undefined : await lockSlot(slot, deps)
    if (slot !== undefined && settings.mount === 'fstab' && lease === undefined) {
      // Another test has the slot, its mount point and its clone name now; this one's remains are told apart when it has ended.
      logger.info({ run: old.runId, slot }, 'an interrupted restore test is cleaned up once its slot is free')
      continue
    }
    const name = settings.mount === 'fstab' && inSlot.cloneName !== undefined ? inSlot.cloneName : cloneNameOf(settings.database, old.runId)
    let removed: readonly string[]
    try {
      removed = await removeWhatRunMade(deps, old, [{ createStep: 'create-clone', mountStep: 'mount-clone', name, mounter: createCloneMounter({ ...deps, settings: inSlot }) }])
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
