import { Datafile } from '../storage/datafile.ts'
import { LongOperation } from './backup-input.ts'
import type { CopyResult, ServerSession } from './instance-api.ts'
import type { Kernel } from './kernel.ts'
import { isOmf } from './omf.ts'
import { ora } from './ora-error.ts'
import { createFailed, writeError } from './os-error.ts'
import { type FilePiece, piecesOf, readFrames } from './piece-header.ts'

const highestOf = (scns: readonly bigint[]): bigint => scns.reduce((a, b) => (a > b ? a : b), 0n)

/**
 * Merges the pieces of one incremental of a file. While it runs the target's header says that blocks may be as new as the pieces', so a
 * merge that was interrupted leaves a file that only recovery beyond the incremental, or the same merge again, makes whole.
 * @throws OraError 19505 missing copy; 19870 with the cause for a piece; 19638 copy too old; 19639 copy newer
 */
export async function applyIncremental(kernel: Kernel, copy: string, pieces: readonly string[], file: number, session: ServerSession): Promise<CopyResult> {
  const { host } = kernel
  const parts = await piecesOf(kernel, pieces, file)
  const { entry } = parts[0]
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
    const absoluteFuzzyScn = highestOf(parts.map((part) => part.entry.header.absoluteFuzzyScn))
    await target.writeHeader({ ...before, absoluteFuzzyScn: highestOf([before.absoluteFuzzyScn, absoluteFuzzyScn, entry.header.checkpointScn]) })
    // The file may have grown since; of what is new the pieces hold what was used.
    await target.extend(entry.header.blocks)
    await writeBlocks(kernel, target, parts, file, session, 'RMAN: incremental datafile restore')
    if (host.lab.fsync) await target.sync()
    const marks = before.copy === null ? null : { tag: before.copy.tag, incrementalLevel: before.copy.incrementalLevel, completionTime: host.now() }
    await target.writeHeader({ ...entry.header, absoluteFuzzyScn, copy: marks })
    if (host.lab.fsync) await target.sync()
    return { checkpointScn: entry.header.checkpointScn, checkpointTime: entry.header.checkpointTime, absoluteFuzzyScn, blocks: entry.header.blocks }
  } finally {
    await target.close()
  }
}

/**
 * A datafile out of the pieces of a level 0 or full backup. The header is written at the end: a restore that was interrupted leaves no datafile.
 * @throws OraError 19870 with the cause for a piece, 19504 for the file
 */
export async function restoreDatafile(kernel: Kernel, file: number, pieces: readonly string[], path: string, session: ServerSession): Promise<CopyResult> {
  const { host } = kernel
  const parts = await piecesOf(kernel, pieces, file)
  const { header } = parts[0].entry
  const target = await Datafile.create(host.real(path), header, { format: false, parents: isOmf(path) }).catch((error: unknown) => { throw createFailed(path, error) })
  try {
    await target.format()
    await writeBlocks(kernel, target, parts, file, session, 'RMAN: full datafile restore')
    const absoluteFuzzyScn = highestOf(parts.map((part) => part.entry.header.absoluteFuzzyScn))
    if (host.lab.fsync) await target.sync()
    await target.writeHeader({ ...header, absoluteFuzzyScn })
    if (host.lab.fsync) await target.sync()
    return { checkpointScn: header.checkpointScn, checkpointTime: header.checkpointTime, absoluteFuzzyScn, blocks: header.blocks }
  } catch (error) {
    throw writeError(error, path)
  } finally {
    await target.close()
  }
}

async function writeBlocks(kernel: Kernel, target: Datafile, parts: readonly FilePiece[], file: number, session: ServerSession, opname: string): Promise<void> {
  const progress = new LongOperation(kernel, session, opname, parts.reduce((sum, part) => sum + part.entry.blocksWritten, 0))
  for (const { piece } of parts) {
    await readFrames(kernel, piece, session, async (frame) => {
      if (frame.kind !== 'block' || frame.file !== file) return
      await target.writeBlocks(frame.block, frame.bytes)
      await progress.advance(1)
    })
  }
}
