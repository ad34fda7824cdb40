import { basename } from 'node:path'
import {
  readArchiveDestinations, readChangeTracking, readControlFiles, readDatafileCopies, readDatafiles, readFlashbackLogs, readIdentity, readInstance, readLogfiles, readParameters, readRecoveryArea,
  readTempfiles, readTimezoneFileVersion,
} from '@icb/oracle'
import type { ArchivedLogRow, DatafileCopyRow, DatafileRow, IdentityRow, InstanceRow, ParameterRow, SqlSession } from '@icb/oracle'
import type { Manifest, ManifestCopy, ManifestDatabase, ManifestLog, ManifestSourcePaths } from '@icb/recovery-point'
import { below, relativeTo } from './area-path.ts'
import { currentCopies, highestScn } from './window.ts'

/** What a run knows of the database, read at one point of the run. */
export interface DatabaseState {
  readonly instance: InstanceRow
  readonly identity: IdentityRow
  readonly datafiles: readonly DatafileRow[]
  /** All undeleted copies with our tag. */
  readonly copies: readonly DatafileCopyRow[]
  /** The newest available copy of each datafile. */
  readonly current: ReadonlyMap<number, DatafileCopyRow>
}

interface ReadOptions {
  readonly signal: AbortSignal
}

/**
 * Identity, datafiles and copies, always fresh from the control file. `known`: an earlier state of the same database, which saves asking
 * for its release first.
 */
export async function readState(sql: SqlSession, tag: string, { signal, known }: ReadOptions & { readonly known?: DatabaseState | undefined }): Promise<DatabaseState> {
  const instance = known?.instance ?? (await readInstance(sql, { signal }))
  const asked = readIdentity(sql, { signal, release: instance.release })
  const cdb = known?.identity.cdb ?? (await asked).cdb
  const [identity, datafiles, copies] = await Promise.all([asked, readDatafiles(sql, { cdb, signal }), readDatafileCopies(sql, { tag, signal })])
  return { instance, identity, datafiles, copies, current: currentCopies(copies, datafiles) }
}

/** What a manifest says beside the copies and the window: nothing here changes with a refresh. */
export interface DatabaseSurroundings {
  readonly parameters: Readonly<Record<string, string>>
  readonly sourcePaths: ManifestSourcePaths
  readonly timezoneFileVersion?: string
}

/** Parameters that a restored instance must be given even when they are at their default. */
const restoreParameters = ['db_name', 'db_block_size', 'db_files', 'compatible', 'undo_tablespace', 'enable_pluggable_database']

/** Non-default parameters and every path of the source, for the guards of a restore. */
export async function readSurroundings(sql: SqlSession, state: Pick<DatabaseState, 'datafiles'>, { signal }: ReadOptions): Promise<DatabaseSurroundings> {
  const [required, changed, tempfiles, logfiles, controlFiles, tracking, flashbackLogs, recoveryArea, destinations, timezoneFileVersion] = await Promise.all([
    readParameters(sql, { signal, names: restoreParameters }), readParameters(sql, { signal }), readTempfiles(sql, { signal }), readLogfiles(sql, { signal }), readControlFiles(sql, { signal }),
    readChangeTracking(sql, { signal }), readFlashbackLogs(sql, { signal }), readRecoveryArea(sql, { signal }), readArchiveDestinations(sql, { signal, allInstances: true }), readTimezoneFileVersion(sql, { signal }),
  ])
  const parameters = parametersOf([...required, ...changed])
  return {
    parameters,
    sourcePaths: {
      datafiles: state.datafiles.map((d) => d.name), logs: logfiles.map((l) => l.member), tempfiles: tempfiles.map((t) => t.name), controlFiles, flashbackLogs,
      // Only what is a path: a service name or USE_DB_RECOVERY_FILE_DEST is no place on a disk.
      archiveDestinations: [...new Set(destinations.flatMap((d) => (d.destination !== null && /^[/+]/.test(d.destination) ? [d.destination] : [])))],
      ...(recoveryArea?.name == null ? {} : { recoveryDestination: recoveryArea.name }),
      ...(tracking.filename === null ? {} : { bct: tracking.filename }),
    },
    ...(timezoneFileVersion === undefined ? {} : { timezoneFileVersion }),
  }
}

/** Parameters by name, without what could be a secret. */
function parametersOf(rows: readonly Pick<ParameterRow, 'name' | 'value'>[]): Readonly<Record<string, string>> {
  const shown = rows.filter((row) => row.value !== null && row.value !== '' && !/passw(or)?d(?!file)|secret|credential/i.test(row.name))
  return Object.fromEntries(shown.map((row): readonly [string, string] => [row.name, row.value ?? '']).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The database as a manifest names it. */
export function manifestDatabase(state: Pick<DatabaseState, 'identity' | 'instance'>): ManifestDatabase {
  const { identity, instance } = state
  return {
    name: identity.name, uniqueName: identity.uniqueName, dbid: String(identity.dbid), resetlogsId: String(identity.resetlogsId), resetlogsScn: identity.resetlogsScn,
    release: instance.release, cdb: identity.cdb, role: identity.role,
  }
}

/** The copies as a manifest lists them: always from V$DATAFILE_COPY of this moment. */
export function manifestCopies(areaPath: string, state: Pick<DatabaseState, 'datafiles' | 'current'>): readonly ManifestCopy[] {
  return state.datafiles.flatMap((datafile): ManifestCopy[] => {
    const copy = state.current.get(datafile.file)
    if (copy === undefined) return []
    return [{
      file: datafile.file, tablespace: datafile.tablespace, path: relativeTo(areaPath, copy.name), bytes: BigInt(copy.blocks) * BigInt(copy.blockSize), creationScn: copy.creationScn,
      checkpointScn: copy.checkpointScn, fuzzyScn: highestScn(copy), status: datafile.status, enabled: datafile.enabled, unrecoverableScn: datafile.unrecoverableScn,
      ...(datafile.pdb === null ? {} : { pdb: datafile.pdb }), ...(datafile.pdbOpenMode === null ? {} : { openMode: datafile.pdbOpenMode }),
    }]
  })
}

/** A log as a manifest lists it. */
export function manifestLog(areaPath: string, row: ArchivedLogRow): ManifestLog {
  return {
    thread: row.thread, sequence: row.sequence, resetlogsId: String(row.resetlogsId), firstScn: row.firstScn, nextScn: row.nextScn, firstTime: row.firstTime ?? '', nextTime: row.nextTime ?? '',
    path: row.name !== null && below(areaPath, row.name) ? relativeTo(areaPath, row.name) : `archivelog/${basename(row.name ?? '')}`,
  }
}

export interface ManifestFacts extends Pick<Manifest, 'tool' | 'runId' | 'areaId' | 'controlFile'> {
  readonly areaPath: string
  readonly state: DatabaseState
  readonly surroundings: DatabaseSurroundings
}

/** Everything of a manifest that does not depend on where it is in its life. */
export function manifestBase({ areaPath, state, surroundings, ...rest }: ManifestFacts): Omit<Manifest, 'state' | 'window' | 'logs' | 'refreshedAt'> {
  return { version: 1, ...rest, database: manifestDatabase(state), copies: manifestCopies(areaPath, state), ...surroundings }
}
