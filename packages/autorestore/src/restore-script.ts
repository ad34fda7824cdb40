import { dirname, join } from 'node:path'
import { diskGroupOf, isAsmSystemName } from '@icb/oracle'
import { readManifest } from '@icb/recovery-point'
import type { Manifest } from '@icb/recovery-point'
import { catalogScript, restoreControlfileScript } from '@icb/rman'
import { autorestoreErrors as errors } from './errors.ts'

export interface RestoreScriptOptions {
  readonly manifest: Manifest
  /** The area or a mounted clone of it, as the database's host sees it. */
  readonly from: string
  readonly oracleHome: string
  readonly sid: string
  /** RMAN channels. */
  readonly parallel: number
  /** Up to and including this SCN; absent: to the end of the archived logs that are there. */
  readonly untilScn?: bigint
  /** `icb 0.1.0` */
  readonly tool: string
}

/** Parameters that only make sense for the instance that is gone, or that would start more than one. */
const leftOut: ReadonlySet<string> = new Set(['spfile', 'instance_number', 'instance_name', 'thread', 'local_listener', 'remote_listener', 'cluster_database', 'cluster_database_instances', 'dg_broker_start', 'job_queue_processes'])

function shell(text: string): string {
  if (/[\0\r\n]/.test(text)) throw errors.SETTINGS(`${JSON.stringify(text)} cannot be written into a shell script`)
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/**
 * Where restored control files go: where they were, but a name that ASM had given cannot be given again, so an alias at the top of the same
 * disk group takes its place, which needs no directory.
 * @param fresh part of the alias of every control file in a disk group, whatever it was called: nothing that is still there is overwritten
 */
export function restoredControlFiles(manifest: Pick<Manifest, 'database' | 'sourcePaths' | 'parameters'>, fresh?: string): readonly string[] {
  const names = (manifest.parameters['control_files'] ?? '').split(',').map((part) => part.trim()).filter((part) => part !== '')
  return (names.length === 0 ? manifest.sourcePaths.controlFiles : names).map((name, index) => (isAsmSystemName(name) || (fresh !== undefined && name.startsWith('+')) ? `+${diskGroupOf(name) ?? ''}/${[manifest.database.uniqueName.toLowerCase(), ...(fresh === undefined ? [] : [fresh])].join('_')}_control${String(index + 1).padStart(2, '0')}.ctl` : name))
}

/** Disk groups that the database's files need, in the order of their names. */
export function diskGroupsOf({ sourcePaths, parameters }: Pick<Manifest, 'sourcePaths' | 'parameters'>): readonly string[] {
  const places = [...sourcePaths.datafiles, ...sourcePaths.logs, ...sourcePaths.tempfiles, ...sourcePaths.controlFiles, sourcePaths.recoveryDestination, parameters['db_create_file_dest'], parameters['db_recovery_file_dest']]
  return [...new Set(places.map((place) => diskGroupOf(place ?? '')).filter((group) => group !== undefined))].sort()
}

/** The recorded parameters as a text file, without what belongs to one instance or to the host that is gone. `jobs`: job_queue_processes as it was, instead of none; `fresh`: as in {@link restoredControlFiles}. */
export function parameterFile(manifest: Manifest, options: { readonly jobs: boolean; readonly fresh?: string } = { jobs: false }): string {
  const quote = (value: string): string => (/^(?:\d+[KMGT]?|TRUE|FALSE)$/i.test(value) ? value : `'${value.replaceAll("'", "''")}'`)
  const lines = Object.entries(manifest.parameters)
    .filter(([name, value]) => !leftOut.has(name) && value !== '' && !/[\r\n]/.test(value))
    .map(([name, value]) => `*.${name}=${name === 'control_files' ? restoredControlFiles(manifest, options.fresh).map(quote).join(',') : quote(value)}`)
  // No job may run before somebody has looked; a cluster is restored by one instance.
  const jobs = options.jobs ? manifest.parameters['job_queue_processes'] : '0'
  return [...lines, ...(jobs === undefined ? [] : [`*.job_queue_processes=${jobs}`]), ...(manifest.parameters['cluster_database']?.toUpperCase() === 'TRUE' ? ['*.cluster_database=FALSE'] : [])].join('\n')
}

/** Directories that Oracle does not make; those of a disk group it does. */
export function directoriesOf({ sourcePaths, parameters }: Manifest): readonly string[] {
  const files = [...sourcePaths.datafiles, ...sourcePaths.logs, ...sourcePaths.tempfiles, ...sourcePaths.controlFiles].filter((path) => path.startsWith('/')).map((path) => dirname(path))
  const own = [sourcePaths.recoveryDestination, parameters['audit_file_dest'], parameters['diagnostic_dest']].filter((path): path is string => path?.startsWith('/') === true)
  return [...new Set([...files, ...own])].sort()
}

/**
 * A shell script that restores this very database in place, on the host and under the paths it had: for the day when the database's
 * files are gone and there is no time to look things up. It copies the image copies back (never recovers inside the area), applies the
 * archived logs, and opens with RESETLOGS as a step of its own. Needs nothing but the Oracle home.
 * @throws ICB_AUTORESTORE_SETTINGS when a path cannot be written into a script, ICB_RMAN_SCRIPT
 */
export function restoreScript(options: RestoreScriptOptions): string {
  const { manifest, from, sid } = options
  const { database, window } = manifest
  const channels = Array.from({ length: Math.max(1, options.parallel) }, (_, i) => `  ALLOCATE CHANNEL c${String(i + 1)} DEVICE TYPE DISK;`).join('\n')
  const files = [join(from, manifest.controlFile), ...manifest.copies.map((copy) => join(from, copy.path))]
  const groups = diskGroupsOf(manifest)
  const spfile = diskGroupOf(manifest.parameters['spfile'] ?? '')
  const cluster = manifest.parameters['cluster_database']?.toUpperCase() === 'TRUE'
  return `#!/bin/sh
# Restores database ${database.name} (db_unique_name ${database.uniqueName}, DBID ${database.dbid}) in place.
# Written by ${options.tool} from ${from}
#   release ${database.release}, incarnation ${database.resetlogsId}, ${String(manifest.copies.length)} data files, refreshed ${manifest.refreshedAt ?? 'at an unknown time'}
#   restorable from SCN ${window?.minScn.toString() ?? '?'} on; this script goes ${options.untilScn === undefined ? 'to the end of the archived logs' : `to SCN ${options.untilScn.toString()}`}
#
# Everything newer than that is lost. Where the online logs are still readable, media recovery with the current control file loses
# nothing: do not use this script then.
#
#   sh THIS check      looks, changes nothing
#   ICB_DBID=${database.dbid} sh THIS restore    overwrites the database's files and recovers them; can be repeated
#   ICB_DBID=${database.dbid} sh THIS open       opens with RESETLOGS
set -eu

FROM=${shell(from)}
ORACLE_SID=${shell(sid)}
ORACLE_HOME="\${ORACLE_HOME:-${options.oracleHome.replaceAll(/["$`\\]/g, '\\$&')}}"
NLS_LANG=AMERICAN_AMERICA.AL32UTF8
NLS_DATE_FORMAT='yyyy-mm-dd hh24:mi:ss'
export ORACLE_SID ORACLE_HOME NLS_LANG NLS_DATE_FORMAT
unset ORACLE_PDB_SID TWO_TASK SQLPATH ORACLE_PATH || true
WORK="\${ICB_WORK:-\${HOME:-/tmp}/icb-restore-$ORACLE_SID}"

