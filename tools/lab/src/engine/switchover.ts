import { openFile, writeFully } from '../storage/file-io.ts'
import { REDO_BLOCK } from '../storage/redo-log.ts'
import type { Destination } from './archive-destinations.ts'
import type { ServerSession } from './instance-api.ts'
import type { Kernel } from './kernel.ts'
import { pause } from './mutex.ts'
import { ora } from './ora-error.ts'
import type { ArchivedLogRecord, ControlFileData, ThreadRecord } from './records.ts'
import { callStandby, type StandbyAnswer } from './redo-transport.ts'

/** How long either side waits for the other. */
const PATIENCE_MS = 60_000
const POLL_MS = 50

/** V$DATABASE.SWITCHOVER_STATUS. */
export type SwitchoverStatus = 'NOT ALLOWED' | 'TO STANDBY' | 'TO PRIMARY' | 'SESSIONS ACTIVE' | 'SWITCHOVER PENDING' | 'FAILED DESTINATION'

/** Whether and how the roles can change; `others`: sessions beside the one that asks. */
export function switchoverStatus(data: ControlFileData, destinations: readonly Destination[], openMode: string, others: number): SwitchoverStatus {
  if (data.type === 'STANDBY') {
    const end = endOfRedo(data)
    if (end === undefined) return 'NOT ALLOWED'
    return isApplied(data, end) ? 'TO PRIMARY' : 'SWITCHOVER PENDING'
  }
  const standbys = standbysOf(destinations)
  if (data.type !== 'CURRENT' || openMode !== 'READ WRITE' || standbys.length === 0) return 'NOT ALLOWED'
  if (standbys.some((d) => d.status === 'ERROR')) return 'FAILED DESTINATION'
  return others > 0 ? 'SESSIONS ACTIVE' : 'TO STANDBY'
}

const standbysOf = (destinations: readonly Destination[]): Destination[] => destinations.filter((d) => d.service !== null && d.validFor.primary && d.status !== 'DEFERRED')

/** The log behind which the primary wrote nothing because it became a standby, when no later redo is here. */
export function endOfRedo(data: ControlFileData): ArchivedLogRecord | undefined {
  const logs = data.archivedLogs.filter((l) => l.standby !== true && l.resetlogsId === data.resetlogsId)
  return logs.find((end) => end.endOfRedo === true && !logs.some((l) => l.thread === end.thread && l.firstScn >= end.nextScn))
}

const isApplied = (data: ControlFileData, end: ArchivedLogRecord): boolean => data.datafiles.every((d) => d.stopScn !== null || d.status === 'OFFLINE' || d.checkpointScn >= end.nextScn)

/**
 * The standby that shall take over: named by its db_unique_name, or whichever there is.
 * @throws OraError 16053 unknown, 16416 none that can, 16470 it does not apply redo, 16467 it lacks redo
 */
export async function findTarget(kernel: Kernel, name: string | undefined): Promise<Destination> {
  const { control, archiver } = kernel
  let failure = name === undefined ? ora(16416, 'No viable Physical Standby switchover targets available') : ora(16053, `DB_UNIQUE_NAME ${name} is not in the Data Guard Configuration`)
  for (const destination of standbysOf(archiver.destinations)) {
    let answer: StandbyAnswer
    try {
      answer = await callStandby(kernel, destination, 'standby-status', { dbid: control.data.dbid }) as StandbyAnswer
    } catch {
      if (name === undefined || destination.service?.toLowerCase() === name.toLowerCase()) failure = ora(16416, 'No viable Physical Standby switchover targets available')
      continue
    }
    if (name === undefined) return destination
    if (answer.uniqueName.toLowerCase() !== name.toLowerCase()) continue
    if (!answer.applying) throw ora(16470, 'Redo Apply is not running on switchover target')
    if (destination.status === 'ERROR' || destination.fault !== null) throw ora(16467, 'switchover target is not synchronized')
    return destination
  }
  throw failure
}

/**
 * Ends the redo of a primary: its last log is archived here and at the target, its files are closed at the log's end, and its control file is
 * that of a standby. When the log does not get there the database stays the primary it was.
 * @throws OraError 16467
 */
