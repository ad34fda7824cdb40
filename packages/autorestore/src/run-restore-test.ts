import type { Verdict, VerdictReason } from '@icb/ledger'
import { isoNow, runSteps } from '@icb/runtime'
import type { RunStepsResult, Step } from '@icb/runtime'
import { hasLabels } from '@icb/storage-core'
import { createCloneMounter } from './clone-mounter.ts'
import { autorestoreErrors as errors } from './errors.ts'
import { mergeReasons, outcomeOf, reasonOfResult } from './findings.ts'
import { guardClones } from './guards.ts'
import { reconcileRestoreTests } from './reconcile.ts'
import { cloneNameOf, unknownPoint } from './restore-run.ts'
import type { RestoreRun } from './restore-run.ts'
import { runDirectory } from './sandbox.ts'
import { settingsOfSlot, takeSlot } from './slots.ts'
import type { Slot } from './slots.ts'
import type { RestoreTestDependencies, RestoreTestOptions, RestoreTestResult } from './settings.ts'
import { chooseSnapshot, chooseTarget, createClone, databaseTimeToUtc, guardHost, guardManifestPaths, mountClone, readPointManifest } from './steps/clone-steps.ts'
import { clearRmanSettings, detachFromSource, guardControlFilePaths, prepareScratch, restoreControlFile, startInstance } from './steps/instance-steps.ts'
import { openKeystore, openKeystoreOfPluggables } from './steps/keystore-steps.ts'
import { catalogClone, checkHeaders, guardBeforeRecovery, openReadOnly, recover, restoreMissingFiles, switchToCopies, uncatalogSource } from './steps/recovery-steps.ts'
import { validateBlocks, verify } from './steps/verification-steps.ts'
import { isValidationDue, validationHistory, validationHorizonMs } from './validation-calendar.ts'

/** The order is the safety: nothing is recovered before the switch is proven, nothing is started before the host is. */
const steps: readonly Step<RestoreRun>[] = [
  guardHost,
  chooseSnapshot,
  createClone,
  mountClone,
  readPointManifest,
  chooseTarget,
  guardManifestPaths,
  prepareScratch,
  startInstance,
  restoreControlFile,
  guardControlFilePaths,
  openKeystore,
  clearRmanSettings,
  uncatalogSource,
  catalogClone,
  detachFromSource,
  restoreMissingFiles,
  switchToCopies,
  guardBeforeRecovery,
  recover,
  checkHeaders,
  openReadOnly,
  openKeystoreOfPluggables,
  verify,
]

async function validates(deps: RestoreTestDependencies, options: RestoreTestOptions): Promise<boolean> {
  if (options.validate !== 'due') return options.validate === 'always'
  const since = new Date(deps.clock.now() - validationHorizonMs([deps.settings])).toISOString()
  const entries = await deps.ledger.list({ database: deps.settings.database, since })
  return isValidationDue(deps.settings, { now: deps.clock.now(), ...validationHistory(entries) })
}

function reasonsOf(run: RestoreRun, result: RunStepsResult): readonly VerdictReason[] {
  const reasons = [...run.findings]
  if (!result.ok) reasons.push(reasonOfResult(result, run.deps.signal.aborted))
  return mergeReasons(reasons)
}

function verdictOf(run: RestoreRun, result: RunStepsResult, startedAt: string, validation: boolean): Verdict {
  const { deps } = run
  const offset = run.manifest?.window?.utcOffset ?? '+00:00'
  const reasons = reasonsOf(run, result)
  const targetTime = run.targetTime === undefined ? undefined : databaseTimeToUtc(run.targetTime, offset)
  const verifiedTime = run.verified?.time === undefined ? undefined : databaseTimeToUtc(run.verified.time, offset)
  return {
    schema: 1,
    runId: deps.runId,
    database: deps.settings.database,
    dbid: deps.settings.dbid,
    outcome: outcomeOf(reasons),
    reasons,
    warnings: [...run.warnings, ...result.warnings.map((warning) => warning.message), ...result.compensationErrors.map((entry) => `clean-up of ${entry.step}: ${(entry.error as Error).message}`)],
    ...(run.snapshot === undefined ? {} : { snapshot: run.snapshot.name }),
    startedAt,
    finishedAt: isoNow(deps.clock),
    host: deps.host.hostname,
    sid: run.sid,
    ...(run.targetScn === undefined ? {} : { target: { scn: run.targetScn.toString(), ...(targetTime === undefined ? {} : { time: targetTime }) } }),
    ...(run.verified === undefined ? {} : { verified: { scn: run.verified.scn.toString(), ...(verifiedTime === undefined ? {} : { time: verifiedTime }) } }),
    ...(run.timeDifferenceSeconds === undefined ? {} : { timeDifferenceSeconds: run.timeDifferenceSeconds }),
    ...(run.targetScn === undefined || run.verified === undefined ? {} : { scnDifference: (run.targetScn - run.verified.scn).toString() }),
    validation: { ran: validation && run.validation !== undefined, blocksExamined: run.validation?.blocksExamined ?? 0, corruptBlocks: run.validation?.corruptBlocks ?? 0 },
    ...(run.openedAt === undefined || run.cloneRequestedAt === undefined ? {} : { restoreSeconds: Math.round((run.openedAt - run.cloneRequestedAt) / 1000) }),
    ...(run.options.logFile === undefined ? {} : { logFile: run.options.logFile }),
  }
}

