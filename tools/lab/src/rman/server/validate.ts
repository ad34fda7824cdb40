import { stat } from 'node:fs/promises'
import type { BlockCounts } from '../../engine/instance-api.ts'
import { rmanError } from '../../engine/ora-error.ts'
import { readError } from '../../engine/os-error.ts'
import type { BlockCorruptionRecord, DatafileCopyRecord, DatafileRecord } from '../../engine/records.ts'
import type { BackupCommand, ValidateObject } from '../grammar/ast.ts'
import { runOnChannels, useChannels } from './channels.ts'
import { autobackupOn } from './configuration.ts'
import { readPieces } from './piece-validation.ts'
import { availablePieces, filesOf, usableCopies } from './repository.ts'
import { selectCopies } from './repository-objects.ts'
import { validateArchivelogs } from './validate-logs.ts'
import { writeTrace } from './validation-trace.ts'
import { date, elapsed, fileNumber } from './work.ts'
import type { Channel, Work } from './work.ts'

interface Finding {
  readonly file: DatafileRecord
  readonly counts: BlockCounts
}

/** Adjacent failing blocks of one kind are one row of V$DATABASE_BLOCK_CORRUPTION. */
export function corruptionRows(file: number, counts: BlockCounts): BlockCorruptionRecord[] {
  const rows: BlockCorruptionRecord[] = []
  for (const failure of [...counts.failures].sort((a, b) => a.block - b.block)) {
    const last = rows.at(-1)
    if (last !== undefined && last.type === failure.type && last.block + last.blocks === failure.block) last.blocks++
    else rows.push({ file, block: failure.block, blocks: 1, scn: failure.scn, type: failure.type })
  }
  return rows
}

const cell = (value: string | number | bigint, width: number): string => value.toString().padEnd(width)

/** What makes a file FAILED; blocks that recovery marked for want of redo are only counted. */
export const failing = ({ failures }: BlockCounts): BlockCounts['failures'] => failures.filter(({ type }) => type !== 'NOLOGGING')

/** The "List of Datafiles" of one set. */
export function datafileTable(findings: readonly Finding[]): string[] {
  const lines = ['List of Datafiles', '=================', 'File Status Marked Corrupt Empty Blocks Blocks Examined High SCN', '---- ------ -------------- ------------ --------------- ----------']
  for (const { file, counts } of findings) {
    const status = failing(counts).length === 0 ? 'OK' : 'FAILED'
    lines.push(`${cell(file.file, 4)} ${cell(status, 6)} ${cell(counts.failures.length - failing(counts).length, 14)} ${cell(counts.empty, 12)} ${cell(counts.examined, 15)} ${cell(counts.highScn, 10)}`)
    lines.push(`  File Name: ${file.name}`, '  Block Type Blocks Failing Blocks Processed', '  ---------- -------------- ----------------')
    for (const kind of ['data', 'index', 'other'] as const) {
      const name = kind.charAt(0).toUpperCase() + kind.slice(1)
      lines.push(`  ${cell(name, 10)} ${cell(counts.failing[kind], 14)} ${cell(counts[kind], 16)}`)
    }
    lines.push('')
  }
  return lines
}

const traceLines = (findings: readonly Finding[]): string[] =>
  findings.flatMap(({ file, counts }) => counts.failures.map((failure) => `Corrupt block dba: file ${file.file}, block ${failure.block}, scn ${failure.scn.toString()}: ${failure.type} (${file.name})`))

/** BACKUP VALIDATE: what a backup would read. */
export async function validateBackupInput(work: Work, command: BackupCommand): Promise<void> {
  const { object } = command
  switch (object.kind) {
    case 'archivelog':
      await validating(work, 'backup', (channels) => validateArchivelogs(work, object.selection, channels, 'backup'))
      break
    case 'current-controlfile':
    case 'spfile':
      await validating(work, 'backup', (channels) => validateMetadata(work, channels[0], 'backup', { controlfile: object.kind === 'current-controlfile', spfile: object.kind === 'spfile' }))
      break
    case 'copy-of-database':
      await validating(work, 'backup', (channels) => validateCopyFiles(work, copyRecords(work, { kind: 'copy-of-database', tag: object.fromTag }), channels, command.checkLogical, 'backup'))
      break
    default:
      await validating(work, 'backup', (channels) => validateFiles(work, filesOf(work.instance, object), channels, { checkLogical: command.checkLogical, word: 'backup' }))
  }
}

/** VALIDATE. */
export async function validate(work: Work, object: ValidateObject, checkLogical: boolean): Promise<void> {
  await validating(work, 'validate', async (channels) => {
    switch (object.kind) {
      case 'archivelog':
        return validateArchivelogs(work, object.selection, channels, 'validate')
      case 'controlfile':
      case 'spfile':
        return validateMetadata(work, channels[0], 'validate', { controlfile: object.kind === 'controlfile', spfile: object.kind === 'spfile' })
      case 'datafilecopy':
      case 'copy-of-database':
        return validateCopyFiles(work, copyRecords(work, object), channels, checkLogical, 'validate')
      case 'backupset':
        return validateSets(work, object, channels)
      default:
        return validateFiles(work, filesOf(work.instance, object), channels, { checkLogical, word: 'validate' })
    }
  })
}

