import type { BackupPieceRecord, BackupSetRecord } from '../../engine/records.ts'
import type { RepositoryFile } from './repository-objects.ts'
import { statusNames } from './tables.ts'
import { date } from './work.ts'
import type { Work } from './work.ts'

/** `1.50M`: a size in the lists. */
function size(bytes: number): string {
  for (const [unit, factor] of [['G', 1024 ** 3], ['M', 1024 ** 2]] as const) if (bytes >= factor) return `${(bytes / factor).toFixed(2)}${unit}`
  return `${(bytes / 1024).toFixed(2)}K`
}

function duration(set: BackupSetRecord): string {
  const seconds = Math.max(0, Math.round((set.completionTime - set.startTime) / 1000))
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
}

const typeOf = (set: BackupSetRecord): string => (set.type === 'D' ? 'Full' : set.type === 'I' ? 'Incr' : 'Arch')
const levelOf = (level: 0 | 1 | null): string => (level === null ? '' : String(level))

/** LIST BACKUP: the sets that pieces belong to, and what is in them; SUMMARY: a line for each. */
export function backupSetLists(work: Work, files: readonly RepositoryFile[], summary: boolean): string[] {
  const data = work.instance.controlFile
  const bySet = new Map<number, BackupPieceRecord[]>()
  for (const file of files) if (file.kind === 'piece') bySet.set(file.record.setRecid, [...(bySet.get(file.record.setRecid) ?? []), file.record])
  const sets = [...bySet].flatMap(([recid, pieces]) => {
    const set = data.backupSets.find((candidate) => candidate.recid === recid)
    return set === undefined ? [] : [{ set, pieces }]
  })
  if (sets.length === 0) return []
  return summary ? summaryOf(work, sets) : ['', 'List of Backup Sets', '===================', '', ...sets.flatMap(({ set, pieces }) => detailsOf(work, set, pieces))]
}

function summaryOf(work: Work, sets: readonly { readonly set: BackupSetRecord; readonly pieces: readonly BackupPieceRecord[] }[]): string[] {
  const width = Math.max(15, date(work).length)
  return [
    '',
    'List of Backups',
    '===============',
    `Key     TY LV S Device Type ${'Completion Time'.padEnd(width)} #Pieces #Copies Compressed Tag`,
    `------- -- -- - ----------- ${'-'.repeat(width)} ------- ------- ---------- ---`,
    ...sets.map(({ set, pieces }) => {
      const type = set.type === 'L' ? ['A', 'A'] : ['B', set.incrementalLevel === null ? 'F' : String(set.incrementalLevel)]
      return `${String(set.recid).padEnd(7)} ${type[0] ?? ''}  ${type[1] ?? ''}  ${pieces[0]?.status ?? 'A'} DISK        ${date(work, set.completionTime).padEnd(width)} ${String(pieces.length).padEnd(7)} 1       NO         ${pieces[0]?.tag ?? ''}`.trimEnd()
    }),
  ]
}

function detailsOf(work: Work, set: BackupSetRecord, pieces: readonly BackupPieceRecord[]): string[] {
  const width = Math.max(15, date(work).length)
  const bytes = size(pieces.reduce((sum, piece) => sum + piece.bytes, 0))
  const several = pieces.length > 1
  const head = set.type === 'L'
    ? [`BS Key  Size       Device Type Elapsed Time ${'Completion Time'.padEnd(width)}`, `------- ---------- ----------- ------------ ${'-'.repeat(width)}`, `${String(set.recid).padEnd(7)} ${bytes.padEnd(10)} DISK        ${duration(set).padEnd(12)} ${date(work, set.completionTime)}`]
    : [`BS Key  Type LV Size       Device Type Elapsed Time ${'Completion Time'.padEnd(width)}`, `------- ---- -- ---------- ----------- ------------ ${'-'.repeat(width)}`, `${String(set.recid).padEnd(7)} ${typeOf(set)} ${levelOf(set.incrementalLevel).padEnd(2)} ${bytes.padEnd(10)} DISK        ${duration(set).padEnd(12)} ${date(work, set.completionTime)}`]
  const names = several
    ? []
    : pieces.flatMap((piece) => [`        BP Key: ${String(piece.recid).padEnd(5)} Status: ${statusNames[piece.status]}  Compressed: NO  Tag: ${piece.tag ?? ''}`.trimEnd(), `        Piece Name: ${piece.handle}`])
  return [...head, ...names, ...contentsOf(work, set), ...(several ? pieceList(set, pieces) : []), '']
}

function pieceList(set: BackupSetRecord, pieces: readonly BackupPieceRecord[]): string[] {
  return [
    '',
    `  Backup Set Copy #1 of backup set ${set.recid}`,
    '  List of Backup Pieces for backup set ' + `${set.recid} Copy #1`,
    '    BP Key  Pc# Status      Piece Name',
    '    ------- --- ----------- ----------',
    ...pieces.map((piece) => `    ${String(piece.recid).padEnd(7)} ${String(piece.piece).padEnd(3)} ${statusNames[piece.status].padEnd(11)} ${piece.handle}`),
  ]
}

function contentsOf(work: Work, set: BackupSetRecord): string[] {
  const data = work.instance.controlFile
  const width = Math.max(9, date(work).length)
  const datafiles = data.backupDatafiles.filter((record) => record.setRecid === set.recid)
  const logs = data.backupRedologs.filter((record) => record.setRecid === set.recid)
  return [
    ...(datafiles.length === 0 ? [] : [
      `  List of Datafiles in backup set ${set.recid}`,
      `  File LV Type Ckp SCN    ${'Ckp Time'.padEnd(width)} Name`,
      `  ---- -- ---- ---------- ${'-'.repeat(width)} ----`,
      ...datafiles.map((record) => `  ${String(record.file).padEnd(4)} ${levelOf(record.incrementalLevel).padEnd(2)} ${typeOf(set)} ${record.checkpointScn.toString().padEnd(10)} ${date(work, record.checkpointTime).padEnd(width)} ${data.datafiles.find((file) => file.file === record.file)?.name ?? ''}`.trimEnd()),
    ]),
    ...(logs.length === 0 ? [] : [
      '',
      `  List of Archived Logs in backup set ${set.recid}`,
      `  Thrd Seq     Low SCN    ${'Low Time'.padEnd(width)} Next SCN   Next Time`,
      `  ---- ------- ---------- ${'-'.repeat(width)} ---------- ---------`,
      ...logs.map((log) => `  ${String(log.thread).padEnd(4)} ${String(log.sequence).padEnd(7)} ${log.firstScn.toString().padEnd(10)} ${date(work, log.firstTime).padEnd(width)} ${log.nextScn.toString().padEnd(10)} ${date(work, log.nextTime)}`),
    ]),
    ...(set.spfileIncluded ? ['  SPFILE Included: Modification time: ' + date(work, set.completionTime)] : []),
    ...(set.controlfileIncluded ? [`  Control File Included: Ckp SCN: ${data.checkpointScn.toString()}       Ckp time: ${date(work, set.completionTime)}`] : []),
  ]
}
