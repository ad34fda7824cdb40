import type { PieceContent, PieceDatafile } from '../storage/backup-piece.ts'
import type { RedoHeader } from '../storage/redo-log.ts'
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
  /** Service of a standby; null: a directory here. */
  readonly service: string | null
  /** VALID_FOR, as written, and whether it takes redo that a standby receives or a primary makes. */
  readonly validFor: { readonly type: string; readonly role: string; readonly primary: boolean; readonly standby: boolean }
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
  action?: string | null
  clientIdentifier?: string | null
  /** What the client logged on with, when it showed a password: the session can show it to another database. */
  credentials?: { readonly username: string; readonly password: string; readonly as: 'sysdba' | 'sysbackup' }
  status: 'ACTIVE' | 'INACTIVE' | 'KILLED'
  /** V$SESSION_LONGOPS of this session. */
  /** PDB that the session is in; 0: the root, or a database that is no CDB. */
  container: number
  longOps: { opname: string; sofar: number; totalwork: number; startTime: number; lastUpdate: number }[]
  /** Aborts when the client breaks off the call that runs; the call then raises ORA-01013. */
  interrupt?: AbortSignal | undefined
  /** Aborts when the session is killed (ALTER SYSTEM KILL SESSION) or the instance goes down. Not when the client goes away. */
  readonly abort: AbortSignal
}

/** A datafile to be made, sizes in bytes. */
export interface DatafileSpec {
  /** `undefined`: a name of the server's. */
  readonly path: string | undefined
  readonly bytes: number
  readonly autoextend?: AutoextendSpec
}

/** AUTOEXTEND ON, in bytes; `next: 0` is a block, `max: null` UNLIMITED. */
export interface AutoextendSpec {
  readonly next: number
  readonly max: number | null
}

/** How a tablespace is made. */
export interface TablespaceOptions {
  /** With a key of its own. */
  readonly encrypted?: boolean
  /** Bytes; default DB_BLOCK_SIZE. */
  readonly blockSize?: number | undefined
}

/** What is asked of a change of roles: of both databases by name, only whether it could be done, or of one of them to take a role. */
export type Switchover =
  | { readonly kind: 'to' | 'verify'; readonly name: string }
  | { readonly kind: 'commit'; readonly role: 'PRIMARY' | 'STANDBY'; readonly endSessions: boolean }

/** A container of a CDB as V$CONTAINERS shows it. */
export interface Container {
  readonly conId: number
  readonly name: string
  readonly dbid: number
  readonly conUid: number
  readonly guid: string
  readonly openMode: 'MOUNTED' | 'READ WRITE' | 'READ ONLY'
  readonly openTime: number | null
  readonly createScn: bigint
  readonly savedState: 'READ WRITE' | 'READ ONLY' | null
}

/** Values of DATE columns are text `yyyy-mm-dd hh24:mi:ss` in the host's local time. */
export interface HeapTable {
  readonly owner: string
  readonly name: string
  readonly tablespace: string
  readonly columns: readonly HeapColumn[]
  /** Direct loads make no redo of the rows, unless the database forces logging. */
  readonly nologging?: boolean
}

/** A column as the dictionary's blocks keep it. */
export interface HeapColumn {
  readonly name: string
  readonly type: 'NUMBER' | 'VARCHAR2' | 'DATE' | 'TIMESTAMP' | 'CLOB'
  /** Bytes of a VARCHAR2; 4000 when absent. */
  readonly length?: number
  /** CHAR: padded with blanks. */
  readonly fixed?: true
  /** DATA_TYPE, where more was declared than `type` says: `TIMESTAMP(3) WITH TIME ZONE`, `BINARY_DOUBLE`. */
  readonly declared?: string
  readonly precision?: number
  readonly scale?: number
  readonly nullable?: false
  /** SQL text of DEFAULT. */
  readonly default?: string
  readonly identity?: 'ALWAYS' | 'DEFAULT'
  /** Name of the identity's sequence. */
  readonly sequence?: string
}

/** The blocks of a table or of its index. */
export interface SegmentUse {
  readonly owner: string
  readonly name: string
  readonly type: 'TABLE' | 'INDEX'
  readonly tablespace: string
  readonly blocks: readonly { readonly file: number; readonly block: number }[]
}

