import { OraError, rmanError } from '../../engine/ora-error.ts'
import { writeError } from '../../engine/os-error.ts'
import type { ArchivedLogRecord } from '../../engine/records.ts'
import type { ArchivelogSelection, BackupCommand } from '../grammar/ast.ts'
import { selectLogs } from './archivelog-selection.ts'
import { newPiece, newSet, recordSet, writePiece } from './backup-sets.ts'
import { runOnChannels } from './channels.ts'
import { deletionNeedsBackups, optimizes } from './configuration.ts'
import { withoutProtected } from './log-protection.ts'
import { defaultName, placedName } from './names.ts'
import { availableLogs, backupsOfLog, logKey } from './repository.ts'
import { fileLine, forget } from './repository-objects.ts'
import type { RepositoryFile } from './repository-objects.ts'
import { elapsed } from './work.ts'
import type { Channel, Work } from './work.ts'

type NamedLog = ArchivedLogRecord & { readonly name: string }

/** How many logs a set holds when nothing else is said. */
const logsPerSet = 64

/** BACKUP ARCHIVELOG: each log once, from the first of its files that can be read, as copies or in sets. */
export async function backupArchivelogs(work: Work, command: BackupCommand, selection: ArchivelogSelection, channels: readonly Channel[], { asCopy, tag }: { readonly asCopy: boolean; readonly tag: string }): Promise<void> {
  const { instance, emit } = work
  await archiveCurrentLog(work, selection)
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
  const logs = wanted(work, command, selected)
  if (logs.length === 0) {
    emit('backup cancelled because all files were skipped')
    return
  }
  const sources: NamedLog[] = []
  for (const files of logs) {
    const source = await firstReadable(work, files, command.skip.includes('inaccessible'))
    if (source !== null) sources.push(source)
  }
  if (asCopy) await runOnChannels(work, channels, sources, 'backup', (source, channel) => copyLog(work, channel, source, command.format))
  else {
    const perSet = Math.max(1, Math.min(command.filesPerSet ?? logsPerSet, Math.ceil(sources.length / channels.length)))
    const sets = Array.from({ length: Math.ceil(sources.length / perSet) }, (_, at) => sources.slice(at * perSet, (at + 1) * perSet))
    await runOnChannels(work, channels, sets, 'backup', (set, channel) => backupLogSet(work, channel, set, { format: command.format, tag }))
  }
  if (command.deleteInput !== null) await deleteInput(work, command.deleteInput === 'all' ? logs.flat() : sources, channels[0], command.force)
}

/** A list of logs that is open at its end begins with the current one. */
async function archiveCurrentLog(work: Work, { range }: ArchivelogSelection): Promise<void> {
  const { instance, emit } = work
  const open = range.kind === 'all' || (range.kind === 'sequence' ? range.to === null : range.kind !== 'like' && range.until === null)
  if (!open) return
  if (instance.controlFile.type === 'STANDBY') {
    await archiveAtPrimary(work)
    return
  }
  if (instance.openMode !== 'READ WRITE') return
  await instance.archiveLogCurrent(work.session.abort)
  emit('current log archived')
}

/** A standby makes no redo: its primary is asked to archive what it has. Without an answer the backup goes on with what is here. */
async function archiveAtPrimary(work: Work): Promise<void> {
  const { instance, session, emit } = work
  try {
    await instance.archiveLogAtPrimary(session)
    emit('current log archived at primary database')
  } catch (error) {
    if (!(error instanceof OraError)) throw error
    emit('RMAN-06820: WARNING: failed to archive current log at primary database')
    emit('ORACLE error from target database: ')
    for (const message of error.messages) emit(`${message.code}: ${message.text}`)
    work.warnings = true
  }
}

/** All files of each log that is to be backed up: without what has its backups already, when that is asked for or optimized. */
function wanted(work: Work, command: BackupCommand, selected: readonly ArchivedLogRecord[]): ArchivedLogRecord[][] {
  const { instance, emit } = work
  const logs = new Map<string, ArchivedLogRecord[]>()
  for (const log of selected) logs.set(logKey(log), [...(logs.get(logKey(log)) ?? []), log])
  const limit = command.notBackedUp ?? (optimizes(instance) && !command.force ? Math.max(1, deletionNeedsBackups(instance)) : null)
  if (limit === null) return [...logs.values()]
  const skipped: ArchivedLogRecord[] = []
  const kept = [...logs.values()].filter((files) => {
    const [log] = files
    if (log === undefined || backupsOfLog(instance.controlFile, log) < limit) return true
    skipped.push(log)
    return false
  })
  for (const { thread, from, to } of runsOf(skipped)) emit(`skipping archived logs of thread ${thread} from sequence ${from} to ${to}; already backed up`)
  return kept
}

