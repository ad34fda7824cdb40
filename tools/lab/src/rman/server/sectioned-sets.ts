import type { BackupSource, BlockRange, DatafilePartResult } from '../../engine/instance-api.ts'
import { type NewSet, type WrittenPiece, newPiece, newSet, recordSet, writePiece } from './backup-sets.ts'
import { type SetFile, datafileRow, levelLabel, levelName } from './set-files.ts'
import { fileNumber } from './work.ts'
import type { Channel, Work } from './work.ts'

/**
 * A backup set of one datafile in sections: each is a piece, written by whichever channel is free, all of one checkpoint. It becomes a set when
 * the last piece is there; what was written of an incomplete one is removed.
 */
export class SectionedSet {
  readonly #work: Work
  readonly #file: SetFile
  readonly #ranges: readonly BlockRange[]
  readonly #options: { readonly tag: string; readonly format: string | null }
  readonly #pieces: WrittenPiece[] = []
  readonly #begunPaths: string[] = []
  readonly #results: DatafilePartResult[] = []
  #begun: Promise<{ readonly set: NewSet; readonly source: BackupSource }> | undefined
  #recorded = false

  constructor(work: Work, file: SetFile, ranges: readonly BlockRange[], options: { readonly tag: string; readonly format: string | null }) {
    this.#work = work
    this.#file = file
    this.#ranges = ranges
    this.#options = options
  }

  async write(channel: Channel, range: BlockRange): Promise<void> {
    const { instance, emit } = this.#work
    const { record, level, sinceScn } = this.#file
    this.#begun ??= this.#begin()
    const { set, source } = await this.#begun
    const piece = await newPiece(this.#work, channel, set, { format: this.#options.format, label: levelLabel(level), piece: this.#ranges.indexOf(range) + 1 })
    this.#begunPaths.push(piece.path)
    emit(`channel ${channel.name}: starting ${levelName(level)} datafile backup set`)
    emit(`channel ${channel.name}: specifying datafile(s) in backup set`)
    emit(`input datafile file number=${fileNumber(record.file)} name=${record.name}`)
    emit(`backing up blocks ${range.from} through ${range.to}`)
    const part = { file: record.file, level, sinceScn, section: { source, range, count: this.#ranges.length } }
    const written = await writePiece(this.#work, channel, piece, () => instance.backupDatafiles([part], piece, channel.session))
    const result = written.files.get(record.file)
    if (result !== undefined) this.#results.push(result)
    this.#pieces.push({ piece, bytes: written.bytes })
    if (this.#pieces.length === this.#ranges.length) await this.#record(set)
  }

  async #begin(): Promise<{ readonly set: NewSet; readonly source: BackupSource }> {
    const source = await this.#work.instance.openForBackup(this.#file.record.file, this.#file.level === 1 ? this.#file.sinceScn : undefined)
    return { set: await newSet(this.#work, this.#options.tag), source }
  }

  async #record(set: NewSet): Promise<void> {
    const [first] = this.#results
    const [range] = this.#ranges
    if (first === undefined || range === undefined) return
    const sum = (key: 'blocksRead' | 'blocksWritten'): number => this.#results.reduce((total, result) => total + result[key], 0)
    const absoluteFuzzyScn = this.#results.reduce((highest, result) => (result.absoluteFuzzyScn > highest ? result.absoluteFuzzyScn : highest), 0n)
    const row = datafileRow(this.#work, this.#file, { ...first, absoluteFuzzyScn, blocksRead: sum('blocksRead'), blocksWritten: sum('blocksWritten') }, range.to)
    const { level } = this.#file
    await recordSet(this.#work, set, this.#pieces, { type: level === null ? 'D' : 'I', incrementalLevel: level, controlfileIncluded: false, spfileIncluded: false, multiSection: true }, { datafiles: [row] })
    this.#recorded = true
  }

  /** Always, at the end. */
  async close(): Promise<void> {
    const begun = await this.#begun?.catch(() => undefined)
    await begun?.source.close()
    if (this.#recorded) return
    for (const path of this.#begunPaths) await this.#work.instance.removeFile(path)
  }
}
