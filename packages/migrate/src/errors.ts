import { defineErrors } from '@icb/runtime'
import type { DefinedErrors, ErrorDefinition } from '@icb/runtime'

/** The error list of the migration. */
export const migrateErrors: DefinedErrors<Record<'INSTALLATION' | 'ORIGINAL_BUSY' | 'REFUSED_RETENTION' | 'REFUSED_UNFINISHED' | 'SIDE_BY_SIDE', ErrorDefinition>> = defineErrors('MIGRATE', {
  INSTALLATION: { remedy: 'fix', summary: 'The directory holds no installation of the original.' },
  ORIGINAL_BUSY: { remedy: 'wait', summary: 'A program of the original holds backup.lck in the area.' },
  REFUSED_RETENTION: { remedy: 'operator', summary: 'Retention would drop a snapshot that the original keeps.' },
  REFUSED_UNFINISHED: { remedy: 'operator', summary: 'Something of the original is still at work, so the migration cannot end.' },
  SIDE_BY_SIDE: { remedy: 'fix', summary: 'The step needs another one before it.' },
})
