import { OraError, rmanError } from '../../engine/ora-error.ts'
import type { ArchivedLogRecord } from '../../engine/records.ts'
import type { ArchivelogSelection, BackupCommand } from '../grammar/ast.ts'
import { selectLogs } from './archivelog-selection.ts'
import { runOnChannels } from './channels.ts'
import { defaultName, expandFormat } from './names.ts'
import { writeError } from '../../engine/os-error.ts'
import { availableLogs } from './repository.ts'
import { elapsed } from './work.ts'
import type { Channel, Work } from './work.ts'

/** BACKUP AS COPY ARCHIVELOG: each log once, from the first of its files that can be read. */
export async function copyArchivedLogs(work: Work, command: BackupCommand, selection: ArchivelogSelection, channels: readonly Channel[]): Promise<void> {
  const { instance, emit } = work
  if (command.as !== 'copy') throw new OraError([{ code: 'LAB-00001', text: 'the lab copies archived logs (BACKUP AS COPY ARCHIVELOG); it makes no backup sets of them' }])
  const selected = selectLogs(work, selection, availableLogs(instance.controlFile))
  if (selected.length === 0) {
    if (selection.range.kind !== 'sequence') {
      emit('specification does not match any archived log in the repository')
      emit('backup cancelled because there are no files to backup')
      return
    }
    const thread = selection.thread ?? 1
    throw rmanError(20242, 'specification does not match any archived log in the repository', { code: 'RMAN-06004', text: `error while looking up archived log thread ${thread} sequence ${selection.range.from}` })
  }
  const logs = new Map<string, ArchivedLogRecord[]>()
  for (const log of selected) {
    const key = `${log.thread}/${log.sequence}`
    logs.set(key, [...(logs.get(key) ?? []), log])
  }
  await runOnChannels(work, channels, [...logs.values()], 'backup', async (files, channel) => {
    const started = instance.host.now()
    const source = await firstReadable(work, files)
    emit(`channel ${channel.name}: starting archived log copy`)
    emit(`input archived log thread=${source.thread} sequence=${source.sequence} RECID=${source.recid} STAMP=${source.stamp}`)
    const setCount = await instance.updateControlFile(() => instance.nextRecid('setCount'))
    const parts = { setCount, setStamp: instance.stamp(started), piece: 1, archivedLog: source }
    const format = command.format ?? channel.format
    const name = format === null ? defaultName(instance, 'archivelog', `${source.thread}_${source.sequence}`, parts) : expandFormat(instance, format, parts)
    try {
      await instance.copyArchivedLog(source.name, name)
    } catch (error) {
      throw writeError(error, name)
    }
    work.bytes.input += source.blocks * source.blockSize
    work.bytes.output += source.blocks * source.blockSize
    const record = await instance.updateControlFile((data) => {
      const completionTime = instance.host.now()
      const added: ArchivedLogRecord = { ...source, recid: instance.nextRecid('archivedLogs'), stamp: instance.stamp(completionTime), name, destId: 0, creator: 'RMAN', completionTime }
      data.archivedLogs.push(added)
      return added
    })
    emit(`output file name=${name} RECID=${record.recid} STAMP=${record.stamp}`)
    emit(`channel ${channel.name}: archived log copy complete, elapsed time: ${elapsed(work, started)}`)
  })
}

async function firstReadable(work: Work, files: readonly ArchivedLogRecord[]): Promise<ArchivedLogRecord & { readonly name: string }> {
  for (const file of files) {
    const { name } = file
    if (name !== null && (await work.instance.fileExists(name))) return { ...file, name }
  }
  const name = files[0]?.name ?? ''
  throw new OraError([{ code: 'RMAN-06059', text: 'expected archived log not found, loss of archived log compromises recoverability' }, { code: 'ORA-19625', text: `error identifying file ${name}` }, { code: 'ORA-27037', text: 'unable to obtain file status\nLinux-x86_64 Error: 2: No such file or directory' }])
}