stop() { echo "STOPPED: $*" >&2; exit 1; }
sql() {
  { printf '%s\\n' 'whenever oserror exit failure' 'whenever sqlerror exit failure' 'conn / as sysdba' 'set heading off feedback off pages 0 linesize 2000 trimspool on'; cat; printf '\\nexit\\n'; } | "$ORACLE_HOME/bin/sqlplus" -S /nolog
}
ask() { printf '%s\\n' "$1" | sql | sed -n 's/^ICB|//p'; }
rman() { { printf '%s\\n' 'SET ECHO ON;' 'CONNECT TARGET /;'; cat; printf '%s\\n' 'EXIT;'; } | "$ORACLE_HOME/bin/rman"; }
confirmed() { [ "\${ICB_DBID:-}" = ${shell(database.dbid)} ] || stop 'set ICB_DBID to the DBID of this database to say that you mean it'; }
runs() { ps -e -o args= | grep -q "^ora_pmon_$ORACLE_SID\\( \\|$\\)"; }

check() {
  [ -x "$ORACLE_HOME/bin/rman" ] || stop "$ORACLE_HOME is no Oracle home"
  for file in ${files.map((file) => `\\\n    ${shell(file)}`).join(' ')}; do
    [ -f "$file" ] && [ -r "$file" ] || stop "$file is not readable"
  done
  [ -d "$FROM/archivelog" ] || stop "$FROM/archivelog is not there"
  runs && stop "an instance $ORACLE_SID runs here; shut it down first (SHUTDOWN ABORT)" || true
  echo "everything is there"
}

identity() {
  [ "$(ask "select 'ICB|' || dbid from v\\$database;")" = ${shell(database.dbid)} ] || stop 'the control file is of another database'
  [ "$(ask "select 'ICB|' || resetlogs_id from v\\$database_incarnation where status = 'CURRENT';")" = ${shell(database.resetlogsId)} ] || stop 'the control file is of another incarnation'
}

