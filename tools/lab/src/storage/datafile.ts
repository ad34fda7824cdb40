import type { FileHandle } from 'node:fs/promises'
import { emptyBlock, PAYLOAD_START } from './block.ts'
import { type FileHeader, blockSizeOf, decodeFileHeader, encodeFileHeader, encodeOsHeader, readBlockSize } from './file-header.ts'
import { createFile, openFile, readFully, writeFully } from './file-io.ts'

/** Blocks read or written at once by scans and copies. */
export const CHUNK_BLOCKS = 64

/** An open datafile or image copy. Block n is at `n * blockSize`; `blocks` counts blocks 1..n. */
export class Datafile {
  readonly path: string
  header: FileHeader
  readonly #handle: FileHandle

  private constructor(path: string, handle: FileHandle, header: FileHeader) {
    this.path = path
    this.#handle = handle
    this.header = header
  }

  /** Bytes of a block. */
  get blockSize(): number {
    return blockSizeOf(this.header)
  }

  /** Opens an existing file; undefined when its header is not that of a datafile. Rejects with the system's error when it cannot be opened. */
  static async open(path: string, mode: 'r' | 'r+'): Promise<Datafile | undefined> {
    const handle = await openFile(path, mode)
    try {
      const first = Buffer.alloc(PAYLOAD_START + 16)
      const size = (await readFully(handle, first, 0)) === first.length ? readBlockSize(first) : undefined
      const start = Buffer.alloc(2 * (size ?? 0))
      // A checkpoint may be writing the header at this moment.
      for (let attempt = 0; size !== undefined && attempt < 3; attempt += 1) {
        const header = (await readFully(handle, start, 0)) === start.length ? decodeFileHeader(start) : undefined
        if (header !== undefined) return new Datafile(path, handle, header)
      }
    } catch (error) {
      await handle.close()
      throw error
    }
    await handle.close()
    return undefined
  }

  /** A new file of formatted empty blocks. The header is written last: a half-made file is not a datafile. */
  static async create(path: string, header: FileHeader, options: { readonly parents?: boolean; readonly format?: boolean } = {}): Promise<Datafile> {
    const handle = await createFile(path, options)
    const file = new Datafile(path, handle, header)
    if (options.format !== false) {
      await file.format()
      await file.writeHeader(header)
    }
    return file
  }

  /** Blocks from `first` on; shorter than asked when the file ends. */
  async readBlocks(first: number, count: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(count * this.blockSize)
    return buffer.subarray(0, await readFully(this.#handle, buffer, first * this.blockSize))
  }

  async writeBlocks(first: number, bytes: Buffer): Promise<void> {
    await writeFully(this.#handle, bytes, first * this.blockSize)
  }

  /** Writes empty blocks behind those that the header counts, up to `blocks`; the header stays. */
  async extend(blocks: number): Promise<void> {
    await this.#format(this.header.blocks + 1, blocks)
  }

  /** Writes empty blocks over all that the header counts. */
  async format(): Promise<void> {
    await this.#format(2, this.header.blocks)
  }

  async #format(from: number, to: number): Promise<void> {
    for (let block = from; block <= to; block += CHUNK_BLOCKS) {
      const count = Math.min(CHUNK_BLOCKS, to - block + 1)
      await this.writeBlocks(block, Buffer.concat(Array.from({ length: count }, (_, i) => emptyBlock(this.header.file, block + i, this.blockSize))))
    }
  }

  async writeHeader(header: FileHeader): Promise<void> {
    this.header = header
    await writeFully(this.#handle, Buffer.concat([encodeOsHeader(header), encodeFileHeader(header)]), 0)
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size
  }

  async sync(): Promise<void> {
    await this.#handle.datasync()
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }
}

/** Reads header blocks without keeping the file open. Undefined: not a datafile; rejects when the file cannot be read. */
export async function readFileHeader(path: string): Promise<FileHeader | undefined> {
  const file = await Datafile.open(path, 'r')
  await file?.close()
  return file?.header
}
