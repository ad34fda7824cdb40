/**
 * The commands of RMAN as the parser hands them on. Everything is plain JSON (SCNs and byte counts as decimal strings),
 * because the client sends commands to the server session that does the work.
 */
export type Until =
  | { readonly kind: 'scn'; readonly scn: string }
  | { readonly kind: 'time'; readonly expression: string }
  | { readonly kind: 'sequence'; readonly sequence: number; readonly thread: number }

/** Which archived logs a command is about. Ends are inclusive, as everywhere in `archivelogRecordSpecifier`. */
export interface ArchivelogSelection {
  readonly thread: number | null
  readonly range:
    | { readonly kind: 'all' }
    | { readonly kind: 'sequence'; readonly from: number; readonly to: number | null }
    | { readonly kind: 'time'; readonly from: string | null; readonly until: string | null }
    | { readonly kind: 'scn'; readonly from: string | null; readonly until: string | null }
    | { readonly kind: 'like'; readonly pattern: string }
}

/** Objects of DELETE, CHANGE, CROSSCHECK and LIST. */
export type RepositoryObjects =
  | { readonly kind: 'archivelog'; readonly selection: ArchivelogSelection }
  | { readonly kind: 'backup'; readonly of: BackupContents; readonly tag: string | null }
  | { readonly kind: 'backupset'; readonly keys: readonly number[]; readonly tag: string | null }
  | { readonly kind: 'backuppiece'; readonly names: readonly string[]; readonly keys: readonly number[]; readonly tag: string | null }
  | { readonly kind: 'copy'; readonly of: 'all' | 'database' | 'controlfile' | 'archivelog'; readonly tag: string | null }
  | DatafileCopies
  | { readonly kind: 'controlfilecopy'; readonly names: readonly string[]; readonly keys: readonly number[]; readonly all: boolean; readonly tag: string | null }

export interface DatafileCopies {
  readonly kind: 'datafilecopy'
  readonly names: readonly string[]
  readonly keys: readonly number[]
  readonly all: boolean
  readonly tag: string | null
}

/** Which backup sets by what is in them. */
export type BackupContents = 'all' | 'database' | 'archivelog' | 'controlfile' | 'spfile'

export type BackupObject =
  | { readonly kind: 'database' }
  | { readonly kind: 'datafile'; readonly files: readonly number[] }
  | { readonly kind: 'tablespace'; readonly names: readonly string[] }
  | { readonly kind: 'archivelog'; readonly selection: ArchivelogSelection }
  | { readonly kind: 'current-controlfile' }
  | { readonly kind: 'spfile' }
  | { readonly kind: 'copy-of-database'; readonly fromTag: string | null }

export interface BackupCommand {
  readonly kind: 'backup'
  readonly object: BackupObject
  readonly validate: boolean
  readonly checkLogical: boolean
  readonly as: 'backupset' | 'copy' | null
  readonly force: boolean
  readonly reuse: boolean
  readonly incrementalLevel: 0 | 1 | null
  readonly cumulative: boolean
  readonly forRecoverOfCopy: { readonly tag: string | null } | null
  /** Bytes. */
  readonly sectionSize: string | null
  readonly format: string | null
  readonly tag: string | null
  readonly channel: string | null
  readonly filesPerSet: number | null
  /** Takes archived logs only that were backed up less often. */
  readonly notBackedUp: number | null
  /** Logs that were backed up are deleted: the files that were read, or all of each log. */
  readonly deleteInput: 'read' | 'all' | null
  readonly includeControlfile: boolean
  /** What is left out instead of failing the backup. */
  readonly skip: readonly ('offline' | 'readonly' | 'inaccessible')[]
  /** Archived logs are backed up before and after the datafiles. */
  readonly plusArchivelog: boolean
}

