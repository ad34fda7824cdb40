import { copyFile, mkdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { BlockRange, CopyResult, ImageCopyWriter } from '../../engine/instance-api.ts'
import { isOmf } from '../../engine/omf.ts'
import { rmanError } from '../../engine/ora-error.ts'
import type { ControlFileData, DatafileCopyRecord, DatafileRecord } from '../../engine/records.ts'
import { sufferFaults } from '../../storage/io-faults.ts'
import type { BackupCommand } from '../grammar/ast.ts'
import { runOnChannels } from './channels.ts'
import { defaultName, placedName } from './names.ts'
import { readError, writeError } from '../../engine/os-error.ts'
import { usableCopies } from './repository.ts'
import { elapsed, fileNumber } from './work.ts'
import type { Channel, Work } from './work.ts'

/** Number and name of a new image copy. */
async function newCopyName(work: Work, channel: Channel, format: string | null, file: { readonly file: number; readonly tablespace: string }): Promise<string> {
  const { instance } = work
  const setCount = await instance.updateControlFile(() => instance.nextRecid('setCount'))
  const parts = { setCount, setStamp: instance.stamp(instance.host.now()), piece: 1, datafile: file }
  const chosen = format ?? channel.format
  return chosen === null ? defaultName(instance, 'copy', file.tablespace, parts) : placedName(instance, chosen, 'copy', file.tablespace, parts)
}

/** Enters a copy, in place of what stood under the same name. */
export async function recordCopy(work: Work, copy: Omit<DatafileCopyRecord, 'recid' | 'stamp' | 'deleted' | 'status'>): Promise<DatafileCopyRecord> {
  const { instance } = work
  return instance.updateControlFile((data: ControlFileData) => {
    for (const other of data.datafileCopies) {
      if (other.name !== copy.name || other.deleted) continue
      other.deleted = true
      other.status = 'D'
    }
    const record: DatafileCopyRecord = { ...copy, recid: instance.nextRecid('datafileCopies'), stamp: instance.stamp(copy.completionTime), deleted: false, status: 'A' }
    data.datafileCopies.push(record)
    return record
  })
}

/** An image copy of a datafile, online. */
export async function backupDatafileCopy(work: Work, channel: Channel, file: DatafileRecord, options: { readonly tag: string; readonly level0: boolean; readonly format: string | null }): Promise<void> {
  const { instance, emit } = work
  const started = instance.host.now()
  const name = await newCopyName(work, channel, options.format, file)
  emit(`channel ${channel.name}: starting datafile copy`)
  emit(`input datafile file number=${fileNumber(file.file)} name=${file.name}`)
  let result
  try {
    result = await instance.copyDatafile(file.file, name, { tag: options.tag, level0: options.level0, session: channel.session })
  } catch (error) {
    throw writeError(error, name)
  }
  const record = await recordNewCopy(work, file, name, options, result)
  emit(`output file name=${name} tag=${options.tag} RECID=${record.recid} STAMP=${record.stamp}`)
  emit(`channel ${channel.name}: datafile copy complete, elapsed time: ${elapsed(work, started)}`)
}

/** An image copy in sections, each written by whichever channel is free, all of one checkpoint. It becomes a copy with the last one. */
export class SectionedCopy {
  readonly #work: Work
  readonly #file: DatafileRecord
  readonly #ranges: readonly BlockRange[]
  readonly #options: { readonly tag: string; readonly level0: boolean; readonly format: string | null }
  #written = 0
  #begun: Promise<{ readonly name: string; readonly writer: ImageCopyWriter }> | undefined

  constructor(work: Work, file: DatafileRecord, ranges: readonly BlockRange[], options: { readonly tag: string; readonly level0: boolean; readonly format: string | null }) {
    this.#work = work
    this.#file = file
    this.#ranges = ranges
    this.#options = options
  }

  async write(channel: Channel, range: BlockRange): Promise<void> {
    const { instance, emit } = this.#work
    const started = instance.host.now()
    this.#begun ??= this.#begin(channel)
    const { name, writer } = await this.#begun
    emit(`channel ${channel.name}: starting datafile copy`)
    emit(`input datafile file number=${fileNumber(this.#file.file)} name=${this.#file.name}`)
    emit(`backing up blocks ${range.from} through ${range.to}`)
    try {
      await writer.write(range, channel.session)
      this.#written += 1
      if (this.#written === this.#ranges.length) {
        const { tag, level0 } = this.#options
        const record = await recordNewCopy(this.#work, this.#file, name, { tag, level0 }, await writer.finish({ tag, level0 }))
        emit(`output file name=${name} tag=${tag} RECID=${record.recid} STAMP=${record.stamp}`)
      }
    } catch (error) {
      throw writeError(error, name)
    }
    emit(`channel ${channel.name}: datafile copy complete, elapsed time: ${elapsed(this.#work, started)}`)
  }

  async #begin(channel: Channel): Promise<{ readonly name: string; readonly writer: ImageCopyWriter }> {
    const name = await newCopyName(this.#work, channel, this.#options.format, this.#file)
    return { name, writer: await this.#work.instance.beginImageCopy(this.#file.file, name) }
  }

  /** Always, at the end. */
  async close(): Promise<void> {
    const begun = await this.#begun?.catch(() => undefined)
    await begun?.writer.close()
  }
}

/** Enters an image copy that was made of a datafile. */
async function recordNewCopy(work: Work, file: DatafileRecord, name: string, options: { readonly tag: string; readonly level0: boolean }, result: CopyResult): Promise<DatafileCopyRecord> {
  const { instance } = work
  work.bytes.input += result.blocks * file.blockSize
  work.bytes.output += result.blocks * file.blockSize
  return recordCopy(work, {
    name, tag: options.tag, file: file.file, tablespace: file.tablespace, creationScn: file.creationScn, resetlogsScn: instance.controlFile.resetlogsScn,
    incrementalLevel: options.level0 ? 0 : null, checkpointScn: result.checkpointScn, checkpointTime: result.checkpointTime, absoluteFuzzyScn: result.absoluteFuzzyScn, recoveryFuzzyScn: 0n,
    markedCorrupt: 0, blocks: result.blocks, blockSize: file.blockSize, completionTime: instance.host.now(),
  })
}

/** BACKUP AS COPY … COPY OF DATABASE FROM TAG: copies of copies, to bring them to another storage. */
export async function copyOfCopy(work: Work, command: BackupCommand, fromTag: string | null, channels: readonly Channel[], tag: string): Promise<void> {
  const { instance, emit } = work
  const data = instance.controlFile
  const sources = data.datafiles.map((file) => {
    const [copy] = usableCopies(data, file, fromTag)
    if (copy === undefined) throw rmanError(6023, `no backup or copy of datafile ${file.file} found to restore`)
    return copy
  })
  await runOnChannels(work, channels, sources, 'backup', async (source, channel) => {
    const started = instance.host.now()
    const name = await newCopyName(work, channel, command.format, source)
    emit(`channel ${channel.name}: starting datafile copy`)
    emit(`input is copy of datafile ${fileNumber(source.file)}: ${source.name}`)
    await copyBytes(work, source.name, name)
    work.bytes.input += source.blocks * source.blockSize
    work.bytes.output += source.blocks * source.blockSize
    const record = await recordCopy(work, { ...source, name, tag, completionTime: instance.host.now() })
    emit(`output file name=${name} tag=${tag} RECID=${record.recid} STAMP=${record.stamp}`)
    emit(`channel ${channel.name}: datafile copy complete, elapsed time: ${elapsed(work, started)}`)
  })
}

/** Copies a file that nobody writes to. */
export async function copyBytes(work: Work, from: string, to: string): Promise<void> {
  const { host } = work.instance
  if (!(await work.instance.fileExists(from))) throw readError(Object.assign(new Error('missing'), { code: 'ENOENT' }), from)
  try {
    await sufferFaults(host.real(to), 'create', (await stat(host.real(from))).size)
    if (path.isAbsolute(to) || isOmf(to)) await mkdir(path.dirname(host.real(to)), { recursive: true })
    await copyFile(host.real(from), host.real(to))
  } catch (error) {
    throw writeError(error, to)
  }
}
