import { access } from 'node:fs/promises'
import { RedoCorruption, readRecords } from '../storage/redo-log.ts'
import { type OnlineLog, readOnlineLogs } from './crash-recovery.ts'
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

/** The redo of one thread. */
export interface PlannedThread {
  readonly thread: number
  readonly logs: readonly PlannedLog[]
  /** Where the chain ends before its goal, and the error for it; raised when everything below was applied. */
  readonly gap: { readonly at: bigint; readonly error: OraError } | undefined
}

const missing = 'unable to obtain file status\nLinux-x86_64 Error: 2: No such file or directory'

/**
 * The logs of each thread from an SCN to the goal, each beginning where the last one ends: cataloged archived logs (status A) of
 * this incarnation and its parents, then online logs that can be read.
 */
export async function planRecovery(kernel: Kernel, from: bigint, goal: { readonly untilScn: bigint | undefined; readonly untilTime: number | undefined }): Promise<readonly PlannedThread[]> {
  const { control } = kernel
  const online = await readOnlineLogs(kernel)
  const numbers = new Set([...control.data.threads.filter((t) => t.enabled !== 'DISABLED').map((t) => t.thread), ...candidateLogs(control.data).filter((l) => l.nextScn > from).map((l) => l.thread)])
  const plan: PlannedThread[] = []
  for (const thread of [...numbers].sort((a, b) => a - b)) plan.push(await planThread(kernel, thread, online.filter((l) => l.header.thread === thread), from, goal))
  return plan
}

async function planThread(kernel: Kernel, thread: number, online: readonly OnlineLog[], from: bigint, goal: { readonly untilScn: bigint | undefined; readonly untilTime: number | undefined }): Promise<PlannedThread> {
  const { control, host } = kernel
  const logs: PlannedLog[] = []
  let at = from
  for (;;) {
    const last = logs.at(-1)
    const reachedTime = goal.untilTime !== undefined && last?.nextTime != null && last.nextTime >= goal.untilTime
    if ((goal.untilScn !== undefined && at >= goal.untilScn) || reachedTime) return { thread, logs, gap: undefined }
    const archived = candidates(control.data, thread, at)
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
      if (header.nextScn === null) return { thread, logs, gap: undefined }
      at = header.nextScn
      continue
    }
    const gone = archived[0]
    if (gone !== undefined) return { thread, logs, gap: { at, error: ora(308, `cannot open archived log '${gone.name}'`, [27037, missing]) } }
    // A thread that was enabled later has no redo before its first log; one that was closed has none behind its last.
    const begins = last === undefined ? firstLog(control.data, thread, at) : undefined
    if (begins !== undefined) {
      at = begins
      continue
    }
    if (isClosedAt(control.data, thread, at) || (last !== undefined && (await endsThread(host.real(last.name))))) return { thread, logs, gap: undefined }
    const known = control.data.logHistory.find((h) => h.thread === thread && h.firstScn <= at && at < h.nextScn)
    const sequence = known?.sequence ?? (last === undefined ? nextSequence(control.data, thread, at) : last.sequence + 1)
    return { thread, logs, gap: { at, error: rmanError(6054, `media recovery requesting unknown archived log for thread ${thread} with sequence ${sequence} and starting SCN of ${at}`) } }
  }
}

/** SCN at which a thread that had no redo before begins. */
function firstLog(data: ControlFileData, thread: number, at: bigint): bigint | undefined {
  const first = candidateLogs(data).find((l) => l.thread === thread && l.sequence === 1 && l.resetlogsId === data.resetlogsId && l.firstScn > at && l.firstScn > data.resetlogsScn + 1n)
  return first?.firstScn
}

/** Whether the control file knows that the thread was closed before an SCN and not opened again. */
function isClosedAt(data: ControlFileData, thread: number, at: bigint): boolean {
  const record = data.threads.find((t) => t.thread === thread)
  return data.threads.length > 1 && record?.status === 'CLOSED' && at > record.checkpointScn
}

/** Whether the last record of a log says that the thread was closed. */
async function endsThread(real: string): Promise<boolean> {
  let ends = false
  try {
    for await (const { record } of readRecords(real)) ends = record.operations.some((o) => o.op === 'end-of-thread')
  } catch (error) {
    if (!(error instanceof RedoCorruption)) throw error
    return false
  }
  return ends
}

type Available = ArchivedLogRecord & { readonly name: string }

/** Archived logs that hold the SCN, the latest incarnation first. */
function candidates(data: ControlFileData, thread: number, scn: bigint): Available[] {
  return candidateLogs(data).filter((l) => l.thread === thread && l.firstScn <= scn && scn < l.nextScn)
}

function candidateLogs(data: ControlFileData): Available[] {
  return data.archivedLogs
    .filter((l): l is Available => l.status === 'A' && !l.deleted && l.archived && l.standby !== true && l.name !== null)
    .filter((l) => data.incarnations.some((i) => i.resetlogsScn === l.resetlogsScn && i.resetlogsId === l.resetlogsId && i.status !== 'ORPHAN'))
    .sort((a, b) => (a.resetlogsScn === b.resetlogsScn ? b.recid - a.recid : a.resetlogsScn > b.resetlogsScn ? -1 : 1))
}

async function firstReadable(kernel: Kernel, logs: readonly Available[]): Promise<Available | undefined> {
  for (const log of logs) if (await access(kernel.host.real(log.name)).then(() => true, () => false)) return log
  return undefined
}

function nextSequence(data: ControlFileData, thread: number, scn: bigint): number {
  const before = [...data.logHistory, ...data.archivedLogs].filter((l) => l.thread === thread && l.nextScn <= scn && l.resetlogsId === data.resetlogsId).map((l) => l.sequence)
  return Math.max(0, ...before) + 1
}
