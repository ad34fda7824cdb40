import { defineErrors } from '@icb/runtime'
import type { DefinedErrors, ErrorCatalogueEntry, ErrorFactories } from '@icb/runtime'

type Definitions = {
  readonly SQL: { readonly remedy: 'operator'; readonly summary: string }
  readonly CONNECT: { readonly remedy: 'wait'; readonly summary: string }
  readonly PROTOCOL: { readonly remedy: 'operator'; readonly summary: string }
  readonly TIMEOUT: { readonly remedy: 'operator'; readonly summary: string }
  readonly STATEMENT: { readonly remedy: 'fix'; readonly summary: string }
  readonly WRONG_INSTANCE: { readonly remedy: 'operator'; readonly summary: string }
}

const defined: DefinedErrors<Definitions> = defineErrors<Definitions>('ORACLE', {
  SQL: { remedy: 'operator', summary: 'The database refused a statement; `details.codes` has the ORA- and SP2- codes.' },
  CONNECT: { remedy: 'wait', summary: 'No connection to the database; `details.codes` has the codes, `details.idle` is true when the local instance is not started.' },
  PROTOCOL: { remedy: 'operator', summary: 'The output of the database client is incomplete or cannot be read, so its rows are not trusted.' },
  TIMEOUT: { remedy: 'operator', summary: 'A statement did not end before its deadline; its process group was ended, the server session may still work.' },
  STATEMENT: { remedy: 'fix', summary: 'A statement, bind value, name or connect string cannot be sent safely.' },
  WRONG_INSTANCE: { remedy: 'operator', summary: 'The instance that answers is not the one that was meant, so it was not stopped.' },
})

/** Factories of this package's errors. */
export const oracleErrors: ErrorFactories<Definitions> = defined.errors

/** The error list of this package. */
export const oracleErrorCatalogue: readonly ErrorCatalogueEntry[] = defined.catalogue
