import { PieceCorruption, type PieceDatafile, type PieceHeader, PieceWriter, readPiece, readPieceHeader } from '../storage/backup-piece.ts'
import { BLOCKS_PER_CHUNK } from '../storage/change-tracking.ts'
import { Datafile } from '../storage/datafile.ts'
import { isMissing } from '../storage/file-io.ts'
import { LongOperation, openForBackup, refuseCorrupt, scanBlocks } from './backup-input.ts'
import type { CopyResult, IncrementalResult, ServerSession } from './instance-api.ts'
import type { Kernel } from './kernel.ts'
import { isOmf } from './omf.ts'
import { ora } from './ora-error.ts'
import { createFailed, writeError } from './os-error.ts'

/**
 * One piece with the blocks of several files whose SCN is not below `sinceScn`.
 * @throws OraError 19504 destination, 19566 damaged block, 01157 source
 */
export async function incrementalBackup(
  kernel: Kernel, files: readonly { readonly file: number; readonly sinceScn: bigint }[], piece: { readonly path: string; readonly tag: string | null; readonly setRecid: number }, session: ServerSession,
): Promise<ReadonlyMap<number, IncrementalResult>> {
  const { host, control } = kernel
  const writer = await PieceWriter.create(host.real(piece.path), { parents: isOmf(piece.path) }).catch((error: unknown) => { throw createFailed(piece.path, error) })
  const results = new Map<number, Omit<IncrementalResult, 'bytes'>>()
  const datafiles: PieceDatafile[] = []
  try {
    for (const { file, sinceScn } of files) {
      const { result, entry } = await addDatafile(kernel, writer, file, sinceScn, session)
      results.set(file, result)
      datafiles.push(entry)
    }
    const header: PieceHeader = {
      dbid: control.data.dbid, dbName: control.data.name, release: control.data.release, setRecid: piece.setRecid, piece: 1, tag: piece.tag, created: host.now(), contains: ['incremental'], datafiles,
    }
    const bytes = await writer.finish(header, host.lab.fsync)
    return new Map([...results].map(([file, result]) => [file, { ...result, bytes }]))
  } catch (error) {
    await writer.abandon()
    throw writeError(error, piece.path)
  }
}

async function addDatafile(kernel: Kernel, writer: PieceWriter, file: number, sinceScn: bigint, session: ServerSession): Promise<{ readonly result: Omit<IncrementalResult, 'bytes'>; readonly entry: PieceDatafile }> {
  const input = await openForBackup(kernel, file, sinceScn)
  try {
    const { header } = input.datafile
    const progress = new LongOperation(kernel, session, 'RMAN: incremental datafile backup', input.chunks === undefined ? header.blocks : input.chunks.length * BLOCKS_PER_CHUNK)
    let highest = 0n
    let blocksRead = 0
    let blocksWritten = 0
    for await (const run of scanBlocks(input.datafile, input.chunks, BLOCKS_PER_CHUNK, session.abort)) {
      for (const scanned of run) {
        blocksRead += 1
        if (scanned.defect !== null) await refuseCorrupt(kernel, input.record, scanned)
        if (scanned.scn > highest) highest = scanned.scn
        if (scanned.scn < sinceScn) continue
        await writer.add({ kind: 'block', file, block: scanned.block, bytes: scanned.bytes })
        blocksWritten += 1
      }
      await progress.advance(run.length)
    }
    const absoluteFuzzyScn = highest >= input.checkpointScn ? highest : 0n
    const { checkpointScn, checkpointTime } = input
    return {
      result: { checkpointScn, checkpointTime, absoluteFuzzyScn, blocks: header.blocks, incrementalScn: sinceScn, blocksRead, blocksWritten, usedChangeTracking: input.chunks !== undefined },
      entry: { file, incrementalScn: sinceScn, blocksWritten, header: { ...header, fuzzy: header.fuzzy && kernel.logWriter.header === undefined, absoluteFuzzyScn, copy: null } },
    }
  } finally {
    await input.close()
  }
}

