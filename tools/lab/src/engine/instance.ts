import { access, rm } from 'node:fs/promises'
import type { Host } from '../host/host.ts'
import { dateText, stampOf } from '../host/local-time.ts'
import { Archiver } from './archiver.ts'
import { BufferCache } from './buffer-cache.ts'
import { ChangeTracker } from './change-tracker.ts'
import { Checkpointer } from './checkpointer.ts'
import { restoreControlFile, restoreSpfile, writeControlFileBackup, writeControlFileCopy, writeSpfileBackup } from './control-backup.ts'
import { ControlStore } from './control-store.ts'
import { Diagnostics } from './diagnostics.ts'
import { inspectFile } from './file-verification.ts'
import { Heap } from './heap.ts'
import { History } from './history.ts'
import { identifyFile } from './identify.ts'
import { copyArchivedLog, copyDatafile, createEmptyDatafile } from './image-copy.ts'
import { applyIncremental, incrementalBackup } from './incremental.ts'
import type { ArchiveDestination, BlockCounts, CopyResult, FileIdentity, HeapTable, IncrementalResult, Instance, RecoverOptions, RowValue, ServerSession } from './instance-api.ts'
import { InstanceLock } from './instance-lock.ts'
import type { Kernel } from './kernel.ts'
import { LogWriter } from './log-writer.ts'
import { recoverDatabase } from './media-recovery.ts'
import { checkMountable } from './mount.ts'
import { omfName } from './omf.ts'
import { isFuzzy, openDatabase, openTempfiles } from './open-database.ts'
import { OpenFiles } from './open-files.ts'
import { ora } from './ora-error.ts'
import type { ParameterSettings } from './parameter-file.ts'
import { Parameters } from './parameters.ts'
import type { ControlFileData, DatafileRecord } from './records.ts'
import { RedoThread } from './redo-thread.ts'
import { ScnClock } from './scn-clock.ts'
import { Sessions } from './sessions.ts'
import { SystemMonitor } from './system-monitor.ts'
import { Transactions } from './transactions.ts'
import { validateDatafile } from './validation.ts'
import * as structure from './structure.ts'
import type { Destination } from './archive-destinations.ts'

/** What an instance is started with. */
export interface InstanceStart {
  readonly host: Host
  readonly sid: string
  readonly settings: ParameterSettings
  readonly spfile: string | null
  /** Ends the process of the instance; in-process users pass nothing. */
  readonly exit?: () => void
}

/** One instance of the miniature Oracle. Made in state STARTED (NOMOUNT). */
export class LabInstance implements Instance {
  readonly host: Host
  readonly sid: string
  readonly startupTime: number
  readonly release: string
  readonly edition: 'EE' | 'SE'
  readonly diagnostics: Diagnostics
  readonly #parameters: Parameters
  readonly #sessions: Sessions
  readonly #kernel: Kernel
  readonly #heap: Heap
  readonly #monitor: SystemMonitor
  readonly #lock: InstanceLock
  readonly #down = new AbortController()
  readonly #exit: () => void
  #background: Promise<void>[] = []
  #status: Instance['status'] = 'STARTED'
  #openMode: Instance['openMode'] = 'MOUNTED'
  #changing = false

  constructor({ host, sid, settings, spfile, exit }: InstanceStart) {
    this.host = host
    this.sid = sid
    this.startupTime = host.now()
    this.release = host.lab.release
    this.edition = host.lab.edition
    this.#exit = exit ?? ((): void => undefined)
    const parameters = new Parameters(host, sid, settings, spfile)
    this.#parameters = parameters
    this.diagnostics = new Diagnostics(host, sid, parameters)
    this.diagnostics.create()
    this.#lock = new InstanceLock(host, sid)
    this.#sessions = new Sessions(host)
    this.#kernel = this.#makeKernel()
    this.#kernel.archiver.configure()
    this.#heap = new Heap(this.#kernel)
    this.#monitor = new SystemMonitor(this.#kernel, this.#heap)
    this.diagnostics.alert(`Starting ORACLE instance (normal)\nThis is the @icb/lab simulator, not Oracle Database.`)
  }

