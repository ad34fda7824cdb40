import { rmanErrors } from '../errors.ts'
import { allocateChannels, sectionSize } from './channels.ts'
import { lines, rmanFormat, rmanInteger, rmanString, rmanTag, runBlock } from './quoting.ts'

/** Tag of the image copies. RMAN stores and prints it in upper case. */
export const copyTag = 'image_copy_backup'

/** Tag of the level 1 pieces, of their own so that deleting them touches nothing else. */
export const incrementTag = 'image_copy_incr'

export interface RefreshOptions {
  /** The backup area. */
  readonly area: string
  readonly parallel: number
  /** `32G`: files are read in sections of this size by several channels. */
  readonly sectionSize?: string
  readonly copyTag?: string
  readonly incrementTag?: string
}

/**
 * Level 1 incremental and its merge into the copies, in one RUN block: without a backup there is no merge, and nothing is deleted here.
 * A datafile without a copy of this tag gets a whole copy (level 0) instead.
 */
export function refreshScript(options: RefreshOptions): string {
  const copies = rmanTag(options.copyTag ?? copyTag)
  const increments = rmanTag(options.incrementTag ?? incrementTag)
  return lines(
    runBlock([
      ...allocateChannels({ parallel: options.parallel, directory: options.area }),
      `BACKUP${sectionSize(options.sectionSize)} INCREMENTAL LEVEL 1 FOR RECOVER OF COPY WITH TAG ${copies} DATABASE TAG ${increments};`,
      `RECOVER COPY OF DATABASE WITH TAG ${copies};`,
    ]),
  )
}

/** Deletes the merged level 1 pieces by their own tag. */
export function deleteIncrementsScript(options: { readonly incrementTag?: string } = {}): string {
  return lines(runBlock([...allocateChannels({ parallel: 1 }), `DELETE NOPROMPT BACKUPSET TAG ${rmanTag(options.incrementTag ?? incrementTag)};`]))
}

export interface MetadataBackupOptions {
  readonly area: string
  /** File name of the control file piece in the area, new in every run: `controlfile_<runId>.cf`. */
  readonly controlFile: string
  /** False for an instance that runs from a text parameter file, which RMAN cannot back up (RMAN-06062). Default true. */
  readonly spfile?: boolean
  readonly copyTag?: string
}

/**
 * SPFILE and current control file, after the refresh so that they know the copies as they are now. The control file goes to a name
 * that does not exist yet (no REUSE): the last good one stays untouched until the new one is proven.
 */
export function metadataBackupScript(options: MetadataBackupOptions): string {
  const tag = rmanTag(options.copyTag ?? copyTag)
  return lines(
    runBlock([
      ...allocateChannels({ parallel: 1, directory: options.area }),
      ...(options.spfile === false ? [] : [`BACKUP SPFILE TAG ${tag};`]),
      `BACKUP CURRENT CONTROLFILE FORMAT ${rmanFormat(options.area, fileName(options.controlFile), 'the name of the control file backup')} TAG ${tag};`,
    ]),
  )
}

/** Deletes backup pieces by name: older control file pieces, whose names the manifest recorded. */
export function deletePiecesScript(options: { readonly handles: readonly string[] }): string {
  return lines(runBlock([...allocateChannels({ parallel: 1 }), ...options.handles.map((handle) => `DELETE NOPROMPT BACKUPPIECE ${rmanString(handle, 'the name of a backup piece')};`)]))
}

/** Deletes copies of dropped datafiles by name. */
export function deleteDatafileCopiesScript(options: { readonly names: readonly string[] }): string {
  return lines(runBlock([...allocateChannels({ parallel: 1 }), ...options.names.map((name) => `DELETE NOPROMPT DATAFILECOPY ${rmanString(name, 'the name of a datafile copy')};`)]))
}

/** Takes datafile copies whose files are gone out of the repository. DELETE would answer RMAN-06207 and keep them; this touches no file. */
export function forgetDatafileCopiesScript(options: { readonly names: readonly string[] }): string {
  return lines(options.names.map((name) => `CHANGE DATAFILECOPY ${rmanString(name, 'the name of a datafile copy')} UNCATALOG;`))
}

/** The archived redo logs of one thread up to and including a sequence. */
export interface LogsOfThread {
  readonly thread: number
  readonly throughSequence: number
}

/**
 * Deletes archived logs per thread up to a sequence, that one included. Never FORCE: the deletion policy of the database
 * (`APPLIED ON ALL STANDBY`) stays in charge, and RMAN answers RMAN-08120 or RMAN-08137 for what it keeps.
 */
export function deleteArchivedLogsScript(options: { readonly threads: readonly LogsOfThread[] }): string {
  return lines(
    runBlock([
      ...allocateChannels({ parallel: 1 }),
      ...options.threads.map(
        ({ thread, throughSequence }) => `DELETE NOPROMPT ARCHIVELOG UNTIL SEQUENCE ${rmanInteger(throughSequence, 'a log sequence')} THREAD ${rmanInteger(thread, 'a redo thread')};`,
      ),
    ]),
  )
}

export interface CopyLogsOptions {
  /** `<area>/archivelog`. */
  readonly directory: string
  readonly logs: readonly { readonly thread: number; readonly sequence: number }[]
}

/** Copies archived logs of the current incarnation into a directory, one after the other on one channel. FORCE: also those that are backed up already. */
export function copyArchivedLogsScript(options: CopyLogsOptions): string {
  return lines(
    runBlock([
      ...allocateChannels({ parallel: 1, directory: options.directory }),
      ...options.logs.map(({ thread, sequence }) => `BACKUP FORCE AS COPY ARCHIVELOG SEQUENCE ${rmanInteger(sequence, 'a log sequence')} THREAD ${rmanInteger(thread, 'a redo thread')};`),
    ]),
  )
}

/** Marks archived logs whose files are gone as expired. Only after the backup area proved to be the right one: an unmounted area would expire everything. */
export function crosscheckArchivedLogsScript(): string {
  return lines(runBlock([...allocateChannels({ parallel: 1 }), 'CROSSCHECK ARCHIVELOG ALL;']))
}

/** Brings a recovery catalog up to date after runs without it. */
export function resyncCatalogScript(): string {
  return lines(['RESYNC CATALOG;'])
}

/** Registers the database in the recovery catalog. */
export function registerDatabaseScript(): string {
  return lines(['REGISTER DATABASE;'])
}

function fileName(name: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) throw rmanErrors.SCRIPT(`${JSON.stringify(name)} is no plain file name`)
  return name
}
