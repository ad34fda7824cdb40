import { OraError, ora, rmanError } from '../../engine/ora-error.ts'
import type { BackupPieceRecord, DatafileCopyRecord, DatafileRecord } from '../../engine/records.ts'
import type { ArchivelogSelection, Command, RestoreObject } from '../grammar/ast.ts'
import { asArchived, selectLogs } from './archivelog-selection.ts'
import { backupSetLists } from './backup-set-lists.ts'
import { runOnChannels, useChannels } from './channels.ts'
import { retentionPolicy } from './configuration.ts'
import { obsoleteFiles, obsoleteTable } from './obsolete.ts'
import { readError } from '../../engine/os-error.ts'
import type { RepositoryFile } from './repository-objects.ts'
import { readPieces } from './piece-validation.ts'
import { type DatafileBackup, availableLogs, availablePieces, backedUpLogs, controlfileBackups, datafileBackups, filesOf, logKey } from './repository.ts'
import { fileTables } from './tables.ts'
import { untilScn } from './until.ts'
import { failing } from './validate.ts'
import { announce, date, elapsed, fileNumber, uniqueName } from './work.ts'
import type { Channel, Work } from './work.ts'

/** REPORT NEED BACKUP | UNRECOVERABLE | SCHEMA | OBSOLETE. */
export function report(work: Work, command: Extract<Command, { kind: `report-${string}` }>): void {
  announce(work)
  switch (command.kind) {
    case 'report-need-backup':
      needBackup(work, command.windowDays)
      break
    case 'report-unrecoverable':
      unrecoverable(work)
      break
    case 'report-schema':
      schema(work)
      break
    case 'report-obsolete': {
      const own = command.windowDays !== null || command.redundancy !== null
      const files = obsoleteFiles(work, own ? command : retentionPolicy(work.instance))
      if (files.length === 0) work.emit('no obsolete backups found')
      else for (const line of ['Report of obsolete backups and copies', ...obsoleteTable(work, files)]) work.emit(line)
    }
  }
}

/** Files without a copy from before the window: a recovery to its beginning would have nothing to start from. */
function needBackup(work: Work, windowDays: number | null): void {
  const { emit, instance } = work
  const own = windowDays ?? retentionPolicy(instance).windowDays
  if (windowDays === null) {
    emit('RMAN retention policy will be applied to the command')
    emit(`RMAN retention policy is set to ${own === null ? `redundancy ${retentionPolicy(instance).redundancy ?? 1}` : `recovery window of ${own} days`}`)
  }
  const data = instance.controlFile
  const start = instance.host.now() - (own ?? 0) * 86_400_000
  const needing = data.datafiles.filter((file) => {
    const backups = datafileBackups(data, file)
    return own === null ? backups.length < (retentionPolicy(instance).redundancy ?? 1) : !backups.some((backup) => backup.checkpointTime <= start)
  })
  if (own === null) {
    emit('Report of files with less than the redundant backups that the policy wants')
    emit('File #bkps Name')
    emit('---- ----- -----------------------------------------------------')
    for (const file of needing) emit(`${String(file.file).padEnd(4)} ${String(datafileBackups(data, file).length).padEnd(5)} ${file.name}`)
    return
  }
  emit(`Report of files that must be backed up to satisfy ${own} days recovery window`)
  emit('File Days  Name')
  emit('---- ----- -----------------------------------------------------')
  for (const file of needing) {
    const newest = datafileBackups(data, file)[0]
    const since = newest?.checkpointTime ?? file.creationTime
    emit(`${String(file.file).padEnd(4)} ${String(Math.floor((instance.host.now() - since) / 86_400_000)).padEnd(5)} ${file.name}`)
  }
}

/** Files with unlogged changes since their copy. */
function unrecoverable(work: Work): void {
  const { emit, instance } = work
  const data = instance.controlFile
  emit('Report of files that need backup due to unrecoverable operations')
  emit('File Type of Backup Required Name')
  emit('---- ----------------------- -----------------------------------')
  for (const file of data.datafiles) {
    const newest = datafileBackups(data, file)[0]
    if (file.unrecoverableScn > (newest?.checkpointScn ?? 0n) && file.unrecoverableTime !== null) emit(`${String(file.file).padEnd(4)} ${'full or incremental'.padEnd(23)} ${file.name}`)
  }
}

