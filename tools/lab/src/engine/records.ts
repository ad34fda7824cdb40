import type { TablespaceEncryption } from '../storage/block-cipher.ts'
import type { Autoextend } from '../storage/file-header.ts'

/**
 * The records of a control file. All paths are as the database knows them (unmapped: `/u01/…`); the host maps them when a
 * file is opened. Times are milliseconds since 1970 UTC; SCNs are bigints. Serialised as JSON (bigints as strings) inside
 * checksummed control file blocks.
 */
export interface DatafileRecord {
  file: number
  name: string
  tablespace: string
  tablespaceNumber: number
  blocks: number
  /** Absent: as many as `blocks`. */
  createdBlocks?: number
  /** Absent: it does not grow by itself. */
  autoextend?: Autoextend
  blockSize: number
  creationScn: bigint
  creationTime: number
  checkpointScn: bigint
  checkpointTime: number
  status: 'SYSTEM' | 'ONLINE' | 'OFFLINE' | 'RECOVER'
  enabled: 'READ WRITE' | 'READ ONLY'
  /** Absent: not encrypted. */
  encryption?: TablespaceEncryption
  /** Container of a CDB: 1 root, 2 seed, 3 and on PDBs. Absent: no CDB. */
  conId?: number
  /** SCN when the file came to rest (read only, or its PDB was closed); recovery is not needed beyond it. */
  stopScn: bigint | null
  unrecoverableScn: bigint
  unrecoverableTime: number | null
}

export interface TempfileRecord {
  file: number
  name: string
  tablespace: string
  blocks: number
  conId?: number
}

/** A pluggable database, the seed included. */
export interface PdbRecord {
  conId: number
  dbid: number
  conUid: number
  /** 32 hexadecimal digits: the directory of its files. */
  guid: string
  name: string
  createScn: bigint
  created: number
  /** How it is opened with the CDB (SAVE STATE); null: it stays mounted. */
  savedState: 'READ WRITE' | 'READ ONLY' | null
}

export interface LogGroupRecord {
  group: number
  thread: number
  members: string[]
  sizeBytes: number
  sequence: number
  firstScn: bigint
  firstTime: number
  nextScn: bigint | null
  status: 'CURRENT' | 'ACTIVE' | 'INACTIVE' | 'UNUSED'
  archived: boolean
}

export interface ThreadRecord {
  thread: number
  status: 'OPEN' | 'CLOSED'
  enabled: 'PUBLIC' | 'DISABLED'
  instance: string
  currentGroup: number
  sequence: number
  checkpointScn: bigint
}

export interface LogHistoryRecord {
  recid: number
  thread: number
  sequence: number
  resetlogsScn: bigint
  resetlogsId: number
  firstScn: bigint
  firstTime: number
  nextScn: bigint
  nextTime: number
}

export interface ArchivedLogRecord extends LogHistoryRecord {
  stamp: number
  /** `null`: cleared or deleted. */
  name: string | null
  /** 0: made by RMAN or cataloged. */
  destId: number
  blocks: number
  blockSize: number
  creator: 'ARCH' | 'FGRD' | 'LGWR' | 'RMAN'
  /** The primary wrote no redo behind it: it became a standby. */
  endOfRedo?: true
  archived: boolean
  applied: 'NO' | 'YES'
  /** About the log at a standby: `name` is the service then, not a file here. */
  standby?: boolean
  deleted: boolean
  status: 'A' | 'D' | 'U' | 'X'
  completionTime: number
}

export interface DatafileCopyRecord {
  recid: number
  stamp: number
  name: string
  tag: string | null
  /** 0: a copy of the control file. */
  file: number
  tablespace: string
  creationScn: bigint
  resetlogsScn: bigint
  incrementalLevel: 0 | 1 | null
  checkpointScn: bigint
  checkpointTime: number
  /** Highest SCN seen in a block; 0 when none above the checkpoint. */
  absoluteFuzzyScn: bigint
  recoveryFuzzyScn: bigint
  markedCorrupt: number
  blocks: number
  blockSize: number
  deleted: boolean
  status: 'A' | 'D' | 'U' | 'X'
  completionTime: number
}

export interface BackupSetRecord {
  recid: number
  /** SET_STAMP; with {@link setCount} it tells a set from all others, its pieces say both. */
  stamp: number
  setCount: number
  /** How many pieces it has when nothing is missing. */
  pieces: number
  /** Its pieces are sections of one datafile. */
  multiSection?: true
  type: 'D' | 'I' | 'L'
  incrementalLevel: 0 | 1 | null
  controlfileIncluded: boolean
  spfileIncluded: boolean
  startTime: number
  completionTime: number
}

export interface BackupPieceRecord {
  recid: number
  stamp: number
  setRecid: number
  piece: number
  handle: string
  tag: string | null
  bytes: number
  status: 'A' | 'D' | 'U' | 'X'
  deleted: boolean
  completionTime: number
}

