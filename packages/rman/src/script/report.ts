import { allocateChannels } from './channels.ts'
import { lines, rmanInteger, runBlock } from './quoting.ts'

/** What the repository says about the state of the backups. Advisory: NEED BACKUP usually lists every file, because the only copy is younger than the window. */
export function reportScript(options: { readonly recoveryWindowDays: number }): string {
  return lines([`REPORT NEED BACKUP RECOVERY WINDOW OF ${rmanInteger(options.recoveryWindowDays, 'the recovery window')} DAYS;`, 'REPORT UNRECOVERABLE;', 'RESTORE DATABASE PREVIEW;'])
}

/** Reads everything that a restore would read, without restoring it. */
export function validateBackupScript(options: { readonly parallel: number }): string {
  return lines(
    runBlock([
      ...allocateChannels({ parallel: options.parallel }),
      'RESTORE DATABASE VALIDATE HEADER;',
      'RESTORE CONTROLFILE VALIDATE;',
      'RESTORE ARCHIVELOG ALL VALIDATE;',
      'RESTORE DATABASE VALIDATE;',
    ]),
  )
}

/** All persistent settings, defaults included. */
export function showAllScript(): string {
  return lines(['SHOW ALL;'])
}