function schema(work: Work): void {
  const { emit, instance } = work
  emit(`Report of database schema for database with db_unique_name ${uniqueName(work)}`)
  emit('')
  emit('List of Permanent Datafiles')
  emit('===========================')
  emit('File Size(MB) Tablespace           RB segs Datafile Name')
  emit('---- -------- -------------------- ------- ------------------------')
  const size = (blocks: number, blockSize: number): string => String(Math.floor((blocks * blockSize) / 1_048_576)).padEnd(8)
  for (const file of instance.controlFile.datafiles) emit(`${String(file.file).padEnd(4)} ${size(file.blocks, file.blockSize)} ${file.tablespace.padEnd(20)} ${(file.tablespace.startsWith('UNDO') || file.tablespace === 'SYSTEM' ? 'YES' : 'NO').padEnd(7)} ${file.name}`)
  emit('')
  emit('List of Temporary Files')
  emit('=======================')
  emit('File Size(MB) Tablespace           Maxsize(MB) Tempfile Name')
  emit('---- -------- -------------------- ----------- --------------------')
  for (const file of instance.controlFile.tempfiles) emit(`${String(file.file).padEnd(4)} ${size(file.blocks, 8192)} ${file.tablespace.padEnd(20)} ${'32767'.padEnd(11)} ${file.name}`)
}

/** The backup that a restore now would take of each file. @throws OraError RMAN-06026 with RMAN-06023 for each file without one */
async function backupsToRestore(work: Work, files: readonly DatafileRecord[]): Promise<{ readonly file: DatafileRecord; readonly backup: DatafileBackup }[]> {
  const data = work.instance.controlFile
  const end = await untilScn(work, work.state.run?.until ?? null)
  const found = files.map((file) => ({ file, backup: datafileBackups(data, file).find((backup) => !(backup.kind === 'copy' && backup.copy.name === file.name) && (end === null || backup.checkpointScn <= end)) }))
  const missing = found.filter(({ backup }) => backup === undefined)
  if (missing.length > 0) {
    throw rmanError(6026, 'some targets not found - aborting restore', ...missing.map(({ file }) => ({ code: 'RMAN-06023', text: `no backup or copy of datafile ${file.file} found to restore` })))
  }
  return found.flatMap(({ file, backup }) => (backup === undefined ? [] : [{ file, backup }]))
}

/** RESTORE DATABASE PREVIEW. */
export async function restorePreview(work: Work): Promise<void> {
  const { emit, instance } = work
  emit(`Starting restore at ${date(work)}`)
  useChannels(work)
  const data = instance.controlFile
  const backups = (await backupsToRestore(work, data.datafiles)).map(({ backup }) => backup)
  const from = backups.reduce<bigint>((lowest, backup) => (backup.checkpointScn < lowest ? backup.checkpointScn : lowest), backups[0]?.checkpointScn ?? 0n)
  const fuzzy = backups.reduce<bigint>((highest, backup) => [highest, backup.checkpointScn, backup.absoluteFuzzyScn].reduce((a, b) => (a > b ? a : b)), 0n)
  const seen = new Set<string>()
  const logs = selectLogs(work, { thread: null, range: { kind: 'all' } }, availableLogs(data)).filter((log) => {
    if (log.nextScn <= from || seen.has(logKey(log))) return false
    seen.add(logKey(log))
    return true
  })
  const fromSets = backedUpLogs(data).filter(({ log }) => log.nextScn > from && log.resetlogsId === data.resetlogsId && !seen.has(logKey(log)))
  const pieces = new Map([...backups.flatMap((backup) => (backup.kind === 'set' ? backup.pieces : [])), ...fromSets.flatMap((backup) => backup.pieces)].map((piece) => [piece.recid, piece]))
  const copies = backups.flatMap((backup): RepositoryFile[] => (backup.kind === 'copy' ? [{ kind: 'copy', record: backup.copy }] : []))
  const files: RepositoryFile[] = [...copies, ...logs.flatMap((log): RepositoryFile[] => (log.name === null ? [] : [{ kind: 'log', record: { ...log, name: log.name } }]))]
  for (const line of backupSetLists(work, [...pieces.values()].map((record) => ({ kind: 'piece', record })), false)) emit(line)
  for (const line of fileTables(work, files)) emit(line)
  emit(`Media recovery start SCN is ${from.toString()}`)
  emit(`Recovery must be done beyond SCN ${fuzzy.toString()} to clear datafile fuzziness`)
  emit(`Finished restore at ${date(work)}`)
}

/** RESTORE … VALIDATE: reads what a restore would read; HEADER: only the headers. A corrupt block is an error here. */
export async function restoreValidate(work: Work, object: RestoreObject, header: boolean): Promise<void> {
  const { emit } = work
  emit(`Starting restore at ${date(work)}`)
  const channels = useChannels(work)
  emit('')
  switch (object.kind) {
    case 'archivelog':
      await validateLogs(work, object.selection, header, channels)
      break
    case 'controlfile':
    case 'spfile':
      await validateMetadataBackup(work, object.kind, header, channels)
      break
    default:
      await validateBackups(work, await backupsToRestore(work, filesOf(work.instance, object)), header, channels)
  }
  emit(`Finished restore at ${date(work)}`)
}

async function mustIdentify(work: Work, name: string, kind: string): Promise<void> {
  if (!(await work.instance.fileExists(name))) throw readError(Object.assign(new Error('missing'), { code: 'ENOENT' }), name)
  const identity = await work.instance.identifyFile(name)
  if (identity.kind !== kind) throw new OraError([{ code: 'ORA-19563', text: `header validation failed for file ${name}` }])
}

