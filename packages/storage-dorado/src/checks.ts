import { isIcbError } from '@icb/runtime'
import type { Check, CheckResult } from '@icb/runtime'
import type { SnapshotStorage } from '@icb/storage-core'

/** What `doctor` asks about a storage on OceanStor Dorado. Nothing is changed. */
export function checks(storage: SnapshotStorage): readonly Check[] {
  const asked = (judge: (signal: AbortSignal) => Promise<CheckResult>): Check['run'] => {
    return async ({ signal }) => {
      try {
        return await judge(signal)
      } catch (error) {
        signal.throwIfAborted()
        if (!isIcbError(error)) throw error
        return { status: 'failed', summary: error.message, remedy: error.remedy, advice: error.hint ?? 'See docs/storage/dorado.md.' }
      }
    }
  }
  return [
    {
      id: 'storage.dorado.filesystem',
      title: 'array, login, vStore, file system and share',
      run: asked(async (signal) => {
        const { name, mechanism, warnings } = await storage.describe({ signal })
        return warnings.length === 0 ? { status: 'ok', summary: `${name}: ${mechanism}` } : { status: 'warning', summary: warnings.join('; '), advice: 'See docs/storage/dorado.md.', remedy: 'fix' }
      }),
    },
    {
      id: 'storage.dorado.listing',
      title: 'listing snapshots and clones',
      run: asked(async (signal) => {
        let [snapshots, clones] = [0, 0]
        for await (const snapshot of storage.listSnapshots({ signal })) snapshots += snapshot.name === '' ? 0 : 1
        for await (const clone of storage.listClones({ signal })) clones += clone.mounts.length > 0 ? 1 : 0
        return { status: 'ok', summary: `${snapshots} snapshots, ${clones} clones` }
      }),
    },
  ]
}
