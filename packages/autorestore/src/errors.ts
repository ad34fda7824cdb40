import { defineErrors } from '@icb/runtime'
import type { DefinedErrors, ErrorDefinition } from '@icb/runtime'

type Names =
  | 'REFUSED_ROOT' | 'REFUSED_SCRATCH' | 'REFUSED_PATH' | 'REFUSED_INSTANCE' | 'REFUSED_AREA_MOUNTED' | 'REFUSED_LIVE_AREA' | 'REFUSED_CLONE' | 'REFUSED_IDENTITY' | 'REFUSED_PARAMETER'
  | 'SETTINGS' | 'NO_CLONES' | 'NO_SNAPSHOT' | 'MOUNT' | 'FINDING' | 'CLEANUP' | 'VERDICT_NOT_STORED' | 'SLOT_BUSY' | 'NOT_RECOVERABLE' | 'DECLINED' | 'UNKNOWN_RUN'

const defined: DefinedErrors<Readonly<Record<Names, ErrorDefinition>>> = defineErrors('AUTORESTORE', {
  REFUSED_ROOT: { remedy: 'fix', summary: 'Restores and restore tests are refused to root: an unprivileged user cannot reach what production protects by permissions.' },
  REFUSED_SCRATCH: { remedy: 'fix', summary: 'The scratch directory is not one that may be emptied.' },
  REFUSED_PATH: { remedy: 'operator', summary: 'A path of the source database exists on this host, or it could not be excluded.' },
  REFUSED_INSTANCE: { remedy: 'operator', summary: 'The SID is in use, or an instance of the tested database runs on this host.' },
  REFUSED_AREA_MOUNTED: { remedy: 'operator', summary: "The database's live backup area is mounted writable on this host." },
  REFUSED_LIVE_AREA: { remedy: 'operator', summary: 'A path of the restored control file leads outside the clone.' },
  REFUSED_CLONE: { remedy: 'operator', summary: 'The clone is not a clone of this database, or not what is mounted.' },
  REFUSED_IDENTITY: { remedy: 'fix', summary: 'The recovery point is of another database than the configured one.' },
  REFUSED_PARAMETER: { remedy: 'fix', summary: 'An extra instance parameter is protected.' },
  SETTINGS: { remedy: 'fix', summary: 'A setting that restore tests need is missing or wrong.' },
  NO_CLONES: { remedy: 'fix', summary: 'The storage makes no clones, so nothing can be restored from its snapshots here.' },
  NO_SNAPSHOT: { remedy: 'fix', summary: 'There is no snapshot that could be tested.' },
  MOUNT: { remedy: 'operator', summary: 'A clone could not be mounted or unmounted.' },
  FINDING: { remedy: 'operator', summary: 'The restore test found something wrong; the reason is in the verdict.' },
  CLEANUP: { remedy: 'operator', summary: 'Something the test made could not be removed.' },
  VERDICT_NOT_STORED: { remedy: 'operator', summary: 'The verdict could not be stored, so the test counts as failed.' },
  NOT_RECOVERABLE: { remedy: 'fix', summary: 'No recovery point, and no two neighbouring ones, contain the target.' },
  DECLINED: { remedy: 'operator', summary: 'The plan of a restore was not confirmed.' },
  UNKNOWN_RUN: { remedy: 'fix', summary: 'This host has no journal of that restore.' },
  SLOT_BUSY: { remedy: 'wait', summary: 'All slots of this host are in use by other restore tests.' },
})

export const autorestoreErrors: typeof defined.errors = defined.errors
export const autorestoreErrorCatalogue: typeof defined.catalogue = defined.catalogue
