import type { ControlFileData, LogGroupRecord } from './records.ts'
import type { Kernel } from './kernel.ts'
import { Condition } from './mutex.ts'
import { REDO_START } from '../storage/redo-log.ts'
import { type OnlineLog, readOnlineLogs } from './crash-recovery.ts'
import { LogWriter } from './log-writer.ts'
import { ora } from './ora-error.ts'
import { Transaction } from './transactions.ts'

/** The redo thread of the instance: its groups, switches and the history of its logs. */
export class RedoThread {
  readonly #kernel: Kernel
  /** Notified when a group may have become reusable. */
  readonly reusable: Condition = new Condition()
  /** The next group waits for its log to be archived, and the database for the group. */
  needsArchiving = false

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  /** Switches to the next group; resolves with the sequence of the log that ended. */
  async switchLog(): Promise<number> {
    return this.#kernel.transactions.exclusive(() => this.switchLocked())
  }

  /** As {@link switchLog}, for who keeps transactions out already. Waits while no group can be reused. `endOfRedo` marks the log that ends as the primary's last. */
  async switchLocked(endOfRedo = false): Promise<number> {
    const { control, logWriter, scn, host, checkpointer } = this.#kernel
    const current = logWriter.header
    const group = logWriter.group
    if (current === undefined || group === undefined) throw ora(1109, 'database not open')
    const next = await this.#nextGroup(group)
    const nextScn = scn.next()
    const time = host.now()
    await logWriter.finish(nextScn, time, endOfRedo)
    const sequence = current.sequence + 1
    await logWriter.start(next.group, next.members, next.sizeBytes, { ...current, sequence, firstScn: nextScn, firstTime: time, nextScn: null, nextTime: null, bytes: null })
    await control.update((data) => {
      data.recids['logHistory'] = (data.recids['logHistory'] ?? 0) + 1
      data.logHistory.push({
        recid: data.recids['logHistory'], thread: current.thread, sequence: current.sequence, resetlogsScn: current.resetlogsScn, resetlogsId: current.resetlogsId,
        firstScn: current.firstScn, firstTime: current.firstTime, nextScn, nextTime: time,
      })
      for (const record of data.logGroups) {
        if (record.group === group) Object.assign(record, { status: 'ACTIVE', archived: data.logMode === 'NOARCHIVELOG', nextScn } satisfies Partial<LogGroupRecord>)
        if (record.group === next.group) Object.assign(record, { status: 'CURRENT', archived: false, sequence, firstScn: nextScn, firstTime: time, nextScn: null } satisfies Partial<LogGroupRecord>)
      }
      for (const thread of data.threads) if (thread.thread === current.thread) Object.assign(thread, { currentGroup: next.group, sequence })
    })
    this.#kernel.alert(`Thread ${current.thread} advanced to log sequence ${sequence} (LGWR switch)`)
    for (const member of new Set([...this.#kernel.members, this.#kernel])) member.archiver.wake()
    checkpointer.request()
    return current.sequence
  }

  /** The group after this one, once it is archived and no longer needed for crash recovery. */
  async #nextGroup(group: number): Promise<LogGroupRecord> {
    const { control, checkpointer, down } = this.#kernel
    let told = false
    for (;;) {
      const groups = control.data.logGroups.filter((g) => g.thread === logThread(control.data, group))
      const at = groups.findIndex((g) => g.group === group)
      const next = groups[(at + 1) % groups.length]
      if (next === undefined || next.group === group) throw ora(1109, 'database not open')
      if (next.status === 'UNUSED' || (next.archived && next.status === 'INACTIVE')) return next
      if (!told) this.#kernel.alert(`Thread ${next.thread} cannot allocate new log, sequence ${(groups[at]?.sequence ?? 0) + 1}\n${next.archived ? 'Checkpoint not complete' : 'All online logs need archiving'}`)
      told = true
      if (next.archived) await checkpointer.checkpoint()
      else await this.#waitForArchiver(down)
    }
  }

  async #waitForArchiver(down: AbortSignal): Promise<void> {
    this.needsArchiving = true
    try {
      await this.reusable.wait(down)
    } finally {
      this.needsArchiving = false
    }
  }
}

const logThread = (data: ControlFileData, group: number): number => data.logGroups.find((g) => g.group === group)?.thread ?? 1

/**
 * Starts the redo of an instance that joins an open database: its thread goes on behind its last record.
 * @throws OraError 01618 when no such thread is enabled, 00313 without its current log
 */
export async function openThread(kernel: Kernel): Promise<void> {
  const { control, logWriter, threadNumber } = kernel
  const thread = control.data.threads.find((t) => t.thread === threadNumber)
  if (thread?.enabled !== 'PUBLIC') throw ora(1618, `redo thread ${threadNumber} is not enabled - cannot mount`)
  const { log, group } = await currentLog(kernel, threadNumber)
  await logWriter.resume(group.group, group.members, group.sizeBytes, log.header, log.header.bytes ?? REDO_START)
  await control.update((data) => { for (const t of data.threads) if (t.thread === threadNumber) Object.assign(t, { status: 'OPEN', instance: kernel.sid }) })
}

/** @throws OraError 00313 */
export async function currentLog(kernel: Kernel, thread: number): Promise<{ readonly log: OnlineLog; readonly group: LogGroupRecord }> {
  const group = kernel.control.data.logGroups.find((g) => g.status === 'CURRENT' && g.thread === thread)
  const log = (await readOnlineLogs(kernel)).find((l) => l.group.group === group?.group)
  if (group === undefined || log === undefined || log.header.sequence !== group.sequence) {
    throw ora(313, `open failed for members of log group ${group?.group ?? 1} of thread ${thread}`, [312, `online log ${group?.group ?? 1} thread ${thread}: '${group?.members[0] ?? ''}'`])
  }
  return { log, group }
}

/** Ends a thread while the database stays open: its last record says that no redo follows. For a clean shutdown, and for an instance that died. */
export async function closeThread(kernel: Kernel): Promise<void> {
  const { control, logWriter, transactions, checkpointer, threadNumber } = kernel
  await transactions.exclusive(async () => {
    const tx = new Transaction(kernel)
    tx.operations.push({ op: 'end-of-thread' })
    await transactions.commit(tx)
    await checkpointer.checkpoint()
    await logWriter.suspend()
    await control.update((data) => { for (const t of data.threads) if (t.thread === threadNumber) t.status = 'CLOSED' })
  })
}

/** Switches the log of a closed thread that has redo in it, so that it can be archived. Resolves with its sequence. */
export async function switchClosedThread(kernel: Kernel, thread: number): Promise<number | undefined> {
  return kernel.transactions.exclusive(async () => {
    const { log, group } = await currentLog(kernel, thread)
    const end = log.header.bytes ?? REDO_START
    if (end <= REDO_START) return undefined
    const logWriter = new LogWriter(kernel.host, async () => undefined)
    await logWriter.resume(group.group, group.members, group.sizeBytes, log.header, end)
    const sequence = await new RedoThread({ ...kernel, logWriter }).switchLocked()
    await logWriter.suspend()
    return sequence
  })
}
