import { OraError, rmanError } from '../../engine/ora-error.ts'
import type { DatafileCopyRecord, DatafileRecord } from '../../engine/records.ts'
import type { Command, Until } from '../grammar/ast.ts'
import { runOnChannels, useChannels } from './channels.ts'
import { copyBytes, recordCopy } from './datafile-copies.ts'
import { readError } from '../../engine/os-error.ts'
import { datafilesOf, usableCopies } from './repository.ts'
import { untilScn } from './until.ts'
import { date, elapsed, fileNumber } from './work.ts'
import type { Work } from './work.ts'

/** RESTORE CONTROLFILE FROM a piece or copy; it comes back as a BACKUP control file, with the RMAN settings it holds. */
export async function restoreControlfile(work: Work, from: string, to: string | null): Promise<void> {
  const { instance, emit } = work
  if (to === null && instance.status !== 'STARTED') throw rmanError(6496, 'must use the TO clause when the database is mounted or open')
  if (to !== null) throw new OraError([{ code: 'LAB-00001', text: 'the lab restores a control file to the places of CONTROL_FILES, not TO a name' }])
  emit(`Starting restore at ${date(work)}`)
  const channels = useChannels(work)
  emit('')
  const started = instance.host.now()
  const [channel] = channels
  await runOnChannels(work, channels.slice(0, 1), [from], null, async (file) => {
    emit(`channel ${channel?.name ?? ''}: restoring control file`)
    const names = await instance.restoreControlFile(file).catch((error: unknown) => {
      throw noBackup(error)
    })
    emit(`channel ${channel?.name ?? ''}: restore complete, elapsed time: ${elapsed(work, started)}`)
    for (const name of names) emit(`output file name=${name}`)
  })
  emit(`Finished restore at ${date(work)}`)
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
  readonly copy: DatafileCopyRecord | null
  readonly target: string
  readonly renamed: boolean
}

/** RESTORE DATABASE | DATAFILE: from the newest copy that is not too new; without one the file is created empty for redo to fill. */
export async function restoreDatafiles(work: Work, files: readonly number[] | 'all', until: Until | null): Promise<void> {
  const { instance, emit } = work
  emit(`Starting restore at ${date(work)}`)
  const channels = useChannels(work)
  const data = instance.controlFile
  const end = await untilScn(work, until ?? work.state.run?.until ?? null)
  const chosen = files === 'all' ? data.datafiles : datafilesOf(instance, files, (file) => rmanError(20201, 'datafile not found in the recovery catalog', { code: 'RMAN-06010', text: `error while looking up datafile: ${file}` }))
  const plans = chosen.map((file) => plan(work, file, end))
  if (instance.status === 'OPEN') {
    const busy = plans.find(({ file, target }) => target === file.name && (file.status === 'SYSTEM' || file.status === 'ONLINE'))
    if (busy !== undefined) throw new OraError([{ code: 'ORA-19870', text: `error while restoring backup piece ${busy.copy?.name ?? ''}` }, { code: 'ORA-19573', text: `cannot obtain exclusive enqueue for datafile ${busy.file.file}` }])
  }
  emit('')
  for (const item of plans.filter(({ copy }) => copy === null)) await createEmpty(work, item)
  const copies = plans.filter((item): item is Plan & { readonly copy: DatafileCopyRecord } => item.copy !== null)
  if (copies.length === 0) emit('restore not done; all files read only, offline, or already restored')
  await runOnChannels(work, channels, copies, null, async ({ file, copy, target, renamed }, channel) => {
    const started = instance.host.now()
    emit(`channel ${channel.name}: restoring datafile ${fileNumber(file.file)}`)
    emit(`input datafile copy RECID=${copy.recid} STAMP=${copy.stamp} file name=${copy.name}`)
    emit(`destination for restore of datafile ${fileNumber(file.file)}: ${target}`)
    await copyBytes(work, copy.name, target)
    emit(`channel ${channel.name}: copied datafile copy of datafile ${fileNumber(file.file)}, elapsed time: ${elapsed(work, started)}`)
    const restored = renamed ? await recordCopy(work, { ...copy, name: target, completionTime: instance.host.now() }) : copy
    emit(`output file name=${target} RECID=${restored.recid} STAMP=${restored.stamp}`)
  })
  emit(`Finished restore at ${date(work)}`)
}

function plan(work: Work, file: DatafileRecord, end: bigint | null): Plan {
  const { instance, state } = work
  const newname = state.run?.newnames.datafiles.get(file.file) ?? state.run?.newnames.database ?? null
  const target = newname === null ? file.name : newname.kind === 'name' ? newname.name : instance.omfName('datafile', file.tablespace)
  const copy = usableCopies(instance.controlFile, file, null).find((candidate) => candidate.name !== target && (end === null || candidate.checkpointScn <= end)) ?? null
  if (copy === null && (file.file === 1 || (end !== null && file.creationScn >= end))) {
    throw rmanError(6026, 'some targets not found - aborting restore', { code: 'RMAN-06023', text: `no backup or copy of datafile ${file.file} found to restore` })
  }
  return { file, copy, target, renamed: target !== file.name }
}

async function createEmpty(work: Work, { file, target, renamed }: Plan): Promise<void> {
  const { instance, emit } = work
  emit(`creating datafile file number=${file.file} name=${target}`)
  try {
    await instance.createEmptyDatafile(file.file, target)
  } catch (error) {
    throw readError(error, target)
  }
  if (!renamed) return
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
