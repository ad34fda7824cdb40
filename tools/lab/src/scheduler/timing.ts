import type { Instance, ServerSession } from '../engine/instance-api.ts'
import { ora } from '../engine/ora-error.ts'
import { executeBlock } from '../plsql/execute-block.ts'
import { TIMESTAMP_TZ } from '../sql/bound.ts'
import { offsetAt, timestampParts, utcOf } from '../sql/zone.ts'
import { isCalendar, nextMoment, parseCalendar } from './calendar.ts'
import { timingOf, type SchedulerJob } from './objects.ts'

/** Milliseconds UTC of a stored timestamp. */
export const utcOfTimestamp = (stored: string): number => timestampParts(stored).utc

/** @throws OraError 27412 and others for an interval that cannot be read */
export function checkInterval(interval: string | null): void {
  if (interval !== null && isCalendar(interval)) parseCalendar(interval)
}

/** When a calendar comes next, in the time zone of the database's host. */
export function nextOfCalendar(instance: Instance, interval: string, start: number, after: number): number | undefined {
  const zone = instance.host.timeZone
  const wall = (time: number): number => time + offsetAt(time, zone) * 60000
  const next = nextMoment(parseCalendar(interval), wall(start), wall(after))
  return next === undefined ? undefined : utcOf(next, zone)
}

/**
 * The next run of a job behind a time; `null`: it is over.
 * @throws OraError 27481 when a PL/SQL interval gives no time
 */
export async function nextRun(instance: Instance, session: ServerSession, job: SchedulerJob, after: number): Promise<number | null> {
  const { start, interval, end } = timingOf(job, instance)
  const begin = start ?? job.created
  let next: number | null
  if (interval === null) next = job.runCount === 0 ? begin : null
  else if (isCalendar(interval)) next = nextOfCalendar(instance, interval, begin, Math.max(after, begin - 1)) ?? null
  else {
    const { outs } = await executeBlock(instance, session, `begin :next := to_timestamp_tz(to_char(${interval}, 'YYYY-MM-DD HH24:MI:SS'), 'YYYY-MM-DD HH24:MI:SS'); end;`, { NEXT: { type: TIMESTAMP_TZ, value: null } })
    const given = outs.get('NEXT')
    const value = typeof given === 'object' && given !== null ? given.value : given
    if (typeof value !== 'string') throw ora(27481, 'job has an invalid schedule')
    next = job.runCount === 0 && begin > after ? begin : utcOfTimestamp(value)
  }
  return next !== null && end !== null && next > end ? null : next
}
