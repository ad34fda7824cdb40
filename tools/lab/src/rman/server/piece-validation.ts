import { readError } from '../../engine/os-error.ts'
import type { BackupPieceRecord } from '../../engine/records.ts'
import { elapsed } from './work.ts'
import type { Channel, Work } from './work.ts'

/** Reads the pieces of a set to their ends. @throws OraError ORA-19870 with the cause */
export async function readPieces(work: Work, channel: Channel, pieces: readonly BackupPieceRecord[], what: 'datafile' | 'archived log'): Promise<void> {
  const { instance, emit } = work
  const started = instance.host.now()
  emit(`channel ${channel.name}: starting validation of ${what} backup set`)
  for (const piece of pieces) {
    emit(`channel ${channel.name}: reading from backup piece ${piece.handle}`)
    await instance.validatePiece(piece.handle, channel.session).catch((error: unknown) => { throw readError(error, piece.handle) })
    work.bytes.input += piece.bytes
    emit(`channel ${channel.name}: piece handle=${piece.handle} tag=${piece.tag ?? ''}`)
    emit(`channel ${channel.name}: restored backup piece ${piece.piece}`)
  }
  emit(`channel ${channel.name}: validation complete, elapsed time: ${elapsed(work, started)}`)
}
