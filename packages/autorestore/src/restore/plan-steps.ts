import { choosePoint, joinPoints, readPoints } from '@icb/recovery-point'
import type { PointChoice, PointEntry, RecoveryPoint } from '@icb/recovery-point'
import type { RecoveryTarget } from '@icb/rman'
import { isoNow } from '@icb/runtime'
import type { Step } from '@icb/runtime'
import type { Snapshot } from '@icb/storage-core'
import { autorestoreErrors as errors } from '../errors.ts'
import { runDirectory } from '../sandbox.ts'
import type { ClonedPoint } from '../restore-run.ts'
import { askedOf, encodePlan, planStep } from './restoration.ts'
import type { PlannedPoint, RestoreDependencies, RestorePlan, RestoreRequest } from './restore-request.ts'

/** What is known while the points are chosen. */
export interface Planning {
  readonly deps: RestoreDependencies
  readonly request: RestoreRequest
  readonly index: ClonedPoint
  readonly mount: string | undefined
  entries: readonly PointEntry[]
  plan: RestorePlan | undefined
}

async function snapshotsOf(planning: Planning, signal: AbortSignal): Promise<readonly Snapshot[]> {
  const snapshots: Snapshot[] = []
  for await (const snapshot of planning.deps.storage.listSnapshots({ signal })) if (snapshot.ours) snapshots.push(snapshot)
  return snapshots
}

/**
 * Where the area is not mounted, the newest snapshot carries the index of all older ones and of itself; one clone tells everything.
 */
async function indexFromNewest(planning: Planning, newest: Snapshot, signal: AbortSignal): Promise<readonly PointEntry[]> {
  const { deps, index } = planning
  index.clone = await deps.storage.createClone(newest.id, index.cloneName, { signal })
  try {
    const paths = await index.mounter.mount(index.clone, { signal })
    for (const path of paths) {
      const entries = await readPoints(path, { logger: deps.logger })
      if (entries.length > 0) return entries
    }
    return []
  } finally {
    await dropIndexClone(planning, signal)
  }
}

async function dropIndexClone({ deps, index }: Planning, signal: AbortSignal): Promise<void> {
  await index.mounter.unmount({ signal })
  for await (const clone of deps.storage.listClones({ signal })) if (clone.name === index.cloneName) await deps.storage.deleteClone(clone.id, { signal })
}

export const readIndex: Step<Planning> = {
  name: 'read-index',
  title: 'Read the index of recovery points',
  async run(planning, step) {
    const { settings, logger } = planning.deps
    const snapshots = await snapshotsOf(planning, step.signal)
    const newest = snapshots.at(-1)
    try {
      planning.entries = await readPoints(settings.areaPath, { logger })
    } catch (error) {
      logger.debug({ error: (error as Error).message }, 'the points index of the live area cannot be read on this host')
    }
    const known = new Set(planning.entries.map((entry) => entry.snapshot))
    if (newest !== undefined && !snapshots.some((snapshot) => known.has(snapshot.name))) {
      await step.intend({ clone: planning.index.cloneName, snapshot: newest.id })
      planning.entries = await indexFromNewest(planning, newest, step.signal)
    }
    step.summary(`${String(snapshots.length)} snapshots, ${String(planning.entries.length)} entries`)
  },
  async compensate(planning, step) {
    await dropIndexClone(planning, step.signal)
  },
}

/** `SCN 100 to 200, 2026-03-01 10:00:00 to …` */
export function describeWindow(entry: PointEntry): string {
  const { minScn, lastScn, minTime, lastTime, utcOffset } = entry
  return `SCN ${String(minScn ?? '?')} to ${String(lastScn ?? '?')}, ${minTime ?? '?'} to ${lastTime ?? '?'} ${utcOffset ?? ''}`.trimEnd()
}

function planned(point: RecoveryPoint): PlannedPoint {
  return { snapshot: point.snapshot, snapshotId: point.snapshotId, ...(point.entry === undefined ? {} : { entry: point.entry }) }
}

function goalOf(choice: Extract<PointChoice, { kind: 'single' | 'pair' }>): RecoveryTarget {
  if (choice.targetScn !== undefined) return { kind: 'scn', scn: choice.targetScn }
  if (choice.targetTime !== undefined) return { kind: 'time', time: choice.targetTime }
  throw errors.NOT_RECOVERABLE('the target has neither an SCN nor a time')
}