restore() {
  confirmed
  check
  mkdir -p "$WORK"
  for directory in ${directoriesOf(manifest).map((path) => `\\\n    ${shell(path)}`).join(' ')}; do
    [ -d "$directory" ] || mkdir -p "$directory" 2>/dev/null || echo "note: make $directory if it is missing" >&2
  done
  cat > "$WORK/init.ora" <<'PARAMETERS'
${parameterFile(manifest)}
PARAMETERS
  echo "startup nomount pfile='$WORK/init.ora'" | sql
${groups.map((group) => `  [ "$(ask "select 'ICB|' || count(*) from v\\$asm_diskgroup where name = '${group}';")" = 1 ] || stop 'disk group ${group} is not mounted'\n`).join('')}  rman <<'COMMANDS'
${restoreControlfileScript({ piece: join(from, manifest.controlFile) }).trimEnd()}
COMMANDS
  identity
  # All of these would look for files that are gone.
  {
    echo 'whenever sqlerror continue'
    ask "select 'ICB|drop restore point \\"' || name || '\\";' from v\\$restore_point where guarantee_flashback_database = 'YES';"
    printf '%s\\n' 'alter database flashback off;' 'alter database disable block change tracking;'
  } | sql || true
  # Copies and logs from here and nowhere else; logs that other places lost are marked.
  rman <<'COMMANDS'
CHANGE COPY OF DATABASE UNCATALOG;
${catalogScript({ prefixes: [join(from, 'archivelog/'), join(from, 'data_')] }).trimEnd()}
CROSSCHECK ARCHIVELOG ALL;
COMMANDS
  UNTIL=${options.untilScn === undefined ? `$(ask "select 'ICB|' || to_char(min(last)) from (select thread#, max(next_change#) last from v\\$archived_log where resetlogs_id = ${database.resetlogsId} and status = 'A' and deleted = 'NO' and archived = 'YES' group by thread#);")` : (options.untilScn + 1n).toString()}
  case "$UNTIL" in ''|*[!0-9]*) stop 'no archived log was found' ;; esac
  [ "$UNTIL" -gt ${window?.minScn.toString() ?? '0'} ] || stop "the archived logs end before SCN ${window?.minScn.toString() ?? '0'}, which the copies need"
  rman <<COMMANDS
RUN {
${channels}
  SET UNTIL SCN $UNTIL;
  RESTORE DATABASE;
  RECOVER DATABASE;
}
COMMANDS
  [ "$(ask "select 'ICB|' || count(*) from v\\$datafile_header where error is not null or fuzzy = 'YES';")" = 0 ] || stop 'some data files are not consistent; see V$DATAFILE_HEADER'
  echo "restored up to, not including, SCN $UNTIL; look at it, then: ICB_DBID=${database.dbid} sh $0 open"
}

open() {
  confirmed
  identity
  echo 'alter database open resetlogs;' | sql
  [ "$(ask "select 'ICB|' || open_mode from v\\$database;")" = 'READ WRITE' ] || stop 'the database is not open'
  cat <<NOTES
The database is open in a new incarnation. Now:
  create spfile${spfile === undefined ? '' : `='+${spfile}'`} from pfile='$WORK/init.ora', after job_queue_processes has its old value again${cluster ? "\n  cluster_database=TRUE and the other instances' parameters, then srvctl start database" : ''}${manifest.sourcePaths.bct === undefined ? '' : '\n  alter database enable block change tracking'}${database.role === 'PRIMARY' ? '' : `\n  it was a ${database.role.toLowerCase()}: look at its role`}
  a backup at once: icb backup ${database.uniqueName}
NOTES
}

case "\${1:-}" in
  check) check ;;
  restore) restore ;;
  open) open ;;
  *) sed -n '2,14p' "$0"; exit 2 ;;
esac
`
}

/**
 * {@link restoreScript} from the manifest that lies in `from`.
 * @throws ICB_AUTORESTORE_REFUSED_IDENTITY when it is of another database, ICB_POINT_… when there is none
 */
export async function restoreScriptFrom(options: Omit<RestoreScriptOptions, 'manifest' | 'sid'> & { readonly dbid: string; /** Default: the database's name. */ readonly sid?: string }): Promise<string> {
  const { manifest } = await readManifest(options.from)
  const { dbid, name } = manifest.database
  if (dbid !== options.dbid) throw errors.REFUSED_IDENTITY(`${options.from} holds the database with DBID ${dbid}, not ${options.dbid}`, { hint: 'Name the area or a clone of this database.' })
  return restoreScript({ ...options, manifest, sid: options.sid ?? name })
}
