import { PAYLOAD_START } from '../storage/block.ts'

/** Entries of a map block: the object that owns each block, 0 when free. */
export const ENTRIES_PER_MAP = 2000

/** What tells where the maps of a file are. */
export interface FileSpace {
  readonly blocks: number
  /** As many as there were when the file was created; absent: `blocks`. */
  readonly createdBlocks?: number
}

/** The maps of what a file had when it was created stand right behind its header. */
const mapsInFront = ({ blocks, createdBlocks = blocks }: FileSpace): number => Math.ceil(createdBlocks / ENTRIES_PER_MAP)

/** First block that can belong to an object. */
export const firstFreeBlock = (file: FileSpace): number => 2 + mapsInFront(file)

/** The map that knows a block; for what came to the file later it is the first block of each range. */
export function mapBlockOf(file: FileSpace, block: number): number {
  const range = Math.floor(block / ENTRIES_PER_MAP)
  return range < mapsInFront(file) ? 2 + range : range * ENTRIES_PER_MAP
}

/** Whether a block is a map itself. */
export const isMapBlock = (file: FileSpace, block: number): boolean => (block >= 2 && block < firstFreeBlock(file)) || (block > 0 && block % ENTRIES_PER_MAP === 0 && mapBlockOf(file, block) === block)

/** The maps among the blocks from `from` on. */
export function mapsOf(file: FileSpace, from = 2): number[] {
  const maps: number[] = []
  for (let block = from; block <= file.blocks; block += 1) if (isMapBlock(file, block)) maps.push(block)
  return maps
}

const offsetOf = (block: number): number => PAYLOAD_START + (block % ENTRIES_PER_MAP) * 4

export function ownerOf(map: Buffer, block: number): number {
  return map.readUInt32LE(offsetOf(block))
}

export function setOwner(map: Buffer, block: number, objectId: number): void {
  map.writeUInt32LE(objectId, offsetOf(block))
}
