import type { BlockRange, DatafilePart } from '../../engine/instance-api.ts'
import { ora, rmanError } from '../../engine/ora-error.ts'
import type { DatafileRecord } from '../../engine/records.ts'
import type { BackupCommand } from '../grammar/ast.ts'
import { takeSnapshotControlfile } from './autobackup.ts'
import { backupMetadata, newPiece, newSet, recordSet, writePiece } from './backup-sets.ts'
import { runOnChannels } from './channels.ts'
import { autobackupOn } from './configuration.ts'
import { SectionedCopy, backupDatafileCopy } from './datafile-copies.ts'
import { datafileBackups, incrementChain, usableCopies } from './repository.ts'
import { SectionedSet } from './sectioned-sets.ts'
import { sectionsOf } from './sections.ts'
import { type SetFile, datafileRow, levelLabel, levelName, unchanged } from './set-files.ts'
import { fileNumber } from './work.ts'
import type { Channel, Work } from './work.ts'

type Job =
  | { readonly kind: 'set'; readonly files: readonly SetFile[]; readonly blocks: number }
  | { readonly kind: 'set-section'; readonly set: SectionedSet; readonly range: BlockRange; readonly blocks: number }
  | { readonly kind: 'copy'; readonly file: DatafileRecord; readonly level0: boolean; readonly blocks: number }
  | { readonly kind: 'copy-section'; readonly copy: SectionedCopy; readonly range: BlockRange; readonly blocks: number }
  | { readonly kind: 'metadata'; readonly blocks: 0 }

interface Options {
  readonly asCopy: boolean
  readonly tag: string
}

/** BACKUP of datafiles: image copies, or sets of all blocks or of those that changed; files larger than SECTION SIZE in sections. */
export async function backupDatafiles(work: Work, command: BackupCommand, files: readonly DatafileRecord[], channels: readonly Channel[], { asCopy, tag }: Options): Promise<void> {
  const { instance } = work
  if (instance.controlFile.logMode !== 'ARCHIVELOG' && instance.openMode === 'READ WRITE') throw ora(19602, 'cannot backup or copy active file in NOARCHIVELOG mode')
  const copyTag = command.forRecoverOfCopy === null ? tag : (command.forRecoverOfCopy.tag ?? tag)
  const plan = planOf(work, command, await readableFiles(work, command, files), asCopy)
  const sections: (SectionedSet | SectionedCopy)[] = []
  const jobs: Job[] = []
  const setOptions = { tag: command.forRecoverOfCopy === null ? tag : (command.tag ?? copyTag), format: command.format }
  const whole: SetFile[] = []
  for (const file of plan.sets) {
    const ranges = unchanged(file) ? null : sectionsOf(instance, file.record, command.sectionSize, 'set')
    if (ranges === null) whole.push(file)
    else {
      const set = new SectionedSet(work, file, ranges, setOptions)
      sections.push(set)
      jobs.push(...ranges.map((range) => ({ kind: 'set-section' as const, set, range, blocks: range.to - range.from + 1 })))
    }
  }
  for (const set of intoSets(whole, channels.length, command.filesPerSet ?? 64)) jobs.push({ kind: 'set', files: set, blocks: set.reduce((sum, file) => sum + file.record.blocks, 0) })
  for (const file of plan.copies) {
    const level0 = command.incrementalLevel !== null
    const ranges = sectionsOf(instance, file, command.sectionSize, 'copy')
    if (ranges === null) jobs.push({ kind: 'copy', file, level0, blocks: file.blocks })
    else {
      const copy = new SectionedCopy(work, file, ranges, { tag: copyTag, level0, format: command.format })
      sections.push(copy)
      jobs.push(...ranges.map((range) => ({ kind: 'copy-section' as const, copy, range, blocks: range.to - range.from + 1 })))
    }
  }
  // With no autobackup to do it, a backup of datafile 1 brings the control file and SPFILE along.
  const bringsMetadata = command.includeControlfile || (command.forRecoverOfCopy === null && !asCopy && files.some((file) => file.file === 1) && !autobackupOn(instance))
  if (bringsMetadata) jobs.push({ kind: 'metadata', blocks: 0 })
  const progress = { opname: 'RMAN: aggregate input', sofar: 0, totalwork: files.reduce((sum, file) => sum + file.blocks, 0), startTime: instance.host.now(), lastUpdate: instance.host.now() }
  work.session.longOps.push(progress)
  try {
    await runOnChannels(work, channels, jobs, 'backup', async (job, channel) => {
      switch (job.kind) {
        case 'copy':
          await backupDatafileCopy(work, channel, job.file, { tag: copyTag, level0: job.level0, format: command.format })
          break
        case 'copy-section':
          await job.copy.write(channel, job.range)
          break
        case 'set':
          await backupSet(work, channel, job.files, setOptions)
          break
        case 'set-section':
          await job.set.write(channel, job.range)
          break
        case 'metadata':
          await takeSnapshotControlfile(work)
          await backupMetadata(work, channel, 'both', { format: command.format, tag: setOptions.tag, reuse: command.reuse })
      }
      progress.sofar += job.blocks
      progress.lastUpdate = instance.host.now()
    })
  } finally {
    for (const one of sections) await one.close()
  }
}

