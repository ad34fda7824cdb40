import { blockDefect } from '../storage/block.ts'
import type { Datafile } from '../storage/datafile.ts'
import type { Keystore } from './keystore.ts'
import { Mutex } from './mutex.ts'
import { ora } from './ora-error.ts'

interface Entry {
  readonly file: number
  readonly block: number
  readonly buffer: Buffer
  dirty: boolean
}

const keyOf = (file: number, block: number): number => file * 2 ** 32 + block

/**
 * Sealed blocks in memory. Buffers are never changed in place: whoever changes a block makes a copy and puts it, so
 * readers and the writer to disk share buffers safely.
 */
export class BufferCache {
  readonly #fileOf: (file: number) => Datafile
  readonly #beforeWrite: () => Promise<void>
  readonly #keystore: Keystore | undefined
  readonly #hasPool: (blockSize: number) => boolean
  readonly #capacity: number
  readonly #entries = new Map<number, Entry>()
  readonly #writing = new Mutex()
  #dirty = 0

  /** `beforeWrite` makes sure that the redo of all changes so far is on disk; `hasPool` tells for which block sizes there are buffers. */
  constructor(fileOf: (file: number) => Datafile, beforeWrite: () => Promise<void>, keystore?: Keystore, hasPool: (blockSize: number) => boolean = () => true, capacity = 2500) {
    this.#hasPool = hasPool
    this.#keystore = keystore
    this.#fileOf = fileOf
    this.#beforeWrite = beforeWrite
    this.#capacity = capacity
  }

  get dirtyBlocks(): number {
    return this.#dirty
  }

  /** @throws OraError 00379 without buffers of the block's size, 01578 for a damaged block, 28365 for an encrypted one without its key */
  async get(file: number, block: number): Promise<Buffer> {
    const key = keyOf(file, block)
    const cached = this.#entries.get(key)
    if (cached !== undefined) {
      this.#entries.delete(key)
      this.#entries.set(key, cached)
      return cached.buffer
    }
    const datafile = this.#fileOf(file)
    if (!this.#hasPool(datafile.blockSize)) throw ora(379, `no free buffers available in buffer pool DEFAULT for block size ${datafile.blockSize / 1024}K`)
    const stored = await readSettled(datafile, block)
    if (stored.length < datafile.blockSize || blockDefect(stored, file, block) !== null) {
      throw ora(1578, `ORACLE data block corrupted (file # ${file}, block # ${block})`, [1110, `data file ${file}: '${datafile.path}'`])
    }
    const buffer = this.#keystore?.decrypt(stored, datafile.header.encryption) ?? stored
    const newer = this.#entries.get(key)
    if (newer !== undefined) return newer.buffer
    this.#entries.set(key, { file, block, buffer, dirty: false })
    this.#evict()
    return buffer
  }

  /** A changed, sealed block. */
  put(file: number, block: number, buffer: Buffer): void {
    const key = keyOf(file, block)
    if (this.#entries.get(key)?.dirty !== true) this.#dirty += 1
    this.#entries.delete(key)
    this.#entries.set(key, { file, block, buffer, dirty: true })
    this.#evict()
  }

  #evict(): void {
    if (this.#entries.size <= this.#capacity) return
    for (const [key, entry] of this.#entries) {
      if (this.#entries.size <= this.#capacity) return
      if (!entry.dirty) this.#entries.delete(key)
    }
  }

  /** Writes what is dirty now, of all files or of some; later changes may or may not be included. */
  async flush(files?: ReadonlySet<number>): Promise<void> {
    await this.#writing.run(async () => {
      const dirty = [...this.#entries.values()].filter((e) => e.dirty && (files === undefined || files.has(e.file)))
      await this.#beforeWrite()
      dirty.sort((a, b) => a.file - b.file || a.block - b.block)
      for (let i = 0; i < dirty.length; ) {
        const run: Entry[] = []
        for (let next = dirty[i]; next !== undefined && run.length < 64; next = dirty[i + run.length]) {
          const last = run.at(-1)
          if (last !== undefined && (next.file !== last.file || next.block !== last.block + 1)) break
          run.push(next)
        }
        const first = run[0]
        if (first === undefined) break
        await this.#fileOf(first.file).writeBlocks(first.block, run.length === 1 ? this.stored(first.file, first.buffer) : Buffer.concat(run.map((e) => this.stored(e.file, e.buffer))))
        for (const entry of run) {
          entry.dirty = false
          if (this.#entries.get(keyOf(entry.file, entry.block))?.dirty !== true) this.#dirty -= 1
        }
        i += run.length
      }
    })
    this.#evict()
  }

  /** A block as the file gets it. */
  stored(file: number, buffer: Buffer): Buffer {
    return this.#keystore?.encrypt(buffer, this.#fileOf(file).header.encryption) ?? buffer
  }

  /** Forgets the blocks of a file, unwritten ones too. */
  drop(file: number): void {
    for (const [key, entry] of this.#entries) {
      if (entry.file !== file) continue
      if (entry.dirty) this.#dirty -= 1
      this.#entries.delete(key)
    }
  }
}

/** Reads a block of a file that is being written: a read that caught it half written is repeated. */
export async function readSettled(datafile: Datafile, block: number): Promise<Buffer> {
  let buffer = await datafile.readBlocks(block, 1)
  for (let attempt = 0; attempt < 4; attempt += 1) {
    if (buffer.length < datafile.blockSize || blockDefect(buffer, datafile.header.file, block) === null) break
    buffer = await datafile.readBlocks(block, 1)
  }
  return buffer
}

