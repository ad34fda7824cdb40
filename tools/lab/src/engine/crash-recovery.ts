import { readRecords, readRedoHeader, REDO_START, type RedoHeader } from '../storage/redo-log.ts'
import { isMissing } from '../storage/file-io.ts'
import type { Kernel } from './kernel.ts'
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
        if (isMissing(error)) return undefined
        throw error
      })
      if (found === undefined || found.header.dbid !== dbid || found.header.resetlogsId !== resetlogsId || found.header.sequence === 0) continue
      logs.push({ group, member, header: found.header })
      break
    }
  }
  return logs.sort((a, b) => a.header.sequence - b.header.sequence)
}

/**
 * Brings the open files to the end of the online redo after a crash, and the log writer behind its last record.
 * @throws OraError 00313 when the redo is not there
 */
export async function recoverCrash(kernel: Kernel): Promise<void> {
  const { control, files, cache, logWriter, scn, tracker } = kernel
  const from = files.all.reduce((least, f) => (f.header.checkpointScn < least ? f.header.checkpointScn : least), control.data.checkpointScn)
  const logs = (await readOnlineLogs(kernel)).filter((l) => l.header.nextScn === null || l.header.nextScn > from || l.group.status === 'CURRENT')
  const first = logs[0]
  const last = logs.at(-1)
  if (first === undefined || last === undefined || first.header.firstScn > from) {
    const current = control.data.logGroups.find((g) => g.status === 'CURRENT')
    throw ora(313, `open failed for members of log group ${current?.group ?? 1} of thread 1`, [312, `online log ${current?.group ?? 1} thread 1: '${current?.members[0] ?? ''}'`])
  }
  kernel.alert(`Beginning crash recovery of 1 threads\n Started redo scan from SCN ${from}`)
  let position = REDO_START
  let blocks = 0
  for (const log of logs) {
    position = REDO_START
    for await (const { record, end } of readRecords(kernel.host.real(log.member))) {
      position = end
      scn.atLeast(record.scn)
      if (record.scn < from) continue
      for (const operation of record.operations) await repeatOperation(kernel, operation, record.scn)
      blocks += await applyRecord(record, cache, (n) => (files.has(n) ? control.data.datafiles.find((d) => d.file === n) : undefined), (file, block, buffer) => {
        tracker.mark(file, block)
        kernel.history.note(record.scn, file, block, buffer)
      })
    }
    if (log.header.nextScn !== null) scn.atLeast(log.header.nextScn)
  }
  await kernel.history.write()
  kernel.alert(`Completed crash recovery at SCN ${scn.current}, ${blocks} data blocks recovered`)
  await logWriter.resume(last.group.group, last.group.members, last.group.sizeBytes, last.header, position)
  await cache.flush()
}