/** One datafile inside a backup set (V$BACKUP_DATAFILE). */
export interface BackupDatafileRecord {
  recid: number
  setRecid: number
  file: number
  creationScn: bigint
  resetlogsScn: bigint
  incrementalLevel: 0 | 1 | null
  /** Blocks changed since this SCN are in the piece. */
  incrementalScn: bigint
  checkpointScn: bigint
  checkpointTime: number
  absoluteFuzzyScn: bigint
  /** Blocks of a section; 0 when the file was not backed up in sections. */
  sectionBlocks: number
  datafileBlocks: number
  blocksWritten: number
  blocksRead: number
  usedChangeTracking: boolean
  completionTime: number
}

/** One archived log inside a backup set (V$BACKUP_REDOLOG). */
export interface BackupRedologRecord extends Omit<LogHistoryRecord, 'recid'> {
  recid: number
  setRecid: number
  blocks: number
  blockSize: number
}

export interface BlockCorruptionRecord {
  file: number
  block: number
  blocks: number
  scn: bigint
  type: 'ALL ZERO' | 'FRACTURED' | 'CHECKSUM' | 'CORRUPT' | 'LOGICAL' | 'NOLOGGING'
}

export interface RmanConfigurationRecord {
  /** `CONF#` */
  conf: number
  /** `CHANNEL`, `CONTROLFILE AUTOBACKUP`, … as in V$RMAN_CONFIGURATION.NAME. */
  name: string
  value: string
}

export interface RmanStatusRecord {
  recid: number
  stamp: number
  sid: number
  /** `RMAN`: the session, of which the other rows are commands; BACKUP, RECOVER, VALIDATE … */
  operation: string
  /** The session's row; absent: this is one. */
  parent?: { readonly recid: number; readonly stamp: number }
  /** What a backup was of: DB INCR, DB FULL, DATAFILE INCR, DATAFILE FULL, ARCHIVELOG, CONTROLFILE, SPFILE. */
  inputType?: string
  commandId: string | null
  status: 'RUNNING' | 'COMPLETED' | 'COMPLETED WITH WARNINGS' | 'COMPLETED WITH ERRORS' | 'FAILED'
  startTime: number
  endTime: number | null
  inputBytes: number
  outputBytes: number
}

export interface IncarnationRecord {
  incarnation: number
  resetlogsScn: bigint
  resetlogsId: number
  resetlogsTime: number
  status: 'PARENT' | 'CURRENT' | 'ORPHAN'
}

/** A name for an SCN; a guaranteed one keeps archived and flashback logs from there on. */
export interface RestorePointRecord {
  name: string
  scn: bigint
  time: number
  guaranteed: boolean
  incarnation: number
}

export interface ControlFileData {
  /** CREATED: by CREATE CONTROLFILE, and not opened since. */
  type: 'CURRENT' | 'BACKUP' | 'CREATED' | 'STANDBY'
  dbid: number
  name: string
  created: number
  release: string
  compatible: string
  resetlogsScn: bigint
  resetlogsId: number
  resetlogsTime: number
  /** Database checkpoint. */
  checkpointScn: bigint
  checkpointTime: number
  /** Grows with each write of the control file. */
  sequence: number
  logMode: 'ARCHIVELOG' | 'NOARCHIVELOG'
  forceLogging: boolean
  /** SCN at which this database, a standby until then, became the primary. */
  becamePrimaryScn?: bigint
  flashbackOn: boolean
  openMode: 'READ WRITE' | 'READ ONLY' | null
  cleanShutdown: boolean
  /** Absent: STANDARD. A database that was migrated to EXTENDED never goes back. */
  maxStringSize?: 'EXTENDED'
  bct: { status: 'DISABLED' | 'ENABLED'; filename: string | null; bytes: number }
  /** Absent: no CDB. */
  pdbs?: PdbRecord[]
  datafiles: DatafileRecord[]
  tempfiles: TempfileRecord[]
  threads: ThreadRecord[]
  logGroups: LogGroupRecord[]
  logHistory: LogHistoryRecord[]
  archivedLogs: ArchivedLogRecord[]
  datafileCopies: DatafileCopyRecord[]
  backupSets: BackupSetRecord[]
  backupPieces: BackupPieceRecord[]
  backupDatafiles: BackupDatafileRecord[]
  backupRedologs: BackupRedologRecord[]
  corruptions: BlockCorruptionRecord[]
  rmanConfiguration: RmanConfigurationRecord[]
  /** CONFIGURE SNAPSHOT CONTROLFILE NAME: kept beside, not in, V$RMAN_CONFIGURATION. Absent: `<home>/dbs/snapcf_<sid>.f`. */
  snapshotControlfile?: string
  rmanStatus: RmanStatusRecord[]
  incarnations: IncarnationRecord[]
  /** Names of the flashback logs in the recovery area; empty while flashback is off. */
  flashbackLogs: string[]
  /** Absent: none. */
  restorePoints?: RestorePointRecord[]
  /** Set by incomplete recovery: only OPEN RESETLOGS or READ ONLY follows. */
  recoveredToScn: bigint | null
  /** Last recid handed out, per record section name. */
  recids: Record<string, number>
}

/** Whether the control file knows nothing of the newest redo: only OPEN RESETLOGS follows. */
export const isBackup = (data: ControlFileData): boolean => data.type === 'BACKUP' || data.type === 'CREATED'