/** What RESTORE … VALIDATE reads, and RESTORE. */
export type RestoreObject =
  | { readonly kind: 'database' }
  | { readonly kind: 'datafile'; readonly files: readonly number[] }
  | { readonly kind: 'tablespace'; readonly names: readonly string[] }
  | { readonly kind: 'controlfile' }
  | { readonly kind: 'spfile' }
  | { readonly kind: 'archivelog'; readonly selection: ArchivelogSelection }

/** What VALIDATE reads. */
export type ValidateObject =
  | RestoreObject
  | DatafileCopies
  | { readonly kind: 'copy-of-database'; readonly tag: string | null }
  | { readonly kind: 'backupset'; readonly keys: readonly number[]; readonly tag: string | null }

/** Names of settings, as in V$RMAN_CONFIGURATION. */
export type SettingName =
  | 'RETENTION POLICY'
  | 'BACKUP OPTIMIZATION'
  | 'DEFAULT DEVICE TYPE'
  | 'CONTROLFILE AUTOBACKUP'
  | 'CONTROLFILE AUTOBACKUP FORMAT FOR DEVICE TYPE'
  | 'DEVICE TYPE'
  | 'CHANNEL'
  | 'SNAPSHOT CONTROLFILE NAME'
  | 'ARCHIVELOG DELETION POLICY'

export interface ConfigureCommand {
  readonly kind: 'configure'
  readonly name: SettingName
  /** The beginning of the value that tells settings of one name apart (`DISK`, `1 DEVICE TYPE DISK`); else empty. */
  readonly subject: string
  /** What V$RMAN_CONFIGURATION keeps behind the name, subject included; `null` clears the setting. */
  readonly value: string | null
}

export type NewnameScope = { readonly kind: 'database' } | { readonly kind: 'datafile'; readonly file: number } | { readonly kind: 'tempfile'; readonly file: number }

export type JobCommand =
  | { readonly kind: 'allocate-channel'; /** Of the auxiliary instance. */ readonly auxiliary: boolean; readonly name: string; readonly deviceType: 'DISK' | 'SBT'; readonly format: string | null; /** Bytes. */ readonly maxPieceSize: string | null }
  | { readonly kind: 'release-channel'; readonly name: string }
  | { readonly kind: 'set-newname'; readonly scope: NewnameScope; readonly to: { readonly kind: 'new' } | { readonly kind: 'name'; readonly name: string } }
  | { readonly kind: 'set-until'; readonly until: Until }

/** What RMAN can be connected to. */
export type Connection = 'target' | 'catalog' | 'auxiliary'

export interface DuplicateCommand {
  readonly kind: 'duplicate'
  /** DB_NAME of the duplicate, as written. */
  readonly name: string
  readonly until: Until | null
  /** NOFILENAMECHECK: the duplicate may have the names of the target's files. */
  readonly noFilenameCheck: boolean
  /** DB_FILE_NAME_CONVERT: what in a name becomes what. */
  readonly convert: readonly (readonly [from: string, to: string])[]
  /** LOGFILE; `null`: by the parameters of the auxiliary instance. */
  readonly logGroups: readonly DuplicateLogs[] | null
}

/** A group of online logs; its size in bytes. */
export interface DuplicateLogs {
  readonly group: number
  readonly members: readonly string[]
  readonly bytes: string
}

