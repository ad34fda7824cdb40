import { type PieceDatafile, PieceWriter } from '../storage/backup-piece.ts'
import { blockType, blockTypeOf } from '../storage/block.ts'
import { BLOCKS_PER_CHUNK } from '../storage/change-tracking.ts'
import { BackupInput, LongOperation, openForBackup, refuseCorrupt, scanBlocks } from './backup-input.ts'
import type { BlockRange, DatafilePart, DatafilePartResult, PieceTarget, ServerSession } from './instance-api.ts'
import type { Kernel } from './kernel.ts'
import { isOmf } from './omf.ts'
import { createFailed, writeError } from './os-error.ts'

/**
 * One piece with blocks of several files: of level 1 those whose SCN is not below `sinceScn`, else all that were ever used.
 * @throws OraError 19504 destination, 19566 damaged block, 01157 source
 */
export async function backupDatafiles(kernel: Kernel, parts: readonly DatafilePart[], piece: PieceTarget, session: ServerSession): Promise<{ readonly bytes: number; readonly files: ReadonlyMap<number, DatafilePartResult> }> {
  const { host, control } = kernel
  const writer = await PieceWriter.create(host.real(piece.path), { parents: isOmf(piece.path) }).catch((error: unknown) => { throw createFailed(piece.path, error) })
  const files = new Map<number, DatafilePartResult>()
  const datafiles: PieceDatafile[] = []
  try {
    for (const part of parts) {
      const { result, entry } = await addDatafile(kernel, writer, part, session)
      files.set(part.file, result)
      datafiles.push(entry)
    }
    const { setCount, setStamp, tag } = piece
    const bytes = await writer.finish({
      dbid: control.data.dbid, dbName: control.data.name, release: control.data.release, setCount, setStamp, piece: piece.piece, tag, created: host.now(), contains: [parts[0]?.level === 1 ? 'incremental' : 'datafile'], datafiles, logs: [],
    }, host.lab.fsync)
    return { bytes, files }
  } catch (error) {
    await writer.abandon()
    throw writeError(error, piece.path)
  }
}

async function addDatafile(kernel: Kernel, writer: PieceWriter, part: DatafilePart, session: ServerSession): Promise<{ readonly result: DatafilePartResult; readonly entry: PieceDatafile }> {
  const { section } = part
  if (section === undefined) {
    const input = await openForBackup(kernel, part.file, part.level === 1 ? part.sinceScn : undefined)
    try {
      return await addBlocks(kernel, writer, input, part, undefined, session)
    } finally {
      await input.close()
    }
  }
  if (!(section.source instanceof BackupInput)) throw new Error('the source of a section comes from openForBackup')
  const { result, entry } = await addBlocks(kernel, writer, section.source, part, section.range, session)
  return { result, entry: { ...entry, section: { from: section.range.from, to: section.range.last === true ? section.source.blocks : section.range.to, count: section.count } } }
}

/** Never used: a restore makes such a block again. */
const neverUsed = (scanned: { readonly bytes: Buffer; readonly scn: bigint }): boolean => scanned.scn === 0n && blockTypeOf(scanned.bytes) === blockType.empty

async function addBlocks(kernel: Kernel, writer: PieceWriter, input: BackupInput, { file, level, sinceScn }: DatafilePart, range: BlockRange | undefined, session: ServerSession): Promise<{ readonly result: DatafilePartResult; readonly entry: PieceDatafile }> {
  const { header } = input.datafile
  const whole = range === undefined ? header.blocks : range.to - range.from + 1
  const tracked = input.chunks?.filter((start) => range === undefined || (start <= range.to && start + BLOCKS_PER_CHUNK > range.from)).length
  const progress = new LongOperation(kernel, session, level === 1 ? 'RMAN: incremental datafile backup' : 'RMAN: full datafile backup', tracked === undefined ? whole : Math.min(whole, tracked * BLOCKS_PER_CHUNK))
  let highest = 0n
  let blocksRead = 0
  let blocksWritten = 0
  for await (const run of scanBlocks(input.datafile, input.chunks, BLOCKS_PER_CHUNK, session.abort, range)) {
    for (const scanned of run) {
      blocksRead += 1
      if (scanned.defect !== null) await refuseCorrupt(kernel, input.record, scanned)
      if (scanned.scn > highest) highest = scanned.scn
      if (level === 1 ? scanned.scn < sinceScn : neverUsed(scanned)) continue
      await writer.add({ kind: 'block', file, block: scanned.block, bytes: scanned.bytes })
      blocksWritten += 1
    }
    await progress.advance(run.length)
  }
  const { checkpointScn, checkpointTime } = input
  const absoluteFuzzyScn = highest >= checkpointScn ? highest : 0n
  const incrementalScn = level === 1 ? sinceScn : 0n
  return {
    result: { checkpointScn, checkpointTime, absoluteFuzzyScn, blocks: header.blocks, incrementalScn, blocksRead, blocksWritten, usedChangeTracking: input.chunks !== undefined },
    entry: { file, level, incrementalScn, blocksWritten, header: { ...header, fuzzy: header.fuzzy && kernel.logWriter.header === undefined, absoluteFuzzyScn, copy: null } },
  }
}