async function validating(work: Work, word: 'backup' | 'validate', body: (channels: readonly Channel[]) => Promise<void>): Promise<void> {
  work.emit(`Starting ${word} at ${date(work)}`)
  await body(useChannels(work))
  work.emit(`Finished ${word} at ${date(work)}`)
}

/** @throws OraError RMAN-06004 for a copy that is unknown, RMAN-06023 for a datafile without one */
function copyRecords(work: Work, object: Extract<ValidateObject, { kind: 'datafilecopy' | 'copy-of-database' }>): DatafileCopyRecord[] {
  const data = work.instance.controlFile
  if (object.kind === 'datafilecopy') return selectCopies(data, object).flatMap((file) => (file.kind === 'copy' ? [file.record] : []))
  return data.datafiles.map((file) => {
    const [copy] = usableCopies(data, file, object.tag)
    if (copy === undefined) throw rmanError(6023, `no backup or copy of datafile ${file.file} found to restore`)
    return copy
  })
}

/** Image copies, block by block. */
async function validateCopyFiles(work: Work, copies: readonly DatafileCopyRecord[], channels: readonly Channel[], checkLogical: boolean, word: 'backup' | 'validate'): Promise<void> {
  const { instance, emit } = work
  if (copies.length === 0) {
    emit('specification does not match any datafile copy in the repository')
    return
  }
  await runOnChannels(work, channels, copies, word, async (copy, channel) => {
    const started = instance.host.now()
    const record = instance.controlFile.datafiles.find((file) => file.file === copy.file)
    emit(`channel ${channel.name}: starting validation of datafile`)
    emit(`channel ${channel.name}: including datafile copy of datafile ${fileNumber(copy.file)} in backup set`)
    emit(`input file name=${copy.name}`)
    const file: DatafileRecord = { ...(record ?? emptyRecord(copy)), name: copy.name, blocks: copy.blocks }
    const findings = [{ file, counts: await readFile(work, channel, file, checkLogical) }]
    const failed = findings.filter(({ counts }) => failing(counts).length > 0)
    const trace = failed.length > 0 ? await writeTrace(work, traceLines(failed)) : null
    emit(`channel ${channel.name}: validation complete, elapsed time: ${elapsed(work, started)}`)
    const [, , ...rest] = datafileTable(findings)
    for (const line of ['List of Datafile Copies', '=======================', ...rest]) emit(line)
    if (trace === null) return
    emit('validate found one or more corrupt blocks')
    emit(`See trace file ${trace} for details`)
    work.warnings = true
  })
}

/** A copy of a file that the database has no more. */
function emptyRecord(copy: DatafileCopyRecord): DatafileRecord {
  const { file, name, tablespace, blocks, blockSize, creationScn, checkpointScn, checkpointTime } = copy
  return { file, name, tablespace, tablespaceNumber: 0, blocks, blockSize, creationScn, creationTime: checkpointTime, checkpointScn, checkpointTime, status: 'OFFLINE', enabled: 'READ WRITE', stopScn: null, unrecoverableScn: 0n, unrecoverableTime: null }
}

/** Backup sets, frame by frame. A damaged piece fails the command. @throws OraError RMAN-06004 with RMAN-20215 for an unknown key, ORA-19870 */
async function validateSets(work: Work, object: Extract<ValidateObject, { kind: 'backupset' }>, channels: readonly Channel[]): Promise<void> {
  const { instance, emit } = work
  const data = instance.controlFile
  const unknown = object.keys.find((key) => !data.backupSets.some((set) => set.recid === key && availablePieces(data, key) !== undefined))
  if (unknown !== undefined) throw rmanError(6004, 'error from target database: RMAN-20215: backup set not found in the recovery catalog', { code: 'RMAN-06159', text: 'error while looking up backup set' })
  const sets = data.backupSets.filter((set) => (object.keys.length === 0 || object.keys.includes(set.recid)) && (availablePieces(data, set.recid) ?? []).some((piece) => object.tag === null || piece.tag === object.tag))
  if (sets.length === 0) {
    emit('specification does not match any backup in the repository')
    return
  }
  await runOnChannels(work, channels, sets, 'validate', async (set, channel) => {
    await readPieces(work, channel, availablePieces(data, set.recid) ?? [], set.type === 'L' ? 'archived log' : 'datafile')
  })
}

