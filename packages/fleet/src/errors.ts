import { defineErrors } from '@icb/runtime'
import type { DefinedErrors, ErrorDefinition } from '@icb/runtime'

type Names = 'NO_ORACLE_HOME' | 'NO_SCRATCH' | 'NO_LEDGER' | 'UNKNOWN_DATABASE'

const defined: DefinedErrors<Readonly<Record<Names, ErrorDefinition>>> = defineErrors('FLEET', {
  NO_ORACLE_HOME: { remedy: 'fix', summary: 'The action needs an Oracle home and none is configured.' },
  NO_SCRATCH: { remedy: 'fix', summary: 'A restore test needs a scratch directory and none is configured.' },
  NO_LEDGER: { remedy: 'fix', summary: 'A restore test needs a ledger for its verdict and none is configured.' },
  UNKNOWN_DATABASE: { remedy: 'fix', summary: 'The configuration has no database of this name.' },
})

export const fleetErrors: typeof defined.errors = defined.errors
export const fleetErrorCatalogue: typeof defined.catalogue = defined.catalogue
