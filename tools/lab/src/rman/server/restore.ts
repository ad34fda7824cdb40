import { OraError, rmanError } from '../../engine/ora-error.ts'
import type { BackupPieceRecord, DatafileCopyRecord, DatafileRecord } from '../../engine/records.ts'
import type { ArchivelogSelection, Command, Until } from '../grammar/ast.ts'
import { runOnChannels, useChannels } from './channels.ts'
import { copyBytes, recordCopy } from './datafile-copies.ts'
import { readError } from '../../engine/os-error.ts'
import { restoreArchivelogs } from './log-restore.ts'
import { type DatafileBackup, controlfileBackups, datafileBackups, filesOf } from './repository.ts'
import { untilScn } from './until.ts'
import { date, elapsed, fileNumber } from './work.ts'
import type { Channel, Work } from './work.ts'

/**
 * RESTORE CONTROLFILE: from a piece or copy, else from the newest backup that the mounted control file knows, to the places of CONTROL_FILES or TO
 * a name. It comes back as a BACKUP control file, with the RMAN settings it holds. @throws OraError RMAN-06496, RMAN-06563, RMAN-06172, RMAN-06024
 */
export async function restoreControlfile(work: Work, from: string | null, to: string | null): Promise<void> {
  const { instance, emit } = work
  emit(`Starting restore at ${date(work)}`)
  const channels = useChannels(work)
  if (to === null && instance.status !== 'STARTED') throw rmanError(6496, 'must use the TO clause when the database is mounted or open')
  if (from === null && instance.status === 'STARTED') throw rmanError(6563, 'control file or SPFILE must be restored using FROM AUTOBACKUP')
  emit('')
  const started = instance.host.now()
  const [channel] = channels
  const source = from === null ? newestControlfile(work) : { name: from, piece: null }
  await runOnChannels(work, channels.slice(0, 1), [source], null, async ({ name, piece }) => {
    const prefix = `channel ${channel?.name ?? ''}:`
    if (piece === null) emit(from === null ? `${prefix} copied control file copy` : `${prefix} restoring control file`)
    else {
      emit(`${prefix} starting datafile backup set restore`)
      emit(`${prefix} restoring control file`)
      emit(`${prefix} reading from backup piece ${name}`)
    }
    let names: readonly string[]
    try {
      if (to !== null) await instance.restoreControlFileTo(name, to)
      names = to === null ? await instance.restoreControlFile(name) : [to]
    } catch (error) {
      throw noBackup(error)
    }
    if (piece !== null) {
      emit(`${prefix} piece handle=${name} tag=${piece.tag ?? ''}`)
      emit(`${prefix} restored backup piece ${piece.piece}`)
    }
    emit(`${prefix} restore complete, elapsed time: ${elapsed(work, started)}`)
    for (const output of names) emit(`output file name=${output}`)
  })
  emit(`Finished restore at ${date(work)}`)
}

/** The newest backup of the control file, a piece or a copy. @throws OraError RMAN-06026 with RMAN-06024 */
function newestControlfile(work: Work): { readonly name: string; readonly piece: BackupPieceRecord | null } {
  const [newest] = controlfileBackups(work.instance.controlFile)
  if (newest === undefined) throw rmanError(6026, 'some targets not found - aborting restore', { code: 'RMAN-06024', text: 'no backup or copy of the control file found to restore' })
  return newest
}

function noBackup(error: unknown): unknown {
  if (error instanceof OraError) return error
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return rmanError(6172, 'no AUTOBACKUP found or specified handle is not a valid copy or piece')
  return error
}

/** RESTORE SPFILE FROM. */
export async function restoreSpfile(work: Work, from: string, to: string | null): Promise<void> {
  const { instance, emit } = work
  const target = to ?? instance.spfile
  emit(`Starting restore at ${date(work)}`)
  const channels = useChannels(work)
  if (target === null) throw rmanError(6564, 'must use the TO clause when the instance is started with SPFILE')
  emit('')
  const [channel] = channels
  await runOnChannels(work, channels.slice(0, 1), [from], null, async (file) => {
    emit(`channel ${channel?.name ?? ''}: restoring spfile from AUTOBACKUP ${file}`)
    await instance.restoreSpfile(file, target).catch((error: unknown) => {
      throw noBackup(error)
    })
    emit(`channel ${channel?.name ?? ''}: SPFILE restore from AUTOBACKUP complete`)
  })
  emit(`Finished restore at ${date(work)}`)
}

