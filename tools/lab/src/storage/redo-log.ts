import type { FileHandle } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { openFile, readFully, writeFully } from './file-io.ts'
import { decodeJson, encodeJson } from './json.ts'
import { type RedoRecord, decodeRecord } from './redo-record.ts'

/** Redo is counted in blocks of this size. */
export const REDO_BLOCK = 512
/** Bytes before the first record. */
export const REDO_START = 512

const MAGIC = 'ICBLAB REDO'
const RECORD_MAGIC = 0x4f444552
/** Bytes before the payload of a record. */
export const RECORD_HEAD = 16

/** First block of an online or archived log. `bytes`, `nextScn` and `nextTime` are set when the log is complete. */
export interface RedoHeader {
  dbid: number
  dbName: string
  thread: number
  sequence: number
  resetlogsScn: bigint
  resetlogsId: number
  firstScn: bigint
  firstTime: number
  nextScn: bigint | null
  nextTime: number | null
  bytes: number | null
  /** The last log of a primary that became a standby. */
  endOfRedo?: true
}

export function encodeRedoHeader(header: RedoHeader): Buffer {
  const buffer = Buffer.alloc(REDO_BLOCK)
  const bytes = encodeJson(header)
  if (bytes.length > REDO_BLOCK - 24) throw new Error('redo header does not fit')
  buffer.write(MAGIC, 0, 'latin1')
  buffer.writeUInt32LE(bytes.length, 16)
  buffer.writeUInt32LE(crc32(bytes), 20)
  bytes.copy(buffer, 24)
  return buffer
}

export function decodeRedoHeader(buffer: Buffer): RedoHeader | undefined {
  if (buffer.length < REDO_BLOCK || buffer.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined
  const bytes = buffer.subarray(24, 24 + Math.min(buffer.readUInt32LE(16), REDO_BLOCK - 24))
  return crc32(bytes) === buffer.readUInt32LE(20) ? (decodeJson(bytes) as RedoHeader) : undefined
}

/** A record as it stands in a log: framed with checksum and sequence (an older use of the file cannot be mistaken for it), padded to eight bytes. */
export function frameRecord(payload: Buffer, sequence: number): Buffer {
  const frame = Buffer.alloc(RECORD_HEAD + Math.ceil(payload.length / 8) * 8)
  frame.writeUInt32LE(RECORD_MAGIC, 0)
  frame.writeUInt32LE(payload.length, 4)
  frame.writeUInt32LE(sequence, 12)
  payload.copy(frame, RECORD_HEAD)
  frame.writeUInt32LE(frameChecksum(frame, payload.length), 8)
  return frame
}

function frameChecksum(frame: Buffer, length: number): number {
  return crc32(frame.subarray(RECORD_HEAD, RECORD_HEAD + length), crc32(frame.subarray(12, 16), crc32(frame.subarray(0, 8))))
}

/** The header of a log file, undefined when it is none; `size` is that of the file. Rejects when it cannot be opened. */
export async function readRedoHeader(path: string): Promise<{ readonly header: RedoHeader; readonly size: number } | undefined> {
  const handle = await openFile(path, 'r')
  try {
    const buffer = Buffer.alloc(REDO_BLOCK)
    await readFully(handle, buffer, 0)
    const header = decodeRedoHeader(buffer)
    return header === undefined ? undefined : { header, size: (await handle.stat()).size }
  } finally {
    await handle.close()
  }
}

export async function writeRedoHeader(handle: FileHandle, header: RedoHeader): Promise<void> {
  await writeFully(handle, encodeRedoHeader(header), 0)
}

/** Found while a finished log was read: a record's checksum is wrong before the log's end. */
export class RedoCorruption extends Error {
  readonly redoBlock: number
  constructor(redoBlock: number) {
    super(`redo block ${redoBlock} is corrupt`)
    this.redoBlock = redoBlock
  }
}

/**
 * The records of a log in order, with the position behind each. Reading an unfinished log ends at the first frame that is
 * not valid (the end of what reached the disk); in a finished one that is corruption.
 * @throws RedoCorruption
 */
export async function* readRecords(path: string): AsyncGenerator<{ readonly record: RedoRecord; readonly end: number }> {
  const handle = await openFile(path, 'r')
  try {
    const first = Buffer.alloc(REDO_BLOCK)
    await readFully(handle, first, 0)
    const header = decodeRedoHeader(first)
    if (header === undefined) throw new RedoCorruption(0)
    const limit = header.bytes ?? (await handle.stat()).size
    let at = REDO_START
    let window: Buffer = Buffer.alloc(0)
    let windowAt = at
    const view = async (length: number): Promise<Buffer> => {
      if (at < windowAt || at + length > windowAt + window.length) {
        const next = Buffer.allocUnsafe(Math.min(Math.max(length, 256 * 1024), Math.max(0, limit - at)))
        window = next.subarray(0, await readFully(handle, next, at))
        windowAt = at
      }
      return window.subarray(at - windowAt, at - windowAt + length)
    }
    while (at + RECORD_HEAD <= limit) {
      const head = await view(RECORD_HEAD)
      const length = head.length < RECORD_HEAD ? 0 : head.readUInt32LE(4)
      const framed = RECORD_HEAD + Math.ceil(length / 8) * 8
      const plausible = head.length === RECORD_HEAD && head.readUInt32LE(0) === RECORD_MAGIC && head.readUInt32LE(12) === header.sequence && at + framed <= limit
      const frame = plausible ? await view(framed) : Buffer.alloc(0)
      if (frame.length !== framed || frameChecksum(frame, length) !== frame.readUInt32LE(8)) {
        if (header.bytes !== null) throw new RedoCorruption(Math.floor(at / REDO_BLOCK))
        return
      }
      at += framed
      yield { record: decodeRecord(Buffer.from(frame.subarray(RECORD_HEAD, RECORD_HEAD + length))), end: at }
    }
  } finally {
    await handle.close()
  }
}
