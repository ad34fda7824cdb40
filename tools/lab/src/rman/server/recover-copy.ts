import { OraError } from '../../engine/ora-error.ts'
import type { BackupPieceRecord, DatafileCopyRecord } from '../../engine/records.ts'
import type { Command } from '../grammar/ast.ts'
import { runOnChannels, useChannels } from './channels.ts'
import { recordCopy } from './datafile-copies.ts'
import { readError } from '../../engine/os-error.ts'
import { datafilesOf, incrementChain, usableCopies } from './repository.ts'
import { untilScn } from './until.ts'
import { date, elapsed, fileNumber } from './work.ts'
import type { Channel, Work } from './work.ts'

interface Merge {
  readonly copy: DatafileCopyRecord
  readonly file: number
}

/** The merges of one set; sets of one round have no file in common with those of the round before. */
interface SetJob {
  readonly pieces: readonly BackupPieceRecord[]
  readonly merges: readonly Merge[]
}

/** RECOVER COPY: applies incrementals to image copies, round by round where a file has several to go through. */
export async function recoverCopy(work: Work, command: Extract<Command, { kind: 'recover-copy' }>): Promise<void> {
  const { instance, emit } = work
  emit(`Starting recover at ${date(work)}`)
  const channels = useChannels(work)
  const data = instance.controlFile
  const until = await untilScn(work, command.until ?? work.state.run?.until ?? null)
  const files = command.object.kind === 'database' ? data.datafiles : datafilesOf(instance, command.object.files)
  const chains = files.map((file) => {
    const copies = usableCopies(data, file, command.tag).filter((copy) => until === null || copy.checkpointScn <= until)
    for (const copy of copies) {
      const chain = incrementChain(data, file, copy.checkpointScn, until)
      if (chain.length > 0) return { file: file.file, copy, chain }
    }
    emit(`no copy of datafile ${file.file} found to recover`)
    return undefined
  })
  const longest = Math.max(0, ...chains.map((entry) => entry?.chain.length ?? 0))
  for (let round = 0; round < longest; round++) {
    const bySet = new Map<number, { pieces: readonly BackupPieceRecord[]; merges: Merge[] }>()
    for (const entry of chains) {
      const increment = entry?.chain[round]
      if (entry === undefined || increment === undefined) continue
      const job = bySet.get(increment.datafile.setRecid) ?? { pieces: increment.pieces, merges: [] }
      job.merges.push({ copy: entry.copy, file: entry.file })
      bySet.set(increment.datafile.setRecid, job)
    }
    await runOnChannels(work, channels, [...bySet.values()], null, (job, channel) => mergeSet(work, channel, job))
  }
  emit(`Finished recover at ${date(work)}`)
  work.state.autobackupDue = true
}

async function mergeSet(work: Work, channel: Channel, { pieces, merges }: SetJob): Promise<void> {
  const { instance, emit } = work
  const started = instance.host.now()
  emit(`channel ${channel.name}: starting incremental datafile backup set restore`)
  emit(`channel ${channel.name}: specifying datafile copies to recover`)
  for (const { copy, file } of merges) emit(`recovering datafile copy file number=${fileNumber(file)} name=${copy.name}`)
  for (const piece of pieces) emit(`channel ${channel.name}: reading from backup piece ${piece.handle}`)
  const progress = { opname: 'RMAN: incremental datafile restore', sofar: 0, totalwork: merges.reduce((sum, merge) => sum + merge.copy.blocks, 0), startTime: started, lastUpdate: started }
  channel.session.longOps.push(progress)
  for (const { copy, file } of merges) {
    let result
    try {
      result = await instance.applyIncremental(copy.name, pieces.map((piece) => piece.handle), file, channel.session)
    } catch (error) {
      throw framed(readError(error, pieces[0]?.handle ?? ''), pieces[0]?.handle ?? '')
    }
    progress.sofar += copy.blocks
    progress.lastUpdate = instance.host.now()
    work.bytes.input += pieces.reduce((sum, piece) => sum + piece.bytes, 0)
    // RMAN numbers a merged copy anew.
    await recordCopy(work, {
      name: copy.name, tag: copy.tag, file: copy.file, tablespace: copy.tablespace, creationScn: copy.creationScn, resetlogsScn: instance.controlFile.resetlogsScn, incrementalLevel: copy.incrementalLevel,
      checkpointScn: result.checkpointScn, checkpointTime: result.checkpointTime, absoluteFuzzyScn: result.absoluteFuzzyScn, recoveryFuzzyScn: copy.recoveryFuzzyScn, markedCorrupt: copy.markedCorrupt,
      blocks: result.blocks, blockSize: copy.blockSize, completionTime: instance.host.now(),
    })
  }
  for (const piece of pieces) {
    emit(`channel ${channel.name}: piece handle=${piece.handle} tag=${piece.tag ?? ''}`)
    emit(`channel ${channel.name}: restored backup piece ${piece.piece}`)
  }
  emit(`channel ${channel.name}: restore complete, elapsed time: ${elapsed(work, started)}`)
}

function framed(error: unknown, handle: string): unknown {
  if (!(error instanceof OraError) || error.messages.some((message) => message.code === 'ORA-19870' || message.code === 'ORA-00028')) return error
  return new OraError([{ code: 'ORA-19870', text: `error while restoring backup piece ${handle}` }, ...error.messages])
}