async function validateBackups(work: Work, items: readonly { readonly file: DatafileRecord; readonly backup: DatafileBackup }[], header: boolean, channels: readonly Channel[]): Promise<void> {
  const sets = new Map(items.flatMap(({ backup }) => (backup.kind === 'set' ? [[backup.datafile.setRecid, backup.pieces] as const] : [])))
  const copies = items.flatMap(({ file, backup }) => (backup.kind === 'copy' ? [{ file, copy: backup.copy }] : []))
  await runOnChannels(work, channels, [...sets.values()], null, (pieces, channel) => (header ? identifyPieces(work, pieces) : readPieces(work, channel, pieces, 'datafile')))
  await validateCopies(work, copies, header, channels)
}

async function identifyPieces(work: Work, pieces: readonly BackupPieceRecord[]): Promise<void> {
  for (const piece of pieces) await mustIdentify(work, piece.handle, 'backup-piece')
}

async function validateCopies(work: Work, items: readonly { readonly file: DatafileRecord; readonly copy: DatafileCopyRecord }[], header: boolean, channels: readonly Channel[]): Promise<void> {
  const { emit, instance } = work
  await runOnChannels(work, channels, items, null, async ({ file, copy }, channel) => {
    const started = instance.host.now()
    emit(`channel ${channel.name}: scanning datafile copy ${copy.name}`)
    emit(`input is copy of datafile ${fileNumber(file.file)}: ${copy.name}`)
    await mustIdentify(work, copy.name, 'datafile-copy')
    if (!header) {
      const counts = await instance.validateDatafile({ ...file, name: copy.name, blocks: copy.blocks }, false, channel.session)
      work.bytes.input += counts.examined * copy.blockSize
      const [failure] = failing(counts)
      if (failure !== undefined) throw new OraError([{ code: 'ORA-19566', text: `exceeded limit of 0 corrupt blocks for file ${copy.name}` }])
    }
    emit(`channel ${channel.name}: validation complete, elapsed time: ${elapsed(work, started)}`)
  })
}

/** Logs on disk, and those that are only in backup sets. @throws OraError RMAN-06026 without any; ORA-00354, ORA-19870 where one is damaged */
async function validateLogs(work: Work, selection: ArchivelogSelection, header: boolean, channels: readonly Channel[]): Promise<void> {
  const { emit, instance } = work
  const data = instance.controlFile
  const logs = new Map(selectLogs(work, selection, availableLogs(data)).map((log) => [logKey(log), log]))
  const inSets = backedUpLogs(data).filter(({ log }) => log.resetlogsId === data.resetlogsId && !logs.has(logKey(log)) && selectLogs(work, selection, [asArchived(log)]).length > 0)
  if (logs.size === 0 && inSets.length === 0) throw rmanError(6026, 'some targets not found - aborting restore')
  await runOnChannels(work, channels, [...logs.values()], null, async ({ name, blocks, blockSize }, channel) => {
    emit(`channel ${channel.name}: scanning archived log ${name ?? ''}`)
    if (name === null) return
    await mustIdentify(work, name, 'archived-log')
    if (header) return
    const { corruptBlock } = await instance.validateArchivedLog(name)
    if (corruptBlock !== null) throw ora(354, 'corrupt redo log block header', [353, `log corruption near block ${corruptBlock}`], [334, `archived log: '${name}'`])
    work.bytes.input += blocks * blockSize
  })
  const sets = new Map(inSets.map(({ log, pieces }) => [log.setRecid, pieces]))
  await runOnChannels(work, channels, [...sets.values()], null, (pieces, channel) => (header ? identifyPieces(work, pieces) : readPieces(work, channel, pieces, 'archived log')))
}

async function validateMetadataBackup(work: Work, what: 'controlfile' | 'spfile', header: boolean, channels: readonly Channel[]): Promise<void> {
  const { emit, instance } = work
  const data = instance.controlFile
  const spfiles = data.backupSets.filter((set) => set.spfileIncluded).flatMap((set) => availablePieces(data, set.recid) ?? []).sort((a, b) => b.completionTime - a.completionTime).map((piece) => ({ name: piece.handle, piece }))
  const [newest] = what === 'controlfile' ? controlfileBackups(data) : spfiles
  if (newest === undefined) {
    throw rmanError(6026, 'some targets not found - aborting restore', what === 'controlfile' ? { code: 'RMAN-06024', text: 'no backup or copy of the control file found to restore' } : { code: 'RMAN-06729', text: 'no backup of the SPFILE found to restore' })
  }
  await runOnChannels(work, channels.slice(0, 1), [newest], null, async ({ name, piece }, channel) => {
    if (piece === null) {
      emit(`channel ${channel.name}: scanning control file copy ${name}`)
      await mustIdentify(work, name, 'control-file')
    } else if (header) await mustIdentify(work, name, 'backup-piece')
    else await readPieces(work, channel, [piece], 'datafile')
  })
}
