import { stampOf } from '../host/local-time.ts'
import { REDO_BLOCK, readRedoHeader } from '../storage/redo-log.ts'
import { copyArchivedLog } from './archived-log-files.ts'
import type { Kernel } from './kernel.ts'
import { recoverDatabase } from './media-recovery.ts'
import { Mutex, pause } from './mutex.ts'
import { archivedName } from './omf.ts'
import { OraError, ora } from './ora-error.ts'
import type { ArchivedLogRecord, ControlFileData } from './records.ts'
import type { StandbyAnswer } from './redo-transport.ts'
import { becomePrimary } from './switchover.ts'

const TICK_MS = 200

const keyOf = (log: { readonly thread: number; readonly sequence: number; readonly resetlogsId: number }): string => `${log.thread}.${log.sequence}.${log.resetlogsId}`

/** A log that the primary sends. */
export interface SentLog {
  readonly dbid: number
  /** Where the primary has it. */
  readonly path: string
  readonly thread: number
  readonly sequence: number
  readonly resetlogsId: number
}

/** The standby's side of Data Guard: RFS archives what the primary sends, MRP applies it. */
export class Standby {
  readonly #kernel: Kernel
  readonly #receiving = new Mutex()
  #apply: { readonly stop: AbortController; readonly done: Promise<void> } | undefined

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  get applying(): boolean {
    return this.#apply !== undefined
  }

