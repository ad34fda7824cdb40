import { OraError, ora, rmanError } from '../../engine/ora-error.ts'
import type { DatafileRecord } from '../../engine/records.ts'
import type { BackupCommand } from '../grammar/ast.ts'
import { copyArchivedLogs } from './archivelog-copies.ts'
import { takeSnapshotControlfile } from './autobackup.ts'
import { backupMetadata, newSet, recordSet, writePiece } from './backup-sets.ts'
import { runOnChannels, useChannels } from './channels.ts'
import { backupDatafileCopy, copyOfCopy } from './datafile-copies.ts'
import { defaultTag } from './names.ts'
import { datafilesOf, incrementChain, usableCopies } from './repository.ts'
import { backupValidate } from './validate.ts'
import { date, fileNumber } from './work.ts'
import type { Channel, Work } from './work.ts'

interface IncrementalFile {
  readonly record: DatafileRecord
  readonly sinceScn: bigint
}

type Job = { readonly kind: 'incremental'; readonly files: readonly IncrementalFile[] } | { readonly kind: 'copy'; readonly file: DatafileRecord }

/** The datafiles that BACKUP is about. */
export function backupFiles(work: Work, object: BackupCommand['object']): DatafileRecord[] {
  const { datafiles } = work.instance.controlFile
  if (object.kind === 'datafile') return datafilesOf(work.instance, object.files, (file) => rmanError(20201, `datafile not found in the recovery catalog`, { code: 'RMAN-06010', text: `error while looking up datafile: ${file}` }))
  if (object.kind !== 'tablespace') return [...datafiles]
  return object.names.flatMap((name) => {
    const files = datafiles.filter((file) => file.tablespace === name)
    if (files.length === 0) throw rmanError(20202, 'Tablespace not found in the recovery catalog', { code: 'RMAN-06019', text: `could not translate tablespace name "${name}"` })
    return files
  })
}

/** Where a level 1 of a file must begin: the copy's checkpoint (always when CUMULATIVE), or the last incremental that follows it. */
function incrementalStart(work: Work, file: DatafileRecord, tag: string | null, cumulative: boolean): bigint | undefined {
  const data = work.instance.controlFile
  const [copy] = usableCopies(data, file, tag)
  if (copy === undefined) return undefined
  if (cumulative) return copy.checkpointScn
  return incrementChain(data, file.file, copy.checkpointScn, null).at(-1)?.datafile.checkpointScn ?? copy.checkpointScn
}

/** Spreads files over as many sets as there are channels, the largest first. */
function intoSets(files: readonly IncrementalFile[], channels: number, filesPerSet: number): IncrementalFile[][] {
  const ordered = [...files].sort((a, b) => a.record.file - b.record.file)
  const perSet = Math.max(1, Math.min(filesPerSet, Math.ceil(ordered.length / channels)))
  const sets: IncrementalFile[][] = []
  for (let at = 0; at < ordered.length; at += perSet) sets.push(ordered.slice(at, at + perSet))
  return sets
}

/** BACKUP in all its forms. */
export async function backup(work: Work, command: BackupCommand): Promise<void> {
  const { emit } = work
  if (command.validate) {
    await backupValidate(work, backupFiles(work, command.object), command.checkLogical)
    return
  }
  emit(`Starting backup at ${date(work)}`)
  const channels = useChannels(work)
  const named = command.channel === null ? channels : channels.filter((channel) => channel.name === command.channel)
  if (named.length === 0) throw rmanError(6012, `channel: ${command.channel ?? ''} not allocated`)
  const tag = command.tag ?? defaultTag(work.instance)
  switch (command.object.kind) {
    case 'spfile':
    case 'current-controlfile':
      await backupControlFiles(work, command, named, tag)
      break
    case 'archivelog':
      await copyArchivedLogs(work, command, command.object.selection, named)
      break
    case 'copy-of-database':
      await copyOfCopy(work, command, command.object.fromTag, named, tag)
      break
    default:
      await backupDatafiles(work, command, named, tag)
  }
  emit(`Finished backup at ${date(work)}`)
  work.state.autobackupDue = true
}

async function backupControlFiles(work: Work, command: BackupCommand, channels: readonly Channel[], tag: string): Promise<void> {
  const what = command.object.kind === 'spfile' ? 'spfile' : 'controlfile'
  if (command.as === 'copy') throw new OraError([{ code: 'LAB-00001', text: 'the lab makes no copies of a control file with BACKUP AS COPY' }])
  await runOnChannels(work, channels.slice(0, 1), [what] as const, 'backup', async (kind, channel) => {
    if (kind === 'controlfile') await takeSnapshotControlfile(work)
    await backupMetadata(work, channel, kind, { format: command.format, tag, reuse: command.reuse })
  })
}

