import type { FileHandle } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { BLOCK_SIZE } from './block.ts'
import type { FileHeader } from './file-header.ts'
import { createFile, openFile, readFully, writeFully } from './file-io.ts'
import { decodeJson, encodeJson } from './json.ts'

const MAGIC = 'ICBLAB PIECE'
const FRAME_HEAD = 16

/** What a piece says of one datafile's incremental. */
export interface PieceDatafile {
  file: number
  /** Blocks changed since this SCN are in the piece. */
  incrementalScn: bigint
  blocksWritten: number
  /** The header that a copy gets when the piece is merged. */
  header: FileHeader
}

export interface PieceHeader {
  dbid: number
  dbName: string
  release: string
  setRecid: number
  piece: number
  tag: string | null
  created: number
  contains: ('incremental' | 'controlfile' | 'spfile')[]
  datafiles: PieceDatafile[]
}

export type PieceFrame =
  | { readonly kind: 'block'; readonly file: number; readonly block: number; readonly bytes: Buffer }
  | { readonly kind: 'controlfile' | 'spfile'; readonly bytes: Buffer }

const kinds = ['block', 'controlfile', 'spfile'] as const

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
    await writeFully(writer.#handle, Buffer.alloc(BLOCK_SIZE), 0)
    return writer
  }

  async add(frame: PieceFrame): Promise<void> {
    const head = Buffer.alloc(FRAME_HEAD)
    head[0] = kinds.indexOf(frame.kind)
    if (frame.kind === 'block') {
      head.writeUInt16LE(frame.file, 2)
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
      yield kind === 'block' ? { kind, file: head.readUInt16LE(2), block: head.readUInt32LE(4), bytes } : { kind, bytes }
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
