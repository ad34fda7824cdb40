import { PieceCorruption, type PieceDatafile, type PieceFrame, type PieceHeader, readPiece, readPieceHeader } from '../storage/backup-piece.ts'
import { isMissing } from '../storage/file-io.ts'
import { LongOperation } from './backup-input.ts'
import type { ServerSession } from './instance-api.ts'
import type { Kernel } from './kernel.ts'
import { ora } from './ora-error.ts'

/** What a piece says of itself. @throws OraError 19870 with 19505 or 19608 */
export async function pieceHeader(kernel: Kernel, piece: string): Promise<PieceHeader> {
  let header: PieceHeader | undefined
  try {
    header = await readPieceHeader(kernel.host.real(piece))
  } catch (error) {
    if (!isMissing(error)) throw error
    throw ora(19870, `error while restoring backup piece ${piece}`, [19505, `failed to identify file "${piece}"`], [27037, 'unable to obtain file status\nLinux-x86_64 Error: 2: No such file or directory'])
  }
  if (header === undefined) throw ora(19870, `error while restoring backup piece ${piece}`, [19608, `${piece} is not a backup piece`])
  return header
}

export interface FilePiece {
  readonly piece: string
  readonly entry: PieceDatafile
}

/** The pieces of a set that hold a datafile, in the order of their sections. @throws OraError 19870 when one of them is missing or holds it not */
export async function piecesOf(kernel: Kernel, pieces: readonly string[], file: number): Promise<readonly [FilePiece, ...FilePiece[]]> {
  const found: FilePiece[] = []
  for (const piece of pieces) {
    const entry = (await pieceHeader(kernel, piece)).datafiles.find((d) => d.file === file)
    if (entry !== undefined) found.push({ piece, entry })
  }
  const [first, ...others] = found.sort((a, b) => (a.entry.section?.from ?? 1) - (b.entry.section?.from ?? 1))
  if (first === undefined || found.length < (first.entry.section?.count ?? 1)) {
    throw ora(19870, `error while restoring backup piece ${first?.piece ?? pieces[0] ?? ''}`, [19615, 'some files not found in backup set'], [19613, `datafile ${file} not found in backup set`])
  }
  return [first, ...others]
}

/** Reads a piece to its end. @throws OraError 19870 with the cause */
export async function validatePiece(kernel: Kernel, piece: string, session: ServerSession): Promise<void> {
  const header = await pieceHeader(kernel, piece)
  const progress = new LongOperation(kernel, session, 'RMAN: full datafile restore', header.datafiles.reduce((sum, d) => sum + d.blocksWritten, 0))
  await readFrames(kernel, piece, session, async (frame) => { if (frame.kind === 'block') await progress.advance(1) })
}

/** Hands over the frames of a piece. @throws OraError 19870 with 19599 at the first that is damaged */
export async function readFrames(kernel: Kernel, piece: string, session: ServerSession, take: (frame: PieceFrame) => Promise<void>): Promise<void> {
  try {
    for await (const frame of readPiece(kernel.host.real(piece))) {
      session.abort.throwIfAborted()
      await take(frame)
    }
  } catch (error) {
    if (error instanceof PieceCorruption) throw ora(19870, `error while restoring backup piece ${piece}`, [19599, `block number ${error.block} is corrupt in backup piece ${piece}`])
    throw error
  }
}
