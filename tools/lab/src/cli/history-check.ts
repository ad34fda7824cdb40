import path from 'node:path'
import { openHost } from '../host/host.ts'
import { blockScn, blockTypeOf } from '../storage/block.ts'
import { CHUNK_BLOCKS, Datafile } from '../storage/datafile.ts'
import { BlockHistory } from './block-history.ts'

export interface HistoryCheck {
  readonly file: number
  readonly blocks: number
  /** Blocks that are not as they were, with the SCN they have and the one they should have. */
  readonly differences: readonly BlockDifference[]
}

export interface BlockDifference {
  readonly block: number
  readonly scn: bigint
  readonly expectedScn: bigint
}

/** How a block differs from what it was at an SCN; `undefined`: not at all. */
export function differenceOf(history: BlockHistory, file: number, block: number, bytes: Buffer, scn: bigint): BlockDifference | undefined {
  const expected = history.at(file, block, scn)
  const same = expected === undefined ? blockTypeOf(bytes) === 0 && blockScn(bytes) === 0n : blockScn(bytes) === expected.scn && bytes.readUInt32LE(20) === expected.checksum
  return same ? undefined : { block, scn: blockScn(bytes), expectedScn: expected?.scn ?? 0n }
}

/**
 * Compares every block of a datafile, a path of this machine or a name in a disk group, with the history of its database, changes up to and including `scn`.
 * @param known the history, where it was read already
 */
export async function checkHistory(file: string, labDir: string, scn: bigint, known?: BlockHistory): Promise<HistoryCheck> {
  const datafile = await Datafile.open(file.startsWith('+') ? openHost(path.resolve(labDir), 'prod').real(file) : file, 'r')
  if (datafile === undefined) throw new Error(`${file} is not a datafile`)
  try {
    const { header } = datafile
    const history = known ?? new BlockHistory(labDir, header.dbid)
    if (known === undefined) await history.refresh()
    const differences: BlockDifference[] = []
    for (let first = 2; first <= header.blocks; first += CHUNK_BLOCKS) {
      const bytes = await datafile.readBlocks(first, Math.min(CHUNK_BLOCKS, header.blocks - first + 1))
      for (let i = 0; i * datafile.blockSize < bytes.length; i += 1) {
        const difference = differenceOf(history, header.file, first + i, bytes.subarray(i * datafile.blockSize, (i + 1) * datafile.blockSize), scn)
        if (difference !== undefined) differences.push(difference)
      }
    }
    return { file: header.file, blocks: header.blocks - 1, differences }
  } finally {
    await datafile.close()
  }
}
