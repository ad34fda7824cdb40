import { BLOCK_SIZE, type BlockDefect, blockDefect, blockScn } from '../storage/block.ts'
import { CHUNK_BLOCKS, Datafile } from '../storage/datafile.ts'
import type { Host } from '../host/host.ts'
import { readSettled } from './buffer-cache.ts'
import { named } from './file-verification.ts'
import type { BackupSource, BlockRange, ServerSession } from './instance-api.ts'
import type { Kernel } from './kernel.ts'
import { pause } from './mutex.ts'
import { ora } from './ora-error.ts'
import type { DatafileRecord } from './records.ts'

/** A datafile as a backup reads it: with its checkpoint taken, still in use. */
export class BackupInput implements BackupSource {
  readonly record: DatafileRecord
  readonly datafile: Datafile
  readonly checkpointScn: bigint
  readonly checkpointTime: number
  /** Chunks to read when change tracking knows; otherwise everything. */
  readonly chunks: readonly number[] | undefined

  constructor(record: DatafileRecord, datafile: Datafile, chunks: readonly number[] | undefined) {
    this.record = record
    this.datafile = datafile
    this.chunks = chunks
    this.checkpointScn = datafile.header.checkpointScn
    this.checkpointTime = datafile.header.checkpointTime
  }

  get file(): number { return this.record.file }
  get blocks(): number { return this.datafile.header.blocks }
  async close(): Promise<void> { await this.datafile.close() }
}

/** @throws OraError 19563-like when there is no such file, 01157 when it cannot be opened */
export function datafileRecord(kernel: Kernel, file: number): DatafileRecord {
  const record = kernel.control.data.datafiles.find((d) => d.file === file)
  if (record === undefined) throw ora(1516, `nonexistent log file, data file, or temporary file "${file}" in the current container`)
  return record
}

/** Takes the checkpoint of a file that is in use and opens it for reading. `sinceScn` asks change tracking. */
export async function openForBackup(kernel: Kernel, file: number, sinceScn?: bigint): Promise<BackupInput> {
  const { files, host, checkpointer, tracker, logWriter } = kernel
  const record = datafileRecord(kernel, file)
  const inUse = files.has(file) && logWriter.header !== undefined && record.enabled === 'READ WRITE' && record.stopScn === null
  let chunks: number[] | undefined
  if (inUse) {
    await checkpointer.checkpoint(new Set([file]), {
      onScn: (scn) => {
        const found = tracker.beginBackup(file, sinceScn ?? 0n, scn)
        chunks = sinceScn === undefined ? undefined : found
      },
    })
  }
  let datafile: Datafile | undefined
  try {
    datafile = await Datafile.open(host.real(record.name), 'r')
  } catch {
    throw ora(1157, `cannot identify/lock data file ${file} - see DBWR trace file`, named(record))
  }
  if (datafile === undefined) throw ora(1122, `database file ${file} failed verification check`, named(record), [1210, 'data file header is media corrupt'])
  return new BackupInput(record, datafile, chunks)
}

/** A block as a scan meets it. */
export interface ScannedBlock {
  readonly block: number
  readonly bytes: Buffer
  readonly defect: BlockDefect | null
  readonly scn: bigint
}

/**
 * Reads blocks of a file that may be changing, in runs: all from block 2 on, those of the chunks, or what of these lies in a range. A
 * block caught half written is read again before it counts as damaged.
 */
export async function* scanBlocks(datafile: Datafile, chunks: readonly number[] | undefined, chunkBlocks: number, signal: AbortSignal, range?: BlockRange): AsyncGenerator<readonly ScannedBlock[]> {
  const { blockSize } = datafile
  const { file, blocks } = datafile.header
  const low = Math.max(2, range?.from ?? 2)
  const high = range === undefined || range.last === true ? blocks : Math.min(blocks, range.to)
  const starts = chunks ?? Array.from({ length: Math.max(0, Math.ceil((high - low + 1) / CHUNK_BLOCKS)) }, (_, i) => low + i * CHUNK_BLOCKS)
  const length = chunks === undefined ? CHUNK_BLOCKS : chunkBlocks
  for (const start of starts) {
    signal.throwIfAborted()
    const first = Math.max(low, start)
    const count = Math.min(start + length, high + 1) - first
    if (count <= 0) continue
    const bytes = await datafile.readBlocks(first, count)
    const run: ScannedBlock[] = []
    for (let i = 0; i < count; i += 1) {
      let buffer: Buffer = bytes.subarray(i * blockSize, (i + 1) * blockSize)
      let defect = buffer.length < blockSize ? ('CORRUPT' as const) : blockDefect(buffer, file, first + i)
      if (defect !== null && buffer.length === blockSize) {
        buffer = await readSettled(datafile, first + i)
        defect = buffer.length < blockSize ? 'CORRUPT' : blockDefect(buffer, file, first + i)
      }
      run.push({ block: first + i, bytes: buffer, defect, scn: defect === null ? blockScn(buffer) : 0n })
    }
    yield run
  }
}

/** A backup met a damaged block: it is noted in the control file and the backup fails. */
export async function refuseCorrupt(kernel: Kernel, record: DatafileRecord, { block, defect }: ScannedBlock): Promise<never> {
  await kernel.control.update((data) => {
    if (!data.corruptions.some((c) => c.file === record.file && c.block === block)) data.corruptions.push({ file: record.file, block, blocks: 1, scn: 0n, type: defect ?? 'CORRUPT' })
  })
  throw ora(19566, `exceeded limit of 0 corrupt blocks for file ${record.name}`)
}

/** A row of V$SESSION_LONGOPS that moves. */
export class LongOperation {
  readonly #row: ServerSession['longOps'][number]
  readonly #host: Host
  readonly #rate: number
  readonly #signal: AbortSignal
  readonly #started: number

  /** `_lab_backup_rate` (bytes a second) slows backups down, so that there is something to see and to interrupt. */
  constructor(kernel: Kernel, session: ServerSession, opname: string, totalwork: number) {
    this.#host = kernel.host
    this.#rate = Number(kernel.parameters.get('_lab_backup_rate') || 0)
    this.#signal = session.abort
    this.#started = kernel.host.now()
    this.#row = { opname, sofar: 0, totalwork, startTime: this.#started, lastUpdate: this.#started }
    session.longOps.push(this.#row)
    if (session.longOps.length > 100) session.longOps.shift()
  }

  async advance(blocks: number): Promise<void> {
    this.#row.sofar = Math.min(this.#row.totalwork, this.#row.sofar + blocks)
    this.#row.lastUpdate = this.#host.now()
    if (this.#rate === 0) return
    const ahead = this.#started + (this.#row.sofar * BLOCK_SIZE * 1000) / this.#rate - this.#host.now()
    if (ahead > 0) await pause(ahead, this.#signal)
  }
}
