import { resolve } from 'node:path'
import type { Verdict } from '@icb/ledger'
import { hasErrorCode, isoNow, runSteps } from '@icb/runtime'
import type { RunStepsResult, Step } from '@icb/runtime'
import { outcomeOf, reasonOfResult } from '../findings.ts'
import { guardClones, guardNotRoot, guardSidName, resolveLiveArea } from '../guards.ts'
import { autorestoreErrors as errors } from '../errors.ts'
import type { RecoveryRun } from '../restore-run.ts'
import { nameLock } from '../slots.ts'
import { cloneSteps, databaseTimeToUtc, createClone, guardHost, guardManifestPaths, mountClone, provePointManifest, readPointManifest } from '../steps/clone-steps.ts'
import { clearRmanSettings, detachFromSource, guardControlFilePaths, prepareScratch, restoreControlFile, startInstance } from '../steps/instance-steps.ts'
import { openKeystore, openKeystoreOfPluggables } from '../steps/keystore-steps.ts'
import { catalogClone, checkHeaders, guardBeforeRecovery, openReadOnly, recover, restoreMissingFiles, switchToCopies, uncatalogSource } from '../steps/recovery-steps.ts'
import { moveOnlineLogs, openResetlogs } from './open-steps.ts'
import { choosePoints, confirmPlan, readIndex, recordPlan, snapshotLiveArea } from './plan-steps.ts'
import type { Planning } from './plan-steps.ts'
import { indexPoint, planOf, restorationOf } from './restoration.ts'
import type { Restoration } from './restoration.ts'
import type { RestoreDependencies, RestorePlan, RestoreRequest, RestoreResult } from './restore-request.ts'
import { openAgain, prepareResume, restartInstance } from './resume.ts'
import type { ResumeState } from './resume.ts'

/** Both snapshots by the names of the plan. Retention may have dropped one since it was made. */
const findSnapshots: Step<Restoration> = {
  name: 'find-snapshots',
  title: 'Find the snapshots',
  changes: false,
  async run(run, step) {
    for await (const snapshot of run.deps.storage.listSnapshots({ signal: step.signal })) {
      if (snapshot.name === run.plan.copies.snapshot) run.snapshot = snapshot
      if (run.logs !== undefined && snapshot.name === run.plan.logs?.snapshot) run.logs.snapshot = snapshot
    }
    if (run.snapshot === undefined) throw errors.NO_SNAPSHOT(`the snapshot ${run.plan.copies.snapshot} is gone`)
    if (run.logs !== undefined && run.logs.snapshot === undefined) throw errors.NO_SNAPSHOT(`the snapshot ${run.plan.logs?.snapshot ?? ''} is gone`)
  },
}

const [cloneLogs, mountLogs] = cloneSteps<Restoration>({ create: 'create-logs-clone', mount: 'mount-logs-clone', what: 'the snapshot with the logs' }, (run) => run.logs)

const readLogsManifest: Step<Restoration> = {
  name: 'read-logs-manifest',
  title: 'Read and prove the manifest of the logs',
  changes: false,
  async run(run, step) {
    if (run.logs === undefined) return
    const { logs } = await provePointManifest(run, run.logs)
    step.summary(`${String(logs.length)} logs`)
  },
}

/** A restore stays when it succeeds: clean-up is a command of its own. */
function kept<C>(step: Step<C>): Step<C> {
  return { ...step, compensateWhen: 'on-failure' }
}

function stepsOf(plan: RestorePlan, resumed: ResumeState | undefined): readonly Step<Restoration>[] {
  if (resumed?.kind === 'opened') return [openAgain]
  const steps: readonly Step<Restoration>[] = [
    guardHost,
    findSnapshots,
    createClone,
    ...(plan.kind === 'pair' ? [cloneLogs] : []),
    mountClone,
    ...(plan.kind === 'pair' ? [mountLogs] : []),
    readPointManifest,
    ...(plan.kind === 'pair' ? [readLogsManifest] : []),
    guardManifestPaths,
    prepareScratch,
    startInstance,
    ...(resumed?.kind === 'recovering' ? [restartInstance] : []),
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
    ...(plan.open.mode === 'resetlogs' ? [moveOnlineLogs, openResetlogs] : [openReadOnly]),
    openKeystoreOfPluggables,
  ]
  return steps.map(kept)
}

