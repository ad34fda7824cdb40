import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BLOCK_SIZE, blockDefect, blockScn, blockType, emptyBlock, formatBlock, PAYLOAD_START, blockSizes, payloadEnd, sealBlock } from './block.ts'

const scn = fc.bigInt({ min: 1n, max: 2n ** 48n })
const block = fc.record({ file: fc.integer({ min: 1, max: 1022 }), number: fc.integer({ min: 2, max: 2 ** 22 }), scn, size: fc.constantFrom(...blockSizes), payload: fc.uint8Array({ minLength: 1, maxLength: BLOCK_SIZE - 4 - PAYLOAD_START }) })

function make(b: { file: number; number: number; scn: bigint; size: number; payload: Uint8Array }): Buffer {
  const buffer = formatBlock(b.file, b.number, blockType.data, 7, 0n, b.size)
  // To the end of the block, whatever its size.
  Buffer.from(b.payload).copy(buffer, payloadEnd(buffer) - b.payload.length)
  return sealBlock(buffer, b.scn)
}

describe('blocks', () => {
  it('are whole after sealing, and belong to their place', () => {
    fc.assert(fc.property(block, (b) => {
      const buffer = make(b)
      expect(blockDefect(buffer, b.file, b.number)).toBeNull()
      expect(blockScn(buffer)).toBe(b.scn)
      expect(blockDefect(buffer, b.file, b.number + 1)).toBe('CORRUPT')
    }))
  })

  it('show every flipped bit', () => {
    fc.assert(fc.property(block, fc.nat(), (b, place) => {
      const buffer = make(b)
      const bit = place % (buffer.length * 8)
      // Byte 18 and 19 are spare but checksummed too.
      buffer[bit >> 3] = (buffer[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(blockDefect(buffer, b.file, b.number)).not.toBeNull()
    }))
  })

  it('are fractured when their halves are of different versions', () => {
    fc.assert(fc.property(block, fc.integer({ min: 1, max: 65535 }), fc.integer({ min: 1, max: 15 }), (b, later, sectors) => {
      const older = make(b)
      const newer = make({ ...b, scn: b.scn + BigInt(later) })
      const torn = Buffer.concat([newer.subarray(0, sectors * 512), older.subarray(sectors * 512)])
      expect(blockDefect(torn, b.file, b.number)).toBe('FRACTURED')
    }))
  })

  it('knows a never used block from one of zeros', () => {
    for (const size of blockSizes) {
      expect(blockDefect(emptyBlock(4, 9, size), 4, 9)).toBeNull()
      expect(blockDefect(Buffer.alloc(size), 4, 9)).toBe('ALL ZERO')
    }
  })
})
