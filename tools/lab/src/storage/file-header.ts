import { BLOCK_SIZE, PAYLOAD_START, blockDefect, blockSizes, blockType, formatBlock, payloadEnd, sealBlock } from './block.ts'
import type { TablespaceEncryption } from './block-cipher.ts'
import { decodeJson, encodeJson } from './json.ts'

/** How a datafile grows by itself: by so many blocks, up to so many. */
export interface Autoextend {
  readonly next: number
  readonly max: number
}

/** Block 1 of a datafile. */
export interface FileHeader {
  magic: 'ICBLAB DATAFILE'
  dbid: number
  dbName: string
  file: number
  tablespace: string
  tablespaceNumber: number
  /** Without block 0, as in V$DATAFILE.BLOCKS. */
  blocks: number
  /** As many as it was created with; absent: it never grew. */
  createdBlocks?: number
  /** Absent: it does not grow by itself. */
  autoextend?: Autoextend
  creationScn: bigint
  creationTime: number
  checkpointScn: bigint
  checkpointTime: number
  resetlogsScn: bigint
  resetlogsId: number
  /** Blocks may be newer than the checkpoint: the file is in use or was not closed. */
  fuzzy: boolean
  /** Highest SCN that a backup saw in a block when above the checkpoint; 0 otherwise. Recovery must pass it. */
  absoluteFuzzyScn: bigint
  /** Absent: 8192. */
  blockSize?: number
  /** Absent: the tablespace is not encrypted. */
  encryption?: TablespaceEncryption
  /** Set when the file is an image copy. */
  copy: { tag: string | null; incrementalLevel: 0 | null; completionTime: number } | null
}

/** The DBID of a file whose owner is still to be said: OPEN RESETLOGS gives it that of the control file. */
export const NO_DBID = 0

export const blockSizeOf = (header: Pick<FileHeader, 'blockSize'>): number => header.blockSize ?? BLOCK_SIZE

/** The block size that a file's first bytes tell; `undefined` when they are not those of a datafile. */
export function readBlockSize(start: Buffer): number | undefined {
  if (start.length < PAYLOAD_START + 12 || start.toString('latin1', PAYLOAD_START, PAYLOAD_START + 6) !== 'ICBLAB') return undefined
  const size = start.readUInt32LE(PAYLOAD_START + 8)
  return blockSizes.includes(size) ? size : undefined
}

/** Block 0: says what kind of file this is and how long it should be. */
export function encodeOsHeader(header: FileHeader): Buffer {
  const buffer = formatBlock(header.file, 0, 0, 0, 0n, blockSizeOf(header))
  buffer.write('ICBLAB', PAYLOAD_START, 'latin1')
  buffer.writeUInt32LE(blockSizeOf(header), PAYLOAD_START + 8)
  buffer.writeUInt32LE(header.blocks, PAYLOAD_START + 12)
  return sealBlock(buffer, 0n)
}

export function encodeFileHeader(header: FileHeader): Buffer {
  const buffer = formatBlock(header.file, 1, blockType.fileHeader, 0, 0n, blockSizeOf(header))
  const bytes = encodeJson(header)
  if (bytes.length > payloadEnd(buffer) - PAYLOAD_START - 4) throw new Error('file header does not fit in a block')
  buffer.writeUInt32LE(bytes.length, PAYLOAD_START)
  bytes.copy(buffer, PAYLOAD_START + 4)
  return sealBlock(buffer, header.checkpointScn)
}

/** The header in blocks 0 and 1, or undefined when they are not those of a datafile. */
export function decodeFileHeader(blocks: Buffer): FileHeader | undefined {
  const size = readBlockSize(blocks)
  if (size === undefined || blocks.length < 2 * size) return undefined
  const first = blocks.subarray(0, size)
  const buffer = blocks.subarray(size, 2 * size)
  if (blockDefect(first, first.readUInt16LE(2), 0) !== null) return undefined
  if (blockDefect(buffer, first.readUInt16LE(2), 1) !== null || buffer[1] !== blockType.fileHeader) return undefined
  const length = buffer.readUInt32LE(PAYLOAD_START)
  const value = decodeJson(buffer.subarray(PAYLOAD_START + 4, PAYLOAD_START + 4 + length)) as FileHeader
  return value
}
