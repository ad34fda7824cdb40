import { access, writeFile } from 'node:fs/promises'
import { removeFile } from '../storage/file-io.ts'
import type { Host } from '../host/host.ts'
import { dateText, stampOf } from '../host/local-time.ts'
import { backupArchivedLogs, copyArchivedLog, restoreArchivedLog, validateArchivedLog } from './archived-log-files.ts'
import { Archiver } from './archiver.ts'
import { openForBackup } from './backup-input.ts'
import { backupDatafiles } from './backup-set.ts'
import { BufferCache } from './buffer-cache.ts'
import { ChangeTracker } from './change-tracker.ts'
import { Checkpointer } from './checkpointer.ts'
import { controlFileIn, restoreControlFile, restoreControlFileTo, restoreSpfile, writeControlFileBackup, writeControlFileCopy, writeSpfileBackup } from './control-backup.ts'
import { controlFileScript } from './control-file-script.ts'
import { containerView } from './container-view.ts'
import { Containers, rootOf } from './containers.ts'
import { ControlStore } from './control-store.ts'
import { createControlFile, zeroDbid } from './create-control-file.ts'
import { Diagnostics } from './diagnostics.ts'
import { resizeFile, setAutoextend } from './file-growth.ts'
import { inspectFile } from './file-verification.ts'
import { History } from './history.ts'
import { identifyFile } from './identify.ts'
import { ImageCopy, copyDatafile, createEmptyDatafile } from './image-copy.ts'
import type { ArchiveDestination, AutoextendSpec, BackupSource, BlockCounts, Container, ControlFileSpec, CopyResult, DatafilePart, DatafilePartResult, DatafileSpec, FileIdentity, HeapTable, ImageCopyWriter, Instance, ParameterFileRequest, PieceTarget, RecoverOptions, RmanOutputLine, RowValue, SegmentUse, ServerSession, Switchover, TableAlteration, TableChange, TablespaceOptions } from './instance-api.ts'
import { InstanceLock } from './instance-lock.ts'
import type { Kernel } from './kernel.ts'
import { Keystore } from './keystore.ts'
import { LogWriter } from './log-writer.ts'
import { Mutex } from './mutex.ts'
import { recoverDatabase } from './media-recovery.ts'
import { checkMountable } from './mount.ts'
import { newFileName, omfName, remadeName } from './omf.ts'
import { isFuzzy, openDatabase } from './open-database.ts'
import { OpenFiles } from './open-files.ts'
import { OraError, ora } from './ora-error.ts'
import type { ParameterSettings } from './parameter-file.ts'
import { Parameters } from './parameters.ts'
import { validatePiece } from './piece-header.ts'
import { type ControlFileData, type DatafileRecord, isBackup } from './records.ts'
import { RedoThread, closeThread, openThread, switchClosedThread } from './redo-thread.ts'
import { ScnClock } from './scn-clock.ts'
import { RedoTransport, archiveAtPrimary, callStandby } from './redo-transport.ts'
import { createRestorePoint, dropRestorePoint } from './restore-points.ts'
import { applyIncremental, restoreDatafile } from './restore-set.ts'
import { Sessions } from './sessions.ts'
import { Standby } from './standby.ts'
import { type SwitchoverStatus, endRedo, findTarget, switchoverStatus } from './switchover.ts'
import { SystemMonitor } from './system-monitor.ts'
import { Transactions } from './transactions.ts'
import { validateDatafile } from './validation.ts'
import * as structure from './structure.ts'
import { addTempfile, openTempfiles } from './tempfiles.ts'
import { writeParameterFile } from './write-parameter-file.ts'
import { sufferFaultsOf } from '../storage/io-faults.ts'
import type { Destination } from './archive-destinations.ts'

