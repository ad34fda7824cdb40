import { defineErrors } from '@icb/runtime'
import type { DefinedErrors, ErrorDefinition } from '@icb/runtime'

type Names = 'NOT_FOUND' | 'EXISTS' | 'HAS_CLONES' | 'LOCKED' | 'FOREIGN' | 'AUTH' | 'UNREACHABLE' | 'BUSY' | 'TLS' | 'UNSUPPORTED' | 'PROTOCOL' | 'NO_SPACE' | 'OPTIONS' | 'ADAPTER'

const defined: DefinedErrors<Readonly<Record<Names, ErrorDefinition>>> = defineErrors('STORAGE', {
  NOT_FOUND: { remedy: 'fix', summary: 'The snapshot, clone or volume does not exist.' },
  EXISTS: { remedy: 'fix', summary: 'Something else already has this name.' },
  HAS_CLONES: { remedy: 'wait', summary: 'The snapshot has clones that depend on it.' },
  LOCKED: { remedy: 'wait', summary: 'The snapshot is held or locked against deletion.' },
  FOREIGN: { remedy: 'fix', summary: "The object was not made by this tool for this database's volume, so it is not touched." },
  AUTH: { remedy: 'fix', summary: 'The storage refused the login or the account lacks a right.' },
  UNREACHABLE: { remedy: 'retry', summary: 'The storage did not answer.' },
  BUSY: { remedy: 'retry', summary: 'The storage is busy with the object; call again later.' },
  TLS: { remedy: 'fix', summary: "The storage's certificate could not be verified." },
  UNSUPPORTED: { remedy: 'fix', summary: 'This storage cannot do what was asked.' },
  PROTOCOL: { remedy: 'operator', summary: 'The storage answered something that its documentation does not say.' },
  NO_SPACE: { remedy: 'operator', summary: 'The storage has no room left.' },
  OPTIONS: { remedy: 'fix', summary: "The adapter's options are wrong." },
  ADAPTER: { remedy: 'fix', summary: 'The adapter could not be found or loaded.' },
})

/** The errors every adapter throws. */
export const storageErrors: typeof defined.errors = defined.errors
export const storageErrorCatalogue: typeof defined.catalogue = defined.catalogue
