import { Datafile } from '../storage/datafile.ts'
import { type BackupInput, LongOperation, datafileRecord, openForBackup, refuseCorrupt, scanBlocks } from './backup-input.ts'
import type { BlockRange, CopyResult, ImageCopyWriter, ServerSession } from './instance-api.ts'
import type { Kernel } from './kernel.ts'
import { isOmf } from './omf.ts'
import { createFailed } from './os-error.ts'
import { createDatafile, creationHeader, notCreated } from './structure.ts'

/**
 * An image copy of a datafile in use. The header is written at the end, so a copy that was interrupted is none.
 * @throws OraError 19504 destination, 19566 damaged block, 01157 source
 */
export async function copyDatafile(kernel: Kernel, file: number, destination: string, options: { readonly tag: string | null; readonly level0: boolean; readonly session: ServerSession }): Promise<CopyResult> {
  const copy = await ImageCopy.begin(kernel, file, destination)
  try {
    await copy.write({ from: 1, to: copy.blocks }, options.session)
    return await copy.finish(options)
  } finally {
    await copy.close()
  }
}

/** An image copy being written: by ranges that may be written side by side, all of one checkpoint. */
export class ImageCopy implements ImageCopyWriter {
  readonly #kernel: Kernel
  readonly #input: BackupInput
  readonly #target: Datafile
  #highest = 0n

  private constructor(kernel: Kernel, input: BackupInput, target: Datafile) {
    this.#kernel = kernel
    this.#input = input
    this.#target = target
  }

  /** @throws OraError 19504 destination, 01157 source */
  static async begin(kernel: Kernel, file: number, destination: string): Promise<ImageCopy> {
    const input = await openForBackup(kernel, file)
    try {
      return new ImageCopy(kernel, input, await Datafile.create(kernel.host.real(destination), input.datafile.header, { format: false, parents: isOmf(destination) }))
    } catch (error) {
      await input.close()
      throw createFailed(destination, error)
    }
  }

  get blocks(): number { return this.#input.blocks }

  /** @throws OraError 19566 */
  async write(range: BlockRange, session: ServerSession): Promise<void> {
    const progress = new LongOperation(this.#kernel, session, 'RMAN: datafile copy', range.to - range.from + 1)
    for await (const run of scanBlocks(this.#input.datafile, undefined, 0, session.abort, range)) {
      for (const scanned of run) {
        if (scanned.defect !== null) await refuseCorrupt(this.#kernel, this.#input.record, scanned)
        if (scanned.scn > this.#highest) this.#highest = scanned.scn
      }
      await this.#target.writeBlocks(run[0]?.block ?? 2, Buffer.concat(run.map((s) => s.bytes)))
      await progress.advance(run.length)
    }
  }

  async finish(options: { readonly tag: string | null; readonly level0: boolean }): Promise<CopyResult> {
    const { host, logWriter } = this.#kernel
    const { checkpointScn, checkpointTime, blocks } = this.#input
    const { header } = this.#input.datafile
    const absoluteFuzzyScn = this.#highest >= checkpointScn ? this.#highest : 0n
    if (host.lab.fsync) await this.#target.sync()
    await this.#target.writeHeader({
      ...header, fuzzy: header.fuzzy && logWriter.header === undefined, absoluteFuzzyScn,
      copy: { tag: options.tag, incrementalLevel: options.level0 ? 0 : null, completionTime: host.now() },
    })
    if (host.lab.fsync) await this.#target.sync()
    return { checkpointScn, checkpointTime, absoluteFuzzyScn, blocks }
  }

  async close(): Promise<void> {
    await this.#target.close()
    await this.#input.close()
  }
}

/** A datafile as it was at its creation, under another name; redo since then fills it. @throws OraError 01119 */
export async function createEmptyDatafile(kernel: Kernel, file: number, path: string): Promise<void> {
  const record = datafileRecord(kernel, file)
  try {
    const datafile = await createDatafile(kernel.host.real(path), creationHeader(kernel.control.data, record), isOmf(path))
    await datafile.close()
  } catch (error) {
    throw notCreated(path, error)
  }
}