/** Where this host exports nothing there is nothing to mount. */
async function mountOf(deps: RestoreDependencies, request: RestoreRequest): Promise<string | undefined> {
  const volume = await deps.storage.describe({ signal: deps.signal })
  if (volume.mounts.every((source) => source.kind === 'path')) return undefined
  if (request.mount === undefined) throw errors.SETTINGS('the storage exports its clones, so the restore needs to know where to mount them', { hint: 'Add --mount <directory>.' })
  return resolve(request.mount)
}

function checkRequest(request: RestoreRequest, database: string): void {
  guardSidName(request.sid)
  if (request.open.mode !== 'resetlogs') return
  const { uniqueName } = request.open
  if (!/^[A-Za-z][A-Za-z0-9_$#]{0,29}$/.test(uniqueName)) throw errors.SETTINGS(`"${uniqueName}" cannot be a db_unique_name`, { hint: 'A letter, then up to 29 letters, digits, _, $ or #.' })
  if (uniqueName.toLowerCase() === database.toLowerCase()) throw errors.SETTINGS(`a database opened with RESETLOGS needs another name than ${database}`, { hint: 'Two databases of one name would meet in recovery catalogs and listeners.' })
}

/** So that whatever locks the name later is this restore, and may be removed with it. */
async function refuseNameInUse({ host, sandboxOracle }: RestoreDependencies, { sid, open }: RestoreRequest): Promise<void> {
  if (open.mode !== 'resetlogs') return
  const lock = nameLock(open.uniqueName, sandboxOracle(sid).dbsDirectory)
  if ((await host.probe(lock)).state !== 'absent') throw errors.SETTINGS(`a database ${open.uniqueName} is or was on this host: ${lock}`, { hint: 'Choose another name, or remove the file if nothing uses that name any more.' })
}

async function makePlan(deps: RestoreDependencies, request: RestoreRequest): Promise<{ readonly plan: RestorePlan | undefined; readonly result: RunStepsResult }> {
  await refuseNameInUse(deps, request)
  const mount = await mountOf(deps, request)
  const planning: Planning = { deps, request, mount, index: indexPoint(deps, mount), entries: [], plan: undefined }
  const base = { action: 'restore', database: deps.settings.database, context: planning, journal: deps.journal, lease: deps.lease, events: deps.events, clock: deps.clock, logger: deps.logger, signal: deps.signal }
  const chosen = await runSteps({ ...base, steps: request.dryRun ? [readIndex, choosePoints] : [readIndex, choosePoints, confirmPlan], continues: !request.dryRun })
  if (!chosen.ok || request.dryRun) return { plan: planning.plan, result: chosen }
  const recorded = await runSteps({ ...base, steps: [...(planning.plan?.kind === 'live' ? [snapshotLiveArea] : []), recordPlan], continues: true })
  return { plan: planning.plan, result: { ...recorded, steps: [...chosen.steps, ...recorded.steps], warnings: [...chosen.warnings, ...recorded.warnings] } }
}

/** The row says that somebody restored, to where, and whether it worked; it proves nothing of the point as a whole. */
function verdictOf(run: Restoration, result: RunStepsResult, startedAt: string): Verdict {
  const { deps } = run
  const offset = run.manifest?.window?.utcOffset ?? '+00:00'
  const reasons = result.ok ? [] : [reasonOfResult(result, deps.signal.aborted)]
  const time = (local: string | undefined): { readonly time?: string } => {
    const utc = local === undefined ? undefined : databaseTimeToUtc(local, offset)
    return utc === undefined ? {} : { time: utc }
  }
  return {
    schema: 1, runId: deps.runId, database: deps.settings.database, action: 'restore', dbid: deps.settings.dbid, outcome: outcomeOf(reasons), reasons, warnings: result.warnings.map((warning) => warning.message),
    snapshot: run.plan.copies.snapshot, startedAt, finishedAt: isoNow(deps.clock), host: deps.host.hostname, sid: run.sid,
    target: run.goal?.kind === 'scn' ? { scn: run.goal.scn.toString() } : time(run.goal?.time),
    ...(run.verified === undefined ? {} : { verified: { scn: run.verified.scn.toString(), ...time(run.verified.time) } }),
    ...(secondsOf(run) === undefined ? {} : { restoreSeconds: secondsOf(run) ?? 0 }),
  }
}

function secondsOf(run: RecoveryRun): number | undefined {
  return run.openedAt === undefined || run.cloneRequestedAt === undefined ? undefined : Math.round((run.openedAt - run.cloneRequestedAt) / 1000)
}

async function record(run: Restoration, work: (ledger: NonNullable<RestoreDependencies['ledger']>) => Promise<void>): Promise<unknown> {
  if (run.deps.ledger === undefined) return undefined
  try {
    await work(run.deps.ledger)
    return undefined
  } catch (error) {
    // A restore is needed now; that it cannot be recorded is told, and no reason to stop.
    run.deps.logger.error({ error: (error as Error).message }, 'the restore could not be recorded in the ledger')
    return error
  }
}

/**
 * Restores the database of a snapshot, or of two around a gap, to a target, and leaves it open for the DBA: instance, clones and
 * scratch directory stay until `removeRestore`. Guards as in a restore test. A failure removes what was made; an interrupted
 * restore goes on with `deps.resume`, and stays interrupted when that fails: it goes on once more, or `removeRestore` removes it.
 *
 * @returns the result, also of a failure; `planned` for a dry run, `declined` when the plan was not confirmed
 * @throws ICB_AUTORESTORE_REFUSED_ROOT, ICB_AUTORESTORE_NO_CLONES, ICB_AUTORESTORE_SETTINGS, ICB_STORAGE_… before anything was started
 */
export async function runRestore(deps: RestoreDependencies, request: RestoreRequest): Promise<RestoreResult> {
  guardNotRoot(deps.host)
  guardClones(deps.storage, deps.settings.database)
  checkRequest(request, deps.settings.database)
  const before = deps.resume === undefined ? undefined : planOf(deps.resume)
  const made = before === undefined ? await makePlan(deps, request) : undefined
  const plan = before ?? made?.plan
  const base = { runId: deps.runId, resumed: before !== undefined, ...(plan === undefined ? {} : { plan }), paths: [] }
  if (made?.result.ok === false || plan === undefined) {
    const { result } = made ?? {}
    const declined = hasErrorCode(result?.error, 'ICB_AUTORESTORE_DECLINED')
    return { ...base, outcome: declined ? 'declined' : 'failed', error: result?.error, ...(result?.failedStep === undefined ? {} : { failedStep: result.failedStep }), warnings: [], cleanupErrors: result?.compensationErrors ?? [], steps: result?.steps ?? [] }
  }
  if (request.dryRun) return { ...base, outcome: 'planned', warnings: [], cleanupErrors: [], steps: made?.result.steps ?? [] }

  const liveArea = await resolveLiveArea(deps.settings.areaPath, deps.host)
  const run = restorationOf(deps, plan, liveArea)
  const startedAt = deps.resume?.records[0]?.at ?? isoNow(deps.clock)
  try {
    const resumed = deps.resume === undefined || before === undefined ? undefined : await prepareResume(run, deps.resume)
    // RESETLOGS is never repeated, so its own step does not run again to say how it ended.
    if (resumed?.kind === 'opened') await deps.journal.append({ kind: 'reconciled', step: openResetlogs.name, token: deps.lease.token, data: { finding: 'happened', text: 'the control file has an incarnation of its own' } })
    const openError = resumed === undefined ? await record(run, (ledger) => ledger.open({ runId: deps.runId, database: deps.settings.database, startedAt, host: deps.host.hostname, snapshot: plan.copies.snapshot })) : undefined
    const result = await runSteps({
      action: 'restore', database: deps.settings.database, context: run, steps: stepsOf(plan, resumed), journal: deps.journal, lease: deps.lease, events: deps.events, clock: deps.clock, logger: deps.logger, signal: deps.signal,
      // What the interrupted process had made is in its journal alone, so a failure leaves the restore interrupted.
      ...(resumed === undefined ? {} : { alreadyDone: resumed.done, resumable: true }),
    })
    const verdict = verdictOf(run, result, startedAt)
    const ended = result.ok || resumed === undefined
    const storeError = (ended ? await record(run, (ledger) => ledger.close(verdict)) : undefined) ?? openError
    return {
      ...base, outcome: result.ok ? 'opened' : 'failed', paths: [...run.paths, ...(run.logs?.paths ?? [])],
      ...(result.ok ? {} : { error: result.error, ...(result.failedStep === undefined ? {} : { failedStep: result.failedStep }) }),
      ...(run.verified === undefined ? {} : { scn: run.verified.scn, ...(run.verified.time === undefined ? {} : { time: run.verified.time }) }),
      ...(secondsOf(run) === undefined ? {} : { seconds: secondsOf(run) ?? 0 }),
      ...(storeError === undefined ? {} : { storeError }),
      warnings: result.warnings.map((warning) => warning.message), cleanupErrors: result.compensationErrors, steps: [...(made?.result.steps ?? []), ...result.steps],
    }
  } finally {
    await run.oracle.sql.close()
  }
}