/** Sequences without a gap, by thread. */
function runsOf(logs: readonly ArchivedLogRecord[]): { thread: number; from: number; to: number }[] {
  const runs: { thread: number; from: number; to: number }[] = []
  for (const log of logs) {
    const last = runs.at(-1)
    if (last?.thread === log.thread && last.to + 1 === log.sequence) last.to = log.sequence
    else runs.push({ thread: log.thread, from: log.sequence, to: log.sequence })
  }
  return runs
}

function inputLine(log: ArchivedLogRecord): string {
  return `input archived log thread=${log.thread} sequence=${log.sequence} RECID=${log.recid} STAMP=${log.stamp}`
}

async function copyLog(work: Work, channel: Channel, source: NamedLog, ownFormat: string | null): Promise<void> {
  const { instance, emit } = work
  const started = instance.host.now()
  emit(`channel ${channel.name}: starting archived log copy`)
  emit(inputLine(source))
  const setCount = await instance.updateControlFile(() => instance.nextRecid('setCount'))
  const parts = { setCount, setStamp: instance.stamp(started), piece: 1, archivedLog: source }
  const format = ownFormat ?? channel.format
  const name = format === null ? defaultName(instance, 'archivelog', `${source.thread}_${source.sequence}`, parts) : placedName(instance, format, 'archivelog', `${source.thread}_${source.sequence}`, parts)
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
}

async function backupLogSet(work: Work, channel: Channel, logs: readonly NamedLog[], options: { readonly format: string | null; readonly tag: string }): Promise<void> {
  const { instance, emit } = work
  const set = await newSet(work, options.tag)
  const piece = await newPiece(work, channel, set, { format: options.format, label: 'annnn' })
  emit(`channel ${channel.name}: starting archived log backup set`)
  emit(`channel ${channel.name}: specifying archived log(s) in backup set`)
  for (const log of logs) emit(inputLine(log))
  const bytes = await writePiece(work, channel, piece, () => instance.backupArchivedLogs(logs.map((log) => log.name), piece, channel.session))
  for (const log of logs) work.bytes.input += log.blocks * log.blockSize
  const rows = logs.map(({ thread, sequence, resetlogsScn, resetlogsId, firstScn, firstTime, nextScn, nextTime, blocks, blockSize }) => ({ thread, sequence, resetlogsScn, resetlogsId, firstScn, firstTime, nextScn, nextTime, blocks, blockSize }))
  await recordSet(work, set, [{ piece, bytes }], { type: 'L', incrementalLevel: null, controlfileIncluded: false, spfileIncluded: false }, { logs: rows })
}

/** DELETE INPUT; the deletion policy keeps what it keeps. */
async function deleteInput(work: Work, logs: readonly ArchivedLogRecord[], channel: Channel | undefined, force: boolean): Promise<void> {
  const { instance, emit } = work
  const files = logs.flatMap((record): RepositoryFile[] => (record.name === null ? [] : [{ kind: 'log', record: { ...record, name: record.name } }]))
  const deletable = force ? files : withoutProtected(work, files)
  if (deletable.length === 0) return
  emit(`channel ${channel?.name ?? ''}: deleting archived log(s)`)
  for (const file of deletable) {
    if (file.kind !== 'log') continue
    await instance.removeFile(file.record.name)
    emit(fileLine(file))
    await forget(work, [file])
  }
}

/** @throws OraError RMAN-06059 when no file of the log is left; `null` with a warning when such logs are skipped */
async function firstReadable(work: Work, files: readonly ArchivedLogRecord[], skip: boolean): Promise<NamedLog | null> {
  for (const file of files) {
    const { name } = file
    if (name !== null && (await work.instance.fileExists(name))) return { ...file, name }
  }
  const name = files[0]?.name ?? ''
  if (skip) {
    work.emit('RMAN-06061: WARNING: skipping archived log compromises recoverability')
    work.emit(`skipping inaccessible archived log file ${name}`)
    work.warnings = true
    return null
  }
  throw new OraError([{ code: 'RMAN-06059', text: 'expected archived log not found, loss of archived log compromises recoverability' }, { code: 'ORA-19625', text: `error identifying file ${name}` }, { code: 'ORA-27037', text: 'unable to obtain file status\nLinux-x86_64 Error: 2: No such file or directory' }])
}
