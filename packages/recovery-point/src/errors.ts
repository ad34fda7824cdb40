import { defineErrors } from '@icb/runtime'
import type { DefinedErrors, ErrorDefinition } from '@icb/runtime'

type Names = 'MANIFEST_MISSING' | 'MANIFEST_INVALID' | 'MANIFEST_VERSION' | 'MANIFEST_DIGEST' | 'AREA_ID' | 'TARGET' | 'STORE'

/** The error list of manifests, the points index and the choice of a point. */
export const pointErrors: DefinedErrors<Record<Names, ErrorDefinition>> = defineErrors('POINT', {
  MANIFEST_MISSING: { remedy: 'operator', summary: 'There is no icb-manifest.json: the area was never refreshed by this tool, or the wrong directory is mounted.' },
  MANIFEST_INVALID: { remedy: 'operator', summary: 'A manifest cannot be read: a field is missing, of the wrong kind, or contradicts another one.' },
  MANIFEST_VERSION: { remedy: 'fix', summary: 'A manifest was written by a newer version of this tool.' },
  MANIFEST_DIGEST: { remedy: 'operator', summary: 'A manifest is not the one that was recorded when its snapshot was made.' },
  AREA_ID: { remedy: 'operator', summary: 'The file with the identity of a backup area holds no id, or cannot be made.' },
  TARGET: { remedy: 'fix', summary: 'The target of a restore cannot be understood.' },
  STORE: { remedy: 'operator', summary: 'A file of the backup area cannot be read or written.' },
})
