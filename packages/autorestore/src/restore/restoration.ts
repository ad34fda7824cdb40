import { z } from 'zod'
import { pointEntrySchema } from '@icb/recovery-point'
import type { JournalRun } from '@icb/runtime'
import { announcedMounter } from '../clone-mounter.ts'
import { unknownPoint } from '../restore-run.ts'
import type { ClonedPoint, RecoveryRun } from '../restore-run.ts'
import type { PlannedPoint, RestoreDependencies, RestorePlan, RestoreRequest } from './restore-request.ts'

/** A restore from its plan to the open database. */
export interface Restoration extends RecoveryRun {
  readonly deps: RestoreDependencies
  readonly plan: RestorePlan
}

/** Clones of a restore: copies, logs, and one to read the points index from. */
export type CloneUse = 'copies' | 'logs' | 'index'

/** `<db>-rs-<run id>-c`: the run's own, so that a leftover can be told to be of that run. */
export function restoreCloneName(database: string, runId: string, use: CloneUse): string {
  return `${database}-rs-${runId}-${use.slice(0, 1)}`
}

function pointOf(deps: RestoreDependencies, use: CloneUse, mountPoint: string | undefined): ClonedPoint {
  return unknownPoint(announcedMounter({ ...deps, mountPoint, tell: deps.tell }), restoreCloneName(deps.settings.database, deps.runId, use))
}

/** A clone to read the points index from, where the area is not mounted on this host. */
export function indexPoint(deps: RestoreDependencies, mountPoint: string | undefined): ClonedPoint {
  return pointOf(deps, 'index', mountPoint)
}

/** The context of the steps, before the first of them. */
export function restorationOf(deps: RestoreDependencies, plan: RestorePlan, liveArea: string): Restoration {
  const known = (point: ClonedPoint, planned: PlannedPoint): ClonedPoint => ({ ...point, entry: planned.entry })
  return {
    ...known(pointOf(deps, 'copies', plan.mount), plan.copies),
    logs: plan.logs === undefined ? undefined : known(pointOf(deps, 'logs', plan.mount === undefined ? undefined : `${plan.mount}-logs`), plan.logs),
    deps, plan,
    sid: plan.sid,
    oracle: deps.sandboxOracle(plan.sid),
    ...(plan.open.mode === 'resetlogs' ? { uniqueName: plan.open.uniqueName } : {}),
    scratch: plan.scratch,
    liveArea,
    goal: plan.goal,
    targetScn: plan.goal?.kind === 'scn' ? plan.goal.scn : undefined,
    targetTime: plan.goal?.kind === 'time' ? plan.goal.time : undefined,
    cloneRequestedAt: undefined, openedAt: undefined, verified: undefined, instanceStarted: false,
  }
}

const scn = z.codec(z.string().regex(/^\d{1,20}$/), z.bigint(), { decode: (text) => BigInt(text), encode: (value) => value.toString() })
const point = z.object({ snapshot: z.string(), snapshotId: z.string(), entry: z.exactOptional(pointEntrySchema) })
const planSchema: z.ZodType<RestorePlan> = z.object({
  kind: z.enum(['single', 'pair', 'live']),
  copies: point,
  logs: z.exactOptional(point),
  chainKnown: z.boolean(),
  goal: z.exactOptional(z.union([z.object({ kind: z.literal('scn'), scn }), z.object({ kind: z.literal('time'), time: z.string() })])),
  sid: z.string(),
  asked: z.string(),
  scratch: z.string(),
  mount: z.exactOptional(z.string()),
  open: z.union([z.object({ mode: z.literal('read-only') }), z.object({ mode: z.literal('resetlogs'), uniqueName: z.string() })]),
})

/** What is asked for, in words that are equal for equal requests. */
export function askedOf({ target, sid, open }: RestoreRequest): string {
  const to = target.kind === 'scn' ? `SCN ${target.scn.toString()}` : target.kind === 'time' ? target.time : 'the latest point'
  return `${to} as ${sid}${open.mode === 'resetlogs' ? `, RESETLOGS ${open.uniqueName}` : ''}`
}

/** The name of the step whose intent holds the plan. */
export const planStep = 'plan'

/** A plan as JSON data, for a journal. */
export function encodePlan(plan: RestorePlan): unknown {
  return z.encode(planSchema, plan)
}

/** The plan that a run recorded before it made anything; `undefined`: it did not get that far. */
export function planOf(run: JournalRun): RestorePlan | undefined {
  const data = run.steps.find((step) => step.name === planStep)?.intents.at(-1)
  const parsed = planSchema.safeParse(data)
  return parsed.success ? parsed.data : undefined
}