/** The files that can be backed up: SKIP leaves out what is offline, read only or cannot be read. @throws OraError RMAN-06056 for a file without a readable header */
async function readableFiles(work: Work, command: BackupCommand, files: readonly DatafileRecord[]): Promise<DatafileRecord[]> {
  const { instance, emit } = work
  const found: DatafileRecord[] = []
  for (const file of files) {
    const { error } = await instance.readDatafileHeader(file)
    const reason = file.enabled === 'READ ONLY' ? 'readonly' : file.status === 'OFFLINE' || file.status === 'RECOVER' ? 'offline' : error !== null ? 'inaccessible' : null
    if (reason !== null && command.skip.includes(reason)) {
      emit(`skipping ${{ readonly: 'read only', offline: 'offline', inaccessible: 'inaccessible' }[reason]} file ${file.file}`)
      // A read only file has its backup; without one of the others there is no way back.
      if (reason !== 'readonly') {
        emit(`RMAN-06060: WARNING: skipping datafile compromises tablespace ${file.tablespace} recoverability`)
        work.warnings = true
      }
      continue
    }
    if (error !== null) {
      emit(`RMAN-06169: could not read file header for datafile ${file.file} error reason ${error === 'FILE NOT FOUND' ? 4 : 1}`)
      throw rmanError(6056, `could not access datafile ${file.file}`)
    }
    found.push(file)
  }
  return found
}

/** Which files go into sets and which become copies. A level 1 without a parent is a level 0, and a line says so. */
function planOf(work: Work, command: BackupCommand, files: readonly DatafileRecord[], asCopy: boolean): { readonly sets: readonly SetFile[]; readonly copies: readonly DatafileRecord[] } {
  const sets: SetFile[] = []
  const copies: DatafileRecord[] = []
  for (const record of files) {
    const level = command.incrementalLevel
    const sinceScn = level !== 1 ? undefined : command.forRecoverOfCopy === null ? sinceParent(work, record, command.cumulative) : sinceCopy(work, record, command.forRecoverOfCopy.tag, command.cumulative)
    if (level === 1 && sinceScn === undefined) work.emit(`no parent backup or copy of datafile ${record.file} found`)
    if (sinceScn !== undefined) sets.push({ record, level: 1, sinceScn })
    else if (asCopy || command.forRecoverOfCopy !== null) copies.push(record)
    else sets.push({ record, level: level === null ? null : 0, sinceScn: 0n })
  }
  return { sets, copies }
}

/** Where a level 1 for a copy must begin: the copy's checkpoint (always when CUMULATIVE), or the last incremental that follows it. */
function sinceCopy(work: Work, file: DatafileRecord, tag: string | null, cumulative: boolean): bigint | undefined {
  const data = work.instance.controlFile
  const [copy] = usableCopies(data, file, tag)
  if (copy === undefined) return undefined
  return cumulative ? copy.checkpointScn : (incrementChain(data, file, copy.checkpointScn, null).at(-1)?.datafile.checkpointScn ?? copy.checkpointScn)
}

/** The same for a level 1 of its own: behind the newest level 0. */
function sinceParent(work: Work, file: DatafileRecord, cumulative: boolean): bigint | undefined {
  const data = work.instance.controlFile
  const parent = datafileBackups(data, file).find((backup) => backup.level === 0)
  if (parent === undefined) return undefined
  return cumulative ? parent.checkpointScn : (incrementChain(data, file, parent.checkpointScn, null).at(-1)?.datafile.checkpointScn ?? parent.checkpointScn)
}

/** Spreads files over as many sets as there are channels; of different levels they go into different sets. */
function intoSets(files: readonly SetFile[], channels: number, filesPerSet: number): SetFile[][] {
  const sets: SetFile[][] = []
  for (const level of [1, 0, null] as const) {
    const ordered = files.filter((file) => file.level === level).sort((a, b) => a.record.file - b.record.file)
    const perSet = Math.max(1, Math.min(filesPerSet, Math.ceil(ordered.length / channels)))
    for (let at = 0; at < ordered.length; at += perSet) sets.push(ordered.slice(at, at + perSet))
  }
  return sets
}

async function backupSet(work: Work, channel: Channel, files: readonly SetFile[], options: { readonly tag: string; readonly format: string | null }): Promise<void> {
  const { instance, emit } = work
  const level = files[0]?.level ?? null
  const changed = files.filter((file) => !unchanged(file))
  // The lines about a set appear together, however many channels begin at the same time.
  const set = changed.length === 0 ? null : await newSet(work, options.tag)
  const piece = set === null ? null : await newPiece(work, channel, set, { format: options.format, label: levelLabel(level) })
  emit(`channel ${channel.name}: starting ${levelName(level)} datafile backup set`)
  emit(`channel ${channel.name}: specifying datafile(s) in backup set`)
  for (const { record } of files) emit(`input datafile file number=${fileNumber(record.file)} name=${record.name}`)
  for (const { record } of files.filter((file) => unchanged(file))) emit(`skipping datafile ${fileNumber(record.file)} because it has not changed`)
  if (set === null || piece === null) {
    emit(`channel ${channel.name}: backup cancelled because all files were skipped`)
    return
  }
  const parts = changed.map((file): DatafilePart => ({ file: file.record.file, level: file.level, sinceScn: file.sinceScn }))
  const written = await writePiece(work, channel, piece, () => instance.backupDatafiles(parts, piece, channel.session))
  const datafiles = changed.flatMap((file) => {
    const result = written.files.get(file.record.file)
    return result === undefined ? [] : [datafileRow(work, file, result, 0)]
  })
  await recordSet(work, set, [{ piece, bytes: written.bytes }], { type: level === null ? 'D' : 'I', incrementalLevel: level, controlfileIncluded: false, spfileIncluded: false }, { datafiles })
}
