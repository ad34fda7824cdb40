import { defineErrors } from '@icb/runtime'
import type { DefinedErrors, ErrorDefinition } from '@icb/runtime'

const defined: DefinedErrors<Readonly<Record<'ARGUMENT' | 'NO_CONFIG', ErrorDefinition>>> = defineErrors('USAGE', {
  ARGUMENT: { remedy: 'fix', summary: 'An argument or option is wrong.' },
  NO_CONFIG: { remedy: 'fix', summary: 'No configuration file was found.' },
})

export const usageErrors: typeof defined.errors = defined.errors

const ofRuns: DefinedErrors<Readonly<Record<'STOPPED', ErrorDefinition>>> = defineErrors('RUN', {
  STOPPED: { remedy: 'retry', summary: 'The program was stopped by a signal.' },
})

export const runErrors: typeof ofRuns.errors = ofRuns.errors
