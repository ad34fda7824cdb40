import { deadlineErrors } from './deadline.ts'
import type { ErrorCatalogueEntry } from './errors.ts'
import { journalErrors } from './journal-format.ts'
import { leaseErrors } from './lease-record.ts'
import { processErrors } from './process-runner.ts'
import { stepErrors } from './run-steps.ts'

/** Every error that this package raises. */
export const runtimeErrorCatalogue: readonly ErrorCatalogueEntry[] = [deadlineErrors, journalErrors, leaseErrors, processErrors, stepErrors].flatMap((each) => each.catalogue)
