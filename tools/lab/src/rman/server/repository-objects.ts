import { rmanError } from '../../engine/ora-error.ts'
import type { ArchivedLogRecord, BackupPieceRecord, ControlFileData, DatafileCopyRecord } from '../../engine/records.ts'
import type { BackupContents, RepositoryObjects } from '../grammar/ast.ts'
import { selectLogs } from './archivelog-selection.ts'
import type { Work } from './work.ts'

/** A file of the repository that maintenance commands work on. */
export type RepositoryFile =
  | { readonly kind: 'log'; readonly record: ArchivedLogRecord & { readonly name: string } }
  | { readonly kind: 'piece'; readonly record: BackupPieceRecord }
  | { readonly kind: 'copy'; readonly record: DatafileCopyRecord }

export function pathOf(file: RepositoryFile): string {
  return file.kind === 'piece' ? file.record.handle : file.record.name
}

/** `archived log file name=… RECID=1 STAMP=2`: how a file is named in the lines about it. */
export function fileLine(file: RepositoryFile): string {
  return `${kindName(file)} ${file.kind === 'piece' ? 'handle' : 'file name'}=${pathOf(file)} RECID=${file.record.recid} STAMP=${file.record.stamp}`
}

/** Copies of the control file are kept among those of datafiles, as file 0. */
const isControlfile = (file: RepositoryFile): boolean => file.kind === 'copy' && file.record.file === 0

export function kindName(file: RepositoryFile): string {
  return isControlfile(file) ? 'control file copy' : { log: 'archived log', piece: 'backup piece', copy: 'datafile copy' }[file.kind]
}

/** Type column of RMAN-06214 and of the list of what is obsolete. */
export function typeName(file: RepositoryFile): string {
  return isControlfile(file) ? 'Control File Copy' : { log: 'Archivelog', piece: 'Backup Piece', copy: 'Datafile Copy' }[file.kind]
}

/** Rows about logs at a standby are no files of this database. */
const present = (record: { readonly deleted: boolean; readonly status: string; readonly standby?: boolean }): boolean => !record.deleted && record.status !== 'D' && record.standby !== true
const isNamed = (record: ArchivedLogRecord): record is ArchivedLogRecord & { readonly name: string } => record.name !== null
const log = (record: ArchivedLogRecord & { readonly name: string }): RepositoryFile => ({ kind: 'log', record })
const piece = (record: BackupPieceRecord): RepositoryFile => ({ kind: 'piece', record })
const copy = (record: DatafileCopyRecord): RepositoryFile => ({ kind: 'copy', record })

/** The files that a list of objects stands for. Names and keys that are unknown are errors; anything else may be empty. */
export function selectObjects(work: Work, objects: RepositoryObjects): RepositoryFile[] {
  const data = work.instance.controlFile
  switch (objects.kind) {
    case 'archivelog':
      return selectLogs(work, objects.selection, data.archivedLogs.filter(present)).filter(isNamed).map(log)
    case 'backup':
      return data.backupPieces.filter((record) => present(record) && (objects.tag === null || record.tag === objects.tag) && holds(data, record.setRecid, objects.of)).map(piece)
    case 'backupset':
      return data.backupPieces.filter((record) => present(record) && (objects.tag === null || record.tag === objects.tag) && (objects.keys.length === 0 || objects.keys.includes(record.setRecid))).map(piece)
    case 'backuppiece':
      return selectPieces(data, objects)
    case 'copy': {
      const copies = data.datafileCopies.filter((record) => present(record) && (objects.tag === null || record.tag === objects.tag) && (objects.of === 'all' || (objects.of !== 'archivelog' && (record.file === 0) === (objects.of === 'controlfile'))))
      const logs = (objects.of === 'all' && objects.tag === null) || objects.of === 'archivelog' ? data.archivedLogs.filter(present).filter(isNamed) : []
      return [...copies.map(copy), ...logs.map(log)]
    }
    case 'datafilecopy':
    case 'controlfilecopy':
      return selectCopies(data, objects)
  }
}

