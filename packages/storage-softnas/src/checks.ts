import { isIcbError } from '@icb/runtime'
import type { Check, CheckResult } from '@icb/runtime'
import type { SnapshotStorage } from '@icb/storage-core'

const documentation = 'See docs/storage/softnas.md.'

/** What `doctor` asks about a storage on SoftNAS. Nothing is changed. */
export function checks(storage: SnapshotStorage): readonly Check[] {
  const asked = (judge: (signal: AbortSignal) => Promise<CheckResult>): Check['run'] => {
    return async ({ signal }) => {
      try {
        return await judge(signal)
      } catch (error) {
        signal.throwIfAborted()
        if (!isIcbError(error)) throw error
        return { status: 'failed', summary: error.message, remedy: error.remedy, advice: error.hint ?? documentation }
      }
    }
  }
  return [
    {
      id: 'storage.softnas.volume',
      title: 'server, login, pool and volume',
      run: asked(async (signal) => {
        const { name, mechanism, warnings } = await storage.describe({ signal })
        return warnings.length === 0 ? { status: 'ok', summary: `${name}: ${mechanism}` } : { status: 'warning', summary: warnings.join('; '), advice: documentation, remedy: 'fix' }
      }),
    },
    {
      id: 'storage.softnas.listing',
      title: 'listing snapshots',
      run: asked(async (signal) => {
        let [ours, foreign] = [0, 0]
        for await (const snapshot of storage.listSnapshots({ signal })) {
          if (snapshot.ours) ours++
          else foreign++
        }
        return { status: 'ok', summary: `${String(ours)} snapshots of this tool, ${String(foreign)} others, which it never drops` }
      }),
    },
    {
      id: 'storage.softnas.clones',
      title: 'clones for restore tests',
      run: async () => ({ status: 'warning', summary: 'SoftNAS makes no clones of a given name through its API, so there are no restore tests here', remedy: 'fix', advice: `Use the adapter openzfs over ssh, or switch restore tests of this database off. ${documentation}` }),
    },
  ]
}
