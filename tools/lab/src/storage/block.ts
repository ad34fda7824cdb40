import { crc32 } from 'node:zlib'

/** Bytes of a database block by default; every file's dictionary fits into it. */
export const BLOCK_SIZE = 8192
/** Sizes that a tablespace's blocks can have. */
export const blockSizes: readonly number[] = [BLOCK_SIZE, 2 * BLOCK_SIZE, 4 * BLOCK_SIZE]
/** Where the payload begins, after the cache header. */
export const PAYLOAD_START = 32
/** Where the payload of a block ends: the last four bytes are the tail, which detects fractured blocks. */
export const payloadEnd = (block: Buffer): number => block.length - 4

const MAGIC = 0xa2

/** Block types, with Oracle's numbers where it has one. */
export const blockType = { empty: 0, undo: 2, data: 6, index: 7, fileHeader: 0x0b, map: 0x1e } as const

export type BlockDefect = 'ALL ZERO' | 'FRACTURED' | 'CHECKSUM' | 'CORRUPT'

const zeros = Buffer.alloc(Math.max(...blockSizes))

/** A never used block of a file: formatted, checksummed, SCN 0. */
export function emptyBlock(file: number, block: number, size: number = BLOCK_SIZE): Buffer {
  return formatBlock(file, block, blockType.empty, 0, 0n, size)
}

/** A new block with an empty payload, sealed. */
export function formatBlock(file: number, block: number, type: number, objectId: number, scn = 0n, size: number = BLOCK_SIZE): Buffer {
  const buffer = Buffer.alloc(size)
  buffer[0] = MAGIC
  buffer[1] = type
  buffer.writeUInt16LE(file, 2)
  buffer.writeUInt32LE(block, 4)
  buffer.writeUInt32LE(objectId, 24)
  return sealBlock(buffer, scn)
}

/** Byte that says that a block's content was written without redo, so recovery could not bring it back. */
const UNLOGGED_AT = 17

/** Makes a block what recovery leaves where redo says no more than that something was written there. Not sealed. */
export function markUnlogged(buffer: Buffer, type: number, objectId: number): void {
  buffer.fill(0, PAYLOAD_START, payloadEnd(buffer))
  buffer[1] = type
  buffer.writeUInt32LE(objectId, 24)
  buffer[UNLOGGED_AT] = 1
}

export function clearUnlogged(buffer: Buffer): void { buffer[UNLOGGED_AT] = 0 }
/** Whether reading the block is ORA-01578 with ORA-26040. */
export const isUnlogged = (buffer: Buffer): boolean => buffer[UNLOGGED_AT] === 1

export const blockTypeOf = (buffer: Buffer): number => buffer[1] ?? 0
export const blockScn = (buffer: Buffer): bigint => buffer.readBigUInt64LE(8)
export const blockObject = (buffer: Buffer): number => buffer.readUInt32LE(24)

/** Gives the block its SCN, tail and checksum, in place; the bytes depend on content and SCN alone. */
export function sealBlock(buffer: Buffer, scn: bigint): Buffer {
  buffer.writeBigUInt64LE(scn, 8)
  buffer[16] = 1
  buffer.writeUInt32LE(tailOf(buffer), payloadEnd(buffer))
  buffer.writeUInt32LE(0, 20)
  buffer.writeUInt32LE(crc32(buffer), 20)
  return buffer
}

/** What is wrong with a block as read from disk, or null. */
export function blockDefect(buffer: Buffer, file: number, block: number): BlockDefect | null {
  if (buffer.equals(zeros.subarray(0, buffer.length))) return 'ALL ZERO'
  if (buffer[0] !== MAGIC || buffer.readUInt16LE(2) !== file || buffer.readUInt32LE(4) !== block) return 'CORRUPT'
  if (buffer.readUInt32LE(payloadEnd(buffer)) !== tailOf(buffer)) return 'FRACTURED'
  return blockChecksum(buffer) === buffer.readUInt32LE(20) ? null : 'CHECKSUM'
}

/** The checksum the block should carry. */
export function blockChecksum(buffer: Buffer): number {
  const head = crc32(buffer.subarray(0, 20))
  return crc32(buffer.subarray(24), crc32(zeros.subarray(0, 4), head))
}

function tailOf(buffer: Buffer): number {
  return ((buffer.readUInt16LE(8) << 16) | ((buffer[1] ?? 0) << 8) | (buffer[16] ?? 0)) >>> 0
}