function refusal(choice: Extract<PointChoice, { kind: 'none' }>, database: string): Error {
  const tell = (point: RecoveryPoint | undefined): Record<string, string> | undefined => (point === undefined ? undefined : { snapshot: point.snapshot, ...(point.entry === undefined ? {} : { window: describeWindow(point.entry) }) })
  const [before, after] = [tell(choice.before), tell(choice.after)]
  return errors.NOT_RECOVERABLE(`${database} cannot be restored to this target: ${choice.reason}`, {
    hint: 'Choose a target inside a window, or two snapshots of one incarnation around it.',
    details: { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) },
  })
}

async function choose(planning: Planning, signal: AbortSignal): Promise<void> {
  const { deps, request, mount } = planning
  const points = joinPoints((await snapshotsOf(planning, signal)), planning.entries)
  const choice = choosePoint(points, request.target, { now: isoNow(deps.clock) })
  if (choice.kind === 'none') throw refusal(choice, deps.settings.database)
  const rest = { sid: request.sid, asked: askedOf(request), scratch: runDirectory(deps.settings.scratch, deps.runId), ...(mount === undefined ? {} : { mount }), open: request.open }
  if (choice.kind === 'live') planning.plan = { kind: 'live', copies: planned(choice.copies), chainKnown: false, ...rest }
  else if (choice.kind === 'pair') planning.plan = { kind: 'pair', copies: planned(choice.copies), logs: planned(choice.logs), chainKnown: choice.chainKnown, goal: goalOf(choice), ...rest }
  else planning.plan = { kind: 'single', copies: planned(choice.point), chainKnown: true, goal: goalOf(choice), ...rest }
}

export const choosePoints: Step<Planning> = {
  name: 'choose-points',
  title: 'Choose the recovery point',
  changes: false,
  async run(planning, step) {
    await choose(planning, step.signal)
    const { plan } = planning
    if (plan?.kind === 'live' && planning.deps.snapshotNow === undefined) {
      throw errors.NOT_RECOVERABLE(`the target lies behind the newest recovery point ${plan.copies.snapshot}`, {
        hint: `On the database's host run: icb snapshot create ${planning.deps.settings.database}; then restore again.`,
        details: { before: { snapshot: plan.copies.snapshot, ...(plan.copies.entry === undefined ? {} : { window: describeWindow(plan.copies.entry) }) } },
      })
    }
    step.summary(plan === undefined ? '' : `${plan.copies.snapshot}${plan.kind === 'pair' ? `, logs of ${plan.logs?.snapshot ?? ''}` : ''}${plan.kind === 'live' ? ', and a snapshot taken now' : ''}`)
  },
}

export const confirmPlan: Step<Planning> = {
  name: 'confirm',
  title: 'Confirm the plan',
  changes: false,
  async run(planning) {
    if (planning.plan === undefined) throw new Error('there is no plan')
    if (!(await planning.deps.confirm(planning.plan))) throw errors.DECLINED('the restore was declined')
  },
}

/** For a target behind the newest point: its redo is in the live area, and never used there, only from a snapshot of it. */
export const snapshotLiveArea: Step<Planning> = {
  name: 'snapshot-live-area',
  title: 'Take a snapshot of the live area',
  async run(planning, step) {
    const { deps } = planning
    const name = await deps.snapshotNow?.(step.signal)
    planning.entries = await readPoints(deps.settings.areaPath, { logger: deps.logger })
    await choose(planning, step.signal)
    if (planning.plan?.kind === 'live') throw errors.NOT_RECOVERABLE(`the target lies behind everything that was archived by now (${name ?? ''})`, { hint: 'Look at the clocks of the hosts, and at the target.' })
    step.summary(name ?? '')
  },
}

/** On disk before anything is made, so that an interrupted restore goes on with the same plan. */
export const recordPlan: Step<Planning> = {
  name: planStep,
  title: 'Record the plan',
  intent: (planning) => (planning.plan === undefined ? undefined : encodePlan(planning.plan)),
  run: () => Promise.resolve(),
}