export type Command =
  | { readonly kind: 'exit' }
  | { readonly kind: 'connect'; readonly to: Connection; readonly connectString: string }
  | { readonly kind: 'run'; readonly jobs: readonly Command[] }
  | { readonly kind: 'set-echo'; readonly on: boolean }
  | { readonly kind: 'set-command-id'; readonly id: string }
  | { readonly kind: 'set-dbid'; readonly dbid: number }
  | { readonly kind: 'host' }
  | { readonly kind: 'startup'; readonly force: boolean; readonly level: 'nomount' | 'mount' | 'open'; readonly pfile: string | null }
  | { readonly kind: 'shutdown'; readonly mode: 'normal' | 'immediate' | 'transactional' | 'abort' }
  /** Before 12.1 ALTER DATABASE is a command of RMAN's own; afterwards it is `sql`. */
  | { readonly kind: 'alter-database'; readonly action: 'mount' | 'open' | 'open-resetlogs' }
  | { readonly kind: 'sql'; readonly text: string; readonly form: 'quoted' | 'direct' }
  | { readonly kind: 'show'; readonly setting: SettingName | 'ALL' }
  | ConfigureCommand
  | BackupCommand
  | { readonly kind: 'validate'; readonly object: ValidateObject; readonly checkLogical: boolean }
  | { readonly kind: 'recover-copy'; readonly object: { readonly kind: 'database' } | { readonly kind: 'datafile'; readonly files: readonly number[] }; readonly tag: string | null; readonly until: Until | null }
  | { readonly kind: 'recover-database'; readonly until: Until | null; readonly untilAvailableRedo: boolean }
  /** `from`: `null` without FROM: the newest backup that the control file knows. */
  | { readonly kind: 'restore-controlfile'; readonly from: string | null; readonly to: string | null }
  | { readonly kind: 'restore-archivelog'; readonly selection: ArchivelogSelection }
  | { readonly kind: 'restore-spfile'; readonly from: string; readonly to: string | null }
  | { readonly kind: 'restore-datafile'; readonly object: Extract<RestoreObject, { kind: 'database' | 'datafile' | 'tablespace' }>; readonly until: Until | null }
  | { readonly kind: 'restore-validate'; readonly object: RestoreObject; readonly header: boolean }
  | { readonly kind: 'restore-preview'; readonly summary: boolean }
  | { readonly kind: 'switch-to-copy'; readonly files: readonly number[] | 'all' }
  | DuplicateCommand
  | { readonly kind: 'reset-database'; readonly incarnation: number }
  | { readonly kind: 'switch-datafile-all' }
  | { readonly kind: 'switch-tempfile-all' }
  | { readonly kind: 'delete'; readonly noprompt: boolean; readonly force: boolean; readonly expired: boolean; readonly objects: RepositoryObjects }
  | { readonly kind: 'delete-obsolete'; readonly noprompt: boolean; readonly windowDays: number | null; readonly redundancy: number | null }
  | { readonly kind: 'change'; readonly objects: RepositoryObjects; readonly action: 'uncatalog' | 'available' | 'unavailable' }
  | { readonly kind: 'crosscheck'; readonly objects: RepositoryObjects }
  | { readonly kind: 'list'; readonly objects: RepositoryObjects | { readonly kind: 'incarnation' }; readonly summary: boolean; readonly expired: boolean }
  | { readonly kind: 'catalog-start-with'; readonly prefix: string; readonly noprompt: boolean }
  | { readonly kind: 'catalog-files'; readonly what: 'datafilecopy' | 'archivelog' | 'backuppiece' | 'controlfilecopy'; readonly names: readonly string[] }
  | { readonly kind: 'report-need-backup'; readonly windowDays: number | null }
  | { readonly kind: 'report-unrecoverable' }
  | { readonly kind: 'report-schema' }
  | { readonly kind: 'report-obsolete'; readonly windowDays: number | null; readonly redundancy: number | null }
  | { readonly kind: 'needs-catalog'; readonly command: 'register' | 'resync' | 'unregister' | 'create' }
  | JobCommand

/** The word RMAN-03002 uses for a command ("failure of … command"). */
export function commandName(command: Command): string {
  switch (command.kind) {
    case 'alter-database':
      return 'alter db'
    case 'allocate-channel':
      return 'allocate'
    case 'release-channel':
      return 'release'
    case 'recover-copy':
    case 'recover-database':
      return 'recover'
    case 'duplicate':
      return 'Duplicate Db'
    case 'needs-catalog':
      return command.command
    case 'sql':
      return command.form === 'quoted' ? 'sql' : 'sql statement'
    default:
      return command.kind.split('-')[0] ?? command.kind
  }
}