export interface TableAlteration {
  readonly name?: string
  readonly columns?: readonly HeapColumn[]
  readonly nologging?: boolean
  readonly change?: (row: readonly RowValue[]) => readonly RowValue[]
}

/** A change of one table inside of a transaction: rows to add, or for each row its successor (null removes it, undefined leaves it). */
export interface TableChange {
  readonly owner: string
  readonly name: string
  readonly insert?: readonly (readonly RowValue[])[] | undefined
  /** The rows go into blocks of their own behind the last one (direct path). */
  readonly direct?: boolean | undefined
  readonly change?: ((row: readonly RowValue[]) => readonly RowValue[] | null | undefined) | undefined
}

export type RowValue = string | number | null

/** What a file on disk is, by its header. */
export type FileIdentity =
  | { readonly kind: 'datafile-copy'; readonly dbid: number; readonly record: Omit<DatafileCopyRecord, 'recid' | 'stamp' | 'name' | 'deleted' | 'status'> }
  | { readonly kind: 'archived-log'; readonly dbid: number; readonly record: Omit<ArchivedLogRecord, 'recid' | 'stamp' | 'name' | 'destId' | 'deleted' | 'status'> }
  | {
      readonly kind: 'backup-piece'; readonly dbid: number; readonly contains: readonly PieceContent[]; readonly tag: string | null; readonly setCount: number; readonly setStamp: number; readonly piece: number
      readonly bytes: number; readonly created: number; readonly datafiles: readonly PieceDatafile[]; readonly logs: readonly RedoHeader[]
    }
  /** A copy of the control file, file 0. */
  | { readonly kind: 'control-file'; readonly dbid: number; readonly record: Omit<DatafileCopyRecord, 'recid' | 'stamp' | 'name' | 'deleted' | 'status'> }
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

/** Blocks of a file, both ends included. */
export interface BlockRange {
  readonly from: number
  readonly to: number
  /** It goes to the end of the file, however far that is when it is read. */
  readonly last?: true
}

/** A datafile whose checkpoint was taken, for a backup in sections; whoever asked for it closes it. */
export interface BackupSource {
  readonly file: number
  readonly blocks: number
  readonly checkpointScn: bigint
  readonly checkpointTime: number
  close(): Promise<void>
}

/** A piece to be written, and the set that it belongs to. */
export interface PieceTarget {
  readonly path: string
  readonly tag: string | null
  readonly setCount: number
  readonly setStamp: number
  readonly piece: number
}

/** What of a datafile goes into a piece. */
export interface DatafilePart {
  readonly file: number
  /** 1: blocks changed since `sinceScn`; 0 and null (a full backup): every block that was ever used. */
  readonly level: 0 | 1 | null
  readonly sinceScn: bigint
  /** One of `count` pieces that share the checkpoint of `source`. */
  readonly section?: { readonly source: BackupSource; readonly range: BlockRange; readonly count: number }
}

export interface DatafilePartResult extends CopyResult {
  readonly incrementalScn: bigint
  readonly blocksRead: number
  readonly blocksWritten: number
  readonly usedChangeTracking: boolean
}

/** An image copy that is written in sections, by several sessions at once. Without `finish` the file is no copy. */
export interface ImageCopyWriter {
  readonly blocks: number
  write(range: BlockRange, session: ServerSession): Promise<void>
  finish(options: { readonly tag: string | null; readonly level0: boolean }): Promise<CopyResult>
  /** Closes the files; always, also after `finish`. */
  close(): Promise<void>
}

export interface RecoverOptions {
  /** A standby's continuous recovery: its end is where the redo ends, not a goal. */
  readonly managed?: boolean
  /** Exclusive: redo up to but not including this SCN. */
  readonly untilScn?: bigint
  readonly untilTime?: number
  /** Where files created in the redo stream go: a path, or `NEW` = OMF name below db_create_file_dest. Absent or undefined: their recorded name. */
  readonly newName?: (file: number) => 'NEW' | { readonly path: string } | undefined
  readonly onLog: (log: { readonly name: string; readonly thread: number; readonly sequence: number; readonly phase: 'on-disk' | 'applied' }) => void
  readonly onFileCreated: (file: number, name: string) => void
  readonly abort: AbortSignal
}

