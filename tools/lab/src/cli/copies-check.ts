import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { blockDefect, sealBlock } from '../storage/block.ts'
import { CHUNK_BLOCKS, Datafile } from '../storage/datafile.ts'
import type { FileHeader } from '../storage/file-header.ts'
import { type RedoHeader, readRecords, readRedoHeader } from '../storage/redo-log.ts'
import { type RedoRecord, applyChange } from '../storage/redo-record.ts'
import type { BlockHistory } from './block-history.ts'
import { differenceOf } from './history-check.ts'

export interface CopiesCheck {
  readonly files: number
  readonly blocks: number
  /** Logs whose redo was applied. */
  readonly logs: number
  /** What is wrong, one sentence each; empty: copies and logs together are the database as it was. */
  readonly problems: readonly string[]
}

export interface CopiesCheckOptions {
  /** Image copies, one of each datafile. */
  readonly copies: readonly string[]
  /** Directory of archived logs of one thread. */
  readonly logDirectory: string
  /** The SCNs to compare at, all changes up to and including each. */
  readonly scns: readonly bigint[]
  readonly history: BlockHistory
}

/**
 * Recovers image copies in memory, by the archived logs beside them and nothing else, and compares every block with the
 * history at each SCN. Nothing is written, no instance is asked. The logs are those of one redo thread and one incarnation.
 */
export async function checkCopies({ copies, logDirectory, scns, history }: CopiesCheckOptions): Promise<CopiesCheck> {
  const problems: string[] = []
  const images: CopyImage[] = []
  for (const copy of copies) {
    const image = await readImage(copy).catch((error: unknown) => `${copy} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
    if (typeof image === 'string') problems.push(image)
    else images.push(image)
  }
  const from = images.reduce<bigint | undefined>((low, { header }) => (low === undefined || header.checkpointScn < low ? header.checkpointScn : low), undefined)
  const blocks = images.reduce((sum, image) => sum + image.blocks.size, 0)
  const targets = [...scns].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const last = targets.at(-1)
  if (from === undefined || last === undefined) return { files: images.length, blocks, logs: 0, problems: problems.length > 0 ? problems : ['there is nothing to compare'] }

  const { logs, gap } = await chainOf(logDirectory, from, last)
  if (gap !== undefined) problems.push(gap)
  const compare = (scn: bigint): void => {
    for (const image of images) problems.push(...differencesAt(image, scn, history))
  }
  const byFile = new Map(images.map((image) => [image.header.file, image]))
  try {
    for (const log of logs) {
      for await (const { record } of readRecords(log.file)) {
        for (let next = targets[0]; next !== undefined && record.scn > next; next = targets[0]) compare(targets.shift() ?? next)
        if (targets.length === 0) break
        if (record.scn >= from) problems.push(...applyTo(byFile, record))
      }
    }
  } catch (error) {
    problems.push(`redo cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
  for (const scn of targets) compare(scn)
  return { files: images.length, blocks, logs: logs.length, problems }
}

interface CopyImage {
  readonly file: string
  readonly header: FileHeader
  readonly blocks: Map<number, Buffer>
}

async function readImage(file: string): Promise<CopyImage | string> {
  const datafile = await Datafile.open(file, 'r')
  if (datafile === undefined) return `${file} is no datafile copy`
  try {
    const { header } = datafile
    const blocks = new Map<number, Buffer>()
    for (let first = 2; first <= header.blocks; first += CHUNK_BLOCKS) {
      const bytes = await datafile.readBlocks(first, Math.min(CHUNK_BLOCKS, header.blocks - first + 1))
      for (let i = 0; (i + 1) * datafile.blockSize <= bytes.length; i += 1) blocks.set(first + i, bytes.subarray(i * datafile.blockSize, (i + 1) * datafile.blockSize))
    }
    return { file, header, blocks }
  } finally {
    await datafile.close()
  }
}

interface LogFile {
  readonly file: string
  readonly header: RedoHeader
}

/** The finished logs that hold the redo from `from` to `to`, in order, and what is missing in them. */
async function chainOf(directory: string, from: bigint, to: bigint): Promise<{ readonly logs: readonly LogFile[]; readonly gap?: string }> {
  const found = new Map<number, LogFile>()
  for (const name of await readdir(directory).catch(() => [])) {
    const file = path.join(directory, name)
    const read = await readRedoHeader(file).catch(() => undefined)
    if (read === undefined || read.header.nextScn === null || read.header.bytes === null || read.size < read.header.bytes) continue
    if (read.header.nextScn > from && read.header.firstScn <= to) found.set(read.header.sequence, { file, header: read.header })
  }
  const logs = [...found.values()].sort((a, b) => a.header.sequence - b.header.sequence)
  let reached = from
  const chain: LogFile[] = []
  for (const log of logs) {
    if (log.header.firstScn > reached) break
    chain.push(log)
    reached = log.header.nextScn ?? reached
  }
  return reached > to ? { logs: chain } : { logs: chain, gap: `the logs in ${directory} lead from SCN ${from} to ${reached}, not to ${to}` }
}

function applyTo(images: ReadonlyMap<number, CopyImage>, record: RedoRecord): string[] {
  const problems: string[] = []
  for (const change of record.changes) {
    const image = images.get(change.file)
    const block = image?.blocks.get(change.block)
    if (image === undefined || block === undefined || record.scn < image.header.creationScn) continue
    const outcome = applyChange(block, change, record.scn)
    if (outcome === 'stuck') problems.push(`file ${change.file} block ${change.block}: redo of SCN ${record.scn} does not fit`)
    else if (outcome === 'applied') sealBlock(block, record.scn)
  }
  return problems
}

function differencesAt({ header, blocks }: CopyImage, scn: bigint, history: BlockHistory): string[] {
  const wrong: string[] = []
  for (const [block, bytes] of blocks) {
    const defect = blockDefect(bytes, header.file, block)
    const difference = defect === null ? differenceOf(history, header.file, block, bytes, scn) : undefined
    if (defect !== null) wrong.push(`block ${block} is damaged (${defect})`)
    else if (difference !== undefined) wrong.push(`block ${block} has SCN ${difference.scn}, expected ${difference.expectedScn}`)
  }
  const [first] = wrong
  return first === undefined ? [] : [`file ${header.file} at SCN ${scn}: ${wrong.length} of ${blocks.size} blocks differ (${first})`]
}
