import { createFile, isAbsent, openFile, readFully, writeFully } from '../storage/file-io.ts'
import { REDO_BLOCK, RedoCorruption, type RedoHeader, encodeRedoHeader, readRecords, readRedoHeader } from '../storage/redo-log.ts'
import { PieceCorruption, PieceWriter, readPiece } from '../storage/backup-piece.ts'
import type { PieceTarget, ServerSession } from './instance-api.ts'
import type { Kernel } from './kernel.ts'
import { isOmf } from './omf.ts'
import { ora } from './ora-error.ts'
import { createFailed, readError, writeError } from './os-error.ts'
import { pieceHeader } from './piece-header.ts'

/** Bytes of redo read or written at once. */
const STEP = 256 * 1024

type FinishedHeader = RedoHeader & { readonly bytes: number }

const lengthOf = (header: FinishedHeader): number => Math.ceil(header.bytes / REDO_BLOCK) * REDO_BLOCK

/** The header of a finished log. @throws OraError 19505 */
async function headerOf(kernel: Kernel, name: string): Promise<FinishedHeader> {
  const found = await readRedoHeader(kernel.host.real(name)).catch((error: unknown) => {
    throw isAbsent(error) ? readError(error, name) : error
  })
  const bytes = found?.header.bytes ?? null
  if (found === undefined || bytes === null) throw ora(19505, `failed to identify file "${name}"`, [334, `archived log: '${name}'`])
  return { ...found.header, bytes }
}

/** Reads a log to its end; the first block that is corrupt. @throws OraError 19505 */
export async function validateArchivedLog(kernel: Kernel, name: string): Promise<{ readonly blocks: number; readonly corruptBlock: number | null }> {
  const header = await headerOf(kernel, name)
  const blocks = lengthOf(header) / REDO_BLOCK - 1
  try {
    const records = readRecords(kernel.host.real(name))
    while ((await records.next()).done !== true);
    return { blocks, corruptBlock: null }
  } catch (error) {
    if (error instanceof RedoCorruption) return { blocks, corruptBlock: error.redoBlock }
    throw error
  }
}

/** The header of a log whose records are all whole. @throws OraError 19505, 00354 */
async function soundLog(kernel: Kernel, name: string): Promise<FinishedHeader> {
  const { corruptBlock } = await validateArchivedLog(kernel, name)
  if (corruptBlock !== null) throw ora(354, 'corrupt redo log block header', [353, `log corruption near block ${corruptBlock}`], [334, `archived log: '${name}'`])
  return headerOf(kernel, name)
}

/** What lies behind the header, in steps: position and bytes. */
async function* contentOf(kernel: Kernel, name: string, header: FinishedHeader): AsyncGenerator<{ readonly at: number; readonly bytes: Buffer }> {
  const input = await openFile(kernel.host.real(name), 'r')
  try {
    for (let at = REDO_BLOCK; at < lengthOf(header); at += STEP) {
      const bytes = Buffer.alloc(Math.min(STEP, lengthOf(header) - at))
      await readFully(input, bytes, at)
      yield { at, bytes }
    }
  } finally {
    await input.close()
  }
}

/** A copy of an archived log, read through and checked. @throws OraError 19505, 19504, 00354 */
export async function copyArchivedLog(kernel: Kernel, source: string, destination: string): Promise<void> {
  const { host } = kernel
  const header = await soundLog(kernel, source)
  const output = await createFile(host.real(destination), { parents: isOmf(destination) }).catch((error: unknown) => { throw createFailed(destination, error) })
  try {
    for await (const { at, bytes } of contentOf(kernel, source, header)) await writeFully(output, bytes, at)
    if (host.lab.fsync) await output.datasync()
    await writeFully(output, encodeRedoHeader(header), 0)
  } finally {
    await output.close()
  }
}

/** A piece with archived logs. Returns its bytes. @throws OraError 19505, 00354 for a log, 19504 for the piece */
export async function backupArchivedLogs(kernel: Kernel, logs: readonly string[], piece: PieceTarget, session: ServerSession): Promise<number> {
  const { host, control } = kernel
  const writer = await PieceWriter.create(host.real(piece.path), { parents: isOmf(piece.path) }).catch((error: unknown) => { throw createFailed(piece.path, error) })
  try {
    const headers: FinishedHeader[] = []
    for (const name of logs) {
      const header = await soundLog(kernel, name)
      for await (const { at, bytes } of contentOf(kernel, name, header)) {
        session.abort.throwIfAborted()
        await writer.add({ kind: 'redo', log: headers.length, block: at / REDO_BLOCK, bytes })
      }
      headers.push(header)
    }
    const { setCount, setStamp, tag } = piece
    return await writer.finish({ dbid: control.data.dbid, dbName: control.data.name, release: control.data.release, setCount, setStamp, piece: piece.piece, tag, created: host.now(), contains: ['archivelog'], datafiles: [], logs: headers }, host.lab.fsync)
  } catch (error) {
    await writer.abandon()
    throw writeError(error, piece.path)
  }
}

/** An archived log out of a piece; its header is written last. @throws OraError 19870 with the cause, 19504 */
export async function restoreArchivedLog(kernel: Kernel, piece: string, log: { readonly thread: number; readonly sequence: number; readonly resetlogsId: number }, destination: string): Promise<void> {
  const { host } = kernel
  const { logs } = await pieceHeader(kernel, piece)
  const number = logs.findIndex((l) => l.thread === log.thread && l.sequence === log.sequence && l.resetlogsId === log.resetlogsId)
  const header = logs[number]
  if (header === undefined) throw ora(19870, `error while restoring backup piece ${piece}`, [19615, 'some files not found in backup set'], [19616, `archived log thread ${log.thread} sequence ${log.sequence} not found in backup set`])
  const output = await createFile(host.real(destination), { parents: isOmf(destination) }).catch((error: unknown) => { throw createFailed(destination, error) })
  try {
    for await (const frame of readPiece(host.real(piece))) if (frame.kind === 'redo' && frame.log === number) await writeFully(output, frame.bytes, frame.block * REDO_BLOCK)
    if (host.lab.fsync) await output.datasync()
    await writeFully(output, encodeRedoHeader(header), 0)
  } catch (error) {
    if (error instanceof PieceCorruption) throw ora(19870, `error while restoring backup piece ${piece}`, [19599, `block number ${error.block} is corrupt in backup piece ${piece}`])
    throw writeError(error, destination)
  } finally {
    await output.close()
  }
}