/** A line of V$RMAN_OUTPUT. */
export interface RmanOutputLine {
  readonly sid: number
  readonly recid: number
  readonly stamp: number
  readonly text: string
  /** Row of V$RMAN_STATUS of the session and of the command. */
  readonly session: { readonly recid: number; readonly stamp: number } | null
  readonly command: { readonly recid: number; readonly stamp: number } | null
}

/** What CREATE CONTROLFILE … RESETLOGS says of the database. */
export interface ControlFileSpec {
  readonly name: string
  /** SET DATABASE: the files may bear another name, which OPEN RESETLOGS changes. */
  readonly rename: boolean
  /** Existing control files are written over. */
  readonly reuse: boolean
  readonly archivelog: boolean
  readonly forceLogging: boolean
  /** Without members the server names one. */
  readonly logGroups: readonly { readonly group: number; readonly members: readonly string[]; readonly bytes: number }[]
  readonly datafiles: readonly string[]
}

/** CREATE SPFILE and CREATE PFILE. */
export interface ParameterFileRequest {
  readonly kind: 'spfile' | 'pfile'
  /** `null`: the file of this instance in its home. */
  readonly to: string | null
  readonly from: 'memory' | { readonly kind: 'spfile' | 'pfile'; readonly path: string | null }
}

/** The TDE keystore as SQL sees it. */
export interface InstanceKeystore {
  readonly directory: string
  readonly state: { readonly status: 'OPEN' | 'OPEN_NO_MASTER_KEY' | 'CLOSED' | 'NOT_AVAILABLE'; readonly type: string }
  /** Raises ORA-46630. */
  create(password: string): void
  createAutoLogin(password: string, local: boolean): void
  /** Raises ORA-28353, ORA-28354, ORA-28367. */
  open(password: string): void
  close(): void
  setKey(password: string): void
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
  /** The started instances of the database, this one among them: several in a cluster. */
  readonly members: readonly Instance[]
  /** Container in which tables and DDL of this view of the instance live: 0 when the database is no CDB, 1 in the root. */
  readonly container: number
  /** Root, seed and PDBs; empty when the database is no CDB. Raises ORA-01507. */
  readonly containers: readonly Container[]
  /** The instance as a session in a container sees it. Raises ORA-65011 for an unknown container. */
  inContainer(conId: number): Instance
  /** ALTER PLUGGABLE DATABASE … OPEN; raises ORA-65019, ORA-65054, ORA-65017. */
  openPdb(conId: number, mode: 'READ WRITE' | 'READ ONLY'): Promise<void>
  /** Raises ORA-65020, ORA-65017. */
  closePdb(conId: number): Promise<void>
  /** SAVE STATE and DISCARD STATE. */
  savePdbState(conId: number, save: boolean): Promise<void>
  /** CREATE PLUGGABLE DATABASE from the seed; raises ORA-65012. */
  createPdb(name: string): Promise<void>
  /** DROP PLUGGABLE DATABASE; raises ORA-65025 when it is open, ORA-65179 without INCLUDING DATAFILES. */
  dropPdb(conId: number, includingDatafiles: boolean): Promise<void>
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
  /** `upgrade`: OPEN UPGRADE, which also makes the strings of the database as long as MAX_STRING_SIZE says. */
  open(options: { readonly mode: 'READ WRITE' | 'READ ONLY'; readonly resetlogs?: boolean; readonly upgrade?: boolean }): Promise<void>
  /** Ends the process for `abort` without any writing. */
  shutdown(mode: 'immediate' | 'abort'): Promise<void>
  /** `sid`: only for that instance of a cluster; default `*`, all. */
  setParameter(name: string, value: string, scope: 'memory' | 'spfile' | 'both', sid?: string): Promise<void>
  /** ALTER DATABASE RECOVER MANAGED STANDBY DATABASE DISCONNECT and CANCEL; raises ORA-01665, ORA-01153, ORA-16136. */
  managedRecovery(on: boolean): Promise<void>
  /**
   * ALTER DATABASE SWITCHOVER TO and COMMIT TO SWITCHOVER. A primary that became a standby must be started anew, and is ended after SWITCHOVER TO.
   * Raises ORA-16053, ORA-16416, ORA-16467, ORA-16470, ORA-16471, ORA-16139, ORA-01093, ORA-01105, ORA-01665, ORA-01666.
   */
  switchover(wanted: Switchover, session: ServerSession): Promise<void>
  /** V$DATABASE.SWITCHOVER_STATUS for a session. */
  switchoverStatus(session: ServerSession): string
  /** Whether redo is being applied (MRP). */
  readonly applying: boolean
  /** ALTER DATABASE ENABLE or DISABLE THREAD; raises ORA-01615, ORA-01612, ORA-01613. */
  enableThread(thread: number, enabled: boolean): Promise<void>
  switchLogfile(): Promise<void>
  /** Switches and waits until the switched log is archived to all destinations that are not failing. */
  archiveLogCurrent(interrupt?: AbortSignal): Promise<void>
  /** The same at the primary of a standby, with what the session logged on with. Raises ORA-17629 without a password, or as the primary answers. */
  archiveLogAtPrimary(session: ServerSession): Promise<void>
  checkpoint(): Promise<void>
  enableBlockChangeTracking(file: string | undefined, reuse: boolean): Promise<void>
  disableBlockChangeTracking(): Promise<void>
  setFlashback(on: boolean): Promise<void>
  /** Raises ORA-38778, ORA-38784. */
  createRestorePoint(name: string, guaranteed: boolean): Promise<void>
  /** Raises ORA-38780. */
  dropRestorePoint(name: string): Promise<void>
  /** ALTER DATABASE RENAME FILE (datafiles, logs, tempfiles, BCT file). */
  renameFile(from: string, to: string): Promise<void>
  /** Raises ORA-28365 without an open keystore for an encrypted one, ORA-29339 without buffers for its block size. */
  createTablespace(name: string, files: readonly DatafileSpec[], options?: TablespaceOptions): Promise<void>
  /** V$RMAN_OUTPUT: what RMAN sessions were told since the instance started, the newest last. */
  readonly rmanOutput?: RmanOutputLine[]
  /** The TDE keystore. */
  readonly keystore: InstanceKeystore
  addDatafile(tablespace: string, file: DatafileSpec): Promise<void>
  /** RESIZE of a datafile by its number. Raises ORA-03297, ORA-01144, ORA-01237. */
  resizeDatafile(file: number, bytes: number): Promise<void>
  /** AUTOEXTEND ON, or OFF. Raises ORA-03206. */
  setAutoextend(file: number, autoextend: AutoextendSpec | null): Promise<void>
  /** `bytes` of its size. Raises ORA-01537, ORA-01119. */
  addTempfile(tablespace: string, file: { readonly path: string | undefined; readonly bytes: number; readonly reuse?: boolean }): Promise<void>
  dropTablespace(name: string, options: { readonly includingDatafiles: boolean }): Promise<void>
  /** Online, under another name. @throws OraError 01516, 01135, 01119 */
  moveDatafile(file: string | number, to: string, options: { readonly reuse: boolean; readonly keep: boolean }): Promise<void>
  setDatafileOnline(file: number, online: boolean): Promise<void>
  setTablespaceReadOnly(name: string, readOnly: boolean): Promise<void>

