import { mkdirSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import path from 'node:path'
import { readFully, writeFully } from '../storage/file-io.ts'

/** scn (u64), file (u16), two spare bytes, block (u32), checksum of the sealed block (u32), four spare bytes. */
export const HISTORY_ENTRY = 24

/** Where the truth about an incarnation of a database is kept: `<lab>/history/<DBID>-<resetlogs id>.bin`. */
export const historyFile = (labDir: string, dbid: number, resetlogsId: number): string => path.join(labDir, 'history', `${dbid}-${resetlogsId}.bin`)

/**
 * The lab's own record of every committed change, outside the database: with it a restored file can be compared with what
 * was true at an SCN. Oracle has nothing of the kind.
 */
export class History {
  #handle: FileHandle | undefined
  #position = 0
  #lastScn = 0n
  #pending: Buffer[] = []

  async open(labDir: string, dbid: number, resetlogsId: number): Promise<void> {
    const file = historyFile(labDir, dbid, resetlogsId)
    mkdirSync(path.dirname(file), { recursive: true })
    const handle = await open(file, 'a+')
    this.#handle = handle
    const { size } = await handle.stat()
    this.#position = size - (size % HISTORY_ENTRY)
    if (this.#position > 0) {
      const last = Buffer.alloc(HISTORY_ENTRY)
      await readFully(handle, last, this.#position - HISTORY_ENTRY)
      this.#lastScn = last.readBigUInt64LE(0)
    }
  }

  /** A sealed block as it is from `scn` on; what was noted before a crash is not noted again. */
  note(scn: bigint, file: number, block: number, buffer: Buffer): void {
    if (this.#handle === undefined || scn <= this.#lastScn) return
    const entry = Buffer.alloc(HISTORY_ENTRY)
    entry.writeBigUInt64LE(scn, 0)
    entry.writeUInt16LE(file, 8)
    entry.writeUInt32LE(block, 12)
    entry.writeUInt32LE(buffer.readUInt32LE(20), 16)
    this.#pending.push(entry)
  }

  async write(): Promise<void> {
    if (this.#handle === undefined || this.#pending.length === 0) return
    const bytes = Buffer.concat(this.#pending)
    this.#pending = []
    this.#position += bytes.length
    await writeFully(this.#handle, bytes, this.#position - bytes.length)
  }

  async close(): Promise<void> {
    await this.write()
    await this.#handle?.close()
    this.#handle = undefined
  }
}