/** BACKUP VALIDATE and VALIDATE: reads every block. Corrupt blocks do not fail the command; they are listed, traced and kept. */
async function validateFiles(work: Work, files: readonly DatafileRecord[], channels: readonly Channel[], options: { readonly checkLogical: boolean; readonly word: 'backup' | 'validate' }): Promise<void> {
  const { instance, emit } = work
  const perSet = Math.max(1, Math.min(64, Math.ceil(files.length / channels.length)))
  const sets: DatafileRecord[][] = []
  for (let at = 0; at < files.length; at += perSet) sets.push(files.slice(at, at + perSet))
  const total = { opname: 'RMAN: aggregate input', sofar: 0, totalwork: files.reduce((sum, file) => sum + file.blocks, 0), startTime: instance.host.now(), lastUpdate: instance.host.now() }
  work.session.longOps.push(total)
  await runOnChannels(work, channels, sets, options.word, async (set, channel) => {
    const started = instance.host.now()
    emit(options.word === 'backup' ? `channel ${channel.name}: starting full datafile backup set` : `channel ${channel.name}: starting validation of datafile`)
    emit(options.word === 'backup' ? `channel ${channel.name}: specifying datafile(s) in backup set` : `channel ${channel.name}: specifying datafile(s) for validation`)
    for (const file of set) emit(`input datafile file number=${fileNumber(file.file)} name=${file.name}`)
    const findings: Finding[] = []
    for (const file of set) {
      findings.push({ file, counts: await readFile(work, channel, file, options.checkLogical) })
      total.sofar += file.blocks
      total.lastUpdate = instance.host.now()
    }
    await keepCorruptions(work, findings)
    const failed = findings.filter(({ counts }) => failing(counts).length > 0)
    const trace = failed.length > 0 ? await writeTrace(work, traceLines(failed)) : null
    emit(`channel ${channel.name}: ${options.word === 'backup' ? 'backup set' : 'validation'} complete, elapsed time: ${elapsed(work, started)}`)
    for (const line of datafileTable(findings)) emit(line)
    if (trace === null) return
    emit('validate found one or more corrupt blocks')
    emit(`See trace file ${trace} for details`)
    work.warnings = true
  })
  // With no autobackup to do it, a backup of datafile 1 brings the control file and SPFILE along.
  if (files.some((file) => file.file === 1) && !autobackupOn(instance)) await validateMetadata(work, channels[0], options.word, { controlfile: true, spfile: instance.spfile !== null })
}

async function readFile(work: Work, channel: Channel, file: DatafileRecord, checkLogical: boolean): Promise<BlockCounts> {
  try {
    const counts = await work.instance.validateDatafile(file, checkLogical, channel.session)
    work.bytes.input += counts.examined * file.blockSize
    return counts
  } catch (error) {
    throw readError(error, file.name)
  }
}

/** V$DATABASE_BLOCK_CORRUPTION: what was found replaces what was known of these files. */
async function keepCorruptions(work: Work, findings: readonly Finding[]): Promise<void> {
  const rows = findings.flatMap(({ file, counts }) => corruptionRows(file.file, counts))
  const files = new Set(findings.map(({ file }) => file.file))
  const known = work.instance.controlFile.corruptions
  if (rows.length === 0 && !known.some((row) => files.has(row.file))) return
  await work.instance.updateControlFile((data) => {
    data.corruptions = [...data.corruptions.filter((row) => !files.has(row.file)), ...rows]
  })
}

async function validateMetadata(work: Work, channel: Channel | undefined, word: 'backup' | 'validate', what: { readonly controlfile: boolean; readonly spfile: boolean }): Promise<void> {
  const { instance, emit } = work
  if (channel === undefined) return
  if (what.spfile && instance.spfile === null) throw rmanError(6062, 'can not backup SPFILE because the instance was not started with SPFILE')
  const started = instance.host.now()
  const place = word === 'backup' ? 'in backup set' : 'for validation'
  emit(word === 'backup' ? `channel ${channel.name}: starting full datafile backup set` : `channel ${channel.name}: starting validation of datafile`)
  emit(`channel ${channel.name}: specifying datafile(s) ${place}`)
  if (what.controlfile) emit(`including current control file ${place}`)
  if (what.spfile) emit(`including current SPFILE ${place}`)
  const blocks = what.controlfile ? await controlFileBlocks(work) : 0
  emit(`channel ${channel.name}: ${word === 'backup' ? 'backup set' : 'validation'} complete, elapsed time: ${elapsed(work, started)}`)
  emit('List of Control File and SPFILE')
  emit('===============================')
  emit('File Type    Status Blocks Failing Blocks Examined')
  emit('------------ ------ -------------- ---------------')
  if (what.spfile) emit(`${cell('SPFILE', 12)} ${cell('OK', 6)} ${cell(0, 14)} ${cell(2, 15)}`)
  if (what.controlfile) emit(`${cell('Control File', 12)} ${cell('OK', 6)} ${cell(0, 14)} ${cell(blocks, 15)}`)
}

async function controlFileBlocks(work: Work): Promise<number> {
  const [first] = (work.instance.parameters.get('control_files')?.value ?? '').split(',')
  const file = first?.trim().replaceAll("'", '') ?? ''
  try {
    return Math.ceil((await stat(work.instance.host.real(file))).size / 16384)
  } catch (error) {
    throw readError(error, file)
  }
}
