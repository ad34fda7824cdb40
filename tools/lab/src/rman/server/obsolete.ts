import type { BackupSetRecord, ControlFileData } from '../../engine/records.ts'
import { type RepositoryFile, typeName } from './repository-objects.ts'
import { type DatafileBackup, datafileBackups } from './repository.ts'
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
  const keptCopies = new Set<number>()
  const keptSets = new Set<number>()
  /** The oldest backup that is kept of each file; redo and incrementals are needed from there. */
  const base = new Map<number, DatafileBackup>()
  for (const file of data.datafiles) {
    const backups = datafileBackups(data, file)
    const newestOld = windowStart === null ? backups[(rule.redundancy ?? 1) - 1] : backups.find((backup) => backup.checkpointTime <= windowStart)
    const last = newestOld ?? backups.at(-1)
    if (last === undefined) continue
    base.set(file.file, last)
    for (const backup of backups.slice(0, backups.indexOf(last) + 1)) {
      if (backup.kind === 'copy') keptCopies.add(backup.copy.recid)
      else keptSets.add(backup.datafile.setRecid)
    }
  }
  const complete = data.datafiles.every((file) => base.has(file.file))
  const redoFrom = [...base.values()].reduce<bigint | null>((lowest, backup) => (lowest === null || backup.checkpointScn < lowest ? backup.checkpointScn : lowest), null)
  const redoObsolete = (log: { readonly nextScn: bigint }): boolean => complete && redoFrom !== null && log.nextScn <= redoFrom
  const metadata = obsoleteMetadata(data, windowStart, rule)
  const result: RepositoryFile[] = []
  for (const piece of data.backupPieces) {
    if (piece.deleted || piece.status !== 'A') continue
    const datafiles = data.backupDatafiles.filter((record) => record.setRecid === piece.setRecid)
    const logs = data.backupRedologs.filter((record) => record.setRecid === piece.setRecid)
    const obsolete = datafiles.length > 0
      ? datafiles.every((record) => (record.incrementalLevel === 1 ? (base.get(record.file)?.checkpointScn ?? -1n) >= record.checkpointScn : base.has(record.file) && !keptSets.has(record.setRecid)))
      : logs.length > 0 ? logs.every(redoObsolete) : metadata.has(piece.recid)
    if (obsolete) result.push({ kind: 'piece', record: piece })
  }
  for (const copy of data.datafileCopies) {
    const known = data.datafiles.some((file) => file.file === copy.file && file.creationScn === copy.creationScn)
    if (!copy.deleted && copy.status === 'A' && (copy.file === 0 ? metadata.has(-copy.recid) : known && !keptCopies.has(copy.recid))) result.push({ kind: 'copy', record: copy })
  }
  for (const log of data.archivedLogs) {
    const { name } = log
    if (name !== null && !log.deleted && log.status === 'A' && log.creator === 'RMAN' && redoObsolete(log)) result.push({ kind: 'log', record: { ...log, name } })
  }
  return result
}

/** Backups of the control file and of the SPFILE that newer ones replace: record numbers of pieces, and of copies below zero. */
function obsoleteMetadata(data: ControlFileData, windowStart: number | null, rule: RetentionRule): ReadonlySet<number> {
  const pieces = (test: (set: BackupSetRecord) => boolean): { readonly id: number; readonly completionTime: number }[] => {
    const sets = new Set(data.backupSets.filter(test).map((set) => set.recid))
    return data.backupPieces.filter((piece) => sets.has(piece.setRecid) && !piece.deleted && piece.status === 'A').map((piece) => ({ id: piece.recid, completionTime: piece.completionTime }))
  }
  const copies = data.datafileCopies.filter((copy) => copy.file === 0 && !copy.deleted && copy.status === 'A').map((copy) => ({ id: -copy.recid, completionTime: copy.completionTime }))
  const replaced = [[...pieces((set) => set.controlfileIncluded), ...copies], pieces((set) => set.spfileIncluded && !set.controlfileIncluded)].flatMap((backups) => {
    backups.sort((a, b) => b.completionTime - a.completionTime)
    if (windowStart === null) return backups.slice(rule.redundancy ?? 1)
    const keep = backups.findIndex((backup) => backup.completionTime <= windowStart)
    return keep < 0 ? [] : backups.slice(keep + 1)
  })
  return new Set(replaced.map((backup) => backup.id))
}

/** The table above the deletion, as REPORT OBSOLETE prints it. */
export function obsoleteTable(work: Work, files: readonly RepositoryFile[]): string[] {
  const width = Math.max(18, date(work).length)
  const lines = [`Type                 Key    ${'Completion Time'.padEnd(width)} Filename/Handle`, `-------------------- ------ ${'-'.repeat(width)} --------------------`]
  const row = (type: string, key: number, time: number, name: string): string => `${type.padEnd(20)} ${String(key).padEnd(6)} ${date(work, time).padEnd(width)} ${name}`
  for (const file of files) {
    if (file.kind === 'piece') {
      lines.push(row('Backup Set', file.record.setRecid, file.record.completionTime, '').trimEnd(), row('  Backup Piece', file.record.recid, file.record.completionTime, file.record.handle))
    } else lines.push(row(file.kind === 'log' ? 'Archive Log' : typeName(file), file.record.recid, file.record.completionTime, file.record.name))
  }
  return lines
}
