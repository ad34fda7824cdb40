import { allocateChannels } from './channels.ts'
import { lines, rmanInteger, rmanScn, rmanString, runBlock, wrapList } from './quoting.ts'
import { rmanErrors } from '../errors.ts'
import type { RmanSetting } from './configure.ts'

/**
 * Restores the control file of a not mounted instance from a piece, on a channel of its own (there is no repository to take one from),
 * and mounts it. When the restore fails there is nothing to mount, so the second command cannot do harm.
 */
export function restoreControlfileScript(options: { readonly piece: string }): string {
  return lines([...runBlock([...allocateChannels({ parallel: 1 }), `RESTORE CONTROLFILE FROM ${rmanString(options.piece, 'the control file backup')};`]), 'ALTER DATABASE MOUNT;'])
}

/**
 * Clears what a restored control file brings along: channels, formats and autobackups of the source database, which point at its
 * production places. `found` are the rows of V$RMAN_CONFIGURATION (numbered channels, tape); read the view back afterwards.
 */
export function clearConfigurationScript(options: { readonly snapshotControlfile: string; readonly found?: readonly RmanSetting[] }): string {
  const commands = new Set([
    'CONFIGURE CHANNEL DEVICE TYPE DISK CLEAR;',
    'CONFIGURE DEFAULT DEVICE TYPE CLEAR;',
    'CONFIGURE DEVICE TYPE DISK CLEAR;',
    'CONFIGURE CONTROLFILE AUTOBACKUP OFF;',
    'CONFIGURE CONTROLFILE AUTOBACKUP FORMAT FOR DEVICE TYPE DISK CLEAR;',
  ])
  for (const setting of options.found ?? []) {
    const text = `${setting.name} ${setting.value}`.toUpperCase()
    const channel = /^CHANNEL (\d{1,3} )?DEVICE TYPE (DISK|'?SBT(?:_TAPE)?'?)/.exec(text)
    if (channel !== null) commands.add(`CONFIGURE CHANNEL ${channel[1] ?? ''}DEVICE TYPE ${device(channel[2] ?? '')} CLEAR;`)
    const deviceType = /^DEVICE TYPE '?(SBT(?:_TAPE)?)'?/.exec(text)
    if (deviceType !== null) commands.add(`CONFIGURE DEVICE TYPE ${device(deviceType[1] ?? '')} CLEAR;`)
    const autobackup = /^CONTROLFILE AUTOBACKUP FORMAT FOR DEVICE TYPE '?(SBT(?:_TAPE)?)'?/.exec(text)
    if (autobackup !== null) commands.add(`CONFIGURE CONTROLFILE AUTOBACKUP FORMAT FOR DEVICE TYPE ${device(autobackup[1] ?? '')} CLEAR;`)
  }
  return lines([...commands, `CONFIGURE SNAPSHOT CONTROLFILE NAME TO ${rmanString(options.snapshotControlfile, 'the snapshot control file')};`])
}

/**
 * Makes a restored control file forget every file of the source database, so that nothing under a production name is read, written or
 * deleted. Metadata only. An empty repository answers "specification does not match"; check by SQL afterwards.
 */
export function uncatalogScript(): string {
  return lines(['CHANGE ARCHIVELOG ALL UNCATALOG;', 'CHANGE BACKUP DEVICE TYPE DISK UNAVAILABLE;', 'CHANGE COPY OF DATABASE UNCATALOG;'])
}

/** Catalogs files by name prefix: `<mount>/archivelog/`, `<mount>/data_`. Files that are no Oracle files are listed as not cataloged, which is no error of RMAN. */
export function catalogScript(options: { readonly prefixes: readonly string[] }): string {
  return lines(options.prefixes.map((prefix) => `CATALOG START WITH ${rmanString(prefix, 'the path to catalog')} NOPROMPT;`))
}

/** Creates datafiles that have no copy, empty, at Oracle-managed names (DB_CREATE_FILE_DEST); redo fills them. */
export function restoreMissingDatafilesScript(options: { readonly files: readonly number[] }): string {
  if (options.files.length === 0) throw rmanErrors.SCRIPT('no datafile to restore')
  return lines(
    runBlock([
      ...allocateChannels({ parallel: 1 }),
      'SET NEWNAME FOR DATABASE TO NEW;',
      ...wrapList(
        'RESTORE DATAFILE',
        options.files.map((file) => rmanInteger(file, 'a datafile number')),
        ';',
      ).split('\n'),
    ]),
  )
}

/** Makes the copies the datafiles. Prove by SQL that every name is below the clone before anything is recovered. */
export function switchToCopyScript(): string {
  return lines(['SWITCH DATABASE TO COPY;'])
}

/** Moves tempfiles to Oracle-managed names, so that opening does not create them at the source's paths. */
export function switchTempfilesScript(options: { readonly files: readonly number[] }): string {
  if (options.files.length === 0) throw rmanErrors.SCRIPT('no tempfile to switch')
  return lines(runBlock([...options.files.map((file) => `SET NEWNAME FOR TEMPFILE ${rmanInteger(file, 'a tempfile number')} TO NEW;`), 'SWITCH TEMPFILE ALL;']))
}

export type RecoveryTarget = { readonly kind: 'scn'; /** Recovered up to and including this SCN. */ readonly scn: bigint } | { readonly kind: 'time'; /** Database-local `yyyy-mm-dd hh:mm:ss`; exclusive. */ readonly time: string }

/**
 * Recovers to a target. UNTIL is exclusive in RMAN, so an SCN is sent plus one. Files that the redo creates on the way get
 * Oracle-managed names instead of the source's.
 */
export function recoverScript(options: { readonly target: RecoveryTarget; readonly parallel?: number }): string {
  const until =
    options.target.kind === 'scn' ? `SET UNTIL SCN ${rmanScn(options.target.scn + 1n, 'the target')};` : `SET UNTIL TIME "to_date('${localTime(options.target.time)}', 'yyyy-mm-dd hh24:mi:ss')";`
  return lines(runBlock([...allocateChannels({ parallel: options.parallel ?? 1 }), 'SET NEWNAME FOR DATABASE TO NEW;', until, 'RECOVER DATABASE;']))
}

/** Reads every block of every datafile, physically and logically. RMAN does not fail for corrupt blocks: read the events and V$DATABASE_BLOCK_CORRUPTION. */
export function validateDatabaseScript(options: { readonly parallel: number }): string {
  return lines(runBlock([...allocateChannels({ parallel: options.parallel }), 'BACKUP VALIDATE CHECK LOGICAL DATABASE;']))
}

function device(name: string): string {
  return name.toUpperCase().includes('SBT') ? "'SBT_TAPE'" : 'DISK'
}

function localTime(time: string): string {
  if (!/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/.test(time)) throw rmanErrors.SCRIPT(`${JSON.stringify(time)} is no time of the form yyyy-mm-dd hh:mm:ss`)
  return time
}