interface Plan {
  readonly file: DatafileRecord
  readonly backup: DatafileBackup | null
  readonly target: string
  readonly renamed: boolean
}

/** RESTORE DATABASE | TABLESPACE | DATAFILE: from the newest backup that is not too new; without one the file is created empty for redo to fill. */
export async function restoreDatafiles(work: Work, object: Extract<Command, { kind: 'restore-datafile' }>['object'], until: Until | null): Promise<void> {
  const { instance, emit } = work
  emit(`Starting restore at ${date(work)}`)
  const channels = useChannels(work)
  const end = await untilScn(work, until ?? work.state.run?.until ?? null)
  const plans = filesOf(instance, object).map((file) => plan(work, file, end))
  if (instance.status === 'OPEN') {
    const busy = plans.find(({ file, renamed }) => !renamed && (file.status === 'SYSTEM' || file.status === 'ONLINE'))
    if (busy !== undefined) throw new OraError([{ code: 'ORA-19870', text: `error while restoring backup piece ${nameOf(busy.backup)}` }, { code: 'ORA-19573', text: `cannot obtain exclusive enqueue for datafile ${busy.file.file}` }])
  }
  emit('')
  for (const item of plans.filter(({ backup }) => backup === null)) await createEmpty(work, item)
  const copies = plans.flatMap((item) => (item.backup?.kind === 'copy' ? [{ ...item, copy: item.backup.copy }] : []))
  const bySet = new Map<number, SetPlan[]>()
  for (const item of plans) {
    if (item.backup?.kind !== 'set') continue
    const { setRecid } = item.backup.datafile
    bySet.set(setRecid, [...(bySet.get(setRecid) ?? []), { ...item, backup: item.backup }])
  }
  if (copies.length === 0 && bySet.size === 0) emit('restore not done; all files read only, offline, or already restored')
  const jobs = [...copies.map((copy) => ({ kind: 'copy' as const, copy })), ...[...bySet.values()].map((files) => ({ kind: 'set' as const, files }))]
  await runOnChannels(work, channels, jobs, null, (job, channel) => (job.kind === 'copy' ? restoreCopy(work, channel, job.copy) : restoreSet(work, channel, job.files)))
  emit(`Finished restore at ${date(work)}`)
}

type SetPlan = Plan & { readonly backup: Extract<DatafileBackup, { kind: 'set' }> }

const nameOf = (backup: DatafileBackup | null): string => (backup === null ? '' : backup.kind === 'copy' ? backup.copy.name : (backup.pieces[0]?.handle ?? ''))

async function restoreCopy(work: Work, channel: Channel, { file, copy, target, renamed }: Plan & { readonly copy: DatafileCopyRecord }): Promise<void> {
  const { instance, emit } = work
  const started = instance.host.now()
  emit(`channel ${channel.name}: restoring datafile ${fileNumber(file.file)}`)
  emit(`input datafile copy RECID=${copy.recid} STAMP=${copy.stamp} file name=${copy.name}`)
  emit(`destination for restore of datafile ${fileNumber(file.file)}: ${target}`)
  await copyBytes(work, copy.name, target)
  emit(`channel ${channel.name}: copied datafile copy of datafile ${fileNumber(file.file)}, elapsed time: ${elapsed(work, started)}`)
  if (!renamed) await takeUp(work, file, target)
  const restored = renamed ? await recordCopy(work, { ...copy, name: target, completionTime: instance.host.now() }) : copy
  emit(`output file name=${target} RECID=${restored.recid} STAMP=${restored.stamp}`)
}

