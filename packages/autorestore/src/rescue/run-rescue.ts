import { realpath, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { diskGroupOf } from '@icb/oracle'
import { readManifest, readPoints, choosePoint, joinPoints } from '@icb/recovery-point'
import type { Manifest } from '@icb/recovery-point'
import { isoNow, runSteps } from '@icb/runtime'
import type { JournalRun, Step } from '@icb/runtime'
import type { Snapshot } from '@icb/storage-core'
import { announcedMounter } from '../clone-mounter.ts'
import { autorestoreErrors as errors } from '../errors.ts'
import { guardClones, guardNotRoot, guardSidName } from '../guards.ts'
import { unknownPoint } from '../restore-run.ts'
import { createClone, mountClone, readPointManifest } from '../steps/clone-steps.ts'
import { detachFromSource, restoreControlFile } from '../steps/instance-steps.ts'
import { catalogClone, checkHeaders, recover, restoreMissingFiles } from '../steps/recovery-steps.ts'
import { dropRescueClone, moveBack, releaseClone, settleIn } from './move-back.ts'
import { placesOf, planStep, rescuePlanOf } from './rescue-plan.ts'
import type { RescuePlan } from './rescue-plan.ts'
import type { RescueDependencies, RescueRequest, RescueResult, RescueRun } from './rescue-run.ts'
import { forgetCopies, guardControlFile, guardDestroyed, guardRescuePaths, mountAgain, openRescued, prepareRescue, recordPlaces, startRescueInstance, stopRescueInstance, switchToClone } from './rescue-steps.ts'

/** Up to here a rescue that was interrupted begins anew, with the clone that it has. */
const recoverySteps: readonly Step<RescueRun>[] = [
  createClone, mountClone, readPointManifest, guardDestroyed, prepareRescue, startRescueInstance, restoreControlFile, guardControlFile, forgetCopies, catalogClone, detachFromSource, restoreMissingFiles, recordPlaces, switchToClone, guardRescuePaths, recover, checkHeaders,
]
/** From here on it only goes forward. */
const returnSteps: readonly Step<RescueRun>[] = [openRescued, moveBack, settleIn, releaseClone]
/** What a rescue that was interrupted during recovery has to do again to know what it knew. */
const afterInterruption: readonly Step<RescueRun>[] = [createClone, mountClone, readPointManifest, mountAgain]

function forwardOnly(step: Step<RescueRun>): Step<RescueRun> {
  const { name, title, changes } = step
  return { name, title, ...(changes === undefined ? {} : { changes }), intent: (run) => step.intent?.(run), run: (run, at) => step.run(run, at) }
}

async function snapshotNamed(deps: RescueDependencies, wanted: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
  for await (const snapshot of deps.storage.listSnapshots({ signal: deps.signal })) if (snapshot.ours && wanted(snapshot)) return snapshot
  throw errors.NO_SNAPSHOT('the snapshot is gone')
}

/** The newest state is in the live area, which is never recovered itself: a snapshot of it is. An SCN before its copies needs an older one. */
async function choose(deps: RescueDependencies, request: RescueRequest, manifest: Manifest): Promise<Snapshot | 'now'> {
  const minScn = manifest.window?.minScn
  if (manifest.state === 'refreshed' && minScn !== undefined && (request.untilScn === undefined || request.untilScn >= minScn)) return 'now'
  const snapshots: Snapshot[] = []
  for await (const snapshot of deps.storage.listSnapshots({ signal: deps.signal })) if (snapshot.ours) snapshots.push(snapshot)
  const points = joinPoints(snapshots, await readPoints(deps.settings.areaPath, { logger: deps.logger }))
  const choice = choosePoint(points, request.untilScn === undefined ? { kind: 'latest' } : { kind: 'scn', scn: request.untilScn }, { now: isoNow(deps.clock) })
  if (choice.kind !== 'single') {
    throw errors.NOT_RECOVERABLE(`no single snapshot of ${deps.settings.database} reaches ${request.untilScn === undefined ? 'the end' : `SCN ${request.untilScn.toString()}`}`, { hint: `Restore a copy beside it with: icb restore ${deps.settings.database} --to <SCN>` })
  }
  return snapshotNamed(deps, (snapshot) => snapshot.id === choice.point.snapshotId)
}

function runOf(deps: RescueDependencies, plan: RescuePlan, liveArea: string, before: JournalRun | undefined): RescueRun {
  const recorded = before === undefined ? undefined : placesOf(before)
  const goal = plan.untilScn === undefined ? undefined : BigInt(plan.untilScn)
  const scn = recorded === undefined ? goal : BigInt(recorded.targetScn)
  return {
    ...unknownPoint(announcedMounter({ ...deps, mountPoint: plan.mount, tell: deps.tell }), `${deps.settings.database}-rescue-${deps.runId}`),
    deps, plan, sid: plan.sid, oracle: deps.sandboxOracle(plan.sid), scratch: plan.directory, liveArea, logs: undefined,
    goal: goal === undefined ? undefined : { kind: 'scn', scn: goal }, targetScn: scn, targetTime: undefined, cloneRequestedAt: undefined, openedAt: undefined, verified: undefined, instanceStarted: false,
    places: recorded?.files ?? [],
    ownFiles: [],
  }
}

/** Files at the database's own paths that an interrupted rescue may have made: its control files and those of the seed. */
function madeBefore(before: JournalRun | undefined, manifest: Manifest): readonly string[] {
  const begun = (name: string): boolean => before?.steps.some((step) => step.name === name) === true
  return [...(begun('restore-control-file') ? manifest.sourcePaths.controlFiles : []), ...(before !== undefined && begun('switch-to-clone') ? (placesOf(before)?.files ?? []).filter((place) => place.pdb === 'PDB$SEED').map((place) => place.name) : [])]
}

/**
 * Rebuilds a destroyed database in its own places: a clone of its backup area becomes the database at once, is recovered and opened, and
 * then its files move back while it is in use. Every step is in the journal; a rescue that was interrupted or failed goes on with `deps.resume`.
 * @returns the result, also of a failure; `planned` for a dry run, `held` before RESETLOGS where that was asked for
 * @throws ICB_AUTORESTORE_REFUSED_ROOT, ICB_AUTORESTORE_NO_CLONES, ICB_AUTORESTORE_SETTINGS, ICB_AUTORESTORE_REFUSED_INSTANCE, ICB_POINT_… before anything was made
 */
export async function runRescue(deps: RescueDependencies, request: RescueRequest): Promise<RescueResult> {
  guardNotRoot(deps.host)
  guardClones(deps.storage, deps.settings.database)
  guardSidName(request.sid)
  const { settings, resume } = deps
  const { manifest } = await readManifest(settings.areaPath)
  if (manifest.database.dbid !== settings.dbid) throw errors.REFUSED_IDENTITY(`the area holds the database with DBID ${manifest.database.dbid}, not ${settings.dbid}`, { hint: 'Check the key dbid and the area of this database.' })
  const liveArea = await realpath(settings.areaPath).catch(() => resolve(settings.areaPath))
  const known = resume === undefined ? undefined : rescuePlanOf(resume)
  const titles = [...recoverySteps, ...returnSteps].map(({ name, title }) => ({ name, title, status: 'not-run' as const, durationMs: 0 }))
  const base = { runId: deps.runId, resumed: known !== undefined, warnings: [], notes: [] }

  const planned = await plan(deps, request, manifest, { liveArea, known }).catch(async (error: unknown) => {
    await endUnused(deps, known)
    throw error
  })
  if (planned.kind !== 'agreed') {
    await endUnused(deps, known)
    const done = (name: string): boolean => resume?.steps.some((step) => step.name === name && step.state === 'done') === true
    return { ...base, outcome: planned.kind, plan: planned.plan, steps: titles.map((step) => ({ ...step, status: done(step.name) ? 'done' : 'not-run' })) }
  }
  const recorded = planned.plan
  const run: RescueRun = { ...runOf(deps, recorded, liveArea, resume), ownFiles: madeBefore(resume, manifest) }
  const findSnapshot: Step<RescueRun> = {
    name: 'find-snapshot', title: 'Find the snapshot', changes: false,
    async run(context) { context.snapshot = await snapshotNamed(deps, (snapshot) => snapshot.name === recorded.snapshot) },
  }
  const recordPlan: Step<RescueRun> = { name: planStep, title: 'Record the plan', intent: () => recorded, run: () => Promise.resolve() }
  try {
    const { steps, warned } = await stepsFrom(run, resume)
    const front = known === undefined ? [recordPlan, findSnapshot] : [findSnapshot]
    const all = [...front, ...steps.recovery, ...(request.hold ? [] : steps.returning)].map(forwardOnly)
    const result = await runSteps({ action: 'rescue', database: settings.database, context: run, steps: all, journal: deps.journal, lease: deps.lease, events: deps.events, clock: deps.clock, logger: deps.logger, signal: deps.signal, resumable: true, continues: request.hold })
    const titleOf = (name: string): string => all.find((step) => step.name === name)?.title ?? name
    return {
      ...base, plan: recorded, outcome: !result.ok ? 'failed' : request.hold ? 'held' : 'rescued',
      steps: result.steps.map((step) => ({ ...step, title: titleOf(step.name) })),
      ...(run.verified === undefined ? {} : { scn: run.verified.scn, ...(run.verified.time === undefined ? {} : { time: run.verified.time }) }),
      ...(result.ok ? {} : { error: result.error, ...(result.failedStep === undefined ? {} : { failedStep: result.failedStep }) }),
      warnings: [...warned, ...result.warnings.map((warning) => warning.message)],
      notes: result.ok && !request.hold ? notesOf(run, manifest) : [],
    }
  } finally {
    await run.oracle.sql.close()
  }
}

/** A run that made nothing leaves nothing to go on with. */
async function endUnused(deps: RescueDependencies, known: RescuePlan | undefined): Promise<void> {
  if (known === undefined) await deps.journal.append({ kind: 'end', data: { ok: false } })
}

/** Decides, asks, and takes the snapshot that the plan names. Refusals come before anything is made. */
async function plan(deps: RescueDependencies, request: RescueRequest, manifest: Manifest, { liveArea, known }: { readonly liveArea: string; readonly known: RescuePlan | undefined }): Promise<{ readonly kind: 'agreed' | 'planned' | 'declined'; readonly plan: RescuePlan }> {
  if (known !== undefined) return { kind: request.dryRun ? 'planned' : 'agreed', plan: known }
  const directory = join(deps.stateDir, 'rescue', deps.runId)
  const draft = (snapshot: Pick<Snapshot, 'name' | 'id'>): RescuePlan => ({ snapshot: snapshot.name, snapshotId: snapshot.id, sid: request.sid, directory, ...(request.untilScn === undefined ? {} : { untilScn: request.untilScn.toString() }), ...(request.mount === undefined ? {} : { mount: resolve(request.mount) }) })
  const chosen = await choose(deps, request, manifest)
  const first = draft(chosen === 'now' ? { name: 'a snapshot of the area, taken now', id: '' } : chosen)
  const trial: RescueRun = { ...runOf(deps, first, liveArea, undefined), manifest }
  await guardDestroyed.run(trial, { runId: deps.runId, signal: deps.signal, logger: deps.logger, progress: () => undefined, summary: () => undefined, warn: () => undefined, intend: () => Promise.resolve() })
  if (request.dryRun) return { kind: 'planned', plan: first }
  if (!(await deps.confirm(first, manifest))) return { kind: 'declined', plan: first }
  if (chosen !== 'now') return { kind: 'agreed', plan: first }
  const name = await deps.snapshotNow(deps.signal)
  return { kind: 'agreed', plan: draft(await snapshotNamed(deps, (snapshot) => snapshot.name === name)) }
}

/** Where an interrupted rescue goes on: before recovery from the start, in recovery from the mounted database, after RESETLOGS from what is open. */
async function stepsFrom(run: RescueRun, before: JournalRun | undefined): Promise<{ readonly steps: { readonly recovery: readonly Step<RescueRun>[]; readonly returning: readonly Step<RescueRun>[] }; readonly warned: readonly string[] }> {
  const begun = (name: string): boolean => before?.steps.some((step) => step.name === name) === true
  const { signal } = run.deps
  if (begun('open-resetlogs')) return { steps: { recovery: afterInterruption, returning: returnSteps }, warned: [] }
  if (before !== undefined) await stopRescueInstance(run, signal)
  if (!begun('recover')) return { steps: { recovery: recoverySteps, returning: returnSteps }, warned: [] }
  return { steps: { recovery: [...afterInterruption, guardRescuePaths, recover, checkHeaders], returning: returnSteps }, warned: [] }
}

function notesOf(run: RescueRun, manifest: Manifest): readonly string[] {
  const { database, sourcePaths, parameters } = manifest
  const spfileGroup = diskGroupOf(parameters['spfile'] ?? '')
  return [
    `create spfile${spfileGroup === undefined ? '' : `='+${spfileGroup}'`} from pfile='${join(run.scratch, 'init-final.ora')}'; the instance runs from ${join(run.scratch, 'init.ora')} until it is restarted`,
    ...(sourcePaths.bct === undefined ? [] : ['alter database enable block change tracking']),
    ...(parameters['cluster_database']?.toUpperCase() === 'TRUE' ? ['cluster_database=TRUE, then start the other instances'] : []),
    `a backup at once: icb backup ${database.uniqueName} --accept-gap; nothing between the last copies and RESETLOGS can be reached from later points`,
  ]
}

/**
 * Gives up a rescue that did not come as far as RESETLOGS: its instance ends, its clone, its directory and the control files it made go.
 * @throws ICB_AUTORESTORE_REFUSED_INSTANCE after RESETLOGS: the database then lives in the clone
 */
export async function abandonRescue(deps: RescueDependencies): Promise<readonly string[]> {
  const { resume, settings } = deps
  const plan = resume === undefined ? undefined : rescuePlanOf(resume)
  if (resume === undefined || plan === undefined) return []
  if (resume.steps.some((step) => step.name === 'open-resetlogs')) throw errors.REFUSED_INSTANCE('the database has been opened and lives in the clone', { hint: `Go on with it: icb rescue ${settings.database}` })
  const { manifest } = await readManifest(settings.areaPath)
  const liveArea = await realpath(settings.areaPath).catch(() => resolve(settings.areaPath))
  const run = runOf(deps, plan, liveArea, resume)
  try {
    await stopRescueInstance(run, deps.signal)
    const made = madeBefore(resume, manifest).filter((path) => path.startsWith('/'))
    for (const path of made) await rm(path, { force: true })
    await dropRescueClone(run, deps.signal)
    await rm(plan.directory, { recursive: true, force: true })
    await deps.journal.append({ kind: 'end', data: { ok: false, abandoned: true } })
    return [`clone ${run.cloneName}`, ...made, plan.directory]
  } finally {
    await run.oracle.sql.close()
  }
}
