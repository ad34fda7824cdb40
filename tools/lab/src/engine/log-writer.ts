import type { FileHandle } from 'node:fs/promises'
import type { Host } from '../host/host.ts'
import { openFile, writeFully } from '../storage/file-io.ts'
import { REDO_START, type RedoHeader, frameRecord, writeRedoHeader } from '../storage/redo-log.ts'
import { type RedoRecord, encodeRecord } from '../storage/redo-record.ts'
import { ora } from './ora-error.ts'

interface OpenLog {
  readonly handles: readonly FileHandle[]
  readonly group: number
  readonly sizeBytes: number
  header: RedoHeader
}

/** LGWR: takes committed records and brings them to the current group's members, several in one write. */
export class LogWriter {
  readonly #host: Host
  readonly #afterWrite: (records: readonly RedoRecord[]) => Promise<void>
  #log: OpenLog | undefined
  /** End of what was appended, and of what is written. */
  #position = REDO_START
  #written = REDO_START
  #pending: { readonly frame: Buffer; readonly record: RedoRecord }[] = []
  #writing: Promise<void> | undefined
  #appended = 0
  #flushed = 0

  /** `afterWrite` runs with the records that just reached the disk, before their commits return. */
  constructor(host: Host, afterWrite: (records: readonly RedoRecord[]) => Promise<void>) {
    this.#host = host
    this.#afterWrite = afterWrite
  }

  get group(): number | undefined {
    return this.#log?.group
  }

  get header(): RedoHeader | undefined {
    return this.#log?.header
  }

  /** Bytes written to the current log. */
  get bytes(): number {
    return this.#position
  }

  /** Whether a record of this payload fits into the current log. */
  fits(payloadBytes: number): boolean {
    return this.#log !== undefined && this.#position + payloadBytes + 32 <= this.#log.sizeBytes
  }

  /** Whether it fits into an empty log. */
  fitsEver(payloadBytes: number): boolean {
    return this.#log !== undefined && REDO_START + payloadBytes + 32 <= this.#log.sizeBytes
  }

  /** Starts a log: its members get the header. */
  async start(group: number, members: readonly string[], sizeBytes: number, header: RedoHeader): Promise<void> {
    const handles: FileHandle[] = []
    for (const member of members) {
      try {
        handles.push(await openFile(this.#host.real(member), 'r+'))
      } catch (error) {
        for (const handle of handles) await handle.close()
        throw ora(313, `open failed for members of log group ${group} of thread ${header.thread}`, [312, `online log ${group} thread ${header.thread}: '${member}'`], [27037, `unable to obtain file status: ${String(error)}`])
      }
    }
    for (const handle of handles) {
      // The first frame of an older use must not look like one of ours after a crash.
      await writeFully(handle, Buffer.alloc(16), REDO_START)
      await writeRedoHeader(handle, header)
      if (this.#host.lab.fsync) await handle.datasync()
    }
    this.#log = { handles, group, sizeBytes, header }
    this.#position = REDO_START
    this.#written = REDO_START
  }

  /** Goes on with a log after a crash, behind the last record that reached the disk. */
  async resume(group: number, members: readonly string[], sizeBytes: number, header: RedoHeader, position: number): Promise<void> {
    const handles: FileHandle[] = []
    for (const member of members) handles.push(await openFile(this.#host.real(member), 'r+'))
    const unfinished = { ...header, nextScn: null, nextTime: null, bytes: null }
    for (const handle of handles) await writeRedoHeader(handle, unfinished)
    this.#log = { handles, group, sizeBytes, header: unfinished }
    this.#position = position
    this.#written = position
  }

  /** Takes a record; it is durable once {@link flush} resolved. The caller checked that it fits. */
  append(record: RedoRecord): void {
    const log = this.#log
    if (log === undefined) throw ora(1109, 'database not open')
    const frame = frameRecord(encodeRecord(record), log.header.sequence)
    this.#pending.push({ frame, record })
    this.#position += frame.length
    this.#appended += 1
  }

  /** Everything appended before this call is on disk when it resolves. */
  async flush(): Promise<void> {
    const target = this.#appended
    while (this.#flushed < target) {
      this.#writing ??= this.#write().finally(() => { this.#writing = undefined })
      await this.#writing
    }
  }

  async #write(): Promise<void> {
    const log = this.#log
    const batch = this.#pending
    this.#pending = []
    if (log === undefined || batch.length === 0) return
    const bytes = Buffer.concat(batch.map((p) => p.frame))
    for (const handle of log.handles) {
      await writeFully(handle, bytes, this.#written)
      if (this.#host.lab.fsync) await handle.datasync()
    }
    this.#written += bytes.length
    await this.#afterWrite(batch.map((p) => p.record))
    this.#flushed += batch.length
  }

  /** Ends the current log at `nextScn`; nothing may be appended meanwhile. */
  async finish(nextScn: bigint, nextTime: number, endOfRedo = false): Promise<RedoHeader | undefined> {
    await this.flush()
    const log = this.#log
    if (log === undefined) return undefined
    log.header = { ...log.header, nextScn, nextTime, bytes: this.#position, ...(endOfRedo ? { endOfRedo } : {}) }
    for (const handle of log.handles) {
      await writeRedoHeader(handle, log.header)
      if (this.#host.lab.fsync) await handle.datasync()
    }
    await this.close()
    return log.header
  }

  /** Closes the members with the log's length in their headers: after a clean shutdown it goes on from there. */
  async suspend(): Promise<void> {
    await this.flush()
    const log = this.#log
    if (log === undefined) return
    for (const handle of log.handles) await writeRedoHeader(handle, { ...log.header, bytes: this.#position })
    await this.close()
  }

  /** Closes the members; the log stays as it is. */
  async close(): Promise<void> {
    await this.flush()
    for (const handle of this.#log?.handles ?? []) await handle.close()
    this.#log = undefined
  }
}
