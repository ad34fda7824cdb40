import type { Verdict, VerdictReason } from '@icb/ledger'
import { isoNow, runSteps } from '@icb/runtime'
import type { RunStepsResult, Step } from '@icb/runtime'
import { hasLabels } from '@icb/storage-core'
import { createCloneMounter } from './clone-mounter.ts'
import { autorestoreErrors as errors } from './errors.ts'
import { mergeReasons, outcomeOf, reasonOfError } from './findings.ts'
import { guardSidName } from './guards.ts'
import { reconcileRestoreTests } from './reconcile.ts'
import { cloneNameOf } from './restore-run.ts'
import type { RestoreRun } from './restore-run.ts'
import { runDirectory } from './sandbox.ts'
import type { RestoreTestDependencies, RestoreTestOptions, RestoreTestResult } from './settings.ts'
import { chooseSnapshot, createClone, databaseTimeToUtc, guardHost, guardManifestPaths, mountClone, readPointManifest } from './steps/clone-steps.ts'
import { clearRmanSettings, detachFromSource, guardControlFilePaths, prepareScratch, restoreControlFile, startInstance } from './steps/instance-steps.ts'
import { catalogClone, checkHeaders, guardBeforeRecovery, openReadOnly, recover, restoreMissingFiles, switchToCopies, uncatalogSource } from './steps/recovery-steps.ts'
import { validateBlocks, verify } from './steps/verification-steps.ts'
import { isValidationDue } from './validation-calendar.ts'

/** The order is the safety: nothing is recovered before the switch is proven, nothing is started before the host is. */
const steps: readonly Step<RestoreRun>[] = [
  guardHost,
  chooseSnapshot,
  createClone,
  mountClone,
  readPointManifest,
  guardManifestPaths,
  prepareScratch,
  startInstance,
  restoreControlFile,
  guardControlFilePaths,
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
  verify,
]

async function validates(deps: RestoreTestDependencies, options: RestoreTestOptions): Promise<boolean> {
  if (options.validate !== 'due') return options.validate === 'always'
  const entries = await deps.ledger.list({ database: deps.settings.database })
  const last = entries.find((entry) => entry.verdict?.validation?.ran === true)
  return isValidationDue(deps.settings, { now: deps.clock.now(), ...(last === undefined ? {} : { lastValidatedAt: Date.parse(last.verdict?.finishedAt ?? last.startedAt) }) })
}

function reasonsOf(run: RestoreRun, result: RunStepsResult): readonly VerdictReason[] {
  const reasons = [...run.findings]
  if (!result.ok) reasons.push(reasonOfError(result.error, result.failedStep, run.deps.signal.aborted))
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

/** A free slot of this host: a SID of the settings that no instance uses. @throws ICB_AUTORESTORE_SLOT_BUSY, ICB_AUTORESTORE_SETTINGS */
async function freeSlot(deps: RestoreTestDependencies): Promise<string> {
  const running = new Set((await deps.host.runningSids()).map((sid) => sid.toLowerCase()))
  deps.settings.slots.forEach(guardSidName)
  const sid = deps.settings.slots.find((slot) => !running.has(slot.toLowerCase()))
  if (sid !== undefined) return sid
  throw errors.SLOT_BUSY(`all slots are in use on this host: ${deps.settings.slots.join(', ')}`, { hint: 'Wait for the other restore tests, or add slots to the configuration.' })
}

/**
 * One restore test from clone to verdict. The verdict is stored before this resolves; whatever the test made is removed
 * again, also after a failure. Leftovers of earlier tests on this host are removed first.
 *
 * @returns always a verdict; `storeError` is set when the ledger could not take it, and the run then counts as failed.
 * @throws ICB_AUTORESTORE_SLOT_BUSY, ICB_AUTORESTORE_SETTINGS, ICB_LEDGER_STORE before anything was started.
 */
export async function runRestoreTest(deps: RestoreTestDependencies, options: RestoreTestOptions): Promise<RestoreTestResult> {
  const { settings, runId, clock } = deps
  await reconcileRestoreTests(deps)
  const sid = await freeSlot(deps)
  const mounter = createCloneMounter(deps)
  const validation = await validates(deps, options)
  const startedAt = isoNow(clock)
  const run: RestoreRun = {
    deps, options, sid, mounter,
    oracle: deps.sandboxOracle(sid),
    cloneName: mounter.fixedCloneName ?? cloneNameOf(settings.database, runId),
    scratch: runDirectory(settings.scratch, runId),
    liveArea: settings.areaPath,
    findings: [], warnings: [], paths: [],
    snapshot: undefined, entry: undefined, clone: undefined, manifest: undefined, targetScn: undefined, targetTime: undefined,
    cloneRequestedAt: undefined, openedAt: undefined, verified: undefined, timeDifferenceSeconds: undefined, validation: undefined, instanceStarted: false,
  }
  await deps.ledger.open({ runId, database: settings.database, startedAt, host: deps.host.hostname, ...(options.snapshot === undefined ? {} : { snapshot: options.snapshot }) })
  const result = await runSteps({
    action: 'restore-test', database: settings.database, context: run, steps: validation ? [...steps, validateBlocks] : steps,
    journal: deps.journal, lease: deps.lease, events: deps.events, clock, logger: deps.logger, signal: deps.signal,
  })
  await run.oracle.sql.close()
  const verdict = verdictOf(run, result, startedAt, validation)
  const rest = { cleanupErrors: result.compensationErrors, steps: result.steps }
  try {
    await deps.ledger.close(verdict)
    await labelProof(run, verdict)
    return { verdict, ...rest }
  } catch (error) {
    deps.logger.error({ error: (error as Error).message }, 'the verdict could not be stored')
    return { verdict, storeError: errors.VERDICT_NOT_STORED(`the verdict of run ${runId} could not be stored: ${(error as Error).message}`, { cause: error, hint: 'The restore test counts as failed until its verdict is in the ledger.' }), ...rest }
  }
}
