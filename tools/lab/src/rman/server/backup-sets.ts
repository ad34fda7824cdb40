import type { PieceTarget } from '../../engine/instance-api.ts'
import type { BackupDatafileRecord, BackupRedologRecord, BackupSetRecord } from '../../engine/records.ts'
import { rmanError } from '../../engine/ora-error.ts'
import { writeError } from '../../engine/os-error.ts'
import { defaultName, placedName } from './names.ts'
import type { Channel, Work } from './work.ts'
import { date, elapsed } from './work.ts'

/** A backup set being written. */
export interface NewSet {
  readonly recid: number
  readonly setCount: number
  readonly setStamp: number
  readonly tag: string | null
  readonly startTime: number
}

/** Numbers for a new set. */
export async function newSet(work: Work, tag: string | null): Promise<NewSet> {
  const { instance } = work
  const { recid, setCount } = await instance.updateControlFile(() => ({ recid: instance.nextRecid('backupSets'), setCount: instance.nextRecid('setCount') }))
  const startTime = instance.host.now()
  return { recid, setCount, setStamp: instance.stamp(startTime), tag, startTime }
}

/** Name of a piece of a set on a channel; `format` is the command's own. @throws OraError ORA-19504 when the file exists and may not be used again */
export async function newPiece(work: Work, channel: Channel, set: NewSet, options: { readonly format: string | null; readonly label: string; readonly piece?: number; readonly reuse?: boolean }): Promise<PieceTarget> {
  const { instance } = work
  const piece = options.piece ?? 1
  const parts = { setCount: set.setCount, setStamp: set.setStamp, piece }
  const chosen = options.format ?? channel.format
  const path = chosen === null ? defaultName(instance, 'piece', piece === 1 ? options.label : `${options.label}_${piece}`, parts) : placedName(instance, chosen, 'piece', options.label, parts)
  if (await instance.fileExists(path)) {
    if (options.reuse !== true) throw writeError(Object.assign(new Error('exists'), { code: 'EEXIST' }), path) as Error
    await instance.removeFile(path)
    await forgetPiece(work, path)
  }
  return { path, tag: set.tag, setCount: set.setCount, setStamp: set.setStamp, piece }
}

/** A piece whose file was overwritten is no backup any more. */
async function forgetPiece(work: Work, path: string): Promise<void> {
  await work.instance.updateControlFile((data) => {
    for (const piece of data.backupPieces) {
      if (piece.handle !== path || piece.deleted) continue
      piece.status = 'D'
      piece.deleted = true
    }
  })
}

/** A piece that was written. */
export interface WrittenPiece {
  readonly piece: PieceTarget
  readonly bytes: number
}

export type SetKind = Pick<BackupSetRecord, 'type' | 'incrementalLevel' | 'controlfileIncluded' | 'spfileIncluded'> & { readonly multiSection?: true }

/** Enters a written set into the control file, with what is in it. */
export async function recordSet(
  work: Work, set: NewSet, pieces: readonly WrittenPiece[], kind: SetKind, contents: { readonly datafiles?: readonly Omit<BackupDatafileRecord, 'recid' | 'setRecid'>[]; readonly logs?: readonly Omit<BackupRedologRecord, 'recid' | 'setRecid'>[] } = {},
): Promise<void> {
  const { instance } = work
  const completionTime = instance.host.now()
  for (const { bytes } of pieces) work.bytes.output += bytes
  await instance.updateControlFile((data) => {
    data.backupSets.push({ recid: set.recid, stamp: set.setStamp, setCount: set.setCount, pieces: pieces.length, ...kind, startTime: set.startTime, completionTime })
    for (const { piece, bytes } of pieces) {
      data.backupPieces.push({
        recid: instance.nextRecid('backupPieces'), stamp: instance.stamp(completionTime), setRecid: set.recid, piece: piece.piece, handle: piece.path, tag: set.tag, bytes, status: 'A', deleted: false, completionTime,
      })
    }
    for (const datafile of contents.datafiles ?? []) data.backupDatafiles.push({ recid: instance.nextRecid('backupDatafiles'), setRecid: set.recid, ...datafile })
    for (const log of contents.logs ?? []) data.backupRedologs.push({ recid: instance.nextRecid('backupRedologs'), setRecid: set.recid, ...log })
  })
}

/** The lines around a piece being written. */
export async function writePiece<T>(work: Work, channel: Channel, piece: PieceTarget, write: () => Promise<T>): Promise<T> {
  const started = work.instance.host.now()
  work.emit(`channel ${channel.name}: starting piece ${piece.piece} at ${date(work, started)}`)
  let result: T
  try {
    result = await write()
  } catch (error) {
    throw writeError(error, piece.path)
  }
  work.emit(`channel ${channel.name}: finished piece ${piece.piece} at ${date(work)}`)
  work.emit(`piece handle=${piece.path} tag=${piece.tag ?? ''} comment=NONE`)
  work.emit(`channel ${channel.name}: backup set complete, elapsed time: ${elapsed(work, started)}`)
  return result
}

/** SPFILE and control file go into sets of their own; `both` together into one. */
export async function backupMetadata(work: Work, channel: Channel, what: 'spfile' | 'controlfile' | 'both', options: { readonly format: string | null; readonly tag: string; readonly reuse: boolean }): Promise<void> {
  const { instance, emit } = work
  if (what === 'spfile' && instance.spfile === null) throw rmanError(6062, 'can not backup SPFILE because the instance was not started with SPFILE')
  const withSpfile = what === 'spfile' || (what === 'both' && instance.spfile !== null)
  const set = await newSet(work, options.tag)
  const piece = await newPiece(work, channel, set, { format: options.format, label: what === 'spfile' ? 'nnsnf' : what === 'both' ? 'ncsnf' : 'ncnnf', reuse: options.reuse })
  emit(`channel ${channel.name}: starting full datafile backup set`)
  emit(`channel ${channel.name}: specifying datafile(s) in backup set`)
  if (what !== 'spfile') emit('including current control file in backup set')
  if (withSpfile) emit('including current SPFILE in backup set')
  const bytes = await writePiece(work, channel, piece, () => (what === 'spfile' ? instance.writeSpfileBackup(piece) : instance.writeControlFileBackup(piece, { spfile: withSpfile })))
  await recordSet(work, set, [{ piece, bytes }], { type: 'D', incrementalLevel: null, controlfileIncluded: what !== 'spfile', spfileIncluded: withSpfile })
}
