import { readError } from '../../engine/os-error.ts'
import type { ArchivedLogRecord } from '../../engine/records.ts'
import type { ArchivelogSelection } from '../grammar/ast.ts'
import { selectLogs } from './archivelog-selection.ts'
import { runOnChannels } from './channels.ts'
import { availableLogs, logKey } from './repository.ts'
import { writeTrace } from './validation-trace.ts'
import { elapsed } from './work.ts'
import type { Channel, Work } from './work.ts'

const cell = (value: string | number, width: number): string => String(value).padEnd(width)

/** VALIDATE ARCHIVELOG and BACKUP VALIDATE ARCHIVELOG: reads every log to its end. A corrupt one does not fail the command. */
export async function validateArchivelogs(work: Work, selection: ArchivelogSelection, channels: readonly Channel[], word: 'backup' | 'validate'): Promise<void> {
  const { emit, instance } = work
  const logs = new Map<string, ArchivedLogRecord & { readonly name: string }>()
  for (const log of selectLogs(work, selection, availableLogs(instance.controlFile))) if (log.name !== null && !logs.has(logKey(log))) logs.set(logKey(log), { ...log, name: log.name })
  const all = [...logs.values()]
  if (all.length === 0) {
    emit('specification does not match any archived log in the repository')
    return
  }
  const perSet = Math.max(1, Math.ceil(all.length / channels.length))
  const sets = Array.from({ length: Math.ceil(all.length / perSet) }, (_, at) => all.slice(at * perSet, (at + 1) * perSet))
  await runOnChannels(work, channels, sets, word, async (set, channel) => {
    const started = instance.host.now()
    emit(word === 'backup' ? `channel ${channel.name}: starting archived log backup set` : `channel ${channel.name}: starting validation of archived log`)
    emit(`channel ${channel.name}: specifying archived log(s) ${word === 'backup' ? 'in backup set' : 'for validation'}`)
    for (const log of set) emit(`input archived log thread=${log.thread} sequence=${log.sequence} RECID=${log.recid} STAMP=${log.stamp}`)
    const lines: string[] = []
    const corrupt: string[] = []
    for (const log of set) {
      const { blocks, corruptBlock } = await instance.validateArchivedLog(log.name).catch((error: unknown) => { throw readError(error, log.name) })
      work.bytes.input += blocks * log.blockSize
      if (corruptBlock !== null) corrupt.push(`Corrupt redo block ${corruptBlock} of thread ${log.thread} sequence ${log.sequence} (${log.name})`)
      lines.push(`${cell(log.thread, 4)} ${cell(log.sequence, 7)} ${cell(corruptBlock === null ? 'OK' : 'FAILED', 6)} ${cell(corruptBlock === null ? 0 : 1, 14)} ${cell(blocks, 15)} ${log.name}`)
    }
    const trace = corrupt.length === 0 ? null : await writeTrace(work, corrupt)
    emit(`channel ${channel.name}: ${word === 'backup' ? 'backup set' : 'validation'} complete, elapsed time: ${elapsed(work, started)}`)
    for (const line of ['List of Archived Logs', '=====================', 'Thrd Seq     Status Blocks Failing Blocks Examined Name', '---- ------- ------ -------------- --------------- ---------------', ...lines, '']) emit(line)
    if (trace === null) return
    emit('validate found one or more corrupt blocks')
    emit(`See trace file ${trace} for details`)
    work.warnings = true
  })
}
