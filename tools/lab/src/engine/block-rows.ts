import { PAYLOAD_START, payloadEnd } from '../storage/block.ts'
import type { RowValue } from './instance-api.ts'

/**
 * Rows in a data or index block: a count and the end of the rows (two u16), then each row as length (u16) and JSON.
 * Values are text, numbers and null.
 */
const ROWS_START = PAYLOAD_START + 4

/** Free bytes behind the rows. */
export function freeBytes(block: Buffer): number {
  return payloadEnd(block) - rowsEnd(block)
}

const rowsEnd = (block: Buffer): number => Math.max(ROWS_START, block.readUInt16LE(PAYLOAD_START + 2))

export const encodeRow = (row: readonly RowValue[]): Buffer => Buffer.from(JSON.stringify(row), 'utf8')

/** Appends a row; the caller made sure that there is room for it and two bytes. */
export function appendRow(block: Buffer, row: Buffer): void {
  const end = rowsEnd(block)
  block.writeUInt16LE(row.length, end)
  row.copy(block, end + 2)
  block.writeUInt16LE(block.readUInt16LE(PAYLOAD_START) + 1, PAYLOAD_START)
  block.writeUInt16LE(end + 2 + row.length, PAYLOAD_START + 2)
}

/** @throws Error when the block's row directory does not hold together */
export function readRows(block: Buffer): RowValue[][] {
  const rows: RowValue[][] = []
  let at = ROWS_START
  const end = rowsEnd(block)
  for (let i = block.readUInt16LE(PAYLOAD_START); i > 0; i -= 1) {
    const length = block.readUInt16LE(at)
    if (at + 2 + length > end || end > payloadEnd(block)) throw new Error('row runs past the end of the block')
    rows.push(JSON.parse(block.toString('utf8', at + 2, at + 2 + length)) as RowValue[])
    at += 2 + length
  }
  if (at !== end) throw new Error('rows do not end where the block says')
  return rows
}

/** Replaces all rows; the ones from the first that does not fit are returned. */
export function writeRows(block: Buffer, rows: readonly (readonly RowValue[])[]): readonly (readonly RowValue[])[] {
  block.fill(0, PAYLOAD_START, payloadEnd(block))
  block.writeUInt16LE(ROWS_START, PAYLOAD_START + 2)
  for (const [i, row] of rows.entries()) {
    const bytes = encodeRow(row)
    if (freeBytes(block) < bytes.length + 2) return rows.slice(i)
    appendRow(block, bytes)
  }
  return []
}

/** Whether rows and directory of a data or index block agree: what CHECK LOGICAL looks at. */
export function rowsHoldTogether(block: Buffer): boolean {
  try {
    readRows(block)
    return true
  } catch {
    return false
  }
}
