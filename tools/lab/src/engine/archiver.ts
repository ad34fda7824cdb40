import type { FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { stampOf } from '../host/local-time.ts'
import { createFile, openFile, readFully, writeFully } from '../storage/file-io.ts'
import { REDO_BLOCK, decodeRedoHeader, encodeRedoHeader } from '../storage/redo-log.ts'
import { bytesBelow } from '../storage/io-faults.ts'
import { type Destination, readDestinations } from './archive-destinations.ts'
import type { Kernel } from './kernel.ts'
import { Condition, pause } from './mutex.ts'
import { type ArchivedLog, archivedName, isOmf } from './omf.ts'
import { OraError, ora } from './ora-error.ts'
import { writeError } from './os-error.ts'
import type { LogGroupRecord } from './records.ts'

/** Pieces in which a log is copied when archiving takes time. */
const STEPS = 16

/** ARCH: copies filled groups to the destinations, oldest first, each destination at its own pace. */
export class Archiver {
  readonly #kernel: Kernel
  readonly #work = new Condition()
  readonly #done = new Condition()
  #destinations: Destination[] = []
  /** Destinations that have a log already, by sequence, while it is not archived for good. */
  readonly #finished = new Map<string, Set<number>>()

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  get destinations(): readonly Destination[] {
    return this.#destinations
  }

  /** Reads the parameters again; a destination that was in error is tried anew. */
  configure(): void {
    this.#destinations = readDestinations(this.#kernel.parameters, this.#destinations, path.join(this.#kernel.host.home, 'dbs'))
    this.wake()
  }

  wake(): void {
    this.#work.notify()
  }

  /** Until the instance goes down. */
  async run(): Promise<void> {
    const { down, control } = this.#kernel
    while (!down.aborted) {
      const group = control.data.logGroups
        .filter((g) => !g.archived && g.status !== 'CURRENT' && g.status !== 'UNUSED' && this.#isMine(g.thread))
        .sort((a, b) => a.sequence - b.sequence)[0]
      if (group === undefined) await this.#work.wait(down)
      else if (!(await this.#archive(group))) await Promise.race([pause(1000, down), this.#work.wait(down)])
    }
  }

  /** Resolves when the log is archived; rejects with the signal's reason. */
  async waitFor(thread: number, sequence: number, signal: AbortSignal): Promise<void> {
    while (this.#kernel.control.data.logGroups.some((g) => g.thread === thread && g.sequence === sequence && !g.archived && g.status !== 'UNUSED')) await this.#done.wait(signal)
  }

  /** Its own thread's logs, and those of threads whose instances are down when it is the first that runs. */
  #isMine(thread: number): boolean {
    const { members, threadNumber } = this.#kernel
    return thread === threadNumber || (members[0] === this.#kernel && members.every((m) => m.threadNumber !== thread))
  }

  /** One attempt at all destinations; true when the group is archived for good. */
  async #archive(group: LogGroupRecord): Promise<boolean> {
    const { control, host, parameters } = this.#kernel
    const key = `${group.thread}.${group.sequence}`
    const have = this.#finished.get(key) ?? new Set<number>()
    this.#finished.set(key, have)
    const now = host.now()
    for (const d of this.#destinations) {
      if (d.status === 'ERROR' && d.reopenSeconds > 0 && d.failDate !== null && now - d.failDate >= d.reopenSeconds * 1000) d.status = 'VALID'
    }
    const targets = this.#destinations.filter((d) => d.status === 'VALID' && !have.has(d.id) && d.service === null && d.validFor.primary)
    await Promise.all(targets.map(async (destination) => {
      try {
        await this.#copy(group, destination)
        have.add(destination.id)
      } catch (error) {
        if (this.#kernel.down.aborted) throw error
        Object.assign(destination, { status: 'ERROR', error: messageOf(error, destination), failDate: host.now(), failSequence: group.sequence } satisfies Partial<Destination>)
        this.#kernel.alert(`ARC0: Error 19504 Creating archive log file to '${destination.directory}'\nARCH: Archival error occurred on a closed thread, destination LOG_ARCHIVE_DEST_${destination.id}`)
      }
    }))
    const mandatoryMissing = this.#destinations.some((d) => d.binding === 'MANDATORY' && d.service === null && d.validFor.primary && d.status !== 'DEFERRED' && !have.has(d.id))
    const required = Math.max(1, parameters.number('log_archive_min_succeed_dest'))
    if (mandatoryMissing || have.size < Math.min(required, Math.max(1, this.#destinations.filter((d) => d.service === null && d.validFor.primary).length))) return false
    await control.update((data) => {
      for (const record of data.logGroups) if (record.thread === group.thread && record.sequence === group.sequence) record.archived = true
    })
    this.#finished.delete(key)
    for (const member of new Set([...this.#kernel.members, this.#kernel])) {
      member.thread.reusable.notify()
      member.archiver.#done.notify()
    }
    return true
  }

  async #copy(group: LogGroupRecord, destination: Destination): Promise<void> {
    const { host, control, down, parameters } = this.#kernel
    const member = group.members[0]
    if (member === undefined) throw new Error('group without members')
    const source = await openFile(host.real(member), 'r')
    let target: FileHandle | undefined
    try {
      const first = Buffer.alloc(REDO_BLOCK)
      await readFully(source, first, 0)
      const header = decodeRedoHeader(first)
      if (header?.bytes === undefined || header.bytes === null || header.nextScn === null || header.sequence !== group.sequence || header.thread !== group.thread) throw new Error(`log ${group.sequence} is not in ${member}`)
      const name = archivedName(parameters, host, header, destination)
      if (destination.usesRecoveryArea) await this.#reclaim(header.bytes)
      if (destination.fault === 'fail') throw Object.assign(new Error('fault of the lab'), { code: 'EIO' })
      target = await createFile(host.real(name), { parents: isOmf(name) })
      await this.#transfer(source, target, header.bytes, destination)
      if (host.lab.fsync) await target.datasync()
      // The header makes it an archived log: a copy that ends before here cannot be cataloged.
      await writeFully(target, encodeRedoHeader(header), 0)
      if (host.lab.fsync) await target.datasync()
      const { nextScn, bytes } = header
      down.throwIfAborted()
      await control.update((data) => {
        const recid = (data.recids['archivedLogs'] ?? 0) + 1
        data.recids['archivedLogs'] = recid
        const now = host.now()
        data.archivedLogs.push({
          recid, stamp: stampOf(now, host.timeZone), name, destId: destination.id, thread: header.thread, sequence: header.sequence, resetlogsScn: header.resetlogsScn,
          resetlogsId: header.resetlogsId, firstScn: header.firstScn, firstTime: header.firstTime, nextScn, nextTime: header.nextTime ?? now, blocks: Math.ceil(bytes / REDO_BLOCK) - 1, blockSize: REDO_BLOCK,
          creator: 'ARCH', archived: true, applied: 'NO', deleted: false, status: 'A', completionTime: now, ...(header.endOfRedo === true ? { endOfRedo: true as const } : {}),
        })
      })
      Object.assign(destination, { error: null } satisfies Partial<Destination>)
      this.#kernel.alert(`Archived Log entry ${control.data.recids['archivedLogs'] ?? 0} added for thread ${header.thread} sequence ${header.sequence} dest ${destination.id}`)
    } finally {
      await source.close()
      await target?.close()
    }
  }

  /** @throws OraError 19809 when the recovery area would grow beyond DB_RECOVERY_FILE_DEST_SIZE */
  async #reclaim(bytes: number): Promise<void> {
    const { host, parameters } = this.#kernel
    const limit = bytesOf(parameters.get('db_recovery_file_dest_size'))
    if (limit === 0 || (await bytesBelow(host.real(parameters.get('db_recovery_file_dest')))) + bytes <= limit) return
    throw ora(19809, 'limit exceeded for recovery files', [19804, `cannot reclaim ${bytes} bytes disk space from ${limit} bytes limit`])
  }

  /** Whether sessions wait for a log that cannot be archived: then only administrators may come in. */
  get stuck(): boolean {
    return this.#kernel.thread.needsArchiving && this.#destinations.some((d) => d.binding === 'MANDATORY' && d.status === 'ERROR')
  }

  async #transfer(source: FileHandle, target: FileHandle, bytes: number, destination: Destination): Promise<void> {
    const { host, parameters, down } = this.#kernel
    const hidden = parameters.get('_lab_archive_delay_ms')
    const delay = hidden === '' ? host.lab.archiveDelayMs : Number(hidden)
    const length = Math.ceil(bytes / REDO_BLOCK) * REDO_BLOCK
    const step = delay > 0 ? Math.max(REDO_BLOCK, Math.ceil(length / STEPS / REDO_BLOCK) * REDO_BLOCK) : 256 * 1024
    await writeFully(target, Buffer.alloc(REDO_BLOCK), 0)
    for (let at = REDO_BLOCK; at < length; at += step) {
      const chunk = Buffer.alloc(Math.min(step, length - at))
      await readFully(source, chunk, at)
      await writeFully(target, chunk, at)
      if (delay > 0) await pause(delay / STEPS, down)
      while (destination.fault === 'hang') await pause(50, down)
    }
    if (delay > 0 && length <= REDO_BLOCK * 2) await pause(delay, down)
  }

  /** A name for an archived log that comes back out of a backup: in the first local destination. @throws OraError 16032 when there is none */
  nameFor(log: ArchivedLog): string {
    const local = this.#destinations.find((d) => d.service === null && d.status !== 'DEFERRED')
    if (local === undefined) throw ora(16032, 'parameter LOG_ARCHIVE_DEST_n destination string cannot be translated')
    return archivedName(this.#kernel.parameters, this.#kernel.host, log, local)
  }
}

/** `4G`, `500M`, `1048576` */
function bytesOf(size: string): number {
  const match = /^(\d+)([KMGT]?)$/i.exec(size.trim())
  return match === null ? 0 : Number(match[1]) * 1024 ** ' KMGT'.indexOf((match[2] ?? '').toUpperCase() || ' ')
}

function messageOf(error: unknown, destination: Destination): string {
  const named = writeError(error, destination.directory)
  const [first] = named instanceof OraError ? named.messages : []
  return first === undefined ? `ORA-19504: failed to create file "${destination.directory}"` : `${first.code}: ${first.text}`
}
