import { rename } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { createFile, openFile, readFully, writeFully } from './file-io.ts'

const HEADER = 512
const SLOT_HEAD = 24
const FIRST_SLOT_BYTES = 256 * 1024

/**
 * A file that holds one document in two alternating slots, each with length, sequence and checksum: a write never touches
 * the slot that is valid, so a crash at any byte leaves the older document readable. Control files and change tracking
 * files are of this kind.
 *
 * Header (512 bytes): magic (16), slot size (u32), crc of those (u32). Slot: sequence (u64), length (u32), crc (u32), bytes.
 */
export async function readSlotFile(path: string, magic: string): Promise<{ readonly sequence: bigint; readonly bytes: Buffer } | undefined> {
  const handle = await openFile(path, 'r')
  try {
    const header = Buffer.alloc(HEADER)
    if ((await readFully(handle, header, 0)) !== HEADER) return undefined
    const slotBytes = slotSize(header, magic)
    if (slotBytes === undefined) return undefined
    let best: { sequence: bigint; bytes: Buffer } | undefined
    for (const slot of [0, 1]) {
      const head = Buffer.alloc(SLOT_HEAD)
      const at = HEADER + slot * slotBytes
      if ((await readFully(handle, head, at)) !== SLOT_HEAD) continue
      const length = head.readUInt32LE(8)
      const sequence = head.readBigUInt64LE(0)
      if (length > slotBytes - SLOT_HEAD || sequence === 0n || (best !== undefined && best.sequence > sequence)) continue
      const bytes = Buffer.alloc(length)
      if ((await readFully(handle, bytes, at + SLOT_HEAD)) !== length) continue
      if (crc32(bytes, crc32(head.subarray(0, 12))) === head.readUInt32LE(12)) best = { sequence, bytes }
    }
    return best
  } finally {
    await handle.close()
  }
}

/** Where the versions of the document stand in the file; none: it is no such file. */
export async function documentPlaces(path: string, magic: string): Promise<readonly { readonly at: number; readonly bytes: number }[]> {
  const handle = await openFile(path, 'r')
  try {
    const header = Buffer.alloc(HEADER)
    const slotBytes = (await readFully(handle, header, 0)) === HEADER ? slotSize(header, magic) : undefined
    const places = []
    for (const slot of slotBytes === undefined ? [] : [0, 1]) {
      const head = Buffer.alloc(SLOT_HEAD)
      const at = HEADER + slot * (slotBytes ?? 0)
      if ((await readFully(handle, head, at)) === SLOT_HEAD && head.readUInt32LE(8) > 0) places.push({ at: at + SLOT_HEAD, bytes: head.readUInt32LE(8) })
    }
    return places
  } finally {
    await handle.close()
  }
}

/** Writes the document as `sequence` (from 1 on). Grows by making a new file and renaming it into place. */
export async function writeSlotFile(path: string, magic: string, sequence: bigint, bytes: Buffer, options: { readonly create?: boolean; readonly sync?: boolean } = {}): Promise<void> {
  if (options.create !== true) {
    const handle = await openFile(path, 'r+')
    try {
      const header = Buffer.alloc(HEADER)
      await readFully(handle, header, 0)
      const slotBytes = slotSize(header, magic)
      if (slotBytes === undefined) throw new Error(`${path} is not a ${magic} file`)
      if (bytes.length + SLOT_HEAD <= slotBytes) {
        await writeFully(handle, slotOf(sequence, bytes), HEADER + Number(sequence % 2n) * slotBytes)
        if (options.sync === true) await handle.datasync()
        return
      }
    } finally {
      await handle.close()
    }
  }
  let slotBytes = FIRST_SLOT_BYTES
  while (slotBytes < 2 * (bytes.length + SLOT_HEAD)) slotBytes *= 2
  const header = Buffer.alloc(HEADER)
  header.write(magic, 0, 'latin1')
  header.writeUInt32LE(slotBytes, 16)
  header.writeUInt32LE(crc32(header.subarray(0, 20)), 20)
  const next = options.create === true ? path : `${path}.new`
  const handle = await createFile(next)
  try {
    await handle.truncate(HEADER + 2 * slotBytes)
    await writeFully(handle, slotOf(sequence, bytes), HEADER + Number(sequence % 2n) * slotBytes)
    await writeFully(handle, header, 0)
    if (options.sync === true) await handle.datasync()
  } finally {
    await handle.close()
  }
  if (next !== path) await rename(next, path)
}

function slotSize(header: Buffer, magic: string): number | undefined {
  const expected = Buffer.alloc(16)
  expected.write(magic, 'latin1')
  if (!header.subarray(0, 16).equals(expected) || crc32(header.subarray(0, 20)) !== header.readUInt32LE(20)) return undefined
  return header.readUInt32LE(16)
}

function slotOf(sequence: bigint, bytes: Buffer): Buffer {
  const head = Buffer.alloc(SLOT_HEAD)
  head.writeBigUInt64LE(sequence, 0)
  head.writeUInt32LE(bytes.length, 8)
  head.writeUInt32LE(crc32(bytes, crc32(head.subarray(0, 12))), 12)
  return Buffer.concat([head, bytes])
}
