import type { Host } from '../host/host.ts'
import { readControlFile, writeControlFile } from '../storage/control-file.ts'
import { Mutex } from './mutex.ts'
import { OraError, ora } from './ora-error.ts'
import type { ControlFileData } from './records.ts'

/** Deleted records kept per section before the oldest is reused. */
const KEEP_DELETED = 400

/** The control files of a mounted database. */
export class ControlStore {
  readonly #host: Host
  #paths: readonly string[]
  readonly #mutex = new Mutex()
  #data: ControlFileData | undefined

  constructor(host: Host, paths: readonly string[]) {
    this.#host = host
    this.#paths = paths
  }

  get paths(): readonly string[] {
    return this.#paths
  }

  /** The places of the control files are other ones from now on. */
  moveTo(paths: readonly string[]): void {
    this.#paths = paths
  }

  get mounted(): boolean {
    return this.#data !== undefined
  }

  /** @throws OraError 01507 */
  get data(): ControlFileData {
    if (this.#data === undefined) throw ora(1507, 'database not mounted')
    return this.#data
  }

  /** Reads all copies. A crash between two copies leaves the earlier ones one write ahead: the newest wins then. @throws OraError 00205 missing, 00227 damaged, 00214 versions that do not fit */
  async load(): Promise<ControlFileData> {
    const found: { path: string; data: ControlFileData }[] = []
    for (const path of this.#paths) {
      let data: ControlFileData | undefined
      try {
        data = await readControlFile(this.#host.real(path))
        if (data === undefined) throw ora(227, 'corrupt block detected in control file: (block 1, # blocks 1)', [202, `control file: '${path}'`])
      } catch (error) {
        // An unreadable one is the same to MOUNT as a missing one; the reason is in the alert log.
        if (error instanceof RangeError || error instanceof TypeError || error instanceof OraError) throw error
      }
      if (data === undefined) throw ora(205, 'error in identifying control file, check alert log for more info')
      found.push({ path, data })
    }
    const newest = found.reduce<(typeof found)[number] | undefined>((best, f) => (best === undefined || f.data.sequence > best.data.sequence ? f : best), undefined)
    if (newest === undefined) throw ora(205, 'error in identifying control file, check alert log for more info')
    const old = found.find((f) => f.data.dbid !== newest.data.dbid || newest.data.sequence - f.data.sequence > 1)
    if (old !== undefined) throw ora(214, `control file '${newest.path}' version ${newest.data.sequence} inconsistent with file '${old.path}' version ${old.data.sequence}`)
    return newest.data
  }

  attach(data: ControlFileData): void {
    this.#data = data
  }

  detach(): void {
    this.#data = undefined
  }

  /** Waits for writes under way. */
  async settle(): Promise<void> {
    await this.#mutex.run(async () => undefined)
  }

  /** Changes the data and writes every copy before it resolves. @throws OraError 00210 */
  async update<T>(change: (data: ControlFileData) => T): Promise<T> {
    return this.#mutex.run(async () => {
      const data = this.data
      const result = change(data)
      reuseRecords(data)
      data.sequence += 1
      for (const path of this.#paths) {
        try {
          await writeControlFile(this.#host.real(path), data, { sync: this.#host.lab.fsync })
        } catch (error) {
          throw ora(210, 'cannot open the specified control file', [202, `control file: '${path}'`], [27041, `unable to open file: ${String(error)}`])
        }
      }
      return result
    })
  }
}

function reuseRecords(data: ControlFileData): void {
  for (const records of [data.archivedLogs, data.datafileCopies, data.backupPieces]) {
    let surplus = records.filter((r) => r.deleted).length - KEEP_DELETED
    for (let i = 0; surplus > 0 && i < records.length; ) {
      if (records[i]?.deleted === true) {
        records.splice(i, 1)
        surplus -= 1
      } else i += 1
    }
  }
  const surplusHistory = data.logHistory.length - 2000
  if (surplusHistory > 0) data.logHistory.splice(0, surplusHistory)
  const surplusStatus = data.rmanStatus.length - 500
  if (surplusStatus > 0) data.rmanStatus.splice(0, surplusStatus)
}
