import type { BackupPieceRecord, DatafileCopyRecord } from '../../engine/records.ts'
import type { RepositoryFile } from './repository-objects.ts'
import { usableCopies } from './repository.ts'
import { date } from './work.ts'
import type { Work } from './work.ts'

export interface RetentionRule {
  readonly windowDays: number | null
  readonly redundancy: number | null
}

/** Backups that no recovery within the retention policy needs. */
export function obsoleteFiles(work: Work, rule: RetentionRule): RepositoryFile[] {
  const { instance } = work
  const data = instance.controlFile
  if (rule.windowDays === null && rule.redundancy === null) return []
  const windowStart = rule.windowDays === null ? null : instance.host.now() - rule.windowDays * 86_400_000
  const kept = new Set<number>()
  /** The oldest copy that is kept of each file; redo is needed from the oldest of these. */
  const base = new Map<number, DatafileCopyRecord>()
  for (const file of data.datafiles) {
    const copies = usableCopies(data, file, null)
    const newestOld = windowStart === null ? copies[(rule.redundancy ?? 1) - 1] : copies.find((copy) => copy.checkpointTime <= windowStart)
    const last = newestOld ?? copies.at(-1)
    for (const copy of copies.slice(0, last === undefined ? 0 : copies.indexOf(last) + 1)) kept.add(copy.recid)
    if (last !== undefined) base.set(file.file, last)
  }
  const complete = data.datafiles.every((file) => base.has(file.file))
  const redoFrom = [...base.values()].reduce<bigint | null>((lowest, copy) => (lowest === null || copy.checkpointScn < lowest ? copy.checkpointScn : lowest), null)
  const result: RepositoryFile[] = []
  for (const piece of obsoletePieces(work, windowStart, rule, base)) result.push({ kind: 'piece', record: piece })
  for (const copy of data.datafileCopies) {
    const known = data.datafiles.some((file) => file.file === copy.file && file.creationScn === copy.creationScn)
    if (!copy.deleted && copy.status === 'A' && known && !kept.has(copy.recid)) result.push({ kind: 'copy', record: copy })
  }
  if (complete && redoFrom !== null) {
    for (const log of data.archivedLogs) {
      const { name } = log
      if (name !== null && !log.deleted && log.status === 'A' && log.creator === 'RMAN' && log.nextScn <= redoFrom) result.push({ kind: 'log', record: { ...log, name } })
    }
  }
  return result
}

function obsoletePieces(work: Work, windowStart: number | null, rule: RetentionRule, base: ReadonlyMap<number, DatafileCopyRecord>): BackupPieceRecord[] {
  const data = work.instance.controlFile
  const present = data.backupPieces.filter((piece) => !piece.deleted && piece.status === 'A')
  const setOf = (piece: BackupPieceRecord): (typeof data.backupSets)[number] | undefined => data.backupSets.find((set) => set.recid === piece.setRecid)
  const merged = present.filter((piece) => {
    const files = data.backupDatafiles.filter((file) => file.setRecid === piece.setRecid)
    return files.length > 0 && files.every((file) => (base.get(file.file)?.checkpointScn ?? -1n) >= file.checkpointScn)
  })
  const metadata = (test: (set: (typeof data.backupSets)[number]) => boolean): BackupPieceRecord[] => {
    const pieces = present.filter((piece) => {
      const set = setOf(piece)
      return set !== undefined && test(set)
    })
    pieces.sort((a, b) => b.completionTime - a.completionTime)
    if (windowStart === null) return pieces.slice(rule.redundancy ?? 1)
    const keep = pieces.findIndex((piece) => piece.completionTime <= windowStart)
    return keep < 0 ? [] : pieces.slice(keep + 1)
  }
  const obsolete = [...merged, ...metadata((set) => set.controlfileIncluded), ...metadata((set) => set.spfileIncluded && !set.controlfileIncluded)]
  return obsolete.sort((a, b) => a.recid - b.recid)
}

/** The table above the deletion, as REPORT OBSOLETE prints it. */
export function obsoleteTable(work: Work, files: readonly RepositoryFile[]): string[] {
  const width = Math.max(18, date(work).length)
  const lines = [`Type                 Key    ${'Completion Time'.padEnd(width)} Filename/Handle`, `-------------------- ------ ${'-'.repeat(width)} --------------------`]
  const row = (type: string, key: number, time: number, name: string): string => `${type.padEnd(20)} ${String(key).padEnd(6)} ${date(work, time).padEnd(width)} ${name}`
  for (const file of files) {
    if (file.kind === 'piece') {
      lines.push(row('Backup Set', file.record.setRecid, file.record.completionTime, '').trimEnd(), row('  Backup Piece', file.record.recid, file.record.completionTime, file.record.handle))
    } else lines.push(row(file.kind === 'copy' ? 'Datafile Copy' : 'Archive Log', file.record.recid, file.record.completionTime, file.record.name))
  }
  return lines
}