export async function endRedo(kernel: Kernel, target: Destination, session: ServerSession): Promise<void> {
  const { transactions, thread, archiver, logWriter, checkpointer, control, threadNumber, down, tracker } = kernel
  await transactions.exclusive(async () => {
    const sequence = await thread.switchLocked(true)
    const endScn = logWriter.header?.firstScn ?? 0n
    const limit = AbortSignal.any([down, session.abort, AbortSignal.timeout(PATIENCE_MS)])
    try {
      await archiver.waitFor(threadNumber, sequence, limit)
      while (!control.data.archivedLogs.some((l) => l.standby === true && l.destId === target.id && l.thread === threadNumber && l.sequence === sequence)) await pause(POLL_MS, limit)
    } catch (error) {
      if (down.aborted || session.abort.aborted) throw error
      throw ora(16467, 'switchover target is not synchronized')
    }
    await checkpointer.checkpoint(undefined, { clean: true })
    await logWriter.suspend()
    tracker.close()
    await becomeStandby(kernel, endScn)
  })
}

/** What this database has in its files needs no recovery; its online logs are empty until it is a primary again. */
async function becomeStandby(kernel: Kernel, endScn: bigint): Promise<void> {
  const { control, host } = kernel
  for (const member of control.data.logGroups.flatMap((g) => g.members)) {
    const handle = await openFile(host.real(member), 'r+')
    await writeFully(handle, Buffer.alloc(REDO_BLOCK), 0)
    await handle.close()
  }
  await control.update((data) => {
    Object.assign(data, { type: 'STANDBY', openMode: null, cleanShutdown: true })
    delete data.becamePrimaryScn
    // The threads are those of the primary, which is open as far as a standby knows.
    for (const t of data.threads) t.status = 'OPEN'
    for (const group of data.logGroups) Object.assign(group, { status: 'UNUSED', archived: true, sequence: 0, firstScn: 0n, nextScn: null })
    for (const log of data.archivedLogs) if (log.standby !== true && log.nextScn <= endScn) log.applied = 'YES'
  })
  kernel.alert('Switchover: Complete - Database shutdown required')
}

/**
 * A standby that has applied its primary's redo to the end goes on from there with redo of its own; it is mounted then.
 * @param options.wait for redo that is being applied
 * @throws OraError 16139 when redo is missing or not applied
 */
export async function becomePrimary(kernel: Kernel, options: { readonly wait: boolean; readonly stopApply: () => Promise<void> }): Promise<void> {
  const { control, host, down, logWriter } = kernel
  const deadline = Date.now() + PATIENCE_MS
  let end = endOfRedo(control.data)
  while (options.wait && Date.now() < deadline && (end === undefined || !isApplied(control.data, end))) {
    await pause(POLL_MS, down)
    end = endOfRedo(control.data)
  }
  if (end === undefined || !isApplied(control.data, end)) throw ora(16139, 'media recovery required')
  await options.stopApply()
  const { data } = control
  const now = host.now()
  const last = end
  const starts = (t: ThreadRecord): bigint => t.thread === last.thread ? last.nextScn : data.logHistory.filter((h) => h.thread === t.thread && h.resetlogsId === data.resetlogsId).at(-1)?.nextScn ?? last.nextScn
  for (const t of data.threads) {
    const group = data.logGroups.find((g) => g.thread === t.thread)
    if (group === undefined) continue
    await logWriter.start(group.group, group.members, group.sizeBytes, {
      dbid: data.dbid, dbName: data.name, thread: t.thread, sequence: t.sequence, resetlogsScn: data.resetlogsScn, resetlogsId: data.resetlogsId, firstScn: starts(t), firstTime: now, nextScn: null, nextTime: null, bytes: null,
    })
    await logWriter.suspend()
  }
  await control.update((d) => {
    Object.assign(d, { type: 'CURRENT', recoveredToScn: null, becamePrimaryScn: last.nextScn, checkpointScn: last.nextScn, checkpointTime: now, cleanShutdown: true, openMode: null })
    for (const t of d.threads) {
      const groups = d.logGroups.filter((g) => g.thread === t.thread)
      for (const group of groups) {
        const current = group === groups[0]
        Object.assign(group, { status: current ? 'CURRENT' : 'UNUSED', archived: !current, sequence: current ? t.sequence : 0, firstScn: current ? starts(t) : 0n, firstTime: now, nextScn: null })
      }
      Object.assign(t, { status: 'CLOSED', currentGroup: groups[0]?.group ?? t.currentGroup, checkpointScn: last.nextScn })
    }
  })
  kernel.alert(`Switchover: Complete - Database mounted as primary, standby became primary SCN: ${last.nextScn}`)
}
