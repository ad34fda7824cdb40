import { pointErrors } from './errors.ts'
import type { PointChoice, PointEntry, RecoveryPoint, RestoreTarget } from './manifest.ts'

/** A point whose window is known on the axis of the target: SCNs, or milliseconds since 1970. */
interface Candidate {
  readonly point: RecoveryPoint
  readonly entry: PointEntry
  readonly min: bigint
  readonly last: bigint
  readonly incarnation: string
}

/** A database-local time of an entry as milliseconds since 1970. */
function instantOf(local: string | undefined, utcOffset: string | undefined): bigint | undefined {
  if (local === undefined || utcOffset === undefined) return undefined
  const ms = Date.parse(`${local.replace(' ', 'T')}${utcOffset}`)
  return Number.isNaN(ms) ? undefined : BigInt(ms)
}

/** An instant as the database's clock shows it, `yyyy-mm-dd hh:mm:ss`: what RMAN compares with. */
function localTimeOf(ms: bigint, utcOffset: string): string {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):(\d{2})$/.exec(utcOffset) ?? []
  const shift = (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === '-' ? -1 : 1)
  return new Date(Number(ms) + shift).toISOString().slice(0, 19).replace('T', ' ')
}

function windowOf(entry: PointEntry, axis: 'scn' | 'time'): { readonly min: bigint; readonly last: bigint } | undefined {
  const min = axis === 'scn' ? entry.minScn : instantOf(entry.minTime, entry.utcOffset)
  const last = axis === 'scn' ? entry.lastScn : instantOf(entry.lastTime, entry.utcOffset)
  // A window that ends before it begins (logs not landed yet) contains nothing.
  return min === undefined || last === undefined || last < min ? undefined : { min, last }
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Usable points, first ending first; of equal ends the older snapshot. */
function candidatesOf(points: readonly RecoveryPoint[], axis: 'scn' | 'time'): Candidate[] {
  return points
    .flatMap((point): Candidate[] => {
      const { entry } = point
      if (point.state !== 'refreshed' || entry?.state !== 'refreshed') return []
      const window = windowOf(entry, axis)
      return window === undefined ? [] : [{ point, entry, ...window, incarnation: `${entry.dbid}/${entry.resetlogsId}` }]
    })
    .sort((a, b) => compare(a.last, b.last) || Date.parse(a.point.createdAt) - Date.parse(b.point.createdAt) || (a.point.snapshot < b.point.snapshot ? -1 : 1))
}

/** The incarnations, the one with the newest snapshot first. */
function byIncarnation(candidates: readonly Candidate[]): Candidate[][] {
  const groups = new Map<string, Candidate[]>()
  for (const candidate of [...candidates].sort((a, b) => Date.parse(b.point.createdAt) - Date.parse(a.point.createdAt))) groups.set(candidate.incarnation, [])
  for (const candidate of candidates) groups.get(candidate.incarnation)?.push(candidate)
  return [...groups.values()]
}

export interface ChoosePointOptions {
  /** ISO UTC. */
  readonly now: string
}

/**
 * Chooses the recovery point(s) for a target.
 *
 * The first point whose window contains the target; else, in a gap (a refresh replaced the copies after the snapshot), the pair: copies of the
 * point before, archived logs also of the one after; else, beyond the newest window, `live`: switch logs, snapshot now, choose again. Points of
 * different incarnations (resetlogs id) are never combined; where windows of several incarnations contain an SCN, the one with the newest snapshot
 * counts. Only points in state `refreshed` are chosen. `targetTime` of the answer is database-local, as RMAN wants it.
 *
 * For a `pair` the chain of logs of both manifests must still be proven with `proveLogChain` before anything is restored.
 * @throws ICB_POINT_TARGET for a time without zone or an SCN below 1
 */
export function choosePoint(points: readonly RecoveryPoint[], target: RestoreTarget, options: ChoosePointOptions): PointChoice {
  if (target.kind === 'latest') return chooseLatest(points)
  if (target.kind === 'scn') {
    if (target.scn < 1n) throw pointErrors.errors.TARGET(`an SCN must be positive, not ${target.scn.toString()}`)
    return chooseOnAxis(points, 'scn', target.scn)
  }
  const ms = /(Z|[+-]\d{2}:?\d{2})$/i.test(target.time) ? Date.parse(target.time) : NaN
  if (Number.isNaN(ms)) {
    throw pointErrors.errors.TARGET(`'${target.time}' is no time with zone`, { hint: 'Write it like 2026-03-29T12:00:00+02:00 or 2026-03-29T10:00:00Z.', details: { time: target.time } })
  }
  if (ms > Date.parse(options.now)) return { kind: 'none', reason: `${target.time} is in the future`, ...neighbours(candidatesOf(points, 'time'), BigInt(ms)) }
  return chooseOnAxis(points, 'time', BigInt(ms))
}

function chooseLatest(points: readonly RecoveryPoint[]): PointChoice {
  const newest = byIncarnation(candidatesOf(points, 'scn'))[0]?.at(-1)
  if (newest === undefined) return { kind: 'none', reason: reasonForNothing(points) }
  return { kind: 'single', point: newest.point, targetScn: newest.last, targetTime: newest.entry.lastTime }
}

function reasonForNothing(points: readonly RecoveryPoint[]): string {
  return points.length === 0 ? 'there are no snapshots' : `none of the ${points.length} snapshots is known to be restorable`
}

function chooseOnAxis(points: readonly RecoveryPoint[], axis: 'scn' | 'time', target: bigint): PointChoice {
  const candidates = candidatesOf(points, axis)
  if (candidates.length === 0) return { kind: 'none', reason: reasonForNothing(points) }
  const aim = (entry: PointEntry): { readonly targetScn: bigint | undefined; readonly targetTime: string | undefined } =>
    axis === 'scn' ? { targetScn: target, targetTime: undefined } : { targetScn: undefined, targetTime: localTimeOf(target, entry.utcOffset ?? '+00:00') }
  for (const [age, group] of byIncarnation(candidates).entries()) {
    const single = group.find((candidate) => candidate.min <= target && target <= candidate.last)
    if (single !== undefined) return { kind: 'single', point: single.point, ...aim(single.entry) }
    const before = group.findLast((candidate) => candidate.last < target)
    const after = group.find((candidate) => candidate.min > target)
    if (before !== undefined && after !== undefined) return { kind: 'pair', copies: before.point, logs: after.point, ...aim(before.entry) }
    if (age === 0 && before !== undefined) {
      return { kind: 'live', copies: before.point, reason: `the target lies after the newest point (${before.point.snapshot}): switch logs and take a snapshot of the area, then choose again` }
    }
  }
  const around = neighbours(candidates, target)
  return { kind: 'none', reason: `no point contains the target; before it: ${describe(around.before)}; after it: ${describe(around.after)}`, ...around }
}

function neighbours(candidates: readonly Candidate[], target: bigint): { readonly before?: RecoveryPoint; readonly after?: RecoveryPoint } {
  const before = candidates.findLast((candidate) => candidate.last < target)?.point
  const after = candidates.filter((candidate) => candidate.min > target).sort((a, b) => compare(a.min, b.min))[0]?.point
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }
}

function describe(point: RecoveryPoint | undefined): string {
  if (point?.entry === undefined) return 'none'
  const { minScn, lastScn, minTime, lastTime, utcOffset } = point.entry
  return `${point.snapshot} (SCN ${String(minScn)} to ${String(lastScn)}, ${minTime ?? '?'} to ${lastTime ?? '?'} ${utcOffset ?? ''})`
}
