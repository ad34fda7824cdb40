import { readRecords, readRedoHeader, REDO_START, type RedoHeader } from '../storage/redo-log.ts'
import { isAbsent } from '../storage/file-io.ts'
import { repeatFileSize } from './file-size.ts'
import type { Kernel } from './kernel.ts'
import type { RedoRecord } from '../storage/redo-record.ts'
import { LogWriter } from './log-writer.ts'
import type { LogGroupRecord } from './records.ts'
import { applyRecord } from './redo-apply.ts'
import { repeatOperation } from './redo-operations.ts'
import { ora } from './ora-error.ts'

/** An online log by its own header. */
export interface OnlineLog {
  readonly group: LogGroupRecord
  readonly member: string
  readonly header: RedoHeader
}

/** The online logs of the current incarnation that can be read, oldest first. */
export async function readOnlineLogs(kernel: Pick<Kernel, 'control' | 'host'>): Promise<OnlineLog[]> {
  const { dbid, resetlogsId, logGroups } = kernel.control.data
  const logs: OnlineLog[] = []
  for (const group of logGroups) {
    for (const member of group.members) {
      const found = await readRedoHeader(kernel.host.real(member)).catch((error: unknown) => {
        if (isAbsent(error)) return undefined
        throw error
      })
      if (found === undefined || found.header.dbid !== dbid || found.header.resetlogsId !== resetlogsId || found.header.sequence === 0) continue
      logs.push({ group, member, header: found.header })
      break
    }
  }
  return logs.sort((a, b) => a.header.sequence - b.header.sequence)
}

/** A record with the thread it is from. */
interface ThreadRecordOf {
  readonly record: RedoRecord
  readonly log: OnlineLog
  readonly end: number
}

async function* recordsOf(host: Kernel['host'], logs: readonly OnlineLog[]): AsyncGenerator<ThreadRecordOf> {
  for (const log of logs) for await (const { record, end } of readRecords(host.real(log.member))) yield { record, log, end }
}

/**
 * Brings the open files to the end of the online redo of every open thread after a crash, and the log writer behind the last
 * record of its own. The other threads are closed then: their instances died too.
 * @throws OraError 00313 when the redo is not there
 */
export async function recoverCrash(kernel: Kernel): Promise<void> {
  const { control, files, cache, logWriter, scn, tracker, host, threadNumber } = kernel
  // Files at rest were closed cleanly: what they have is older and whole.
  const used = files.all.filter((f) => control.data.datafiles.find((d) => d.file === f.header.file)?.stopScn === null)
  const from = used.reduce((least, f) => (f.header.checkpointScn < least ? f.header.checkpointScn : least), control.data.checkpointScn)
  const all = await readOnlineLogs(kernel)
  const threads = control.data.threads.filter((t) => t.status === 'OPEN' || t.thread === threadNumber)
  const ends = new Map<number, { readonly log: OnlineLog; position: number }>()
  for (const { thread, status } of threads) {
    const logs = all.filter((l) => l.header.thread === thread && (l.header.nextScn === null || l.header.nextScn > from || l.group.status === 'CURRENT'))
    const first = logs[0]
    const last = logs.at(-1)
    if (first === undefined || last === undefined || (status === 'OPEN' && first.header.firstScn > from && first.header.sequence > 1)) {
      const current = control.data.logGroups.find((g) => g.status === 'CURRENT' && g.thread === thread)
      throw ora(313, `open failed for members of log group ${current?.group ?? 1} of thread ${thread}`, [312, `online log ${current?.group ?? 1} thread ${thread}: '${current?.members[0] ?? ''}'`])
    }
    ends.set(thread, { log: last, position: REDO_START })
  }
  kernel.alert(`Beginning crash recovery of ${threads.length} threads\n Started redo scan from SCN ${from}`)
  let blocks = 0
  const redo = mergeByScn(threads.map(({ thread }) => recordsOf(host, all.filter((l) => l.header.thread === thread && (l.header.nextScn === null || l.header.nextScn > from || l.group.status === 'CURRENT')))))
  for await (const { record, log, end } of redo) {
    const ending = ends.get(log.header.thread)
    if (ending?.log === log) ending.position = end
    scn.atLeast(record.scn)
    if (record.scn < from) continue
    for (const operation of record.operations) {
      if (operation.op === 'file-size') await repeatFileSize(kernel, operation, record.scn)
      else await repeatOperation(kernel, operation, record.scn)
    }
    blocks += await applyRecord(record, cache, (n) => (files.has(n) ? control.data.datafiles.find((d) => d.file === n) : undefined), (file, block, buffer) => {
      tracker.mark(file, block)
      kernel.history.note(record.scn, file, block, buffer)
    })
  }
  for (const log of all) if (log.header.nextScn !== null) scn.atLeast(log.header.nextScn)
  await kernel.history.write()
  kernel.alert(`Completed crash recovery at SCN ${scn.current}, ${blocks} data blocks recovered`)
  const closed = threads.map((t) => t.thread).filter((thread) => thread !== threadNumber)
  for (const thread of closed) await endLog(host, ends.get(thread))
  await control.update((data) => { for (const t of data.threads) if (closed.includes(t.thread)) Object.assign(t, { status: 'CLOSED', checkpointScn: scn.current }) })
  const own = ends.get(threadNumber)
  if (own !== undefined) await logWriter.resume(own.log.group.group, own.log.group.members, own.log.group.sizeBytes, own.log.header, own.position)
  await cache.flush()
}

/** Notes in the log of a dead thread where its redo ends, with a last record that says so. */
async function endLog(host: Kernel['host'], ending: { readonly log: OnlineLog; readonly position: number } | undefined): Promise<void> {
  if (ending === undefined) return
  const { group, header } = ending.log
  const writer = new LogWriter(host, async () => undefined)
  await writer.resume(group.group, group.members, group.sizeBytes, header, ending.position)
  await writer.suspend()
}

/** Redo of several threads in the order of SCNs. */
export async function* mergeByScn<T extends { readonly record: RedoRecord }>(threads: readonly AsyncGenerator<T>[]): AsyncGenerator<T> {
  const heads = new Map<AsyncGenerator<T>, T>()
  try {
    for (const thread of threads) {
      const next = await thread.next()
      if (next.done !== true) heads.set(thread, next.value)
    }
    while (heads.size > 0) {
      const [thread, head] = [...heads].reduce((least, entry) => (entry[1].record.scn < least[1].record.scn ? entry : least))
      yield head
      const next = await thread.next()
      if (next.done === true) heads.delete(thread)
      else heads.set(thread, next.value)
    }
  } finally {
    for (const thread of threads) await thread.return(undefined)
  }
}