/** Files as image copies, or what changed in them since their copies. */
async function backupDatafiles(work: Work, command: BackupCommand, channels: readonly Channel[], tag: string): Promise<void> {
  const { instance, emit } = work
  const files = backupFiles(work, command.object)
  if (instance.controlFile.logMode !== 'ARCHIVELOG' && instance.openMode === 'READ WRITE') {
    throw ora(19602, 'cannot backup or copy active file in NOARCHIVELOG mode')
  }
  const copyTag = command.forRecoverOfCopy === null ? tag : command.forRecoverOfCopy.tag
  const jobs: Job[] = []
  if (command.forRecoverOfCopy === null) {
    if (command.as !== 'copy') throw new OraError([{ code: 'LAB-00001', text: 'the lab makes backup sets only of what changed since an image copy (INCREMENTAL LEVEL 1 FOR RECOVER OF COPY); use BACKUP AS COPY' }])
    jobs.push(...files.map((file) => ({ kind: 'copy' as const, file })))
  } else {
    const incremental: IncrementalFile[] = []
    for (const record of files) {
      const sinceScn = incrementalStart(work, record, copyTag, command.cumulative)
      if (sinceScn !== undefined) incremental.push({ record, sinceScn })
      else {
        emit(`no parent backup or copy of datafile ${record.file} found`)
        jobs.push({ kind: 'copy', file: record })
      }
    }
    jobs.unshift(...intoSets(incremental, channels.length, command.filesPerSet ?? 64).map((set) => ({ kind: 'incremental' as const, files: set })))
  }
  const total = files.reduce((sum, file) => sum + file.blocks, 0)
  const progress = { opname: 'RMAN: aggregate input', sofar: 0, totalwork: total, startTime: instance.host.now(), lastUpdate: instance.host.now() }
  work.session.longOps.push(progress)
  const done = (blocks: number): void => {
    progress.sofar += blocks
    progress.lastUpdate = instance.host.now()
  }
  await runOnChannels(work, channels, jobs, 'backup', async (job, channel) => {
    if (job.kind === 'copy') {
      await backupDatafileCopy(work, channel, job.file, { tag: copyTag ?? tag, level0: command.forRecoverOfCopy !== null || command.incrementalLevel === 0, format: command.format })
      done(job.file.blocks)
    } else {
      await incrementalSet(work, channel, job.files, { tag: command.tag ?? copyTag ?? tag, format: command.format })
      done(job.files.reduce((sum, file) => sum + file.record.blocks, 0))
    }
  })
}

/** Nothing can have changed in a file that went read only or offline before its copy was taken. */
function unchanged(file: IncrementalFile): boolean {
  return file.record.stopScn !== null && file.record.stopScn <= file.sinceScn
}

async function incrementalSet(work: Work, channel: Channel, files: readonly IncrementalFile[], options: { readonly tag: string; readonly format: string | null }): Promise<void> {
  const { instance, emit } = work
  const changed = files.filter((file) => !unchanged(file))
  // The lines about a set appear together, however many channels begin at the same time.
  const set = changed.length === 0 ? null : await newSet(work, channel, options.format, options.tag, 'nnnd1', false)
  emit(`channel ${channel.name}: starting incremental level 1 datafile backup set`)
  emit(`channel ${channel.name}: specifying datafile(s) in backup set`)
  for (const { record } of files) emit(`input datafile file number=${fileNumber(record.file)} name=${record.name}`)
  for (const { record } of files.filter((file) => unchanged(file))) emit(`skipping datafile ${fileNumber(record.file)} because it has not changed`)
  if (set === null) {
    emit(`channel ${channel.name}: backup cancelled because all files were skipped`)
    return
  }
  await writePiece(work, channel, set, async () => {
    const results = await instance.incrementalBackup(
      changed.map(({ record, sinceScn }) => ({ file: record.file, sinceScn })),
      { path: set.path, tag: set.tag, setRecid: set.recid },
      channel.session,
    )
    const bytes = [...results.values()].reduce((sum, result) => sum + result.bytes, 0)
    const completionTime = instance.host.now()
    await recordSet(work, set, bytes, { type: 'I', incrementalLevel: 1, controlfileIncluded: false, spfileIncluded: false })
    await instance.updateControlFile((data) => {
      for (const [file, result] of results) {
        work.bytes.input += result.blocksRead * (data.datafiles.find((record) => record.file === file)?.blockSize ?? 8192)
        data.backupDatafiles.push({
          recid: instance.nextRecid('backupDatafiles'), setRecid: set.recid, file, incrementalLevel: 1, incrementalScn: result.incrementalScn, checkpointScn: result.checkpointScn, absoluteFuzzyScn: result.absoluteFuzzyScn,
          datafileBlocks: result.blocks, blocksWritten: result.blocksWritten, blocksRead: result.blocksRead, usedChangeTracking: result.usedChangeTracking, completionTime,
        })
      }
    })
  })
}
