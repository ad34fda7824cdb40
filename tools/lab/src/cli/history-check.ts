import { readFile, readdir } from 'node:fs/promises'
import path from 'node:path'
import { BLOCK_SIZE, blockScn, blockTypeOf } from '../storage/block.ts'
import { CHUNK_BLOCKS, Datafile } from '../storage/datafile.ts'
import { HISTORY_ENTRY } from '../engine/history.ts'

export interface HistoryCheck {
  readonly file: number
  readonly blocks: number
  /** Blocks that are not as they were, with the SCN they have and the one they should have. */
  readonly differences: readonly { readonly block: number; readonly scn: bigint; readonly expectedScn: bigint }[]
}

/** What the history of a file says at an SCN: version and checksum of each block that was ever written. */
export async function truthAt(labDir: string, dbid: number, file: number, scn: bigint): Promise<Map<number, { readonly scn: bigint; readonly checksum: number }>> {
  const directory = path.join(labDir, 'history')
  const truth = new Map<number, { scn: bigint; checksum: number }>()
  for (const name of (await readdir(directory)).filter((n) => n.startsWith(`${dbid}-`))) {
    const bytes = await readFile(path.join(directory, name))
    for (let at = 0; at + HISTORY_ENTRY <= bytes.length; at += HISTORY_ENTRY) {
      const entryScn = bytes.readBigUInt64LE(at)
      if (bytes.readUInt16LE(at + 8) !== file || entryScn > scn) continue
      const block = bytes.readUInt32LE(at + 12)
      const known = truth.get(block)
      if (known === undefined || entryScn >= known.scn) truth.set(block, { scn: entryScn, checksum: bytes.readUInt32LE(at + 16) })
    }
  }
  return truth
}

/** Compares every block of a datafile with the history of its database, changes up to and including `scn`. */
export async function checkHistory(file: string, labDir: string, scn: bigint): Promise<HistoryCheck> {
  const datafile = await Datafile.open(file, 'r')
  if (datafile === undefined) throw new Error(`${file} is not a datafile`)
  try {
    const { header } = datafile
    const truth = await truthAt(labDir, header.dbid, header.file, scn)
    const differences: { block: number; scn: bigint; expectedScn: bigint }[] = []
    for (let first = 2; first <= header.blocks; first += CHUNK_BLOCKS) {
      const bytes = await datafile.readBlocks(first, Math.min(CHUNK_BLOCKS, header.blocks - first + 1))
      for (let i = 0; i * BLOCK_SIZE < bytes.length; i += 1) {
        const block = bytes.subarray(i * BLOCK_SIZE, (i + 1) * BLOCK_SIZE)
        const expected = truth.get(first + i)
        const same = expected === undefined ? blockTypeOf(block) === 0 && blockScn(block) === 0n : blockScn(block) === expected.scn && block.readUInt32LE(20) === expected.checksum
        if (!same) differences.push({ block: first + i, scn: blockScn(block), expectedScn: expected?.scn ?? 0n })
      }
    }
    return { file: header.file, blocks: header.blocks - 1, differences }
  } finally {
    await datafile.close()
  }
}
