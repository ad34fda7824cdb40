import { isIcbError } from '@icb/runtime'
import type { Check, CheckResult } from '@icb/runtime'
import type { SnapshotStorage, VolumeInfo } from '@icb/storage-core'

/** What `doctor` asks about a storage on ONTAP. */
export function checks(storage: SnapshotStorage): readonly Check[] {
  const described = (judge: (info: VolumeInfo) => CheckResult): Check['run'] => {
    return async ({ signal }) => {
      try {
        return judge(await storage.describe({ signal }))
      } catch (error) {
        signal.throwIfAborted()
        if (!isIcbError(error)) throw error
        return { status: 'failed', summary: error.message, remedy: error.remedy, advice: error.hint ?? 'See docs/storage/ontap.md.' }
      }
    }
  }
  return [
    {
      id: 'storage.ontap.reachable',
      title: 'filer, login and volume',
      run: described(({ name, mechanism, mounts, sizeBytes, freeBytes }) => ({
        status: 'ok', summary: `${name} on ${mechanism}`, details: { mounts: mounts.map((mount) => (mount.kind === 'nfs' ? `${mount.server}:${mount.path}` : mount.path)), sizeBytes: String(sizeBytes), freeBytes: String(freeBytes) },
      })),
    },
    {
      id: 'storage.ontap.volume',
      title: 'settings of the volumes, leftovers',
      run: described(({ warnings }) =>
        warnings.length === 0
          ? { status: 'ok', summary: 'volumes are set as they should be and nothing was left over' }
          : { status: 'warning', summary: warnings.join('; '), advice: 'docs/storage/ontap.md tells how to set a volume up; leftovers go with the next backup.', remedy: 'fix', details: { warnings } },
      ),
    },
    {
      id: 'storage.ontap.listing',
      title: 'listing snapshots and clones',
      run: async ({ signal }) => {
        try {
          let [snapshots, locked, clones] = [0, 0, 0]
          for await (const { lockedUntil } of storage.listSnapshots({ signal })) {
            snapshots++
            if (lockedUntil !== undefined) locked++
          }
          for await (const clone of storage.listClones({ signal })) clones += clone.mounts.length > 0 ? 1 : 0
          const summary = `${snapshots} snapshots (${locked} locked), ${clones} clones`
          return snapshots < 1000 ? { status: 'ok', summary } : { status: 'warning', summary, advice: 'A volume has at most 1023 snapshots: shorten the retention.', remedy: 'fix' }
        } catch (error) {
          signal.throwIfAborted()
          if (!isIcbError(error)) throw error
          return { status: 'failed', summary: error.message, remedy: error.remedy, advice: error.hint ?? 'See docs/storage/ontap.md.' }
        }
      },
    },
  ]
}
