import { rmanError, OraError } from '../../engine/ora-error.ts'
import type { ControlFileData } from '../../engine/records.ts'
import { decodeControlFile, encodeControlFile } from '../../storage/control-file.ts'
import type { DuplicatePlan, DuplicateTempfile } from '../duplicate-plan.ts'
import type { DuplicateCommand } from '../grammar/ast.ts'
import { parallelism } from './configuration.ts'
import { availableLogs, backedUpLogs, controlfileBackups } from './repository.ts'
import { untilScn } from './until.ts'
import { announce } from './work.ts'
import type { Work } from './work.ts'

/**
 * What DUPLICATE asks of the target: up to where its backups and archived logs lead, and what they are.
 * @throws OraError RMAN-05541 without UNTIL when no log of this incarnation was archived, what {@link untilScn} throws, RMAN-06024 without a
 * backup of the control file as old as that, LAB-00001 for what the lab does not duplicate
 */
export async function duplicatePlan(work: Work, command: DuplicateCommand): Promise<DuplicatePlan> {
  const { instance, state } = work
  announce(work)
  const data = instance.controlFile
  const resting = data.datafiles.find((file) => file.status === 'OFFLINE' || file.status === 'RECOVER' || file.enabled === 'READ ONLY')
  if (data.pdbs !== undefined) throw notInLab('container databases')
  if (resting !== undefined) throw notInLab(`databases with read only or offline files, as datafile ${resting.file} is`)
  const end = (await untilScn(work, command.until ?? state.run?.until ?? null)) ?? endOfArchivedLogs(data)
  const controlFiles = await controlFilesBefore(work, end)
  // A file that was dropped since is in a backup of the control file only.
  const datafiles = new Map([...controlFiles.flatMap((backup) => backup.data.datafiles), ...data.datafiles].filter((file) => file.creationScn < end).map(({ file, name }) => [file, { file, name }]))
  return {
    databaseName: data.name, untilScn: end.toString(), controlFiles: controlFiles.map(({ name }) => name), datafiles: [...datafiles.values()],
    tempfiles: data.tempfiles.map(({ file, name, tablespace, blocks }) => ({ file, name, tablespace, blocks })),
    // A duplicate of a cluster database has one thread.
    logGroups: data.logGroups.filter((group) => group.thread === data.threads[0]?.thread).map(({ group, members, sizeBytes }) => ({ group, members, bytes: String(sizeBytes) })),
    archivelog: data.logMode === 'ARCHIVELOG', forceLogging: data.forceLogging,
    newnames: { database: state.run?.newnames.database ?? null, datafiles: [...(state.run?.newnames.datafiles ?? [])], tempfiles: [...(state.run?.newnames.tempfiles ?? [])] },
    parallelism: parallelism(instance), repository: encodeControlFile(data).toString('utf8'),
  }
}

function notInLab(what: string): OraError {
  return new OraError([{ code: 'LAB-00001', text: `the lab does not duplicate ${what}` }])
}

/** Where the archived logs of the current incarnation end, in the thread that ends first. */
function endOfArchivedLogs(data: ControlFileData): bigint {
  const ends = new Map<number, bigint>()
  for (const log of [...availableLogs(data), ...backedUpLogs(data).map((backup) => backup.log)]) {
    if (log.resetlogsId === data.resetlogsId && log.nextScn > (ends.get(log.thread) ?? 0n)) ends.set(log.thread, log.nextScn)
  }
  const [first, ...others] = ends.values()
  if (first === undefined) throw rmanError(5541, 'no archived logs found in target database')
  return others.reduce((least, scn) => (scn < least ? scn : least), first)
}

/** The backups of the control file that are no newer than an SCN and can be read here, the newest first. */
async function controlFilesBefore({ instance }: Work, end: bigint): Promise<readonly { readonly name: string; readonly data: ControlFileData }[]> {
  const found: { name: string; data: ControlFileData }[] = []
  for (const { name } of controlfileBackups(instance.controlFile)) {
    if (!(await instance.fileExists(name))) continue
    const data = await instance.readControlFileBackup(name)
    if (data.checkpointScn <= end) found.push({ name, data })
  }
  if (found.length === 0) throw rmanError(6026, 'some targets not found - aborting restore', { code: 'RMAN-06024', text: 'no backup or copy of the control file found to restore' })
  return found
}

/**
 * The auxiliary instance, which has mounted a backup of the target's control file, learns what the target's newest one knows: incarnations, and
 * those backups and archived logs that it can reach itself.
 */
export async function adoptRepository({ instance }: Work, repository: string): Promise<void> {
  const target = decodeControlFile(Buffer.from(repository, 'utf8'))
  const reachable = async <T>(records: readonly T[], name: (record: T) => string | null): Promise<T[]> => {
    const there = await Promise.all(records.map(async (record) => { const file = name(record); return file !== null && (await instance.fileExists(file)) }))
    return records.filter((_record, index) => there[index] === true)
  }
  const [archivedLogs, datafileCopies, backupPieces] = await Promise.all([reachable(target.archivedLogs, (log) => log.name), reachable(target.datafileCopies, (copy) => copy.name), reachable(target.backupPieces, (piece) => piece.handle)])
  const { incarnations, resetlogsScn, resetlogsId, resetlogsTime, logHistory, backupSets, backupDatafiles, backupRedologs } = target
  await instance.updateControlFile((data) => {
    Object.assign(data, { incarnations, resetlogsScn, resetlogsId, resetlogsTime, logHistory, backupSets, backupDatafiles, backupRedologs, archivedLogs, datafileCopies, backupPieces })
    for (const [section, recid] of Object.entries(target.recids)) data.recids[section] = Math.max(recid, data.recids[section] ?? 0)
  })
}

/** The tempfiles of the duplicate, which are made when it opens. */
export async function nameTempfiles({ instance, emit }: Work, tempfiles: readonly (Omit<DuplicateTempfile, 'name'> & { readonly name: string | null })[]): Promise<void> {
  const named = tempfiles.map((file) => ({ ...file, name: file.name ?? instance.omfName('tempfile', file.tablespace) }))
  await instance.updateControlFile((data) => { data.tempfiles = named })
  for (const { file, name } of named) emit(`renamed tempfile ${file} to ${name} in control file`)
}
