import { defineErrors } from '@icb/runtime'
import type { DefinedErrors, ErrorDefinition } from '@icb/runtime'

type Names =
  | 'REFUSED_IDENTITY' | 'REFUSED_NOARCHIVELOG' | 'REFUSED_AREA' | 'REFUSED_SPACE' | 'REFUSED_SURPRISE_FULL' | 'REFUSED_PURGE' | 'REFUSED_FOREIGN_VALUE' | 'REFUSED_DESTINATION' | 'REFUSED_PINNED'
  | 'SESSION_RUNNING' | 'NO_PRIMARY' | 'LOG_NOT_LANDED' | 'CHAIN_BROKEN' | 'RMAN_FAILED' | 'REFRESH_INCOMPLETE' | 'COPY_UNREADABLE' | 'CONTROL_FILE' | 'CONFIGURE_FAILED' | 'SNAPSHOT_UNKNOWN' | 'PINS'
  | 'SCHEDULE' | 'SCHEDULE_RUNNING'

const defined: DefinedErrors<Readonly<Record<Names, ErrorDefinition>>> = defineErrors('BACKUP', {
  REFUSED_IDENTITY: { remedy: 'fix', summary: 'The connected database is not the configured one (DBID or DB_UNIQUE_NAME differs).' },
  REFUSED_NOARCHIVELOG: { remedy: 'fix', summary: 'The database does not run in ARCHIVELOG mode.' },
  REFUSED_AREA: { remedy: 'fix', summary: "The backup area is not the storage adapter's volume, is not mounted, or belongs to another database." },
  REFUSED_SPACE: { remedy: 'operator', summary: 'The backup area has less free space than the run is predicted to need.' },
  REFUSED_SURPRISE_FULL: { remedy: 'operator', summary: 'A datafile that had an image copy has none now, so a refresh would copy it in full.' },
  REFUSED_PURGE: { remedy: 'operator', summary: 'More than a tenth of all copies would be deleted as copies of dropped datafiles.' },
  REFUSED_FOREIGN_VALUE: { remedy: 'operator', summary: 'configure would change a value that somebody else set.' },
  REFUSED_DESTINATION: { remedy: 'operator', summary: 'The archive destinations of the database do not allow a safe place for one more.' },
  REFUSED_PINNED: { remedy: 'fix', summary: 'The snapshot is pinned.' },
  SESSION_RUNNING: { remedy: 'wait', summary: 'RMAN work of an earlier run still runs in the database.' },
  NO_PRIMARY: { remedy: 'fix', summary: 'The database is a standby and no connection to its primary is configured, so no log can be switched.' },
  LOG_NOT_LANDED: { remedy: 'operator', summary: 'A switched log did not arrive in the backup area in the time given.' },
  CHAIN_BROKEN: { remedy: 'operator', summary: 'An archived log that the copies need is not in the backup area.' },
  RMAN_FAILED: { remedy: 'operator', summary: 'An RMAN command failed.' },
  REFRESH_INCOMPLETE: { remedy: 'operator', summary: 'A datafile was neither merged nor copied nor skipped as unchanged by the refresh.' },
  COPY_UNREADABLE: { remedy: 'operator', summary: 'After the refresh a copy is missing, outside the area, or not of the size that the database reports.' },
  CONTROL_FILE: { remedy: 'operator', summary: 'The control file backup could not be read back.' },
  CONFIGURE_FAILED: { remedy: 'operator', summary: 'A value that configure set could not be read back.' },
  SNAPSHOT_UNKNOWN: { remedy: 'fix', summary: 'There is no snapshot of this name.' },
  SCHEDULE: { remedy: 'fix', summary: 'The jobs of this database cannot be made as asked for, or are not what was made.' },
  SCHEDULE_RUNNING: { remedy: 'wait', summary: 'A job that would be changed or removed runs now.' },
  PINS: { remedy: 'operator', summary: 'The pins of the backup area cannot be read or written.' },
})

/** The errors of this package; codes are `ICB_BACKUP_…`. The names that begin with REFUSED_ are safety refusals: nothing was changed. */
export const backupErrors: typeof defined.errors = defined.errors
export const backupErrorCatalogue: typeof defined.catalogue = defined.catalogue