/** What an instance is started with. */
export interface InstanceStart {
  readonly host: Host
  readonly sid: string
  readonly settings: ParameterSettings
  readonly spfile: string | null
  /** Everything in the spfile, with the entries of single instances as `sid.name`; default: the settings. */
  readonly spfileEntries?: ParameterSettings
  /** An instance of the same database in this process: the new one shares its database, with a redo thread of its own. */
  readonly joins?: LabInstance | undefined
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
  readonly rmanOutput: RmanOutputLine[] = []
  readonly #parameters: Parameters
  readonly #sessions: Sessions
  readonly #kernel: Kernel
  readonly #containers: Containers
  readonly #views = new Map<number, Instance>()
  /** The started instances of this database, this one among them. */
  readonly #peers: Set<LabInstance>
  readonly #monitor: SystemMonitor
  readonly #lock: InstanceLock
  readonly #standby: Standby
  readonly #down = new AbortController()
  readonly #exit: () => void
  #background: Promise<void>[] = []
  #status: Instance['status'] = 'STARTED'
  #openMode: Instance['openMode'] = 'MOUNTED'
  #changing = false

  constructor({ host, sid, settings, spfile, spfileEntries, joins, exit }: InstanceStart) {
    this.host = host
    this.sid = sid
    this.startupTime = host.now()
    this.release = host.lab.release
    this.edition = host.lab.edition
    sufferFaultsOf(host.labDir)
    this.#exit = exit ?? ((): void => undefined)
    const parameters = new Parameters(host, sid, settings, spfile, spfileEntries)
    this.#parameters = parameters
    this.diagnostics = new Diagnostics(host, sid, parameters)
    this.diagnostics.create()
    this.#lock = new InstanceLock(host, sid)
    this.#sessions = new Sessions(host)
    this.#peers = joins === undefined ? new Set() : joins.#peers
    this.#peers.add(this)
    this.#kernel = this.#makeKernel(joins?.kernel)
    this.#kernel.archiver.configure()
    this.#containers = new Containers(this.#kernel, joins === undefined ? undefined : joins.#containers.state)
    this.#standby = new Standby(this.#kernel)
    this.#monitor = new SystemMonitor(this.#kernel, () => this.#containers.root)
    this.diagnostics.alert(`Starting ORACLE instance (normal)\nThis is the @icb/lab simulator, not Oracle Database.`)
  }

