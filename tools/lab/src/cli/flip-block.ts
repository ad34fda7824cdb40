import { open } from 'node:fs/promises'
import { DICTIONARY_OBJECT, PROPERTIES_OBJECT, SMON_OBJECT } from '../engine/objects.ts'
import { PAYLOAD_START, blockDefect, blockObject, blockScn, blockType, blockTypeOf } from '../storage/block.ts'
import { CONTROL_MAGIC } from '../storage/control-file.ts'
import { Datafile } from '../storage/datafile.ts'
import { RECORD_HEAD, REDO_START, readRecords, readRedoHeader } from '../storage/redo-log.ts'
import { documentPlaces } from '../storage/slot-file.ts'
import { BlockHistory } from './block-history.ts'

/** What every open reads: damage there is no matter of validation. */
const SYSTEM_OBJECTS: ReadonlySet<number> = new Set([DICTIONARY_OBJECT, SMON_OBJECT, PROPERTIES_OBJECT])

export interface FlippedByte {
  readonly kind: 'datafile' | 'redo log' | 'control file'
  /** File and block number; 0 where it is no datafile. */
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
export async function flipBlock(file: string, options: { readonly seed: number; readonly labDir: string | undefined; /** Redo behind it does not matter, because nobody will apply it. */ readonly untilScn?: bigint }): Promise<FlippedByte> {
  const datafile = await Datafile.open(file, 'r')
  if (datafile === undefined) return flipInside(file, options.seed)
  const { header } = datafile
  const candidates: number[] = []
  try {
    const history = options.labDir === undefined ? undefined : new BlockHistory(options.labDir, header.dbid)
    await history?.refresh()
    for (let block = 2; block <= header.blocks; block += 1) {
      const bytes = await datafile.readBlocks(block, 1)
      if (bytes.length < datafile.blockSize || blockTypeOf(bytes) !== blockType.data || SYSTEM_OBJECTS.has(blockObject(bytes)) || blockDefect(bytes, header.file, block) !== null) continue
      const latest = history?.at(header.file, block, options.untilScn ?? 2n ** 63n)?.scn ?? blockScn(bytes)
      if (latest === blockScn(bytes)) candidates.push(block)
    }
  } finally {
    await datafile.close()
  }
  const random = generator(options.seed)
  const block = candidates[Math.floor(random() * candidates.length)]
  if (block === undefined) throw new Error(`${file} has no data block that could be damaged`)
  const offset = block * datafile.blockSize + PAYLOAD_START + Math.floor(random() * (datafile.blockSize - 4 - PAYLOAD_START))
  return { kind: 'datafile', file: header.file, block, offset, ...(await flipByte(file, offset, random)) }
}

async function flipByte(file: string, offset: number, random: () => number): Promise<{ readonly before: number; readonly after: number }> {
  const handle = await open(file, 'r+')
  try {
    const byte = Buffer.alloc(1)
    await handle.read(byte, 0, 1, offset)
    const before = byte[0] ?? 0
    const after = before ^ (1 + Math.floor(random() * 255))
    await handle.write(Buffer.from([after]), 0, 1, offset)
    return { before, after }
  } finally {
    await handle.close()
  }
}

/** A byte of a log's records, or of a control file as it is now. */
async function flipInside(file: string, seed: number): Promise<FlippedByte> {
  const random = generator(seed)
  const log = await readRedoHeader(file)
  if (log !== undefined) {
    const starts = [REDO_START]
    for await (const { end } of readRecords(file)) starts.push(end)
    if (starts.length === 1) throw new Error(`${file} is a redo log without records`)
    // Within the part of a record that each one has.
    const offset = (starts[Math.floor(random() * (starts.length - 1))] ?? REDO_START) + RECORD_HEAD + Math.floor(random() * 24)
    return { kind: 'redo log', file: 0, block: 0, offset, ...(await flipByte(file, offset, random)) }
  }
  // What stands in both versions of the document: the older one must not make up for it.
  const places = await documentPlaces(file, CONTROL_MAGIC)
  const [place] = places
  if (place === undefined) throw new Error(`${file} is neither a datafile, a redo log nor a control file`)
  const within = Math.floor(random() * Math.min(...places.map(({ bytes }) => bytes)))
  for (const other of places.slice(1)) await flipByte(file, other.at + within, random)
  return { kind: 'control file', file: 0, block: 0, offset: place.at + within, ...(await flipByte(file, place.at + within, random)) }
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
