import { OraError, rmanError } from '../../engine/ora-error.ts'
import type { DatafileCopyRecord, DatafileRecord } from '../../engine/records.ts'
import type { Command, ValidateObject } from '../grammar/ast.ts'
import { selectLogs } from './archivelog-selection.ts'
import { runOnChannels, useChannels } from './channels.ts'
import { retentionPolicy } from './configuration.ts'
import { obsoleteFiles, obsoleteTable } from './obsolete.ts'
import { readError } from '../../engine/os-error.ts'
import type { RepositoryFile } from './repository-objects.ts'
import { availableLogs, datafilesOf, usableCopies } from './repository.ts'
import { fileTables } from './tables.ts'
import { untilScn } from './until.ts'
import { failing } from './validate.ts'
import { announce, date, elapsed, fileNumber, uniqueName } from './work.ts'
import type { Work } from './work.ts'

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
    const copies = usableCopies(data, file, null)
    return own === null ? copies.length < (retentionPolicy(instance).redundancy ?? 1) : !copies.some((copy) => copy.checkpointTime <= start)
  })
  if (own === null) {
    emit('Report of files with less than the redundant backups that the policy wants')
    emit('File #bkps Name')
    emit('---- ----- -----------------------------------------------------')
    for (const file of needing) emit(`${String(file.file).padEnd(4)} ${String(usableCopies(data, file, null).length).padEnd(5)} ${file.name}`)
    return
  }
  emit(`Report of files that must be backed up to satisfy ${own} days recovery window`)
  emit('File Days  Name')
  emit('---- ----- -----------------------------------------------------')
  for (const file of needing) {
    const newest = usableCopies(data, file, null)[0]
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
    const newest = usableCopies(data, file, null)[0]
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

/** The copy that a restore now would take of each file. @throws OraError RMAN-06026 with RMAN-06023 for each file without one */
async function copiesToRestore(work: Work, files: readonly DatafileRecord[]): Promise<{ readonly file: DatafileRecord; readonly copy: DatafileCopyRecord }[]> {
  const data = work.instance.controlFile
  const end = await untilScn(work, work.state.run?.until ?? null)
  const found = files.map((file) => ({ file, copy: usableCopies(data, file, null).find((copy) => copy.name !== file.name && (end === null || copy.checkpointScn <= end)) }))
  const missing = found.filter(({ copy }) => copy === undefined)
  if (missing.length > 0) {
    throw rmanError(6026, 'some targets not found - aborting restore', ...missing.map(({ file }) => ({ code: 'RMAN-06023', text: `no backup or copy of datafile ${file.file} found to restore` })))
  }
  return found.flatMap(({ file, copy }) => (copy === undefined ? [] : [{ file, copy }]))
}

/** RESTORE DATABASE PREVIEW. */
export async function restorePreview(work: Work): Promise<void> {
  const { emit, instance } = work
  emit(`Starting restore at ${date(work)}`)
  useChannels(work)
  const data = instance.controlFile
  const copies = (await copiesToRestore(work, data.datafiles)).map(({ copy }) => copy)
  const from = copies.reduce<bigint>((lowest, copy) => (copy.checkpointScn < lowest ? copy.checkpointScn : lowest), copies[0]?.checkpointScn ?? 0n)
  const fuzzy = copies.reduce<bigint>((highest, copy) => [highest, copy.checkpointScn, copy.absoluteFuzzyScn, copy.recoveryFuzzyScn].reduce((a, b) => (a > b ? a : b)), 0n)
  const seen = new Set<string>()
  const logs = selectLogs(work, { thread: null, range: { kind: 'all' } }, availableLogs(data)).filter((log) => {
    const key = `${log.thread}/${log.sequence}`
    if (log.nextScn <= from || seen.has(key)) return false
    seen.add(key)
    return true
  })
  const files: RepositoryFile[] = [...copies.map((record) => ({ kind: 'copy' as const, record })), ...logs.flatMap((log) => (log.name === null ? [] : [{ kind: 'log' as const, record: { ...log, name: log.name } }]))]
  for (const line of fileTables(work, files)) emit(line)
  emit(`Media recovery start SCN is ${from.toString()}`)
  emit(`Recovery must be done beyond SCN ${fuzzy.toString()} to clear datafile fuzziness`)
  emit(`Finished restore at ${date(work)}`)
}

/** RESTORE … VALIDATE: reads what a restore would read; HEADER: only the headers. A corrupt block is an error here. */
export async function restoreValidate(work: Work, object: ValidateObject, header: boolean): Promise<void> {
  const { emit } = work
  emit(`Starting restore at ${date(work)}`)
  useChannels(work)
  emit('')
  if (object.kind === 'archivelog') await validateLogs(work, object, header)
  else if (object.kind === 'controlfile') await validateControlfileBackup(work)
  else {
    const data = work.instance.controlFile
    const files = object.kind === 'database' ? data.datafiles : datafilesOf(work.instance, object.files, (file) => rmanError(20201, 'datafile not found in the recovery catalog', { code: 'RMAN-06010', text: `error while looking up datafile: ${file}` }))
    await validateCopies(work, await copiesToRestore(work, files), header)
  }
  emit(`Finished restore at ${date(work)}`)
}

async function mustIdentify(work: Work, name: string, kind: string): Promise<void> {
  if (!(await work.instance.fileExists(name))) throw readError(Object.assign(new Error('missing'), { code: 'ENOENT' }), name)
  const identity = await work.instance.identifyFile(name)
  if (identity.kind !== kind) throw new OraError([{ code: 'ORA-19563', text: `header validation failed for file ${name}` }])
}

async function validateCopies(work: Work, items: readonly { readonly file: DatafileRecord; readonly copy: DatafileCopyRecord }[], header: boolean): Promise<void> {
  const { emit, instance } = work
  const channels = work.state.run !== null && work.state.run.channels.length > 0 ? work.state.run.channels : work.state.defaultChannels
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

async function validateLogs(work: Work, object: Extract<ValidateObject, { kind: 'archivelog' }>, header: boolean): Promise<void> {
  const { emit, instance } = work
  const channels = work.state.run !== null && work.state.run.channels.length > 0 ? work.state.run.channels : work.state.defaultChannels
  const logs = new Map(selectLogs(work, object.selection, availableLogs(instance.controlFile)).map((log) => [`${log.thread}/${log.sequence}`, log]))
  if (logs.size === 0) throw rmanError(6026, 'some targets not found - aborting restore')
  await runOnChannels(work, channels, [...logs.values()], null, async (log, channel) => {
    emit(`channel ${channel.name}: scanning archived log ${log.name ?? ''}`)
    if (log.name !== null) await mustIdentify(work, log.name, 'archived-log')
    if (!header) work.bytes.input += log.blocks * log.blockSize
  })
}

async function validateControlfileBackup(work: Work): Promise<void> {
  const { emit, instance } = work
  const [channel] = work.state.run !== null && work.state.run.channels.length > 0 ? work.state.run.channels : work.state.defaultChannels
  const data = instance.controlFile
  const sets = new Set(data.backupSets.filter((set) => set.controlfileIncluded).map((set) => set.recid))
  const piece = data.backupPieces.filter((candidate) => sets.has(candidate.setRecid) && !candidate.deleted && candidate.status === 'A').sort((a, b) => b.completionTime - a.completionTime)[0]
  if (piece === undefined || channel === undefined) throw rmanError(6026, 'some targets not found - aborting restore', { code: 'RMAN-06024', text: 'no backup or copy of the control file found to restore' })
  const started = instance.host.now()
  emit(`channel ${channel.name}: starting validation of datafile backup set`)
  emit(`channel ${channel.name}: reading from backup piece ${piece.handle}`)
  await mustIdentify(work, piece.handle, 'backup-piece')
  emit(`channel ${channel.name}: piece handle=${piece.handle} tag=${piece.tag ?? ''}`)
  emit(`channel ${channel.name}: restored backup piece ${piece.piece}`)
  emit(`channel ${channel.name}: validation complete, elapsed time: ${elapsed(work, started)}`)
}
