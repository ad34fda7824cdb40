import { PAYLOAD_START } from '../storage/block.ts'

/** Entries of a map block: the object that owns each block, 0 when free. */
export const ENTRIES_PER_MAP = 2000

/** Map blocks of a file stand right behind its header. */
export function mapBlocks(fileBlocks: number): number {
  return Math.ceil(fileBlocks / ENTRIES_PER_MAP)
}

/** First block that can belong to an object. */
export const firstFreeBlock = (fileBlocks: number): number => 2 + mapBlocks(fileBlocks)

export const mapBlockOf = (block: number): number => 2 + Math.floor(block / ENTRIES_PER_MAP)

const offsetOf = (block: number): number => PAYLOAD_START + (block % ENTRIES_PER_MAP) * 4

export function ownerOf(map: Buffer, block: number): number {
  return map.readUInt32LE(offsetOf(block))
}

export function setOwner(map: Buffer, block: number, objectId: number): void {
  map.writeUInt32LE(objectId, offsetOf(block))
}
