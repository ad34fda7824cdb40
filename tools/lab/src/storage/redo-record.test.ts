import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BLOCK_SIZE, PAYLOAD_START, blockType, formatBlock, sealBlock } from './block.ts'
import { applyChange, changeBetween, decodeRecord, encodeRecord } from './redo-record.ts'

const edits = fc.array(fc.record({ at: fc.integer({ min: PAYLOAD_START, max: BLOCK_SIZE - 5 }), value: fc.integer({ min: 0, max: 255 }) }), { minLength: 1, maxLength: 40 })

describe('redo of a block', () => {
  it('makes the new version out of the old one, through its encoding', () => {
    fc.assert(fc.property(edits, edits, fc.boolean(), (first, second, reformat) => {
      const before = formatBlock(4, 9, blockType.data, 7)
      for (const { at, value } of first) before[at] = value
      sealBlock(before, 100n)
      const after = reformat ? formatBlock(4, 9, blockType.index, 8, 100n) : Buffer.from(before)
      for (const { at, value } of second) after[at] = value
      const change = changeBetween(4, 9, before, after)
      if (change === undefined) {
        expect(after.equals(before)).toBe(true)
        return
      }
      const record = decodeRecord(encodeRecord({ scn: 200n, time: 1.5, changes: [change], operations: [{ op: 'end-of-thread' }] }))
      expect(record).toMatchObject({ scn: 200n, time: 1.5, operations: [{ op: 'end-of-thread' }] })
      const repeated = Buffer.from(before)
      expect(applyChange(repeated, record.changes[0]!, 200n)).toBe('applied')
      expect(sealBlock(repeated, 200n).equals(sealBlock(after, 200n))).toBe(true)
      expect(applyChange(repeated, record.changes[0]!, 200n)).toBe('skipped')
    }))
  })

  it('does not fit on another version', () => {
    const before = formatBlock(4, 9, blockType.data, 7, 100n)
    const after = Buffer.from(before)
    after[50] = 1
    const change = changeBetween(4, 9, before, after)!
    expect(applyChange(formatBlock(4, 9, blockType.data, 7, 90n), change, 200n)).toBe('stuck')
  })
})
