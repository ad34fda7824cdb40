import { isIcbError } from '@icb/runtime'
import type { Check, CheckResult } from '@icb/runtime'
import type { SnapshotStorage, VolumeInfo } from '@icb/storage-core'

/** What `doctor` asks about a local storage. */
export function checks(storage: SnapshotStorage): Check[] {
  const described = (judge: (info: VolumeInfo, signal: AbortSignal) => CheckResult | Promise<CheckResult>): Check['run'] => {
    return async ({ signal }) => {
      try {
        return await judge(await storage.describe({ signal }), signal)
      } catch (error) {
        signal.throwIfAborted()
        if (!isIcbError(error)) throw error
        return { status: 'failed', summary: error.message, remedy: error.remedy, advice: error.hint ?? 'See the error.' }
      }
    }
  }
  return [
    {
      id: 'storage.local.reachable',
      title: 'backup area',
      run: described(({ mounts, sizeBytes, freeBytes }) => ({ status: 'ok', summary: `${mounts[0]?.path ?? ''} is there`, details: { sizeBytes: String(sizeBytes), freeBytes: String(freeBytes) } })),
    },
    {
      id: 'storage.local.mechanism',
      title: 'how snapshots are made',
      run: described(({ mechanism, warnings }) =>
        storage.capabilities.thinClones
          ? { status: 'ok', summary: mechanism, details: { warnings } }
          : { status: 'warning', summary: mechanism, advice: 'Put the backup area on btrfs (as a subvolume) or on XFS with reflinks.', remedy: 'fix', details: { warnings } },
      ),
    },
    {
      id: 'storage.local.space',
      title: 'room for the next snapshot',
      run: described(async ({ freeBytes = 0n }, signal) => {
        if (storage.capabilities.thinClones) return { status: 'skipped', summary: 'snapshots share their blocks', advice: 'Watch the free space as for any file system.' }
        let newest = 0n
        for await (const { spaceTotal } of storage.listSnapshots({ signal })) newest = spaceTotal ?? newest
        // One snapshot and one clone for the restore test, both in full size.
        const needed = newest * 2n
        return needed <= freeBytes
          ? { status: 'ok', summary: `${freeBytes} bytes free` }
          : { status: 'warning', summary: `${freeBytes} bytes free; the next snapshot and its restore test take about ${needed}`, advice: 'Delete snapshots or make the file system larger.', remedy: 'fix' }
      }),
    },
  ]
}
