import { defineErrors } from '@icb/runtime'
import type { DefinedErrors, ErrorDefinition } from '@icb/runtime'

/** The error list of the proof ledger. */
export const ledgerErrors: DefinedErrors<Record<'STORE' | 'INVALID', ErrorDefinition>> = defineErrors('LEDGER', {
  STORE: { remedy: 'operator', summary: 'A row could not be stored or read; a verdict that is not in the ledger is a failed test.' },
  INVALID: { remedy: 'operator', summary: 'A row contradicts itself or lacks a field; nothing was stored.' },
})
