import { appendFile, mkdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { BlockCounts } from '../../engine/instance-api.ts'
import type { BlockCorruptionRecord, DatafileRecord } from '../../engine/records.ts'
import { autobackupOn } from './configuration.ts'
import { runOnChannels, useChannels } from './channels.ts'
import { readError } from '../../engine/os-error.ts'
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

function traceFile(work: Work): string {
  const { parameters, controlFile, sid } = work.instance
  const unique = (parameters.get('db_unique_name')?.value ?? controlFile.name).toLowerCase()
  return path.join(parameters.get('diagnostic_dest')?.value ?? '/u01/app/oracle', 'diag', 'rdbms', unique, sid, 'trace', `${sid}_ora_${process.pid}.trc`)
}

async function writeTrace(work: Work, findings: readonly Finding[]): Promise<string> {
  const file = traceFile(work)
  const real = work.instance.host.real(file)
  await mkdir(path.dirname(real), { recursive: true })
  const lines = findings.flatMap(({ file: datafile, counts }) =>
    counts.failures.map((failure) => `Corrupt block dba: file ${datafile.file}, block ${failure.block}, scn ${failure.scn.toString()}: ${failure.type} (${datafile.name})`),
  )
  await appendFile(real, `*** ${date(work)}\n${lines.join('\n')}\n`)
  return file
}

/** BACKUP VALIDATE and VALIDATE: reads every block. Corrupt blocks do not fail the command; they are listed, traced and kept. */
export async function validateFiles(work: Work, files: readonly DatafileRecord[], options: { readonly checkLogical: boolean; readonly word: 'backup' | 'validate' }): Promise<void> {
  const { instance, emit } = work
  emit(`Starting ${options.word} at ${date(work)}`)
  const channels = useChannels(work)
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
    const trace = failed.length > 0 ? await writeTrace(work, failed) : null
    emit(`channel ${channel.name}: ${options.word === 'backup' ? 'backup set' : 'validation'} complete, elapsed time: ${elapsed(work, started)}`)
    for (const line of datafileTable(findings)) emit(line)
    if (trace === null) return
    emit('validate found one or more corrupt blocks')
    emit(`See trace file ${trace} for details`)
    work.warnings = true
  })
  if (files.some((file) => file.file === 1) && !autobackupOn(instance)) await validateControlFile(work, channels[0], options.word)
  emit(`Finished ${options.word} at ${date(work)}`)
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

/** With no autobackup to do it, a backup of datafile 1 brings the control file and SPFILE along. */
async function validateControlFile(work: Work, channel: Channel | undefined, word: 'backup' | 'validate'): Promise<void> {
  const { instance, emit } = work
  if (channel === undefined) return
  const started = instance.host.now()
  emit(word === 'backup' ? `channel ${channel.name}: starting full datafile backup set` : `channel ${channel.name}: starting validation of datafile`)
  emit(word === 'backup' ? `channel ${channel.name}: specifying datafile(s) in backup set` : `channel ${channel.name}: specifying datafile(s) for validation`)
  emit(word === 'backup' ? 'including current control file in backup set' : 'including current control file for validation')
  if (instance.spfile !== null) emit(word === 'backup' ? 'including current SPFILE in backup set' : 'including current SPFILE for validation')
  const blocks = await controlFileBlocks(work)
  emit(`channel ${channel.name}: ${word === 'backup' ? 'backup set' : 'validation'} complete, elapsed time: ${elapsed(work, started)}`)
  emit('List of Control File and SPFILE')
  emit('===============================')
  emit('File Type    Status Blocks Failing Blocks Examined')
  emit('------------ ------ -------------- ---------------')
  if (instance.spfile !== null) emit(`${cell('SPFILE', 12)} ${cell('OK', 6)} ${cell(0, 14)} ${cell(2, 15)}`)
  emit(`${cell('Control File', 12)} ${cell('OK', 6)} ${cell(0, 14)} ${cell(blocks, 15)}`)
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

/** BACKUP VALIDATE of datafiles. */
export async function backupValidate(work: Work, files: readonly DatafileRecord[], checkLogical: boolean): Promise<void> {
  await validateFiles(work, files, { checkLogical, word: 'backup' })
}