async function restoreSet(work: Work, channel: Channel, files: readonly SetPlan[]): Promise<void> {
  const { instance, emit } = work
  const started = instance.host.now()
  const pieces = files[0]?.backup.pieces ?? []
  emit(`channel ${channel.name}: starting datafile backup set restore`)
  emit(`channel ${channel.name}: specifying datafile(s) to restore from backup set`)
  for (const { file, target } of files) emit(`channel ${channel.name}: restoring datafile ${fileNumber(file.file)} to ${target}`)
  for (const piece of pieces) {
    if (pieces.length > 1) emit(`channel ${channel.name}: restoring section ${piece.piece} of ${pieces.length}`)
    emit(`channel ${channel.name}: reading from backup piece ${piece.handle}`)
  }
  for (const { file, backup, target, renamed } of files) {
    const result = await instance.restoreDatafile(file.file, pieces.map((piece) => piece.handle), target, channel.session).catch((error: unknown) => { throw readError(error, pieces[0]?.handle ?? '') })
    work.bytes.output += result.blocks * file.blockSize
    if (!renamed) {
      await takeUp(work, file, target)
      continue
    }
    await recordCopy(work, {
      name: target, tag: null, file: file.file, tablespace: file.tablespace, creationScn: file.creationScn, resetlogsScn: backup.datafile.resetlogsScn, incrementalLevel: null, checkpointScn: result.checkpointScn,
      checkpointTime: result.checkpointTime, absoluteFuzzyScn: result.absoluteFuzzyScn, recoveryFuzzyScn: 0n, markedCorrupt: 0, blocks: result.blocks, blockSize: file.blockSize, completionTime: instance.host.now(),
    })
  }
  for (const piece of pieces) {
    work.bytes.input += piece.bytes
    emit(`channel ${channel.name}: piece handle=${piece.handle} tag=${piece.tag ?? ''}`)
    emit(`channel ${channel.name}: restored backup piece ${piece.piece}`)
  }
  emit(`channel ${channel.name}: restore complete, elapsed time: ${elapsed(work, started)}`)
}

function plan(work: Work, file: DatafileRecord, end: bigint | null): Plan {
  const { instance, state } = work
  const newname = state.run?.newnames.datafiles.get(file.file) ?? state.run?.newnames.database ?? null
  const target = newname?.kind === 'new' ? instance.omfName('datafile', file.tablespace) : instance.restoredName(file, newname?.name)
  const backup = datafileBackups(instance.controlFile, file).find((candidate) => nameOf(candidate) !== target && (end === null || candidate.checkpointScn <= end)) ?? null
  if (backup === null && (file.file === 1 || (end !== null && file.creationScn >= end))) {
    throw rmanError(6026, 'some targets not found - aborting restore', { code: 'RMAN-06023', text: `no backup or copy of datafile ${file.file} found to restore` })
  }
  // SWITCH DATAFILE ALL takes what this restore makes, not whatever copy is the newest.
  if (newname !== null && (newname.kind === 'new' || newname.name !== target)) state.run?.newnames.datafiles.set(file.file, { kind: 'name', name: target })
  return { file, backup, target, renamed: newname !== null && target !== file.name }
}

/** RESTORE ARCHIVELOG. */
export async function restoreArchivelog(work: Work, selection: ArchivelogSelection): Promise<void> {
  work.emit(`Starting restore at ${date(work)}`)
  const channels = useChannels(work)
  work.emit('')
  await restoreArchivelogs(work, selection, channels)
  work.emit(`Finished restore at ${date(work)}`)
}

/** A file that ASM had named comes back under another number: the control file follows, and the former file goes. */
async function takeUp({ instance }: Work, file: DatafileRecord, target: string): Promise<void> {
  const { name } = file
  if (name === target) return
  await instance.updateControlFile((data) => { for (const record of data.datafiles) if (record.file === file.file) record.name = target })
  await instance.removeFile(name)
}

async function createEmpty(work: Work, { file, target, renamed }: Plan): Promise<void> {
  const { instance, emit } = work
  emit(`creating datafile file number=${file.file} name=${target}`)
  try {
    await instance.createEmptyDatafile(file.file, target)
  } catch (error) {
    throw readError(error, target)
  }
  if (!renamed) return takeUp(work, file, target)
  // Under SET NEWNAME the new file is a copy until SWITCH makes it the datafile.
  await recordCopy(work, {
    name: target, tag: null, file: file.file, tablespace: file.tablespace, creationScn: file.creationScn, resetlogsScn: instance.controlFile.resetlogsScn, incrementalLevel: null, checkpointScn: file.creationScn,
    checkpointTime: file.creationTime, absoluteFuzzyScn: 0n, recoveryFuzzyScn: 0n, markedCorrupt: 0, blocks: file.blocks, blockSize: file.blockSize, completionTime: instance.host.now(),
  })
}

/** SET NEWNAME of a RUN. */
export function setNewname(work: Work, command: Extract<Command, { kind: 'set-newname' }>): void {
  work.emit('executing command: SET NEWNAME')
  const names = work.state.run?.newnames
  if (names === undefined) return
  if (command.scope.kind === 'database') names.database = command.to
  else if (command.scope.kind === 'datafile') names.datafiles.set(command.scope.file, command.to)
  else names.tempfiles.set(command.scope.file, command.to)
}
