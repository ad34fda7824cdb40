import type { BackupSetRecord } from '../../engine/records.ts'
import { rmanError } from '../../engine/ora-error.ts'
import type { Channel, Work } from './work.ts'
import { date, elapsed } from './work.ts'
import { defaultName, expandFormat } from './names.ts'
import { writeError } from '../../engine/os-error.ts'

/** A backup set about to be written. */
export interface NewSet {
  readonly recid: number
  readonly setCount: number
  readonly setStamp: number
  readonly path: string
  readonly tag: string | null
}

/** Numbers and name for a new set on a channel; `format` is the command's own. */
export async function newSet(work: Work, channel: Channel, format: string | null, tag: string | null, label: string, reuse: boolean): Promise<NewSet> {
  const { instance } = work
  const { recid, setCount } = await instance.updateControlFile(() => ({ recid: instance.nextRecid('backupSets'), setCount: instance.nextRecid('setCount') }))
  const setStamp = instance.stamp(instance.host.now())
  const parts = { setCount, setStamp, piece: 1 }
  const chosen = format ?? channel.format
  const path = chosen === null ? defaultName(instance, 'piece', label, parts) : expandFormat(instance, chosen, parts)
  if (await instance.fileExists(path)) {
    if (!reuse) {
      throw rmanErrorOnCreate(path)
    }
    await instance.removeFile(path)
    await forgetPiece(work, path)
  }
  return { recid, setCount, setStamp, path, tag }
}

function rmanErrorOnCreate(path: string): Error {
  return writeError(Object.assign(new Error('exists'), { code: 'EEXIST' }), path) as Error
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

/** Enters a written set of one piece into the control file. */
export async function recordSet(work: Work, set: NewSet, bytes: number, kind: Pick<BackupSetRecord, 'type' | 'incrementalLevel' | 'controlfileIncluded' | 'spfileIncluded'>): Promise<void> {
  const { instance } = work
  const completionTime = instance.host.now()
  work.bytes.output += bytes
  await instance.updateControlFile((data) => {
    data.backupSets.push({ recid: set.recid, stamp: set.setStamp, ...kind, completionTime })
    data.backupPieces.push({
      recid: instance.nextRecid('backupPieces'), stamp: instance.stamp(completionTime), setRecid: set.recid, piece: 1, handle: set.path, tag: set.tag, bytes, status: 'A', deleted: false, completionTime,
    })
  })
}

/** The lines around a piece being written. */
export async function writePiece(work: Work, channel: Channel, set: NewSet, write: () => Promise<void>): Promise<void> {
  const started = work.instance.host.now()
  work.emit(`channel ${channel.name}: starting piece 1 at ${date(work, started)}`)
  try {
    await write()
  } catch (error) {
    throw writeError(error, set.path)
  }
  work.emit(`channel ${channel.name}: finished piece 1 at ${date(work)}`)
  work.emit(`piece handle=${set.path} tag=${set.tag ?? ''} comment=NONE`)
  work.emit(`channel ${channel.name}: backup set complete, elapsed time: ${elapsed(work, started)}`)
}

/** SPFILE and control file go into sets of their own. */
export async function backupMetadata(work: Work, channel: Channel, what: 'spfile' | 'controlfile', options: { readonly format: string | null; readonly tag: string; readonly reuse: boolean }): Promise<void> {
  const { instance, emit } = work
  emit(`channel ${channel.name}: starting full datafile backup set`)
  emit(`channel ${channel.name}: specifying datafile(s) in backup set`)
  if (what === 'spfile' && instance.spfile === null) throw rmanError(6062, 'can not backup SPFILE because the instance was not started with SPFILE')
  emit(what === 'spfile' ? 'including current SPFILE in backup set' : 'including current control file in backup set')
  const set = await newSet(work, channel, options.format, options.tag, what === 'spfile' ? 'nnsnf' : 'ncnnf', options.reuse)
  await writePiece(work, channel, set, async () => {
    const piece = { tag: options.tag, setRecid: set.recid }
    const bytes = what === 'spfile' ? await instance.writeSpfileBackup(set.path, piece) : await instance.writeControlFileBackup(set.path, { ...piece, spfile: false })
    await recordSet(work, set, bytes, { type: 'D', incrementalLevel: null, controlfileIncluded: what === 'controlfile', spfileIncluded: what === 'spfile' })
  })
}
