import { BLOCK_SIZE, blockType } from '../storage/block.ts'
import type { Autoextend } from '../storage/file-header.ts'
import { datafileRecord } from './backup-input.ts'
import { named } from './file-verification.ts'
import type { AutoextendSpec } from './instance-api.ts'
import type { Kernel } from './kernel.ts'
import { OraError, linesOf, ora } from './ora-error.ts'
import { writeError } from './os-error.ts'
import type { DatafileRecord } from './records.ts'
import { mapsOf, ownerOf, mapBlockOf, isMapBlock } from './space-map.ts'
import { Transaction } from './transactions.ts'

/** A smallfile datafile has no more blocks. */
const MOST_BLOCKS = 4_194_302

/** AUTOEXTEND in blocks of the file. */
export function inBlocks({ next, max }: AutoextendSpec, blockSize: number = BLOCK_SIZE): Autoextend {
  return { next: Math.max(1, Math.ceil(next / blockSize)), max: max === null ? MOST_BLOCKS : Math.min(MOST_BLOCKS, Math.floor(max / blockSize)) }
}

/**
 * Inside of {@link Transactions.exclusive}: more blocks for a file, in a transaction of its own. They are on disk before its redo, so whoever
 * finds the redo finds the blocks.
 * @throws OraError 01237 with 01110 and the system's error
 */
export async function growFile(kernel: Kernel, record: DatafileRecord, blocks: number): Promise<void> {
  const { files, transactions } = kernel
  const before = record.blocks
  try {
    await files.get(record.file).extend(blocks)
  } catch (error) {
    const cause = writeError(error, record.name)
    throw ora(1237, `cannot extend datafile ${record.file}`, named(record), ...(cause instanceof OraError ? linesOf(cause) : []))
  }
  const tx = new Transaction(kernel)
  tx.operations.push({ op: 'file-size', file: record.file, blocks, autoextend: record.autoextend ?? null })
  for (const map of mapsOf({ createdBlocks: record.createdBlocks ?? before, blocks }, before + 1)) await tx.format(record.file, map, blockType.map, 0)
  await transactions.commit(tx)
  await write(kernel, record)
}

/** The size is in memory since the commit; readers of the file and of the control file get it here. */
async function write({ files, logWriter, checkpointer, control }: Kernel, record: DatafileRecord): Promise<void> {
  await logWriter.flush()
  const datafile = files.get(record.file)
  await checkpointer.paused(() => datafile.writeHeader(datafile.header))
  await control.update(() => undefined)
}

/** ALTER DATABASE DATAFILE … RESIZE. @throws OraError 03297 (used blocks beyond), 01144 (too many), 01237, 03001 for making a file smaller */
export async function resizeFile(kernel: Kernel, file: number, bytes: number): Promise<void> {
  const record = datafileRecord(kernel, file)
  const blocks = Math.ceil(bytes / record.blockSize)
  if (blocks > MOST_BLOCKS) throw ora(1144, `File size (${blocks} blocks) exceeds maximum of ${MOST_BLOCKS + 1} blocks`)
  await kernel.transactions.exclusive(async () => {
    if (blocks > record.blocks) await growFile(kernel, record, blocks)
    else if (blocks < record.blocks) throw (await isUsedBeyond(kernel, record, blocks)) ? ora(3297, 'file contains used data beyond requested RESIZE value') : ora(3001, 'unimplemented feature')
  })
}

async function isUsedBeyond({ cache }: Kernel, record: DatafileRecord, blocks: number): Promise<boolean> {
  for (let block = blocks + 1; block <= record.blocks; block += 1) {
    if (!isMapBlock(record, block) && ownerOf(await cache.get(record.file, mapBlockOf(record, block)), block) !== 0) return true
  }
  return false
}

/** ALTER DATABASE DATAFILE … AUTOEXTEND. @throws OraError 03206 when it may not even be as large as it is */
export async function setAutoextend(kernel: Kernel, file: number, spec: AutoextendSpec | null): Promise<void> {
  const record = datafileRecord(kernel, file)
  const autoextend = spec === null ? null : inBlocks(spec, record.blockSize)
  if (autoextend !== null && autoextend.max < record.blocks) throw ora(3206, `maximum file size of (${autoextend.max}) blocks in AUTOEXTEND clause is out of range`)
  await kernel.transactions.exclusive(async () => {
    const tx = new Transaction(kernel)
    tx.operations.push({ op: 'file-size', file, blocks: record.blocks, autoextend })
    await kernel.transactions.commit(tx)
    await write(kernel, record)
  })
}
