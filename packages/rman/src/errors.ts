import { defineErrors } from '@icb/runtime'
import type { DefinedErrors, ErrorCatalogueEntry, ErrorFactories } from '@icb/runtime'

type Definitions = {
  readonly SCRIPT: { readonly remedy: 'fix'; readonly summary: string }
  readonly START: { readonly remedy: 'operator'; readonly summary: string }
  readonly FAILED: { readonly remedy: 'operator'; readonly summary: string }
  readonly TIMEOUT: { readonly remedy: 'operator'; readonly summary: string }
}

const defined: DefinedErrors<Definitions> = defineErrors<Definitions>('RMAN', {
  SCRIPT: { remedy: 'fix', summary: 'A value cannot be written safely into an RMAN command (quotes, control characters, names, lines over 4000 characters).' },
  START: { remedy: 'operator', summary: 'The rman program could not be started.' },
  FAILED: { remedy: 'operator', summary: 'RMAN reported an error, a bad exit status, or ended without its last line; `details.codes` has the codes.' },
  TIMEOUT: { remedy: 'operator', summary: 'RMAN did not end before its deadline; its process group was ended, server sessions with its command id may still work.' },
})

/** Factories of this package's errors. */
export const rmanErrors: ErrorFactories<Definitions> = defined.errors

/** The error list of this package. */
export const rmanErrorCatalogue: readonly ErrorCatalogueEntry[] = defined.catalogue
