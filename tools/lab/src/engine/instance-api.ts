import type { ArchivedLogRecord, BlockCorruptionRecord, ControlFileData, DatafileCopyRecord, DatafileRecord } from './records.ts'

/** A lab host: a private root for `/u01`, `/u02` …; everything below the lab directory is the same file on every host. */
export interface LabHost {
  readonly name: string
  readonly labDir: string
  /** IANA zone of the host; SYSDATE is local to it. */
  readonly timeZone: string
  /** Where a path as Oracle knows it really is. */
  real(path: string): string
  /** Lab time, milliseconds UTC. */
  now(): number
}

export interface ArchiveDestination {
  readonly id: number
  readonly location: string
  readonly binding: 'MANDATORY' | 'OPTIONAL'
  /** Resolved directory (USE_DB_RECOVERY_FILE_DEST becomes the recovery area's archivelog directory). */
  readonly directory: string
  readonly usesRecoveryArea: boolean
  status: 'VALID' | 'DEFERRED' | 'ERROR' | 'INACTIVE'
  error: string | null
  failDate: number | null
  failSequence: number
  readonly reopenSeconds: number
}

export interface ServerSession {
  readonly sid: number
  readonly serial: number
  readonly username: string
  readonly program: string
  readonly logonTime: number
  clientInfo: string | null
  module: string | null
  status: 'ACTIVE' | 'INACTIVE' | 'KILLED'
  /** V$SESSION_LONGOPS of this session. */
  longOps: { opname: string; sofar: number; totalwork: number; startTime: number; lastUpdate: number }[]
  /** Aborts when the session is killed (ALTER SYSTEM KILL SESSION) or the instance goes down. Not when the client goes away. */
  readonly abort: AbortSignal
}

/** Values of DATE columns are text `yyyy-mm-dd hh24:mi:ss` in the host's local time. */
export interface HeapTable {
  readonly owner: string
  readonly name: string
  readonly tablespace: string
  readonly columns: readonly { readonly name: string; readonly type: 'NUMBER' | 'VARCHAR2' | 'DATE' }[]
}

export type RowValue = string | number | null

/** What a file on disk is, by its header. */
export type FileIdentity =
  | { readonly kind: 'datafile-copy'; readonly dbid: number; readonly record: Omit<DatafileCopyRecord, 'recid' | 'stamp' | 'name' | 'deleted' | 'status'> }
  | { readonly kind: 'archived-log'; readonly dbid: number; readonly record: Omit<ArchivedLogRecord, 'recid' | 'stamp' | 'name' | 'destId' | 'deleted' | 'status'> }
  | { readonly kind: 'backup-piece'; readonly dbid: number; readonly contains: readonly ('incremental' | 'controlfile' | 'spfile')[]; readonly tag: string | null; readonly setRecid: number; readonly piece: number }
  | { readonly kind: 'control-file'; readonly dbid: number }
  | { readonly kind: 'unreadable'; readonly reason: string }

export interface BlockFailure {
  readonly block: number
  readonly type: BlockCorruptionRecord['type']
  readonly scn: bigint
}

export interface BlockCounts {
  readonly examined: number
  readonly empty: number
  readonly data: number
  readonly index: number
  readonly other: number
  readonly failing: { readonly data: number; readonly index: number; readonly other: number }
  readonly highScn: bigint
  readonly failures: readonly BlockFailure[]
}

export interface CopyResult {
  readonly checkpointScn: bigint
  readonly checkpointTime: number
  readonly absoluteFuzzyScn: bigint
  readonly blocks: number
}

export interface IncrementalResult extends CopyResult {
  readonly incrementalScn: bigint
  readonly blocksRead: number
  readonly blocksWritten: number
  readonly usedChangeTracking: boolean
  readonly bytes: number
}

export interface RecoverOptions {
  /** Exclusive: redo up to but not including this SCN. */
  readonly untilScn?: bigint
  readonly untilTime?: number
  /** Where files created in the redo stream go: `NEW` = OMF name below db_create_file_dest. Absent: their recorded name. */
  readonly newName?: 'NEW'
  readonly onLog: (log: { readonly name: string; readonly thread: number; readonly sequence: number; readonly phase: 'on-disk' | 'applied' }) => void
  readonly onFileCreated: (file: number, name: string) => void
  readonly abort: AbortSignal
}

/**
 * An instance as the SQL and RMAN layers see it. Every method raises OraError with the codes Oracle raises
 * (01507 not mounted, 01109 not open, 01034 not available …).
 */
export interface Instance {
  readonly host: LabHost
  readonly sid: string
  readonly status: 'STARTED' | 'MOUNTED' | 'OPEN'
  readonly openMode: 'MOUNTED' | 'READ WRITE' | 'READ ONLY'
  readonly startupTime: number
  readonly release: string
  readonly edition: 'EE' | 'SE'
  /** Lower-case names; explicitly set ones have `isDefault: false`. */
  readonly parameters: ReadonlyMap<string, { readonly value: string; readonly isDefault: boolean; readonly inSpfile: boolean }>
  readonly spfile: string | null
  readonly sessions: ReadonlyMap<number, ServerSession>
  readonly archiveDestinations: readonly ArchiveDestination[]
  readonly currentScn: bigint
  /** The mounted control file; raises ORA-01507. Change it only inside {@link updateControlFile}. */
  readonly controlFile: ControlFileData
  /** Applies `change` and writes all control file copies before it resolves. */
  updateControlFile<T>(change: (data: ControlFileData) => T): Promise<T>
  /** `section`: a record array of the control file (`datafileCopies`, `backupPieces` …), or `setCount` (V$BACKUP_SET.SET_COUNT). Call it inside {@link updateControlFile}. */
  nextRecid(section: string): number
  /** Oracle's stamp of a time. */
  stamp(time: number): number