  #makeKernel(): Kernel {
    const { host } = this
    const files = new OpenFiles(host)
    const history = new History()
    const logWriter = new LogWriter(host, () => history.write())
    const parts = {
      host, sid: this.sid, parameters: this.#parameters, control: new ControlStore(host, this.#parameters.list('control_files')), scn: new ScnClock(), files, history, logWriter,
      cache: new BufferCache((n) => files.get(n), () => logWriter.flush()), down: this.#down.signal, alert: (text: string) => { this.diagnostics.alert(text) },
    }
    // The parts below know the whole they belong to.
    const kernel = parts as typeof parts & { -readonly [K in 'thread' | 'archiver' | 'checkpointer' | 'tracker' | 'transactions']: Kernel[K] }
    kernel.thread = new RedoThread(kernel)
    kernel.archiver = new Archiver(kernel)
    kernel.checkpointer = new Checkpointer(kernel)
    kernel.tracker = new ChangeTracker(kernel)
    kernel.transactions = new Transactions(kernel)
    return kernel
  }

  get status(): Instance['status'] { return this.#status }
  get openMode(): Instance['openMode'] { return this.#openMode }
  get parameters(): Instance['parameters'] { return this.#parameters.map }
  get spfile(): string | null { return this.#parameters.spfile }
  get sessions(): ReadonlyMap<number, ServerSession> { return this.#sessions.map }
  get archiveDestinations(): readonly ArchiveDestination[] { return this.#kernel.archiver.destinations }
  get controlFile(): ControlFileData { return this.#kernel.control.data }
  /** Everything needed by the lab's own commands (workload, faults). */
  get kernel(): Kernel { return this.#kernel }

  get currentScn(): bigint {
    if (this.#status === 'STARTED') throw ora(1507, 'database not mounted')
    return this.#status === 'OPEN' ? this.#kernel.scn.current : this.controlFile.type === 'BACKUP' ? 0n : this.controlFile.checkpointScn
  }

  async updateControlFile<T>(change: (data: ControlFileData) => T): Promise<T> {
    return this.#kernel.control.update(change)
  }

  nextRecid(section: string): number {
    const recid = (this.controlFile.recids[section] ?? 0) + 1
    this.controlFile.recids[section] = recid
    return recid
  }

  stamp(time: number): number { return stampOf(time, this.host.timeZone) }
  /** A client connects. */
  logon(username: string, program: string): ServerSession {
    this.diagnostics.audit(username, program)
    return this.#sessions.open({ username, program })
  }

  openSession({ parent, clientInfo, module }: { readonly parent: ServerSession; readonly clientInfo: string | null; readonly module: string | null }): ServerSession {
    return Object.assign(this.#sessions.open({ username: parent.username, program: parent.program, parent }), { clientInfo, module })
  }

  closeSession(sid: number): void { this.#sessions.close(sid) }
  killSession(sid: number, serial: number): void { this.#sessions.kill(sid, serial) }
  omfName(kind: 'datafile' | 'tempfile', tablespace: string): string { return omfName(this.#parameters, kind, tablespace) }

  async mount(): Promise<void> {
    await this.#change(async () => {
      if (this.#status !== 'STARTED') throw ora(1100, 'database already mounted')
      const data = await this.#kernel.control.load()
      checkMountable(data, this.#parameters)
      this.#lock.acquire(this.#parameters.get('db_unique_name'))
      this.#kernel.control.attach(data)
      this.#status = 'MOUNTED'
      this.diagnostics.alert(`Successful mount of redo thread 1, with mount id ${data.dbid}\nDatabase mounted in Exclusive Mode`)
    })
  }

  async open({ mode, resetlogs = false }: { readonly mode: 'READ WRITE' | 'READ ONLY'; readonly resetlogs?: boolean }): Promise<void> {
    await this.#change(async () => {
      if (this.#status === 'STARTED') throw ora(1507, 'database not mounted')
      if (this.#status === 'OPEN') throw ora(1531, 'a database already open by the instance')
      if (mode === 'READ WRITE') this.#runArchiver()
      await openDatabase(this.#kernel, { mode, resetlogs })
      await this.#heap.load()
      this.#status = 'OPEN'
      this.#openMode = mode
      if (mode === 'READ WRITE') this.#background.push(this.#monitor.run().catch((error: unknown) => { this.diagnostics.alert(`SMON: ${String(error)}`) }))
      else await openTempfiles(this.#kernel, false)
      this.diagnostics.alert(`Completed: ALTER DATABASE OPEN${mode === 'READ ONLY' ? ' READ ONLY' : ''}${resetlogs ? ' RESETLOGS' : ''}`)
    })
  }

  #runArchiver(): void {
    if (this.controlFile.logMode === 'NOARCHIVELOG') return
    this.#background.push(this.#kernel.archiver.run().catch((error: unknown) => { if (!this.#down.signal.aborted) this.diagnostics.alert(`ARC0: ${String(error)}`) }))
  }

  /** One change of state at a time. */
  async #change(body: () => Promise<void>): Promise<void> {
    if (this.#changing) throw ora(1154, 'database busy. Open, close, mount, and dismount not allowed now')
    this.#changing = true
    try {
      await body()
    } finally {
      this.#changing = false
    }
  }

  async shutdown(mode: 'immediate' | 'abort'): Promise<void> {
    if (mode === 'abort') {
      this.diagnostics.alert('Shutting down instance (abort)')
      this.#exit()
      return
    }
    await this.#change(async () => {
      const { checkpointer, logWriter, control, files, transactions, history } = this.#kernel
      this.#sessions.endAll()
      this.diagnostics.alert('Shutting down instance (immediate)')
      if (this.#openMode === 'READ WRITE') {
        await transactions.exclusive(async () => {
          this.#openMode = 'MOUNTED'
          await checkpointer.checkpoint(undefined, { clean: true })
          await logWriter.suspend()
          await control.update((data) => {
            Object.assign(data, { cleanShutdown: true, openMode: null })
            for (const t of data.threads) t.status = 'CLOSED'
          })
        })
      }
      this.#status = 'STARTED'
      this.#down.abort(ora(1089, 'immediate shutdown or close in progress - no operations are permitted'))
      await Promise.allSettled(this.#background)
      await control.settle()
      await history.close()
      await files.closeAll()
      control.detach()
      this.#lock.release()
      this.diagnostics.alert('Instance shutdown complete')
      this.#exit()
    })
  }

  async setParameter(name: string, value: string, scope: 'memory' | 'spfile' | 'both'): Promise<void> {
    const key = name.toLowerCase()
    structure.checkParameter(key, value)
    await this.#parameters.set(key, value, scope)
    if (scope !== 'spfile' && /^(log_archive_dest|db_recovery_file_dest)/.test(key)) this.#kernel.archiver.configure()
  }

  /** @throws OraError 01109, 16000 */
  #writable(): Kernel {
    if (this.#status === 'STARTED') throw ora(1507, 'database not mounted')
    if (this.#status !== 'OPEN') throw ora(1109, 'database not open')
    if (this.#openMode !== 'READ WRITE') throw ora(16000, 'database or pluggable database open for read-only access')
    return this.#kernel
  }

  /** @throws OraError 01507 */
  #mounted(): Kernel {
    if (this.#status === 'STARTED') throw ora(1507, 'database not mounted')
    return this.#kernel
  }

  async switchLogfile(): Promise<void> { await this.#writable().thread.switchLog() }

  async archiveLogCurrent(): Promise<void> {
    const { thread, archiver } = this.#writable()
    const sequence = await thread.switchLog()
    if (this.controlFile.logMode === 'ARCHIVELOG') await archiver.waitFor(sequence, this.#down.signal)
  }

  async checkpoint(): Promise<void> { await this.#writable().checkpointer.checkpoint() }
  async enableBlockChangeTracking(file: string | undefined, reuse: boolean): Promise<void> { await structure.enableTracking(this.#mounted(), file, reuse) }
  async disableBlockChangeTracking(): Promise<void> { await structure.disableTracking(this.#mounted()) }
  async setFlashback(on: boolean): Promise<void> { await structure.setFlashback(this.#mounted(), on) }
  async renameFile(from: string, to: string): Promise<void> { await structure.renameFile(this.#mounted(), from, to) }

  async createTablespace(name: string, files: readonly { readonly path: string | undefined; readonly bytes: number }[]): Promise<void> {
    const kernel = this.#writable()
    if (this.controlFile.datafiles.some((d) => d.tablespace === name)) throw ora(1543, `tablespace '${name}' already exists`)
    for (const file of files) await structure.addFile(kernel, name, file.path, file.bytes)
  }

  async addDatafile(tablespace: string, path: string | undefined, bytes: number): Promise<void> {
    const kernel = this.#writable()
    if (!this.controlFile.datafiles.some((d) => d.tablespace === tablespace)) throw ora(959, `tablespace '${tablespace}' does not exist`)
    await structure.addFile(kernel, tablespace, path, bytes)
  }

  async dropTablespace(name: string, options: { readonly includingDatafiles: boolean }): Promise<void> { await structure.dropTablespace(this.#writable(), this.#heap, name, options.includingDatafiles) }
  async setDatafileOnline(file: number, online: boolean): Promise<void> { await structure.setOnline(this.#mounted(), file, online) }
  async setTablespaceReadOnly(name: string, readOnly: boolean): Promise<void> { await structure.setReadOnly(this.#writable(), name, readOnly) }

  /** @throws OraError 01219 */
  #open(): void {
    if (this.#status !== 'OPEN') throw ora(1219, 'database or pluggable database not open: queries allowed on fixed tables or views only')
  }

  tables(): readonly HeapTable[] { return this.#status === 'OPEN' ? this.#heap.tables : [] }

  async readTable(owner: string, name: string): Promise<readonly (readonly RowValue[])[]> {
    this.#open()
    return this.#heap.read(owner, name)
  }

  async createTable(table: HeapTable): Promise<void> {
    this.#writable()
    await this.#heap.create(table)
  }

  async dropTable(owner: string, name: string): Promise<void> {
    this.#writable()
    await this.#heap.drop(owner, name)
  }

  async insertRows(owner: string, name: string, rows: readonly (readonly RowValue[])[]): Promise<bigint> {
    this.#writable()
    return this.#heap.insert(owner, name, rows)
  }

  async updateRows(owner: string, name: string, change: (row: readonly RowValue[]) => readonly RowValue[] | undefined): Promise<bigint> {
    this.#writable()
    return this.#heap.update(owner, name, change)
  }

  async deleteRows(owner: string, name: string, which: (row: readonly RowValue[]) => boolean): Promise<number> {
    this.#writable()
    return this.#heap.delete(owner, name, which)
  }

  async readDatafileHeader(record: DatafileRecord): Promise<{ readonly error: string | null; readonly fuzzy: boolean; readonly checkpointScn: bigint; readonly checkpointTime: number; readonly resetlogsScn: bigint; readonly name: string; readonly recover: boolean }> {
    const found = await inspectFile(this.host, record, this.#mounted().control.data)
    if (found.header === undefined) return { error: found.shown, fuzzy: false, checkpointScn: 0n, checkpointTime: 0, resetlogsScn: 0n, name: record.name, recover: false }
    const { checkpointScn, checkpointTime, resetlogsScn } = found.header
    return { error: null, fuzzy: isFuzzy(found.header), checkpointScn, checkpointTime, resetlogsScn, name: record.name, recover: checkpointScn < record.checkpointScn }
  }

  async identifyFile(path: string): Promise<FileIdentity> { return identifyFile(this.#kernel, path) }
  async copyDatafile(file: number, destination: string, options: { readonly tag: string | null; readonly level0: boolean; readonly session: ServerSession }): Promise<CopyResult> { return copyDatafile(this.#mounted(), file, destination, options) }
  async incrementalBackup(files: readonly { readonly file: number; readonly sinceScn: bigint }[], piece: { readonly path: string; readonly tag: string | null; readonly setRecid: number }, session: ServerSession): Promise<ReadonlyMap<number, IncrementalResult>> { return incrementalBackup(this.#mounted(), files, piece, session) }
  async applyIncremental(copy: string, piece: string, file: number, session: ServerSession): Promise<CopyResult> { return applyIncremental(this.#mounted(), copy, piece, file, session) }
  async writeControlFileBackup(path: string, options: { readonly tag: string | null; readonly setRecid: number; readonly spfile: boolean }): Promise<number> { return writeControlFileBackup(this.#mounted(), path, options) }
  async writeControlFileCopy(path: string): Promise<void> { await writeControlFileCopy(this.#mounted(), path) }
  async writeSpfileBackup(path: string, options: { readonly tag: string | null; readonly setRecid: number }): Promise<number> { return writeSpfileBackup(this.#mounted(), path, options) }

  async restoreControlFile(from: string): Promise<readonly string[]> {
    if (this.#status !== 'STARTED') throw ora(19660, 'some files in the backup set could not be verified', [1100, 'database already mounted'])
    return restoreControlFile(this.#kernel, from)
  }

  async restoreSpfile(from: string, to: string): Promise<void> { await restoreSpfile(this.#kernel, from, to) }
  async copyArchivedLog(source: string, destination: string): Promise<void> { await copyArchivedLog(this.#kernel, source, destination) }
  async createEmptyDatafile(file: number, path: string): Promise<void> { await createEmptyDatafile(this.#mounted(), file, path) }

  async recoverDatabase(options: RecoverOptions): Promise<void> {
    if (this.#status === 'OPEN') throw ora(1124, 'cannot recover data file 1 - file is in use or recovery', [1110, `data file 1: '${this.controlFile.datafiles[0]?.name ?? ''}'`])
    await this.#change(() => recoverDatabase(this.#mounted(), options))
  }

  async validateDatafile(record: DatafileRecord, checkLogical: boolean, session: ServerSession): Promise<BlockCounts> { return validateDatafile(this.#mounted(), record, checkLogical, session) }
  async fileExists(path: string): Promise<boolean> { return access(this.host.real(path)).then(() => true, () => false) }
  async removeFile(path: string): Promise<void> { await rm(this.host.real(path), { force: true }) }

  /** Makes an archive destination fail or hang, or heals it. Returns how many destinations that concerns. */
  setArchiveFault(fault: Destination['fault'], match: string): number {
    const chosen = this.#kernel.archiver.destinations.filter((d) => d.location.includes(match) || d.directory.includes(match))
    for (const destination of chosen) destination.fault = fault
    this.#kernel.archiver.wake()
    return chosen.length
  }

  /** The wall clock of the host as a DATE. */
  dateText(time: number): string { return dateText(time, this.host.timeZone) }
}