/** Whether a set has something in it. */
function holds(data: ControlFileData, setRecid: number, of: BackupContents): boolean {
  const set = data.backupSets.find((candidate) => candidate.recid === setRecid)
  switch (of) {
    case 'all':
      return true
    case 'database':
      return data.backupDatafiles.some((datafile) => datafile.setRecid === setRecid)
    case 'archivelog':
      return set?.type === 'L'
    case 'controlfile':
      return set?.controlfileIncluded === true
    case 'spfile':
      return set?.spfileIncluded === true
  }
}

function selectPieces(data: ControlFileData, objects: Extract<RepositoryObjects, { kind: 'backuppiece' }>): RepositoryFile[] {
  const all = data.backupPieces.filter(present)
  if (objects.tag !== null) return all.filter((record) => record.tag === objects.tag).map(piece)
  const named = objects.names.map((name) => all.find((record) => record.handle === name) ?? notFound(20260, 'backup piece', 6092, 'error while looking up backup piece'))
  const keyed = objects.keys.map((key) => all.find((record) => record.recid === key) ?? notFound(20260, 'backup piece', 6092, 'error while looking up backup piece'))
  return [...named, ...keyed].map(piece)
}

/** Copies of datafiles or of the control file by name, key or tag. @throws OraError RMAN-06004 for one that is unknown */
export function selectCopies(data: ControlFileData, objects: Extract<RepositoryObjects, { kind: 'datafilecopy' | 'controlfilecopy' }>): RepositoryFile[] {
  const what = objects.kind === 'datafilecopy' ? 'datafile copy' : 'control file copy'
  const all = data.datafileCopies.filter((record) => present(record) && (record.file === 0) === (objects.kind === 'controlfilecopy'))
  if (objects.all) return all.map(copy)
  if (objects.tag !== null) return all.filter((record) => record.tag === objects.tag).map(copy)
  const named = objects.names.map((name) => all.find((record) => record.name === name) ?? notFound(20230, what, 6083, `error while looking up ${what}: ${name}`))
  const keyed = objects.keys.map((key) => all.find((record) => record.recid === key) ?? notFound(20230, what, 6083, `error while looking up ${what} key: ${key}`))
  return [...named, ...keyed].map(copy)
}

function notFound(number: number, what: string, below: number, text: string): never {
  throw rmanError(6004, `error from target database: RMAN-${number}: ${what} not found in the recovery catalog`, { code: `RMAN-${String(below).padStart(5, '0')}`, text })
}

/** What RMAN says when nothing matches. */
export function nothingMatches(objects: RepositoryObjects): string {
  switch (objects.kind) {
    case 'archivelog':
      return 'specification does not match any archived log in the repository'
    case 'controlfilecopy':
      return 'specification does not match any control file copy in the repository'
    case 'copy':
    case 'datafilecopy':
      return 'specification does not match any datafile copy in the repository'
    default:
      return 'specification does not match any backup in the repository'
  }
}

/** Changes the records of files, found again by record number. */
export async function changeRecords(work: Work, files: readonly RepositoryFile[], change: (record: { deleted: boolean; status: 'A' | 'D' | 'U' | 'X' }, kind: RepositoryFile['kind'], data: ControlFileData) => void): Promise<void> {
  if (files.length === 0) return
  await work.instance.updateControlFile((data) => {
    for (const file of files) {
      const same = (record: { readonly recid: number; readonly stamp: number }): boolean => record.recid === file.record.recid && record.stamp === file.record.stamp
      const record = file.kind === 'log' ? data.archivedLogs.find(same) : file.kind === 'piece' ? data.backupPieces.find(same) : data.datafileCopies.find(same)
      if (record !== undefined) change(record, file.kind, data)
    }
  })
}

/** The record of a file that is gone: V$ARCHIVED_LOG loses its name, too. */
export async function forget(work: Work, files: readonly RepositoryFile[]): Promise<void> {
  await changeRecords(work, files, (record) => {
    record.deleted = true
    record.status = 'D'
    if ('destId' in record) (record as ArchivedLogRecord).name = null
  })
}
