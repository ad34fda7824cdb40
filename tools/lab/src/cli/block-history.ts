import { open, readdir } from 'node:fs/promises'
import path from 'node:path'
import { HISTORY_ENTRY } from '../engine/history.ts'
import { readFully } from '../storage/file-io.ts'

/** A block as it was from `scn` on. */
export interface BlockVersion {
  readonly scn: bigint
  readonly checksum: number
}

/**
 * The history of one database, read once and kept up to date by {@link BlockHistory.refresh}: what each block was at any SCN.
 * A block that was never written has no version.
 */
export class BlockHistory {
  readonly #directory: string
  readonly #prefix: string
  /** By file and block, oldest version first. */
  readonly #versions = new Map<number, Map<number, BlockVersion[]>>()
  readonly #read = new Map<string, number>()

  /** @param resetlogsId of one incarnation; default: all of them */
  constructor(labDir: string, dbid: number, resetlogsId?: number) {
    this.#directory = path.join(labDir, 'history')
    this.#prefix = resetlogsId === undefined ? `${dbid}-` : `${dbid}-${resetlogsId}.`
  }

  /** Reads what was written since the last call. */
  async refresh(): Promise<void> {
    for (const name of (await readdir(this.#directory)).filter((n) => n.startsWith(this.#prefix)).sort()) {
      const handle = await open(path.join(this.#directory, name), 'r')
      try {
        const from = this.#read.get(name) ?? 0
        const { size } = await handle.stat()
        const bytes = Buffer.alloc(size - from - ((size - from) % HISTORY_ENTRY))
        await readFully(handle, bytes, from)
        for (let at = 0; at < bytes.length; at += HISTORY_ENTRY) this.#note(bytes.readUInt16LE(at + 8), bytes.readUInt32LE(at + 12), { scn: bytes.readBigUInt64LE(at), checksum: bytes.readUInt32LE(at + 16) })
        this.#read.set(name, from + bytes.length)
      } finally {
        await handle.close()
      }
    }
  }

  /** The block at an SCN, all changes up to and including it. `undefined`: never written until then. */
  at(file: number, block: number, scn: bigint): BlockVersion | undefined {
    return this.#versions.get(file)?.get(block)?.findLast((version) => version.scn <= scn)
  }

  #note(file: number, block: number, version: BlockVersion): void {
    let blocks = this.#versions.get(file)
    if (blocks === undefined) this.#versions.set(file, (blocks = new Map<number, BlockVersion[]>()))
    const known = blocks.get(block)
    if (known === undefined) blocks.set(block, [version])
    else known.push(version)
  }
}
