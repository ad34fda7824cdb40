import type { DatafileCopyRecord } from '../../engine/records.ts'
import type { RepositoryFile } from './repository-objects.ts'
import { date, uniqueName } from './work.ts'
import type { Work } from './work.ts'

export const statusNames = { A: 'AVAILABLE', U: 'UNAVAILABLE', X: 'EXPIRED', D: 'DELETED' } as const

/** RMAN's lists of files, by kind, each with an empty line above it. */
export function fileTables(work: Work, files: readonly RepositoryFile[]): string[] {
  return [...pieceTable(files), ...copyTable(work, files), ...logTable(work, files)]
}

function pieceTable(files: readonly RepositoryFile[]): string[] {
  const pieces = files.filter((file) => file.kind === 'piece')
  if (pieces.length === 0) return []
  return [
    '',
    'List of Backup Pieces',
    'BP Key  BS Key  Pc# Cp# Status      Device Type Piece Name',
    '------- ------- --- --- ----------- ----------- ----------',
    ...pieces.map(({ record }) => `${String(record.recid).padEnd(7)} ${String(record.setRecid).padEnd(7)} ${String(record.piece).padEnd(3)} 1   ${statusNames[record.status].padEnd(11)} DISK        ${record.handle}`),
  ]
}

function copyTable(work: Work, files: readonly RepositoryFile[]): string[] {
  const all = files.filter((file) => file.kind === 'copy')
  const copies = all.filter(({ record }) => record.file !== 0)
  const width = Math.max(15, date(work).length)
  const controlfiles = controlfileTable(work, all.map(({ record }) => record).filter((record) => record.file === 0), width)
  if (copies.length === 0) return controlfiles
  return [
    '',
    'List of Datafile Copies',
    '=======================',
    '',
    `Key     File S ${'Completion Time'.padEnd(width)} Ckp SCN    ${'Ckp Time'.padEnd(width)}`,
    `------- ---- - ${'-'.repeat(width)} ---------- ${'-'.repeat(width)}`,
    ...copies.flatMap(({ record }) => [
      `${String(record.recid).padEnd(7)} ${String(record.file).padEnd(4)} ${record.status} ${date(work, record.completionTime).padEnd(width)} ${record.checkpointScn.toString().padEnd(10)} ${date(work, record.checkpointTime).padEnd(width)}`,
      `        Name: ${record.name}`,
      ...(record.tag === null ? [] : [`        Tag: ${record.tag}`]),
      '',
    ]),
    ...controlfiles,
  ]
}

function controlfileTable(work: Work, copies: readonly DatafileCopyRecord[], width: number): string[] {
  if (copies.length === 0) return []
  return [
    '',
    'List of Control File Copies',
    '===========================',
    '',
    `Key     S ${'Completion Time'.padEnd(width)} Ckp SCN    ${'Ckp Time'.padEnd(width)}`,
    `------- - ${'-'.repeat(width)} ---------- ${'-'.repeat(width)}`,
    ...copies.flatMap((record) => [
      `${String(record.recid).padEnd(7)} ${record.status} ${date(work, record.completionTime).padEnd(width)} ${record.checkpointScn.toString().padEnd(10)} ${date(work, record.checkpointTime).padEnd(width)}`,
      `        Name: ${record.name}`,
      ...(record.tag === null ? [] : [`        Tag: ${record.tag}`]),
      '',
    ]),
  ]
}

function logTable(work: Work, files: readonly RepositoryFile[]): string[] {
  const logs = files.filter((file) => file.kind === 'log')
  if (logs.length === 0) return []
  const width = Math.max(9, date(work).length)
  return [
    '',
    `List of Archived Log Copies for database with db_unique_name ${uniqueName(work)}`,
    '=====================================================================',
    '',
    `Key     Thrd Seq     S ${'Low Time'.padEnd(width)}`,
    `------- ---- ------- - ${'-'.repeat(width)}`,
    ...logs.flatMap(({ record }) => [
      `${String(record.recid).padEnd(7)} ${String(record.thread).padEnd(4)} ${String(record.sequence).padEnd(7)} ${record.status} ${date(work, record.firstTime).padEnd(width)}`,
      `        Name: ${record.name}`,
      '',
    ]),
  ]
}
