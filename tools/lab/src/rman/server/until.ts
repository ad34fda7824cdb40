import type { Until } from '../grammar/ast.ts'
import { rmanError } from '../../engine/ora-error.ts'
import { evaluateDate } from './dates.ts'
import type { Work } from './work.ts'

/** The exclusive end of a recovery, as the engine takes it. */
export interface UntilPoint {
  readonly untilScn?: bigint
  readonly untilTime?: number
}

/** Evaluates an UNTIL clause. @throws OraError RMAN-20207 and RMAN-20208 before this incarnation began, RMAN-20206 for a log sequence that the repository does not know, ORA-01861 */
export function untilPoint(work: Work, until: Until | null): UntilPoint {
  if (until === null) return {}
  const data = work.instance.controlFile
  if (until.kind === 'scn') {
    const untilScn = BigInt(until.scn)
    if (untilScn < data.resetlogsScn) throw rmanError(20208, 'UNTIL CHANGE is before RESETLOGS change')
    return { untilScn }
  }
  if (until.kind === 'time') {
    const untilTime = evaluateDate(work, until.expression)
    if (untilTime < data.resetlogsTime) throw rmanError(20207, 'UNTIL TIME or RECOVERY WINDOW is before RESETLOGS time')
    return { untilTime }
  }
  const log = [...data.logHistory, ...data.archivedLogs].find((record) => record.thread === until.thread && record.sequence === until.sequence && record.resetlogsId === data.resetlogsId)
  if (log !== undefined) return { untilScn: log.firstScn }
  const before = [...data.logHistory, ...data.archivedLogs].find((record) => record.thread === until.thread && record.sequence === until.sequence - 1 && record.resetlogsId === data.resetlogsId)
  if (before === undefined) throw rmanError(20206, `log sequence not found in the recovery catalog`, { code: 'RMAN-06027', text: `no archived logs found that match sequence ${until.sequence} thread ${until.thread}` })
  return { untilScn: before.nextScn }
}

/** The same as an SCN: a time becomes the lowest SCN that the log history allows for it. */
export async function untilScn(work: Work, until: Until | null): Promise<bigint | null> {
  const point = untilPoint(work, until)
  if (point.untilScn !== undefined) return point.untilScn
  const time = point.untilTime
  if (time === undefined) return null
  const data = work.instance.controlFile
  const logs = [...data.logHistory, ...data.archivedLogs].filter((log) => log.firstTime <= time)
  const scns = logs.map((log) => (log.nextTime <= time ? log.nextScn : log.firstScn))
  return Promise.resolve(scns.reduce((highest, scn) => (scn > highest ? scn : highest), 0n))
}