  /** `first`: what an instance of the same database has, to be shared. */
  #makeKernel(first: Kernel | undefined): Kernel {
    const { host } = this
    const files = first?.files ?? new OpenFiles(host)
    const history = first?.history ?? new History()
    const members = first?.members ?? []
    const keystore = first?.keystore ?? new Keystore(host, this.#parameters)
    const logWriter = new LogWriter(host, () => history.write())
    const parts = {
      host, sid: this.sid, parameters: this.#parameters, control: first?.control ?? new ControlStore(host, this.#parameters.list('control_files')), scn: first?.scn ?? new ScnClock(), files, history, logWriter,
      members, keystore, threadNumber: threadNumberOf(this.#parameters),
      cache: first?.cache ?? new BufferCache((n) => files.get(n), async () => { for (const writer of new Set([logWriter, ...members.map((m) => m.logWriter)])) await writer.flush() }, keystore, (size) => structure.hasPool(this.#parameters, size)),
      down: this.#down.signal, alert: (text: string) => { this.diagnostics.alert(text) },
    }
    // The parts below know the whole they belong to.
    const kernel = parts as typeof parts & { -readonly [K in 'thread' | 'archiver' | 'checkpointer' | 'tracker' | 'transactions']: Kernel[K] }
    kernel.thread = new RedoThread(kernel)
    kernel.archiver = new Archiver(kernel)
    kernel.checkpointer = first?.checkpointer ?? new Checkpointer(kernel)
    kernel.tracker = first?.tracker ?? new ChangeTracker(kernel)
    kernel.transactions = new Transactions(kernel, first?.transactions.mutex ?? new Mutex())
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
    return this.#status === 'OPEN' ? this.#kernel.scn.current : isBackup(this.controlFile) ? 0n : this.controlFile.checkpointScn
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
  /** A client connects. @throws OraError 00257 for who is no administrator while logs cannot be archived */
  logon(username: string, program: string): ServerSession {
    if (username !== 'SYS' && this.#kernel.archiver.stuck) throw ora(257, this.release.startsWith('11.') || this.release.startsWith('12.1') ? 'archiver error. Connect internal only, until freed.' : 'Archiver error. Connect AS SYSDBA only until resolved.')
    this.diagnostics.audit(username, program)
    return this.#sessions.open({ username, program })
  }

  openSession({ parent, clientInfo, module }: { readonly parent: ServerSession; readonly clientInfo: string | null; readonly module: string | null }): ServerSession {
    return Object.assign(this.#sessions.open({ username: parent.username, program: parent.program, parent }), { clientInfo, module })
  }

  closeSession(sid: number): void { this.#sessions.close(sid) }
  killSession(sid: number, serial: number): void { this.#sessions.kill(sid, serial) }
  omfName(kind: 'datafile' | 'tempfile', tablespace: string): string { return omfName(this.#parameters, kind, tablespace) }
  restoredName(file: DatafileRecord, wanted: string | undefined): string {
    const guid = structure.guidOf(this.controlFile, structure.containerOf(file))
    return wanted === undefined ? remadeName(this.#parameters, file.name, 'datafile', file.tablespace, guid) : newFileName(this.#parameters, wanted, 'datafile', file.tablespace, guid)
  }


  get container(): number { return this.#kernel.control.mounted ? rootOf(this.#kernel) : 0 }
  get containers(): readonly Container[] { return this.#containers.list(this.#openMode, this.startupTime) }

  inContainer(conId: number): Instance {
    if (conId === this.container) return this
    this.#containers.pdb(conId)
    const view = this.#views.get(conId) ?? containerView(this, conId, { kernel: this.#kernel, containers: this.#containers })
    this.#views.set(conId, view)
    return view
  }

  /** @throws OraError 65090 when the database is no CDB, 01109 when it is not open */
  #cdb(): 'READ WRITE' | 'READ ONLY' {
    if (this.container === 0) throw ora(65090, 'operation only allowed in a container database')
    if (this.#openMode === 'MOUNTED') throw ora(1109, 'database not open')
    return this.#openMode
  }

  async openPdb(conId: number, mode: 'READ WRITE' | 'READ ONLY'): Promise<void> { await this.#containers.open(conId, mode, this.#cdb()) }

  async closePdb(conId: number): Promise<void> {
    this.#cdb()
    await this.#containers.close(conId)
  }

  async savePdbState(conId: number, save: boolean): Promise<void> {
    this.#cdb()
    await this.#containers.saveState(conId, save)
  }

  async createPdb(name: string): Promise<void> {
    this.#cdb()
    this.#writable()
    await this.#containers.create(name)
  }

  async dropPdb(conId: number, includingDatafiles: boolean): Promise<void> {
    this.#cdb()
    this.#writable()
    await this.#containers.drop(conId, includingDatafiles)
  }


  async mount(): Promise<void> {
    await this.#change(async () => {
      if (this.#status !== 'STARTED') throw ora(1100, 'database already mounted')
      if (this.#down.signal.aborted) throw ora(16456, 'switchover to standby in progress or completed')
      const data = this.#kernel.control.mounted ? this.controlFile : await this.#kernel.control.load()
      checkMountable(data, this.#parameters)
      this.#lock.acquire(this.#parameters.get('db_unique_name'))
      if (!this.#kernel.control.mounted) this.#kernel.control.attach(data)
      this.#status = 'MOUNTED'
      this.diagnostics.alert(`Successful mount of redo thread ${this.#kernel.threadNumber}, with mount id ${data.dbid}\nDatabase mounted in Exclusive Mode`)
    })
  }

  async open({ mode: wanted, resetlogs = false, upgrade = false }: { readonly mode: 'READ WRITE' | 'READ ONLY'; readonly resetlogs?: boolean; readonly upgrade?: boolean }): Promise<void> {
    await this.#change(async () => {
      if (this.#status === 'STARTED') throw ora(1507, 'database not mounted')
      if (this.#status === 'OPEN') throw ora(1531, 'a database already open by the instance')
      // A physical standby opens read only whatever is asked.
      const mode = this.controlFile.type === 'STANDBY' ? 'READ ONLY' : wanted
      if (this.#standby.applying) throw ora(10456, 'cannot open standby database; media recovery session may be in progress')
      if (mode === 'READ WRITE') this.#runArchiver()
      if (this.#kernel.members.length > 0) await openThread(this.#kernel)
      else {
        await openDatabase(this.#kernel, { mode, resetlogs, upgrade })
        if (upgrade && this.#parameters.get('max_string_size').toUpperCase() === 'EXTENDED') await this.updateControlFile((data) => { data.maxStringSize = 'EXTENDED' })
        await this.#containers.openWith(mode)
      }
      this.#kernel.members.push(this.#kernel)
      this.#status = 'OPEN'
      this.#openMode = mode
      if (mode === 'READ WRITE') this.#background.push(this.#monitor.run().catch((error: unknown) => { this.diagnostics.alert(`SMON: ${String(error)}`) }))
      else await openTempfiles(this.#kernel, false)
      this.diagnostics.alert(`Completed: ALTER DATABASE OPEN${mode === 'READ ONLY' ? ' READ ONLY' : ''}${resetlogs ? ' RESETLOGS' : ''}`)
    })
  }

  switchoverStatus(session: ServerSession): SwitchoverStatus {
    return switchoverStatus(this.controlFile, this.#kernel.archiver.destinations, this.#openMode, this.#others(session).length)
  }

  #others(session: ServerSession): ServerSession[] {
    return [...this.sessions.values()].filter((s) => s.sid !== session.sid && s.status !== 'KILLED')
  }

  async switchover(wanted: Switchover, session: ServerSession): Promise<void> {
    if (wanted.kind === 'commit' && wanted.role === 'PRIMARY') {
      this.#mounted()
      await this.takeOver(false)
      return
    }
    if (this.#mounted().control.data.type === 'STANDBY') throw ora(1666, 'control file is for a standby database')
    this.#writable()
    if (this.#peers.size > 1) throw ora(1105, 'mount is incompatible with mounts by other instances')
    const target = await findTarget(this.#kernel, wanted.kind === 'commit' ? undefined : wanted.name)
    if (wanted.kind === 'verify') return
    if (wanted.kind === 'commit' && !wanted.endSessions && this.#others(session).length > 0) throw ora(1093, 'ALTER DATABASE CLOSE only permitted with no sessions connected')
    await this.#change(async () => {
      for (const { sid, serial } of this.#others(session)) this.#sessions.kill(sid, serial)
      this.diagnostics.alert('ALTER DATABASE SWITCHOVER: the redo of this primary ends')
      await endRedo(this.#kernel, target, session)
      await this.#dismount()
    })
    if (wanted.kind === 'commit') return
    try {
      await callStandby(this.#kernel, target, 'take-over', {})
    } catch (error) {
      throw ora(16471, `cannot convert switchover target ${wanted.name} to a primary database`, ...(error instanceof OraError ? error.messages.map((m): [number, string] => [Number(m.code.slice(4)), m.text]) : []))
    } finally {
      this.#exit()
    }
  }

  /** The standby becomes the primary; `wait` for redo that is being applied. */
  async takeOver(wait: boolean): Promise<void> {
    if (this.#status === 'OPEN') throw ora(1153, 'an incompatible media recovery is active')
    await this.#standby.takeOver(wait)
  }

  get applying(): boolean { return this.#standby.applying }
  /** The standby's side of Data Guard. */
  get standby(): Standby { return this.#standby }

  async managedRecovery(on: boolean): Promise<void> {
    this.#mounted()
    if (this.#status === 'OPEN') throw ora(1153, 'an incompatible media recovery is active')
    if (on) this.#standby.start()
    else await this.#standby.cancel()
  }

  #runArchiver(): void {
    this.#background.push(new RedoTransport(this.#kernel).run().catch((error: unknown) => { if (!this.#down.signal.aborted) this.diagnostics.alert(`TT00: ${String(error)}`) }))
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
      await this.crash()
      this.#exit()
      return
    }
    await this.#change(async () => {
      const { checkpointer, logWriter, control, transactions } = this.#kernel
      this.#sessions.endAll()
      this.diagnostics.alert('Shutting down instance (immediate)')
      if (this.#standby.applying) await this.#standby.cancel()
      if (this.#isOneOfSeveral) await this.#leave()
      else if (this.#openMode === 'READ WRITE') {
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
      await this.#dismount()
      this.diagnostics.alert('Instance shutdown complete')
      this.#exit()
    })
  }

  /** The background ends and the files are closed. */
  async #dismount(): Promise<void> {
    const { control, files, history } = this.#kernel
    this.#status = 'STARTED'
    this.#openMode = 'MOUNTED'
    this.#down.abort(ora(1089, 'immediate shutdown or close in progress - no operations are permitted'))
    await Promise.allSettled(this.#background)
    if (!control.mounted) return
    await control.settle()
    this.#peers.delete(this)
    if (this.#peers.size > 0) return
    await history.close()
    await files.closeAll()
    control.detach()
    this.#lock.release()
  }

  get keystore(): Keystore { return this.#kernel.keystore }
  get members(): readonly Instance[] { return [...this.#peers] }

  /** Whether another instance has the database open too. */
  get #isOneOfSeveral(): boolean {
    const { members } = this.#kernel
    return members.includes(this.#kernel) && members.length > 1
  }

  /** The thread ends, the other instances go on. */
  async #leave(): Promise<void> {
    const { members } = this.#kernel
    await closeThread(this.#kernel)
    members.splice(members.indexOf(this.#kernel), 1)
    this.#openMode = 'MOUNTED'
  }

  /**
   * What the surviving instances make of the sudden end of this one: its sessions are gone, its thread is recovered and closed.
   * Without survivors nothing is written: the database has crashed.
   */
  async crash(): Promise<void> {
    this.#sessions.endAll()
    this.#peers.delete(this)
    const survived = this.#isOneOfSeveral
    if (survived) await this.#leave()
    this.#status = 'STARTED'
    this.#down.abort(ora(3113, 'end-of-file on communication channel'))
    if (!survived) return
    for (const peer of this.#peers) peer.diagnostics.alert(`Instance recovery: looking for dead threads\nCompleted instance recovery of thread ${this.#kernel.threadNumber}`)
  }

  async setParameter(name: string, value: string, scope: 'memory' | 'spfile' | 'both', sid = '*'): Promise<void> {
    const key = name.toLowerCase()
    structure.checkParameter(key, value)
    const peers = [...this.#peers].filter((p) => sid === '*' || p.sid.toLowerCase() === sid.toLowerCase())
    this.#parameters.check(key, scope)
    for (const peer of scope === 'spfile' ? [] : peers) {
      peer.#parameters.setMemory(key, value, scope === 'both')
      if (/^(log_archive_dest|db_recovery_file_dest)/.test(key)) peer.#kernel.archiver.configure()
    }
    if (scope !== 'memory') await this.#parameters.setSpfile(sid === '*' ? key : `${sid}.${key}`, value)
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

  async archiveLogAtPrimary(session: ServerSession): Promise<void> { await archiveAtPrimary(this.#mounted(), session) }

  async archiveLogCurrent(interrupt?: AbortSignal): Promise<void> {
    const kernel = this.#writable()
    const { members, archiver } = kernel
    const ended: { readonly thread: number; readonly sequence: number }[] = []
    for (const member of members) ended.push({ thread: member.threadNumber, sequence: await member.thread.switchLog() })
    for (const { thread, enabled } of this.controlFile.threads) {
      if (enabled !== 'PUBLIC' || members.some((m) => m.threadNumber === thread)) continue
      const sequence = await switchClosedThread(kernel, thread)
      if (sequence !== undefined) ended.push({ thread, sequence })
    }
    const end = interrupt === undefined ? this.#down.signal : AbortSignal.any([this.#down.signal, interrupt])
    if (this.controlFile.logMode === 'ARCHIVELOG') for (const { thread, sequence } of ended) await archiver.waitFor(thread, sequence, end)
  }

  async enableThread(thread: number, enabled: boolean): Promise<void> {
    const kernel = this.#writable()
    const record = this.controlFile.threads.find((t) => t.thread === thread)
    if (record === undefined) throw ora(1613, `instance ${this.sid} (thread ${thread}) only has 0 logs - at least 2 logs required to enable.`)
    if ((record.enabled === 'PUBLIC') === enabled) throw enabled ? ora(1612, `instance ${this.sid} (thread ${thread}) is already enabled`) : ora(1616, `instance ${this.sid} (thread ${thread}) is open - cannot disable`)
    if (record.status === 'OPEN') throw ora(1615, `instance ${this.sid} (thread ${thread}) is mounted - cannot disable`)
    if (!enabled) await switchClosedThread(kernel, thread)
    await this.updateControlFile((data) => { for (const t of data.threads) if (t.thread === thread) t.enabled = enabled ? 'PUBLIC' : 'DISABLED' })
  }

  async checkpoint(): Promise<void> { await this.#writable().checkpointer.checkpoint() }
  async enableBlockChangeTracking(file: string | undefined, reuse: boolean): Promise<void> { await structure.enableTracking(this.#mounted(), file, reuse) }
  async disableBlockChangeTracking(): Promise<void> { await structure.disableTracking(this.#mounted()) }
  async createRestorePoint(name: string, guaranteed: boolean): Promise<void> { await createRestorePoint(this.#mounted(), name, guaranteed) }
  async dropRestorePoint(name: string): Promise<void> { await dropRestorePoint(this.#mounted(), name) }
  async setFlashback(on: boolean): Promise<void> { await structure.setFlashback(this.#mounted(), on) }
  async renameFile(from: string, to: string): Promise<void> { await structure.renameFile(this.#mounted(), from, to) }

  async createTablespace(name: string, files: readonly DatafileSpec[], options: TablespaceOptions = {}): Promise<void> {
    const kernel = this.#writable()
    if (this.controlFile.datafiles.some((d) => d.tablespace === name && structure.containerOf(d) === this.container)) throw ora(1543, `tablespace '${name}' already exists`)
    const wanted = structure.tablespaceAttributes(kernel, options)
    for (const file of files) await structure.addFile(kernel, this.container, name, file, wanted)
  }

  async addDatafile(tablespace: string, file: DatafileSpec): Promise<void> {
    const kernel = this.#writable()
    if (!this.controlFile.datafiles.some((d) => d.tablespace === tablespace && structure.containerOf(d) === this.container)) throw ora(959, `tablespace '${tablespace}' does not exist`)
    await structure.addFile(kernel, this.container, tablespace, file)
  }

  async resizeDatafile(file: number, bytes: number): Promise<void> { await resizeFile(this.#writable(), file, bytes) }
  async setAutoextend(file: number, autoextend: AutoextendSpec | null): Promise<void> { await setAutoextend(this.#writable(), file, autoextend) }
  async addTempfile(tablespace: string, file: { readonly path: string | undefined; readonly bytes: number; readonly reuse?: boolean }): Promise<void> { await addTempfile(this.#writable(), this.container, tablespace, file) }
  async dropTablespace(name: string, options: { readonly includingDatafiles: boolean }): Promise<void> { await structure.dropTablespace(this.#writable(), this.#containers.root, this.container, name, options.includingDatafiles) }
  async moveDatafile(file: string | number, to: string, options: { readonly reuse: boolean; readonly keep: boolean }): Promise<void> { await structure.moveDatafile(this.#writable(), this.container, file, to, options) }
  async setDatafileOnline(file: number, online: boolean): Promise<void> { await structure.setOnline(this.#mounted(), file, online) }
  async setTablespaceReadOnly(name: string, readOnly: boolean): Promise<void> { await structure.setReadOnly(this.#writable(), this.container, name, readOnly) }

  /** @throws OraError 01219 */
  #open(): void {
    if (this.#status !== 'OPEN') throw ora(1219, 'database or pluggable database not open: queries allowed on fixed tables or views only')
  }

  tables(): readonly HeapTable[] { return this.#status === 'OPEN' ? this.#containers.root.tables : [] }

  segments(): readonly SegmentUse[] { return this.#status === 'OPEN' ? this.#containers.root.segments : [] }

  async readTable(owner: string, name: string): Promise<readonly (readonly RowValue[])[]> {
    this.#open()
    return this.#containers.root.read(owner, name)
  }

  async createTable(table: HeapTable): Promise<void> {
    this.#writable()
    await this.#containers.root.create(table)
  }

  async dropTable(owner: string, name: string): Promise<void> {
    this.#writable()
    await this.#containers.root.drop(owner, name)
  }

  async insertRows(owner: string, name: string, rows: readonly (readonly RowValue[])[]): Promise<bigint> {
    this.#writable()
    return this.#containers.root.insert(owner, name, rows)
  }

  async updateRows(owner: string, name: string, change: (row: readonly RowValue[]) => readonly RowValue[] | undefined): Promise<bigint> {
    this.#writable()
    return this.#containers.root.update(owner, name, change)
  }

  async deleteRows(owner: string, name: string, which: (row: readonly RowValue[]) => boolean): Promise<number> {
    this.#writable()
    return this.#containers.root.delete(owner, name, which)
  }

  async alterTable(owner: string, name: string, change: TableAlteration): Promise<void> {
    this.#writable()
    await this.#containers.root.alter(owner, name, change)
  }

  async applyChanges(changes: readonly TableChange[]): Promise<bigint> {
    this.#writable()
    return this.#containers.root.apply(changes)
  }

  async readDatafileHeader(record: DatafileRecord): Promise<{ readonly error: string | null; readonly fuzzy: boolean; readonly checkpointScn: bigint; readonly checkpointTime: number; readonly resetlogsScn: bigint; readonly name: string; readonly recover: boolean }> {
    const found = await inspectFile(this.host, record, this.#mounted().control.data)
    if (found.header === undefined) return { error: found.shown, fuzzy: false, checkpointScn: 0n, checkpointTime: 0, resetlogsScn: 0n, name: record.name, recover: false }
    const { checkpointScn, checkpointTime, resetlogsScn } = found.header
    return { error: null, fuzzy: isFuzzy(found.header), checkpointScn, checkpointTime, resetlogsScn, name: record.name, recover: checkpointScn < record.checkpointScn }
  }

  async identifyFile(path: string): Promise<FileIdentity> { return identifyFile(this.#kernel, path) }
  async copyDatafile(file: number, destination: string, options: { readonly tag: string | null; readonly level0: boolean; readonly session: ServerSession }): Promise<CopyResult> { return copyDatafile(this.#mounted(), file, destination, options) }
  async beginImageCopy(file: number, destination: string): Promise<ImageCopyWriter> { return ImageCopy.begin(this.#mounted(), file, destination) }
  async openForBackup(file: number, sinceScn: bigint | undefined): Promise<BackupSource> { return openForBackup(this.#mounted(), file, sinceScn) }
  async backupDatafiles(parts: readonly DatafilePart[], piece: PieceTarget, session: ServerSession): Promise<{ readonly bytes: number; readonly files: ReadonlyMap<number, DatafilePartResult> }> { return backupDatafiles(this.#mounted(), parts, piece, session) }
  async backupArchivedLogs(logs: readonly string[], piece: PieceTarget, session: ServerSession): Promise<number> { return backupArchivedLogs(this.#mounted(), logs, piece, session) }
  async applyIncremental(copy: string, pieces: readonly string[], file: number, session: ServerSession): Promise<CopyResult> { return applyIncremental(this.#mounted(), copy, pieces, file, session) }
  async restoreDatafile(file: number, pieces: readonly string[], path: string, session: ServerSession): Promise<CopyResult> { return restoreDatafile(this.#mounted(), file, pieces, path, session) }
  async restoreArchivedLog(piece: string, log: { readonly thread: number; readonly sequence: number; readonly resetlogsId: number }, path: string): Promise<void> { await restoreArchivedLog(this.#kernel, piece, log, path) }
  archivedLogName(log: { readonly thread: number; readonly sequence: number; readonly resetlogsId: number }): string { return this.#kernel.archiver.nameFor({ ...log, dbid: this.#mounted().control.data.dbid }) }
  async validatePiece(piece: string, session: ServerSession): Promise<void> { await validatePiece(this.#kernel, piece, session) }
  async validateArchivedLog(path: string): Promise<{ readonly blocks: number; readonly corruptBlock: number | null }> { return validateArchivedLog(this.#kernel, path) }
  async writeControlFileBackup(piece: PieceTarget, options: { readonly spfile: boolean }): Promise<number> { return writeControlFileBackup(this.#mounted(), piece, options) }
  async writeControlFileCopy(path: string): Promise<void> { await writeControlFileCopy(this.#mounted(), path) }
  async writeSpfileBackup(piece: PieceTarget): Promise<number> { return writeSpfileBackup(this.#mounted(), piece) }

  async restoreControlFile(from: string): Promise<readonly string[]> {
    if (this.#status !== 'STARTED') throw ora(19660, 'some files in the backup set could not be verified', [1100, 'database already mounted'])
    return restoreControlFile(this.#kernel, from)
  }

  async readControlFileBackup(from: string): Promise<ControlFileData> { return controlFileIn(this.#kernel, from) }
  async writeParameterFile(request: ParameterFileRequest): Promise<string> { return writeParameterFile(this.#kernel, request) }
  async writeControlFileScript(path: string | null): Promise<void> {
    const script = controlFileScript(this.#mounted().control.data)
    const file = path ?? this.diagnostics.traceFile(`ora_${process.pid}`)
    await writeFile(this.host.real(file), script).catch((error: unknown) => { throw ora(1580, `error creating control backup file ${file}`, [27040, `file create error, unable to create file\n${String(error)}`]) })
  }

  async zeroDbid(): Promise<void> { await zeroDbid(this.#mounted()) }

  async createControlFile(spec: ControlFileSpec): Promise<void> {
    if (this.#status !== 'STARTED') throw ora(1503, 'CREATE CONTROLFILE failed', [1100, 'database already mounted'])
    await createControlFile(this.#kernel, spec)
    await this.mount()
  }

  async restoreControlFileTo(from: string, to: string): Promise<void> { await restoreControlFileTo(this.#kernel, from, to) }
  async restoreSpfile(from: string, to: string): Promise<void> { await restoreSpfile(this.#kernel, from, to) }
  async copyArchivedLog(source: string, destination: string): Promise<void> { await copyArchivedLog(this.#kernel, source, destination) }
  async createEmptyDatafile(file: number, path: string): Promise<void> { await createEmptyDatafile(this.#mounted(), file, path) }

  async recoverDatabase(options: RecoverOptions): Promise<void> {
    if (this.#status === 'OPEN') throw ora(1124, 'cannot recover data file 1 - file is in use or recovery', [1110, `data file 1: '${this.controlFile.datafiles[0]?.name ?? ''}'`])
    await this.#change(() => recoverDatabase(this.#mounted(), options))
  }

  async validateDatafile(record: DatafileRecord, checkLogical: boolean, session: ServerSession): Promise<BlockCounts> { return validateDatafile(this.#mounted(), record, checkLogical, session) }
  async fileExists(path: string): Promise<boolean> { return access(this.host.real(path)).then(() => true, () => false) }
  async removeFile(path: string): Promise<void> { await removeFile(this.host.real(path)) }

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

/** THREAD, else INSTANCE_NUMBER, else 1. */
function threadNumberOf(parameters: Parameters): number {
  return Number(parameters.get('thread')) || Number(parameters.get('instance_number')) || 1
}
