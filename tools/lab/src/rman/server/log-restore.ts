import { rmanError } from '../../engine/ora-error.ts'
import { writeError } from '../../engine/os-error.ts'
import type { ArchivedLogRecord } from '../../engine/records.ts'
import type { ArchivelogSelection } from '../grammar/ast.ts'
import { asArchived, selectLogs } from './archivelog-selection.ts'
import { runOnChannels } from './channels.ts'
import { type LogBackup, availableLogs, backedUpLogs, logKey } from './repository.ts'
import { elapsed } from './work.ts'
import type { Channel, Work } from './work.ts'

/** RESTORE ARCHIVELOG: those that are not on disk come back out of their backup sets. @throws OraError RMAN-06026 with RMAN-06025 for each without a backup */
export async function restoreArchivelogs(work: Work, selection: ArchivelogSelection, channels: readonly Channel[]): Promise<void> {
  const { instance, emit } = work
  const data = instance.controlFile
  const onDisk = new Map<string, ArchivedLogRecord>()
  for (const log of selectLogs(work, selection, availableLogs(data))) if (log.name !== null && (await instance.fileExists(log.name))) onDisk.set(logKey(log), log)
  const backups = new Map(backedUpLogs(data).map((backup) => [logKey(backup.log), backup]))
  const current = selection.range.kind === 'sequence' ? data.resetlogsId : null
  const known = selectLogs(work, selection, [...data.logHistory, ...[...backups.values()].map(({ log }) => log)].filter((log) => current === null || log.resetlogsId === current).map(asArchived))
  const wanted = new Map(known.filter((log) => log.resetlogsId === data.resetlogsId).map((log) => [logKey(log), log]))
  // A list of everything means everything that there is.
  const missing = selection.range.kind === 'all' ? [] : [...wanted.values()].filter((log) => !onDisk.has(logKey(log)) && !backups.has(logKey(log)))
  if (missing.length > 0 || (onDisk.size === 0 && [...wanted.keys()].every((key) => !backups.has(key)))) {
    throw rmanError(6026, 'some targets not found - aborting restore', ...missing.map((log) => ({ code: 'RMAN-06025', text: `no backup of archived log for thread ${log.thread} with sequence ${log.sequence} and starting SCN of ${log.firstScn.toString()} found to restore` })))
  }
  for (const log of onDisk.values()) emit(`archived log for thread ${log.thread} with sequence ${log.sequence} is already on disk as file ${log.name ?? ''}`)
  const chosen = [...wanted.keys()].flatMap((key) => (onDisk.has(key) ? [] : (backups.get(key) ?? [])))
  if (chosen.length === 0) emit('restore not done; all files read only, offline, or already restored')
  else await restoreLogs(work, chosen, channels)
}

/** Brings archived logs back to the first archive destination, set by set. */
export async function restoreLogs(work: Work, chosen: readonly LogBackup[], channels: readonly Channel[]): Promise<void> {
  const bySet = new Map<number, LogBackup[]>()
  for (const backup of chosen) bySet.set(backup.log.setRecid, [...(bySet.get(backup.log.setRecid) ?? []), backup])
  await runOnChannels(work, channels, [...bySet.values()], null, (logs, channel) => restoreSet(work, channel, logs))
}

async function restoreSet(work: Work, channel: Channel, logs: readonly LogBackup[]): Promise<void> {
  const { instance, emit } = work
  const started = instance.host.now()
  const piece = logs[0]?.pieces[0]
  if (piece === undefined) return
  emit(`channel ${channel.name}: starting archived log restore to default destination`)
  for (const { log } of logs) {
    emit(`channel ${channel.name}: restoring archived log`)
    emit(`archived log thread=${log.thread} sequence=${log.sequence}`)
  }
  emit(`channel ${channel.name}: reading from backup piece ${piece.handle}`)
  for (const { log } of logs) {
    const name = instance.archivedLogName(log)
    try {
      await instance.restoreArchivedLog(piece.handle, log, name)
    } catch (error) {
      throw writeError(error, name)
    }
    work.bytes.output += log.blocks * log.blockSize
    await instance.updateControlFile((data) => {
      const completionTime = instance.host.now()
      const { thread, sequence, resetlogsScn, resetlogsId, firstScn, firstTime, nextScn, nextTime, blocks, blockSize } = log
      data.archivedLogs.push({
        thread, sequence, resetlogsScn, resetlogsId, firstScn, firstTime, nextScn, nextTime, blocks, blockSize, recid: instance.nextRecid('archivedLogs'), stamp: instance.stamp(completionTime), name, destId: 1, creator: 'RMAN', archived: true, applied: 'NO', deleted: false, status: 'A', completionTime,
      })
    })
  }
  emit(`channel ${channel.name}: piece handle=${piece.handle} tag=${piece.tag ?? ''}`)
  emit(`channel ${channel.name}: restored backup piece ${piece.piece}`)
  emit(`channel ${channel.name}: restore complete, elapsed time: ${elapsed(work, started)}`)
}
