import { stat } from 'node:fs/promises'
import { ChangeTracking } from '../storage/change-tracking.ts'
import { isAbsent } from '../storage/file-io.ts'
import type { Kernel } from './kernel.ts'
import { ora } from './ora-error.ts'
import { asmCause } from './os-error.ts'

/** CTWR: the block change tracking of an open database. */
export class ChangeTracker {
  readonly #kernel: Kernel
  #tracking: ChangeTracking | undefined
  #path = ''
  #sequence = 1

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  get active(): boolean {
    return this.#tracking !== undefined
  }

  /** A new change tracking file; changes are known from `scn` on. Returns its size. */
  async create(name: string, scn: bigint): Promise<number> {
    const { control, host } = this.#kernel
    const tracking = new ChangeTracking(control.data.dbid)
    for (const record of control.data.datafiles) tracking.track(record.file, record.blocks, scn)
    const real = host.real(name)
    await tracking.save(real, 1, scn, { create: true, sync: host.lab.fsync })
    this.#tracking = tracking
    this.#path = real
    this.#sequence = 1
    return (await stat(real)).size
  }

  /**
   * Takes up the file that the control file names. One that is damaged, of another database or older than the checkpoint
   * is begun anew, so the next incrementals read everything.
   * @throws OraError 19755 when the file is missing
   */
  async open(): Promise<void> {
    const { control, host } = this.#kernel
    const { status, filename } = control.data.bct
    if (status !== 'ENABLED' || filename === null) return
    let loaded: Awaited<ReturnType<typeof ChangeTracking.load>>
    try {
      loaded = await ChangeTracking.load(host.real(filename))
    } catch (error) {
      if (!isAbsent(error)) throw error
      throw ora(19755, 'could not open change tracking file', [19750, `change tracking file: '${filename}'`], ...(filename.startsWith('+') ? asmCause(filename, error) : [[27037, 'unable to obtain file status\nLinux-x86_64 Error: 2: No such file or directory'] as const]))
    }
    if (loaded === undefined || loaded.tracking.dbid !== control.data.dbid || loaded.checkpointScn < control.data.checkpointScn) {
      this.#kernel.alert(`CHANGE TRACKING ERROR: change tracking file '${filename}' is not usable, starting it anew`)
      await this.create(filename, control.data.checkpointScn)
      return
    }
    this.#tracking = loaded.tracking
    this.#path = host.real(filename)
    this.#sequence = loaded.sequence
  }

  close(): void {
    this.#tracking = undefined
  }

  mark(file: number, block: number): void {
    this.#tracking?.mark(file, block)
  }

  /** A datafile was created: all of it is new. */
  added(file: number, blocks: number, scn: bigint): void {
    this.#tracking?.track(file, blocks, scn)
  }

  removed(file: number): void {
    this.#tracking?.forget(file)
  }

  /** First blocks of chunks to read for changes since the SCN; undefined: read everything. Later changes go into a new bitmap. */
  beginBackup(file: number, sinceScn: bigint, checkpointScn: bigint): number[] | undefined {
    const chunks = this.#tracking?.changedChunks(file, sinceScn)
    this.#tracking?.switch(file, checkpointScn)
    return chunks
  }

  /** Writes the bitmaps with a checkpoint. When that fails tracking stops, as in Oracle; the database goes on. */
  async save(checkpointScn: bigint): Promise<void> {
    if (this.#tracking === undefined) return
    this.#sequence += 1
    try {
      await this.#tracking.save(this.#path, this.#sequence, checkpointScn, { sync: this.#kernel.host.lab.fsync })
    } catch (error) {
      this.#kernel.alert(`CHANGE TRACKING ERROR: stopping change tracking: ${String(error)}`)
      this.#tracking = undefined
    }
  }
}