  tables(): readonly HeapTable[]
  /** Where tables and their indexes lie, the dictionary's own table among them. */
  segments(): readonly SegmentUse[]
  /** Reads the rows out of the blocks (through the cache when open). */
  readTable(owner: string, name: string): Promise<readonly (readonly RowValue[])[]>
  createTable(table: HeapTable): Promise<void>
  /** One transaction: changes, redo, commit. Resolves when the redo is on disk. */
  insertRows(owner: string, name: string, rows: readonly (readonly RowValue[])[]): Promise<bigint>
  updateRows(owner: string, name: string, change: (row: readonly RowValue[]) => readonly RowValue[] | undefined): Promise<bigint>

  deleteRows(owner: string, name: string, which: (row: readonly RowValue[]) => boolean): Promise<number>
  dropTable(owner: string, name: string): Promise<void>
  /** Another name or other columns; `change` gives each row its new shape. */
  alterTable(owner: string, name: string, change: TableAlteration): Promise<void>
  /** Several changes as one transaction. Gives the commit SCN when the redo is on disk. */
  applyChanges(changes: readonly TableChange[]): Promise<bigint>

  /** Reads a datafile's header and block 0; `error` as in V$DATAFILE_HEADER. */
  readDatafileHeader(record: DatafileRecord): Promise<{ readonly error: string | null; readonly fuzzy: boolean; readonly checkpointScn: bigint; readonly checkpointTime: number; readonly resetlogsScn: bigint; readonly name: string; readonly recover: boolean }>
  identifyFile(path: string): Promise<FileIdentity>
  /** An online image copy: checkpoints the file, then copies block by block while changes go on. */
  copyDatafile(file: number, destination: string, options: { readonly tag: string | null; readonly level0: boolean; readonly session: ServerSession }): Promise<CopyResult>
  /** The same in sections. */
  beginImageCopy(file: number, destination: string): Promise<ImageCopyWriter>
  /** Takes the checkpoint of a file for a backup set in sections; `sinceScn` of an incremental asks change tracking. */
  openForBackup(file: number, sinceScn: bigint | undefined): Promise<BackupSource>
  /** Writes blocks of datafiles into a piece. */
  backupDatafiles(parts: readonly DatafilePart[], piece: PieceTarget, session: ServerSession): Promise<{ readonly bytes: number; readonly files: ReadonlyMap<number, DatafilePartResult> }>
  /** Writes archived logs, read through and checked, into a piece; its bytes. */
  backupArchivedLogs(logs: readonly string[], piece: PieceTarget, session: ServerSession): Promise<number>
  /** Merges the pieces of one incremental of a file into a copy (or the datafile itself); its header moves to the incremental's checkpoint. */
  applyIncremental(copy: string, pieces: readonly string[], file: number, session: ServerSession): Promise<CopyResult>
  /** A datafile out of the pieces of one level 0 or full backup. */
  restoreDatafile(file: number, pieces: readonly string[], path: string, session: ServerSession): Promise<CopyResult>
  /** An archived log out of a piece. */
  restoreArchivedLog(piece: string, log: { readonly thread: number; readonly sequence: number; readonly resetlogsId: number }, path: string): Promise<void>
  /** Where an archived log goes that RMAN restores: the first local destination. */
  archivedLogName(log: { readonly thread: number; readonly sequence: number; readonly resetlogsId: number }): string
  /** Reads a piece to its end. Raises ORA-19870 with the cause. */
  validatePiece(piece: string, session: ServerSession): Promise<void>
  /** Reads an archived log to its end: its blocks, and the first one that is corrupt. Raises ORA-19505 when it is none. */
  validateArchivedLog(path: string): Promise<{ readonly blocks: number; readonly corruptBlock: number | null }>
  writeControlFileBackup(piece: PieceTarget, options: { readonly spfile: boolean }): Promise<number>
  writeSpfileBackup(piece: PieceTarget): Promise<number>
  /** A control file copy that is not a piece: RMAN's snapshot control file, `BACKUP AS COPY CURRENT CONTROLFILE`. */
  writeControlFileCopy(path: string): Promise<void>
  /** A new Oracle-managed name below `db_create_file_dest`; raises ORA-02236 when that is not set. */
  omfName(kind: 'datafile' | 'tempfile', tablespace: string): string
  /** Where a datafile is restored to: a disk group alone gives it a name, and so does a name that ASM had given it. */
  restoredName(file: DatafileRecord, wanted: string | undefined): string
  /** Into every path of `control_files`; the result is of type BACKUP. Raises RMAN-06172 when there is none in the piece. */
  restoreControlFile(from: string): Promise<readonly string[]>
  /** What a piece or copy holds of the control file. Raises RMAN-06172 when it is none. */
  readControlFileBackup(from: string): Promise<ControlFileData>
  /** CREATE CONTROLFILE … RESETLOGS: makes the control files and mounts the database. Raises ORA-01503 with the cause. */
  createControlFile(spec: ControlFileSpec): Promise<void>
  /** BACKUP CONTROLFILE TO TRACE into a file, `null` for a trace file. Raises ORA-01580. */
  writeControlFileScript(path: string | null): Promise<void>
  /** Takes the DBID out of the headers of a mounted copy's datafiles: the next CREATE CONTROLFILE gives them a new one. */
  zeroDbid(): Promise<void>
  /** CREATE SPFILE and CREATE PFILE write parameters; `null` is the place in the home. Returns the name written. Raises ORA-32002 and others. */
  writeParameterFile(request: ParameterFileRequest): Promise<string>
  /** The same under one name, also while the database is mounted or open. */
  restoreControlFileTo(from: string, to: string): Promise<void>
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