/** Where the storage keeps labels, retention sees the proof also without a shared ledger. The ledger has the verdict already, so a failure is only logged. */
async function labelProof(run: RestoreRun, verdict: Verdict): Promise<void> {
  const { storage, logger, signal } = run.deps
  if (verdict.outcome !== 'passed' || run.snapshot === undefined || !hasLabels(storage)) return
  try {
    await storage.setLabels(run.snapshot.id, { 'icb-proven-at': verdict.finishedAt }, { signal })
  } catch (error) {
    logger.warn({ error: (error as Error).message }, 'the snapshot could not be labelled as proven')
  }
}

/**
 * One restore test from clone to verdict. The verdict is stored before this resolves; whatever the test made is removed
 * again, also after a failure. Leftovers of earlier tests on this host are removed first.
 *
 * @returns always a verdict; `storeError` is set when the ledger could not take it, and the run then counts as failed.
 * @throws ICB_AUTORESTORE_NO_CLONES, ICB_AUTORESTORE_SLOT_BUSY, ICB_AUTORESTORE_SETTINGS, ICB_LEDGER_STORE before anything was started.
 */
export async function runRestoreTest(deps: RestoreTestDependencies, options: RestoreTestOptions): Promise<RestoreTestResult> {
  guardClones(deps.storage, deps.settings.database)
  await reconcileRestoreTests(deps)
  const slot = await takeSlot(deps)
  try {
    return await runInSlot({ ...deps, settings: settingsOfSlot(deps.settings, slot.sid) }, options, slot)
  } finally {
    await slot.release()
  }
}

async function runInSlot(deps: RestoreTestDependencies, options: RestoreTestOptions, { sid }: Slot): Promise<RestoreTestResult> {
  const { settings, runId, clock } = deps
  const mounter = createCloneMounter(deps)
  const validation = await validates(deps, options)
  const startedAt = isoNow(clock)
  const run: RestoreRun = {
    ...unknownPoint(mounter, mounter.fixedCloneName ?? cloneNameOf(settings.database, runId)),
    deps, options, sid,
    oracle: deps.sandboxOracle(sid),
    scratch: runDirectory(settings.scratch, runId),
    liveArea: settings.areaPath,
    findings: [], warnings: [], logs: undefined, goal: undefined, targetScn: undefined, targetTime: undefined,
    cloneRequestedAt: undefined, openedAt: undefined, verified: undefined, timeDifferenceSeconds: undefined, validation: undefined, instanceStarted: false,
  }
  await deps.ledger.open({ runId, database: settings.database, startedAt, host: deps.host.hostname, ...(options.snapshot === undefined ? {} : { snapshot: options.snapshot }) })
  let stored: { readonly verdict: Verdict; readonly storeError?: unknown } | undefined
  const result = await runSteps({
    action: 'restore-test', database: settings.database, context: run, steps: validation ? [...steps, validateBlocks] : steps,
    journal: deps.journal, lease: deps.lease, events: deps.events, clock, logger: deps.logger, signal: deps.signal,
    conclude: async (ended) => {
      await run.oracle.sql.close()
      stored = await storeVerdict(run, verdictOf(run, ended, startedAt, validation))
    },
  })
  if (stored === undefined) throw new Error('a restore test ended without a verdict')
  return { ...stored, cleanupErrors: result.compensationErrors, steps: result.steps }
}

async function storeVerdict(run: RestoreRun, verdict: Verdict): Promise<{ readonly verdict: Verdict; readonly storeError?: unknown }> {
  const { ledger, logger, runId } = run.deps
  try {
    await ledger.close(verdict)
    await labelProof(run, verdict)
    return { verdict }
  } catch (error) {
    logger.error({ error: (error as Error).message }, 'the verdict could not be stored')
    return { verdict, storeError: errors.VERDICT_NOT_STORED(`the verdict of run ${runId} could not be stored: ${(error as Error).message}`, { cause: error, hint: 'The restore test counts as failed until its verdict is in the ledger.' }) }
  }
}