  /** @throws OraError 01665 when this is no standby, 16009 for redo of another database */
  #data(dbid: number): ControlFileData {
    const { data } = this.#kernel.control
    if (data.type !== 'STANDBY') throw ora(1665, 'control file is not a standby control file')
    if (data.dbid !== dbid) throw ora(16009, 'invalid redo transport destination')
    return data
  }

  answer(dbid: number): StandbyAnswer {
    const data = this.#data(dbid)
    return { received: [...new Set(data.archivedLogs.filter((l) => l.destId !== 0 || l.applied === 'YES').map(keyOf))], applied: [...new Set(data.archivedLogs.filter((l) => l.applied === 'YES').map(keyOf))], uniqueName: this.#kernel.parameters.get('db_unique_name'), applying: this.applying }
  }

  /** Archives a log to every destination for standby redo; one must take it. @throws OraError 16401 when none did */
  async receive(sent: SentLog): Promise<void> {
    await this.#receiving.run(async () => {
      const { host, control, archiver, parameters } = this.#kernel
      const data = this.#data(sent.dbid)
      if (data.archivedLogs.some((l) => keyOf(l) === keyOf(sent) && l.destId !== 0)) return
      const found = await readRedoHeader(sent.path)
      if (found === undefined || found.header.sequence !== sent.sequence || found.header.thread !== sent.thread || found.header.bytes === null || found.header.nextScn === null) throw ora(310, `archived log contains sequence ${found?.header.sequence ?? 0}; sequence ${sent.sequence} required`)
      const { header } = found
      const { nextScn, bytes } = { nextScn: found.header.nextScn, bytes: found.header.bytes }
      let taken = 0
      for (const destination of archiver.destinations.filter((d) => d.service === null && d.status !== 'DEFERRED' && d.validFor.standby)) {
        const name = archivedName(parameters, host, header, destination)
        try {
          if (destination.fault === 'fail') throw new Error('lab fault: archive destination fails')
          await copyArchivedLog(this.#kernel, sent.path, name)
        } catch (error) {
          Object.assign(destination, { status: 'ERROR', error: `ORA-19504: failed to create file "${destination.directory}"`, failDate: host.now(), failSequence: header.sequence })
          this.#kernel.alert(`RFS: ${String(error)}`)
          continue
        }
        Object.assign(destination, { status: 'VALID', error: null })
        taken += 1
        await control.update((d) => {
          const recid = (d.recids['archivedLogs'] ?? 0) + 1
          d.recids['archivedLogs'] = recid
          const now = host.now()
          d.archivedLogs.push({
            recid, stamp: stampOf(now, host.timeZone), name, destId: destination.id, thread: header.thread, sequence: header.sequence, resetlogsScn: header.resetlogsScn, resetlogsId: header.resetlogsId,
            firstScn: header.firstScn, firstTime: header.firstTime, nextScn, nextTime: header.nextTime ?? now, blocks: Math.ceil(bytes / REDO_BLOCK) - 1, blockSize: REDO_BLOCK, creator: 'ARCH',
            archived: true, applied: 'NO', deleted: false, status: 'A', completionTime: now, ...(header.endOfRedo === true ? { endOfRedo: true as const } : {}),
          })
        })
      }
      if (taken === 0) throw ora(16401, 'archive log rejected by Remote File Server (RFS)')
      await control.update((d) => {
        for (const t of d.threads) if (t.thread === header.thread && t.sequence <= header.sequence) t.sequence = header.sequence + 1
        if (!d.logHistory.some((h) => h.thread === header.thread && h.sequence === header.sequence && h.resetlogsId === header.resetlogsId)) {
          const { thread, sequence, resetlogsScn, resetlogsId, firstScn, firstTime } = header
          d.recids['logHistory'] = (d.recids['logHistory'] ?? 0) + 1
          d.logHistory.push({ recid: d.recids['logHistory'], thread, sequence, resetlogsScn, resetlogsId, firstScn, firstTime, nextScn, nextTime: header.nextTime ?? host.now() })
        }
      })
      this.#kernel.alert(`RFS: Archived Log entry for thread ${header.thread} sequence ${header.sequence}`)
    })
  }

  /** RECOVER MANAGED STANDBY DATABASE DISCONNECT. @throws OraError 01153 when it runs already, 01665 */
  start(): void {
    if (this.#kernel.control.data.type !== 'STANDBY') throw ora(1665, 'control file is not a standby control file')
    if (this.#apply !== undefined) throw ora(1153, 'an incompatible media recovery is active')
    const stop = new AbortController()
    const done = this.#run(stop.signal).catch((error: unknown) => { this.#kernel.alert(`MRP0: Background Media Recovery terminated with error ${String(error)}`) }).finally(() => { this.#apply = undefined })
    this.#apply = { stop, done }
    this.#kernel.alert('MRP0 started with pid\\nManaged Standby Recovery starting')
  }

  /** Takes over from the primary whose redo ends here; redo apply ends. @throws OraError 01665, 16139 */
  async takeOver(wait: boolean): Promise<void> {
    if (this.#kernel.control.data.type !== 'STANDBY') throw ora(1665, 'control file is not a standby control file')
    await becomePrimary(this.#kernel, { wait, stopApply: async () => { if (this.applying) await this.cancel() } })
  }

  /** RECOVER MANAGED STANDBY DATABASE CANCEL. @throws OraError 16136 */
  async cancel(): Promise<void> {
    if (this.#apply === undefined) throw ora(16136, 'Managed Standby Recovery not active')
    this.#apply.stop.abort()
    await this.#apply.done
  }

  async #run(stop: AbortSignal): Promise<void> {
    const { down, control, host, parameters } = this.#kernel
    while (!stop.aborted && !down.aborted) {
      const delay = Number(parameters.get('_lab_apply_lag_ms') || 0)
      const due = (log: ArchivedLogRecord): boolean => host.now() - log.completionTime >= delay
      const { data } = control
      const logs = data.archivedLogs.filter((l) => l.name !== null && !l.deleted && l.status === 'A' && l.resetlogsId === data.resetlogsId)
      const waiting = logs.filter((l) => l.applied === 'NO')
      // Nothing behind the first log that is not due yet.
      const held = waiting.filter((l) => !due(l)).reduce<bigint | undefined>((least, l) => (least === undefined || l.firstScn < least ? l.firstScn : least), undefined)
      if (waiting.some((l) => held === undefined || l.nextScn <= held)) await this.#applyUpTo(held, down)
      await pause(TICK_MS, stop).catch(() => undefined)
    }
  }

  /** Applies what there is without a gap, below `limit`, and notes the logs that are through. */
  async #applyUpTo(limit: bigint | undefined, abort: AbortSignal): Promise<void> {
    const { control } = this.#kernel
    try {
      await recoverDatabase(this.#kernel, { ...(limit === undefined ? {} : { untilScn: limit }), managed: true, newName: () => 'NEW', onLog: () => undefined, onFileCreated: () => undefined, abort })
    } catch (error) {
      // The next log has not come yet.
      if (!(error instanceof OraError) || !/RMAN-06054|ORA-00308/.test(error.message)) throw error
    }
    await control.update((data) => {
      const reached = data.datafiles.filter((d) => d.stopScn === null && d.status !== 'OFFLINE').reduce<bigint | undefined>((least, d) => (least === undefined || d.checkpointScn < least ? d.checkpointScn : least), undefined) ?? data.checkpointScn
      data.checkpointScn = reached
      for (const t of data.threads) t.checkpointScn = reached
      for (const log of data.archivedLogs) if (log.nextScn <= reached && log.applied === 'NO') log.applied = 'YES'
    })
  }
}
