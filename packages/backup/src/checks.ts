import type { Check } from '@icb/runtime'
import type { StorageDependencies } from './dependencies.ts'
import type { SqlSession } from '@icb/oracle'

/** Questions for `doctor`: identity, ARCHIVELOG mode, the area, space, change tracking, archive destinations, age of copies. */
export function backupChecks(deps: StorageDependencies & { readonly sql?: SqlSession }): readonly Check[] {
  throw new Error(`not built yet: ${deps.settings.name}`)
}
