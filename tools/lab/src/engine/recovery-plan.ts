import { access } from 'node:fs/promises'
import { readOnlineLogs } from './crash-recovery.ts'
import type { Kernel } from './kernel.ts'
import { type OraError, ora, rmanError } from './ora-error.ts'
import type { ArchivedLogRecord, ControlFileData } from './records.ts'

/** A log that recovery will read. */
export interface PlannedLog {
  readonly name: string
  readonly thread: number
  readonly sequence: number
  readonly firstScn: bigint
  /** null: the current online log. */
  readonly nextScn: bigint | null
  readonly nextTime: number | null
}

export interface RecoveryPlan {
  readonly logs: readonly PlannedLog[]
  /** Why the chain ends before its goal; raised after the logs that there are were applied. */
  readonly gap: OraError | undefined
}

const missing = 'unable to obtain file status\nLinux-x86_64 Error: 2: No such file or directory'

/**
 * The logs from an SCN to the goal, each beginning where the last one ends: cataloged archived logs (status A) of this
 * incarnation and its parents, then online logs that can be read. One thread: the lab has no clusters.
 */
export async function planRecovery(kernel: Kernel, from: bigint, goal: { readonly untilScn: bigint | undefined; readonly untilTime: number | undefined }): Promise<RecoveryPlan> {
  const { control } = kernel
  const online = await readOnlineLogs(kernel)
  const logs: PlannedLog[] = []
  let at = from
  for (;;) {
    const last = logs.at(-1)
    const reachedTime = goal.untilTime !== undefined && last?.nextTime != null && last.nextTime >= goal.untilTime
    if ((goal.untilScn !== undefined && at >= goal.untilScn) || reachedTime) return { logs, gap: undefined }
    const archived = candidates(control.data, at)
    const readable = await firstReadable(kernel, archived)
    if (readable !== undefined) {
      logs.push({ ...readable, name: readable.name })
      at = readable.nextScn
      continue
    }
    const inOnline = online.find((l) => l.header.firstScn <= at && (l.header.nextScn === null || l.header.nextScn > at))
    if (inOnline !== undefined) {
      const { header, member } = inOnline
      logs.push({ name: member, thread: header.thread, sequence: header.sequence, firstScn: header.firstScn, nextScn: header.nextScn, nextTime: header.nextTime })
      if (header.nextScn === null) return { logs, gap: undefined }
      at = header.nextScn
      continue
    }
    const gone = archived[0]
    if (gone !== undefined) return { logs, gap: ora(308, `cannot open archived log '${gone.name}'`, [27037, missing]) }
    const known = control.data.logHistory.find((h) => h.firstScn <= at && at < h.nextScn)
    const sequence = known?.sequence ?? (last === undefined ? nextSequence(control.data, at) : last.sequence + 1)
    return { logs, gap: rmanError(6054, `media recovery requesting unknown archived log for thread 1 with sequence ${sequence} and starting SCN of ${at}`) }
  }
}

type Available = ArchivedLogRecord & { readonly name: string }

/** Archived logs that hold the SCN, the latest incarnation first. */
function candidates(data: ControlFileData, scn: bigint): Available[] {
  return data.archivedLogs
    .filter((l): l is Available => l.status === 'A' && !l.deleted && l.archived && l.name !== null && l.firstScn <= scn && scn < l.nextScn)
    .filter((l) => data.incarnations.some((i) => i.resetlogsScn === l.resetlogsScn && i.resetlogsId === l.resetlogsId && i.status !== 'ORPHAN'))
    .sort((a, b) => (a.resetlogsScn === b.resetlogsScn ? b.recid - a.recid : a.resetlogsScn > b.resetlogsScn ? -1 : 1))
}

async function firstReadable(kernel: Kernel, logs: readonly Available[]): Promise<Available | undefined> {
  for (const log of logs) if (await access(kernel.host.real(log.name)).then(() => true, () => false)) return log
  return undefined
}

function nextSequence(data: ControlFileData, scn: bigint): number {
  const before = [...data.logHistory, ...data.archivedLogs].filter((l) => l.nextScn <= scn && l.resetlogsId === data.resetlogsId).map((l) => l.sequence)
  return Math.max(0, ...before) + 1
}
