import type { FileHandle } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { BLOCK_SIZE } from './block.ts'
import type { FileHeader } from './file-header.ts'
import { createFile, openFile, readFully, writeFully } from './file-io.ts'
import { decodeJson, encodeJson } from './json.ts'
import type { RedoHeader } from './redo-log.ts'

const MAGIC = 'ICBLAB PIECE'
const FRAME_HEAD = 16

/** What a piece says of one datafile. */
export interface PieceDatafile {
  file: number
  /** 1: blocks changed since `incrementalScn`; 0 and null (a full backup): every block that was ever used. */
  level: 0 | 1 | null
  incrementalScn: bigint
  /** Absent: the whole file; else the blocks that this piece is about, both ends included, one of `count` such pieces. */
  section?: { from: number; to: number; count: number }
  blocksWritten: number
  /** The header that the file gets when the piece is restored or merged. */
  header: FileHeader
}

export interface PieceHeader {
  dbid: number
  dbName: string
  release: string
  /** The set that it belongs to, by V$BACKUP_SET.SET_COUNT and SET_STAMP. */
  setCount: number
  setStamp: number
  piece: number
  tag: string | null
  created: number
  contains: PieceContent[]
  datafiles: PieceDatafile[]
  /** Headers of the archived logs, in the order of their numbers in the frames. */
  logs: RedoHeader[]
}

export type PieceContent = 'datafile' | 'incremental' | 'archivelog' | 'controlfile' | 'spfile'

export type PieceFrame =
  | { readonly kind: 'block'; readonly file: number; readonly block: number; readonly bytes: Buffer }
  /** Redo blocks from `block` on of the log with this number in the directory. */
  | { readonly kind: 'redo'; readonly log: number; readonly block: number; readonly bytes: Buffer }
  | { readonly kind: 'controlfile' | 'spfile'; readonly bytes: Buffer }

const kinds = ['block', 'controlfile', 'spfile', 'redo'] as const

/** Writes a piece; it becomes one at {@link finish}, which writes the directory at its end and then the first block. */
export class PieceWriter {
  readonly #handle: FileHandle
  #at = BLOCK_SIZE
  #pending: Buffer[] = []
  #pendingBytes = 0

  private constructor(handle: FileHandle) {
    this.#handle = handle
  }

  static async create(path: string, options: { readonly parents?: boolean } = {}): Promise<PieceWriter> {
    const writer = new PieceWriter(await createFile(path, options))
    try {
      await writeFully(writer.#handle, Buffer.alloc(BLOCK_SIZE), 0)
    } catch (error) {
      await writer.abandon()
      throw error
    }
    return writer
  }

  async add(frame: PieceFrame): Promise<void> {
    const head = Buffer.alloc(FRAME_HEAD)
    head[0] = kinds.indexOf(frame.kind)
    if (frame.kind === 'block' || frame.kind === 'redo') {
      head.writeUInt16LE(frame.kind === 'block' ? frame.file : frame.log, 2)
      head.writeUInt32LE(frame.block, 4)
    }
    head.writeUInt32LE(frame.bytes.length, 8)
    head.writeUInt32LE(crc32(frame.bytes, crc32(head.subarray(0, 12))), 12)
    this.#pending.push(head, Buffer.from(frame.bytes))
    this.#pendingBytes += FRAME_HEAD + frame.bytes.length
    if (this.#pendingBytes > 512 * 1024) await this.#flush()
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#pending)
    this.#pending = []
    this.#pendingBytes = 0
    await writeFully(this.#handle, bytes, this.#at)
    this.#at += bytes.length
  }

  /** @returns bytes of the piece */
  async finish(header: PieceHeader, sync: boolean): Promise<number> {
    await this.#flush()
    const directoryAt = this.#at
    const directory = encodeJson(header)
    await writeFully(this.#handle, directory, directoryAt)
    const first = Buffer.alloc(BLOCK_SIZE)
    first.write(MAGIC, 0, 'latin1')
    first.writeUInt32LE(header.dbid, 16)
    first.writeDoubleLE(directoryAt, 24)
    first.writeUInt32LE(directory.length, 32)
    first.writeUInt32LE(crc32(directory), 36)
    first.writeUInt32LE(crc32(first.subarray(0, 40)), 40)
    await this.#handle.truncate(directoryAt + directory.length)
    if (sync) await this.#handle.datasync()
    await writeFully(this.#handle, first, 0)
    if (sync) await this.#handle.datasync()
    await this.#handle.close()
    return directoryAt + directory.length
  }

  /** Gives up; what is on disk is no piece. */
  async abandon(): Promise<void> {
    await this.#handle.close()
  }
}

/** The header of a piece, undefined when the file is none or was not finished. Rejects when it cannot be opened. */
export async function readPieceHeader(path: string): Promise<PieceHeader | undefined> {
  const handle = await openFile(path, 'r')
  try {
    return (await directoryOf(handle))?.header
  } finally {
    await handle.close()
  }
}

/** The frames of a finished piece; stops with an error at the first one whose checksum is wrong. */
export async function* readPiece(path: string): AsyncGenerator<PieceFrame> {
  const handle = await openFile(path, 'r')
  try {
    const directory = await directoryOf(handle)
    if (directory === undefined) throw new Error('not a backup piece')
    let at = BLOCK_SIZE
    while (at < directory.at) {
      const head = Buffer.alloc(FRAME_HEAD)
      await readFully(handle, head, at)
      const bytes = Buffer.alloc(Math.min(head.readUInt32LE(8), directory.at - at))
      await readFully(handle, bytes, at + FRAME_HEAD)
      const kind = kinds[head[0] ?? 0]
      if (kind === undefined || crc32(bytes, crc32(head.subarray(0, 12))) !== head.readUInt32LE(12)) throw new PieceCorruption(Math.floor(at / BLOCK_SIZE))
      at += FRAME_HEAD + bytes.length
      const [number, block] = [head.readUInt16LE(2), head.readUInt32LE(4)]
      yield kind === 'block' ? { kind, file: number, block, bytes } : kind === 'redo' ? { kind, log: number, block, bytes } : { kind, bytes }
    }
  } finally {
    await handle.close()
  }
}

/** A checksum in a piece is wrong. */
export class PieceCorruption extends Error {
  readonly block: number
  constructor(block: number) {
    super(`backup piece is corrupt at block ${block}`)
    this.block = block
  }
}

async function directoryOf(handle: FileHandle): Promise<{ readonly header: PieceHeader; readonly at: number } | undefined> {
  const first = Buffer.alloc(44)
  if ((await readFully(handle, first, 0)) !== first.length) return undefined
  if (first.toString('latin1', 0, MAGIC.length) !== MAGIC || crc32(first.subarray(0, 40)) !== first.readUInt32LE(40)) return undefined
  const at = first.readDoubleLE(24)
  const bytes = Buffer.alloc(first.readUInt32LE(32))
  if ((await readFully(handle, bytes, at)) !== bytes.length || crc32(bytes) !== first.readUInt32LE(36)) return undefined
  return { header: decodeJson(bytes) as PieceHeader, at }
}