/**
 * Merges a piece into an image copy. While it runs the copy's header says that blocks may be as new as the piece's, so a
 * merge that was interrupted leaves a copy that only recovery beyond the piece, or the same merge again, makes whole.
 * @throws OraError 19505 missing copy; 19870 with the cause for the piece; 19638 copy too old; 19639 copy newer
 */
export async function applyIncremental(kernel: Kernel, copy: string, piece: string, file: number, session: ServerSession): Promise<CopyResult> {
  const { host } = kernel
  const header = await pieceHeader(kernel, piece)
  const entry = header.datafiles.find((d) => d.file === file)
  if (entry === undefined) throw ora(19870, `error while restoring backup piece ${piece}`, [19615, `some files not found in backup set`], [19613, `datafile ${file} not found in backup set`])
  let target: Datafile | undefined
  try {
    target = await Datafile.open(host.real(copy), 'r+')
  } catch {
    throw ora(19505, `failed to identify file "${copy}"`, [27037, 'unable to obtain file status\nLinux-x86_64 Error: 2: No such file or directory'])
  }
  if (target === undefined) throw ora(19563, `datafile copy header validation failed for file ${copy}`)
  try {
    const before = target.header
    if (before.dbid !== entry.header.dbid || before.file !== file || before.creationScn !== entry.header.creationScn) throw ora(19563, `datafile copy header validation failed for file ${copy}`)
    if (before.checkpointScn < entry.incrementalScn) {
      throw ora(19638, `file ${copy} is not current enough to apply this incremental backup`, [19640, `datafile checkpoint is SCN ${before.checkpointScn}`], [19642, `start SCN of incremental backup is ${entry.incrementalScn}`])
    }
    if (before.checkpointScn > entry.header.checkpointScn) throw ora(19639, `file ${copy} is more current than this incremental backup`, [19640, `datafile checkpoint is SCN ${before.checkpointScn}`], [19641, `backup datafile checkpoint is SCN ${entry.header.checkpointScn}`])
    const newest = [before.absoluteFuzzyScn, entry.header.absoluteFuzzyScn, entry.header.checkpointScn].reduce((a, b) => (a > b ? a : b))
    await target.writeHeader({ ...before, absoluteFuzzyScn: newest })
    const progress = new LongOperation(kernel, session, 'RMAN: incremental datafile restore', entry.blocksWritten)
    try {
      for await (const frame of readPiece(host.real(piece))) {
        session.abort.throwIfAborted()
        if (frame.kind !== 'block' || frame.file !== file) continue
        await target.writeBlocks(frame.block, frame.bytes)
        await progress.advance(1)
      }
    } catch (error) {
      if (error instanceof PieceCorruption) throw ora(19870, `error while restoring backup piece ${piece}`, [19599, `block number ${error.block} is corrupt in backup piece ${piece}`])
      throw error
    }
    if (host.lab.fsync) await target.sync()
    await target.writeHeader({ ...entry.header, copy: { tag: before.copy?.tag ?? null, incrementalLevel: before.copy?.incrementalLevel ?? null, completionTime: host.now() } })
    if (host.lab.fsync) await target.sync()
    return { checkpointScn: entry.header.checkpointScn, checkpointTime: entry.header.checkpointTime, absoluteFuzzyScn: entry.header.absoluteFuzzyScn, blocks: entry.header.blocks }
  } finally {
    await target.close()
  }
}

async function pieceHeader(kernel: Kernel, piece: string): Promise<PieceHeader> {
  let header: PieceHeader | undefined
  try {
    header = await readPieceHeader(kernel.host.real(piece))
  } catch (error) {
    if (!isMissing(error)) throw error
    throw ora(19870, `error while restoring backup piece ${piece}`, [19505, `failed to identify file "${piece}"`], [27037, 'unable to obtain file status\nLinux-x86_64 Error: 2: No such file or directory'])
  }
  if (header === undefined) throw ora(19870, `error while restoring backup piece ${piece}`, [19608, `${piece} is not a backup piece`])
  return header
}
