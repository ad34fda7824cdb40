import { defineErrors } from '@icb/runtime'
import type { DefinedErrors, ErrorDefinition } from '@icb/runtime'

const defined: DefinedErrors<Record<'SYNTAX' | 'UNSUPPORTED' | 'NEVER', ErrorDefinition>> = defineErrors('CALENDAR', {
  SYNTAX: { remedy: 'fix', summary: 'The text is no calendar expression of DBMS_SCHEDULER.' },
  UNSUPPORTED: { remedy: 'fix', summary: 'The expression is valid for DBMS_SCHEDULER, but this package cannot evaluate it, or the target cannot say it.' },
  NEVER: { remedy: 'fix', summary: 'The calendar has no run within ten years.' },
})

export const calendarErrors: typeof defined.errors = defined.errors
export const calendarErrorCatalogue: typeof defined.catalogue = defined.catalogue
