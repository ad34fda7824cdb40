import { sealBlock } from '../storage/block.ts'
import { type RedoRecord, applyChange } from '../storage/redo-record.ts'
import type { BufferCache } from './buffer-cache.ts'
import type { DatafileRecord } from './records.ts'
import { named } from './file-verification.ts'
import { ora } from './ora-error.ts'

/** Dirty blocks after which recovery writes to the files. */
const WRITE_AFTER = 1000

/** What applying a record needs to know of a file; undefined: the file takes no part. */
export type FileLookup = (file: number) => DatafileRecord | undefined

/**
 * Repeats a record's changes on the blocks that are older than it.
 * @returns the number of blocks changed
 * @throws OraError 00600 [3020] when a block is not the version the change was made on; 01578 for a damaged block
 */
export async function applyRecord(record: RedoRecord, cache: BufferCache, lookup: FileLookup, changed: (file: number, block: number, buffer: Buffer) => void): Promise<number> {
  let count = 0
  for (const change of record.changes) {
    const file = lookup(change.file)
    // Redo from before the file's creation belongs to a dropped file that had the same number.
    if (file === undefined || record.scn < file.creationScn) continue
    const before = await cache.get(change.file, change.block)
    const after = Buffer.from(before)
    const outcome = applyChange(after, change, record.scn)
    if (outcome === 'stuck') {
      throw ora(600, `internal error code, arguments: [3020], [${change.file}], [${change.block}], [], [], [], [], [], [], [], [], []`,
        [10567, `Redo is inconsistent with data block (file# ${change.file}, block# ${change.block}, file offset is ${change.block * file.blockSize} bytes)`],
        [10564, `tablespace ${file.tablespace}`], named(file), [10560, 'block type \'0\''])
    }
    if (outcome === 'skipped') continue
    sealBlock(after, record.scn)
    cache.put(change.file, change.block, after)
    changed(change.file, change.block, after)
    count += 1
  }
  if (cache.dirtyBlocks > WRITE_AFTER) await cache.flush()
  return count
}
