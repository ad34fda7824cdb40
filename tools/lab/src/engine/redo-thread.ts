import type { LogGroupRecord } from './records.ts'
import type { Kernel } from './kernel.ts'
import { Condition } from './mutex.ts'
import { ora } from './ora-error.ts'

/** The redo thread of the instance: its groups, switches and the history of its logs. */
export class RedoThread {
  readonly #kernel: Kernel
  /** Notified when a group may have become reusable. */
  readonly reusable: Condition = new Condition()

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  /** Switches to the next group; resolves with the sequence of the log that ended. */
  async switchLog(): Promise<number> {
    return this.#kernel.transactions.exclusive(() => this.switchLocked())
  }

  /** As {@link switchLog}, for who keeps transactions out already. Waits while no group can be reused. */
  async switchLocked(): Promise<number> {
    const { control, logWriter, scn, host, archiver, checkpointer } = this.#kernel
    const current = logWriter.header
    const group = logWriter.group
    if (current === undefined || group === undefined) throw ora(1109, 'database not open')
    const next = await this.#nextGroup(group)
    const nextScn = scn.next()
    const time = host.now()
    await logWriter.finish(nextScn, time)
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
    archiver.wake()
    checkpointer.request()
    return current.sequence
  }

  /** The group after this one, once it is archived and no longer needed for crash recovery. */
  async #nextGroup(group: number): Promise<LogGroupRecord> {
    const { control, checkpointer, down } = this.#kernel
    let told = false
    for (;;) {
      const groups = control.data.logGroups
      const at = groups.findIndex((g) => g.group === group)
      const next = groups[(at + 1) % groups.length]
      if (next === undefined || next.group === group) throw ora(1109, 'database not open')
      if (next.status === 'UNUSED' || (next.archived && next.status === 'INACTIVE')) return next
      if (!told) this.#kernel.alert(`Thread ${next.thread} cannot allocate new log, sequence ${(groups[at]?.sequence ?? 0) + 1}\n${next.archived ? 'Checkpoint not complete' : 'All online logs need archiving'}`)
      told = true
      if (next.archived) await checkpointer.checkpoint()
      else await this.reusable.wait(down)
    }
  }
}