  /** One more server session of a client (an RMAN channel), with its own SID. It ends with {@link closeSession} or with its parent. */
  openSession(options: { readonly parent: ServerSession; readonly clientInfo: string | null; readonly module: string | null }): ServerSession
  closeSession(sid: number): void
  /** Raises ORA-00030 for an unknown session. */
  killSession(sid: number, serial: number): void

  mount(): Promise<void>
  open(options: { readonly mode: 'READ WRITE' | 'READ ONLY'; readonly resetlogs?: boolean }): Promise<void>
  /** Ends the process for `abort` without any writing. */
  shutdown(mode: 'immediate' | 'abort'): Promise<void>
  setParameter(name: string, value: string, scope: 'memory' | 'spfile' | 'both'): Promise<void>
  switchLogfile(): Promise<void>
  /** Switches and waits until the switched log is archived to all destinations that are not failing. */
  archiveLogCurrent(): Promise<void>
  checkpoint(): Promise<void>
  enableBlockChangeTracking(file: string | undefined, reuse: boolean): Promise<void>
  disableBlockChangeTracking(): Promise<void>
  setFlashback(on: boolean): Promise<void>
  /** ALTER DATABASE RENAME FILE (datafiles, logs, tempfiles, BCT file). */
  renameFile(from: string, to: string): Promise<void>
  createTablespace(name: string, files: readonly { readonly path: string | undefined; readonly bytes: number }[]): Promise<void>
  addDatafile(tablespace: string, path: string | undefined, bytes: number): Promise<void>
  dropTablespace(name: string, options: { readonly includingDatafiles: boolean }): Promise<void>
  setDatafileOnline(file: number, online: boolean): Promise<void>
  setTablespaceReadOnly(name: string, readOnly: boolean): Promise<void>

  tables(): readonly HeapTable[]
  /** Reads the rows out of the blocks (through the cache when open). */
  readTable(owner: string, name: string): Promise<readonly (readonly RowValue[])[]>
  createTable(table: HeapTable): Promise<void>
  /** One transaction: changes, redo, commit. Resolves when the redo is on disk. */
  insertRows(owner: string, name: string, rows: readonly (readonly RowValue[])[]): Promise<bigint>
  updateRows(owner: string, name: string, change: (row: readonly RowValue[]) => readonly RowValue[] | undefined): Promise<bigint>

  deleteRows(owner: string, name: string, which: (row: readonly RowValue[]) => boolean): Promise<number>
  dropTable(owner: string, name: string): Promise<void>

  /** Reads a datafile's header and block 0; `error` as in V$DATAFILE_HEADER. */
  readDatafileHeader(record: DatafileRecord): Promise<{ readonly error: string | null; readonly fuzzy: boolean; readonly checkpointScn: bigint; readonly checkpointTime: number; readonly resetlogsScn: bigint; readonly name: string; readonly recover: boolean }>
  identifyFile(path: string): Promise<FileIdentity>
  /** An online image copy: checkpoints the file, then copies block by block while changes go on. */
  copyDatafile(file: number, destination: string, options: { readonly tag: string | null; readonly level0: boolean; readonly session: ServerSession }): Promise<CopyResult>
  /** Writes the blocks changed since `sinceScn` into a backup piece. */
  incrementalBackup(files: readonly { readonly file: number; readonly sinceScn: bigint }[], piece: { readonly path: string; readonly tag: string | null; readonly setRecid: number }, session: ServerSession): Promise<ReadonlyMap<number, IncrementalResult>>
  /** Merges a piece into a copy; the copy's header moves to the piece's checkpoint. */
  applyIncremental(copy: string, piece: string, file: number, session: ServerSession): Promise<CopyResult>
  writeControlFileBackup(path: string, options: { readonly tag: string | null; readonly setRecid: number; readonly spfile: boolean }): Promise<number>
  writeSpfileBackup(path: string, options: { readonly tag: string | null; readonly setRecid: number }): Promise<number>
  /** A control file copy that is not a piece: RMAN's snapshot control file, `BACKUP AS COPY CURRENT CONTROLFILE`. */
  writeControlFileCopy(path: string): Promise<void>
  /** A new Oracle-managed name below `db_create_file_dest`; raises ORA-02236 when that is not set. */
  omfName(kind: 'datafile' | 'tempfile', tablespace: string): string
  /** Into every path of `control_files`; the result is of type BACKUP. Raises RMAN-06172 when there is none in the piece. */
  restoreControlFile(from: string): Promise<readonly string[]>
  restoreSpfile(from: string, to: string): Promise<void>
  copyArchivedLog(source: string, destination: string): Promise<void>
  /** An empty datafile as it was at its creation; redo fills it. */
  createEmptyDatafile(file: number, path: string): Promise<void>
  /** Media recovery of all online datafiles from their headers' checkpoints. Raises RMAN-06054, ORA-01547 stacks and so on. */
  recoverDatabase(options: RecoverOptions): Promise<void>
  validateDatafile(record: DatafileRecord, checkLogical: boolean, session: ServerSession): Promise<BlockCounts>
  fileExists(path: string): Promise<boolean>
  /** Removes a file that the repository knows; missing is fine. */
  removeFile(path: string): Promise<void>
}
