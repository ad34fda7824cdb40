import { defineErrors } from '@icb/runtime'
import type { DefinedErrors, ErrorDefinition } from '@icb/runtime'

const defined: DefinedErrors<Readonly<Record<'ARGUMENT' | 'NO_CONFIG', ErrorDefinition>>> = defineErrors('USAGE', {
  ARGUMENT: { remedy: 'fix', summary: 'An argument or option is wrong.' },
  NO_CONFIG: { remedy: 'fix', summary: 'No configuration file was found.' },
})

export const usageErrors: typeof defined.errors = defined.errors
