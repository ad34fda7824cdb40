import { isIcbError } from '@icb/runtime'
import type { Check, CheckResult } from '@icb/runtime'
import type { SnapshotStorage, VolumeInfo } from '@icb/storage-core'

/** What `doctor` asks about a storage of this adapter. */
export function checks(storage: SnapshotStorage): readonly Check[] {
  const described = (judge: (info: VolumeInfo) => CheckResult): Check['run'] => {
    return async ({ signal }) => {
      try {
        return judge(await storage.describe({ signal }))
      } catch (error) {
        signal.throwIfAborted()
        if (!isIcbError(error)) throw error
        return { status: 'failed', summary: error.message, remedy: error.remedy, advice: error.hint ?? 'See docs/storage/openzfs.md.', details: { code: error.code } }
      }
    }
  }
  return [
    {
      id: 'storage.openzfs.reachable',
      title: 'zfs answers and the datasets are there',
      run: described(({ mechanism, freeBytes, sizeBytes }) => ({ status: 'ok', summary: mechanism, details: { freeBytes: String(freeBytes), sizeBytes: String(sizeBytes) } })),
    },
    {
      id: 'storage.openzfs.volume',
      title: 'the datasets are mounted, writable and shared',
      run: described(({ warnings }) => (warnings.length === 0 ? { status: 'ok', summary: 'mounted and writable' } : { status: 'warning', summary: warnings.join('; '), advice: 'Correct the properties with "zfs set" or "zfs mount".', remedy: 'fix' })),
    },
  ]
}
