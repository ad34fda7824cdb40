import { decodeJson, encodeJson } from './json.ts'
import { readSlotFile, writeSlotFile } from './slot-file.ts'

/** Blocks that share one bit: 32 KB, as in Oracle. */
export const BLOCKS_PER_CHUNK = 4
/** Bitmaps kept for a datafile, the current one included. */
export const BITMAPS_PER_FILE = 8

const MAGIC = 'ICBLAB BCT'

/** Chunks changed in `[startScn, endScn)`; the current bitmap has no end. */
interface Bitmap {
  startScn: bigint
  endScn: bigint | null
  bits: Buffer
}

/**
 * Which chunks of which datafile changed, in up to eight versions each. In memory while the database is open; written
 * with each checkpoint, before the file headers move, so that crash recovery can complete it from redo.
 */
export class ChangeTracking {
  readonly dbid: number
  #files = new Map<number, Bitmap[]>()

  constructor(dbid: number) {
    this.dbid = dbid
  }

  /** Begins to track a file: what changed before `scn` is unknown. */
  track(file: number, blocks: number, scn: bigint): void {
    this.#files.set(file, [{ startScn: scn, endScn: null, bits: bitmap(blocks) }])
  }

  forget(file: number): void {
    this.#files.delete(file)
  }

  tracks(file: number): boolean {
    return this.#files.has(file)
  }

  mark(file: number, block: number): void {
    const bitmaps = this.#files.get(file)
    if (bitmaps === undefined) return
    const chunk = Math.floor(block / BLOCKS_PER_CHUNK)
    // The file has grown: what is new in it was never changed before.
    for (const each of bitmaps) if (chunk >> 3 >= each.bits.length) each.bits = Buffer.concat([each.bits], (chunk >> 3) + 1)
    const bits = bitmaps.at(-1)?.bits
    if (bits === undefined) return
    bits[chunk >> 3] = (bits[chunk >> 3] ?? 0) | (1 << (chunk & 7))
  }

  /** A backup of the file at this checkpoint begins: later changes go into a new bitmap. */
  switch(file: number, checkpointScn: bigint): void {
    const bitmaps = this.#files.get(file)
    const current = bitmaps?.at(-1)
    if (bitmaps === undefined || current === undefined || current.startScn >= checkpointScn) return
    current.endScn = checkpointScn
    bitmaps.push({ startScn: checkpointScn, endScn: null, bits: Buffer.alloc(current.bits.length) })
    if (bitmaps.length > BITMAPS_PER_FILE) bitmaps.splice(0, bitmaps.length - BITMAPS_PER_FILE)
  }

  /** First blocks of the chunks that may have changed at or after `sinceScn`; undefined when the bitmaps do not reach back that far. */
  changedChunks(file: number, sinceScn: bigint): number[] | undefined {
    const bitmaps = this.#files.get(file)
    const oldest = bitmaps?.[0]
    if (bitmaps === undefined || oldest === undefined || oldest.startScn > sinceScn) return undefined
    const wanted = bitmaps.filter((b) => b.endScn === null || b.endScn > sinceScn)
    const chunks: number[] = []
    for (let chunk = 0; chunk < oldest.bits.length * 8; chunk += 1) {
      if (wanted.some((b) => ((b.bits[chunk >> 3] ?? 0) & (1 << (chunk & 7))) !== 0)) chunks.push(chunk * BLOCKS_PER_CHUNK)
    }
    return chunks
  }

  /** Writes the file; `checkpointScn` says up to where it is complete. */
  async save(path: string, sequence: number, checkpointScn: bigint, options: { readonly create?: boolean; readonly sync?: boolean } = {}): Promise<void> {
    const files = [...this.#files].map(([file, bitmaps]) => ({
      file,
      bitmaps: bitmaps.map((b) => ({ startScn: b.startScn, endScn: b.endScn, bits: b.bits.toString('base64') })),
    }))
    await writeSlotFile(path, MAGIC, BigInt(sequence), encodeJson({ dbid: this.dbid, checkpointScn, files }), options)
  }

  /** Undefined: the file is damaged or of another kind. Rejects when it cannot be opened. */
  static async load(path: string): Promise<{ readonly tracking: ChangeTracking; readonly checkpointScn: bigint; readonly sequence: number } | undefined> {
    const slot = await readSlotFile(path, MAGIC)
    if (slot === undefined) return undefined
    const value = decodeJson(slot.bytes) as { dbid: number; checkpointScn: bigint; files: { file: number; bitmaps: { startScn: bigint; endScn: bigint | null; bits: string }[] }[] }
    const tracking = new ChangeTracking(value.dbid)
    for (const { file, bitmaps } of value.files) {
      tracking.#files.set(file, bitmaps.map((b) => ({ ...b, bits: Buffer.from(b.bits, 'base64') })))
    }
    return { tracking, checkpointScn: value.checkpointScn, sequence: Number(slot.sequence) }
  }
}

function bitmap(blocks: number): Buffer {
  return Buffer.alloc(Math.ceil((blocks + 1) / BLOCKS_PER_CHUNK / 8))
}
