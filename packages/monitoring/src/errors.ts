import { defineErrors } from '@icb/runtime'
import type { DefinedErrors, ErrorDefinition } from '@icb/runtime'

/** The error list of monitoring. */
export const monitoringErrors: DefinedErrors<Record<'DELIVERY', ErrorDefinition>> = defineErrors('MONITORING', {
  DELIVERY: { remedy: 'operator', summary: 'A webhook, a mail server or the receiver of heartbeats did not take what was sent.' },
})
