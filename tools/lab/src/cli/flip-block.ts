import { open } from 'node:fs/promises'
import { DICTIONARY_OBJECT, PROPERTIES_OBJECT, SMON_OBJECT } from '../engine/objects.ts'
import { BLOCK_SIZE, PAYLOAD_END, PAYLOAD_START, blockDefect, blockObject, blockScn, blockType, blockTypeOf } from '../storage/block.ts'
import { Datafile } from '../storage/datafile.ts'
import { truthAt } from './history-check.ts'

/** What every open reads: damage there is no matter of validation. */
const SYSTEM_OBJECTS: ReadonlySet<number> = new Set([DICTIONARY_OBJECT, SMON_OBJECT, PROPERTIES_OBJECT])

export interface FlippedByte {
  readonly file: number
  readonly block: number
  /** Within the file. */
  readonly offset: number
  readonly before: number
  readonly after: number
}

/**
 * Changes one byte of one table block, chosen by the seed. With the lab's history only blocks count that no later redo
 * touches, so that recovery cannot heal or trip over it and only validation finds it.
 */
export async function flipBlock(file: string, options: { readonly seed: number; readonly labDir: string | undefined }): Promise<FlippedByte> {
  const datafile = await Datafile.open(file, 'r')
  if (datafile === undefined) throw new Error(`${file} is not a datafile`)
  const { header } = datafile
  const candidates: number[] = []
  try {
    const truth = options.labDir === undefined ? undefined : await truthAt(options.labDir, header.dbid, header.file, 2n ** 63n)
    for (let block = 2; block <= header.blocks; block += 1) {
      const bytes = await datafile.readBlocks(block, 1)
      if (bytes.length < BLOCK_SIZE || blockTypeOf(bytes) !== blockType.data || SYSTEM_OBJECTS.has(blockObject(bytes)) || blockDefect(bytes, header.file, block) !== null) continue
      const latest = truth?.get(block)?.scn ?? blockScn(bytes)
      if (latest === blockScn(bytes)) candidates.push(block)
    }
  } finally {
    await datafile.close()
  }
  const random = generator(options.seed)
  const block = candidates[Math.floor(random() * candidates.length)]
  if (block === undefined) throw new Error(`${file} has no data block that could be damaged`)
  const offset = block * BLOCK_SIZE + PAYLOAD_START + Math.floor(random() * (PAYLOAD_END - PAYLOAD_START))
  const handle = await open(file, 'r+')
  try {
    const byte = Buffer.alloc(1)
    await handle.read(byte, 0, 1, offset)
    const before = byte[0] ?? 0
    const after = before ^ (1 + Math.floor(random() * 255))
    await handle.write(Buffer.from([after]), 0, 1, offset)
    return { file: header.file, block, offset, before, after }
  } finally {
    await handle.close()
  }
}

/** A small deterministic generator (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
