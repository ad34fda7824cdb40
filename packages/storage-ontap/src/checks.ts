import { isIcbError } from '@icb/runtime'
import type { Check, CheckResult } from '@icb/runtime'
import type { SnapshotStorage, StorageCapabilities, VolumeInfo } from '@icb/storage-core'
import { z } from 'zod'
import { isStorageError } from './answer-errors.ts'
import type { AreaVolume } from './area-volumes.ts'
import { groupsSince } from './consistency-group.ts'
import type { Change, OntapClient } from './ontap-client.ts'

/** What the checks ask beyond the contract. */
export interface Diagnosis {
  readonly client: OntapClient
  readonly area: (signal?: AbortSignal) => Promise<readonly [AreaVolume, ...AreaVolume[]]>
}

const diagnoses = new WeakMap<StorageCapabilities, Diagnosis>()

/** Decorators hand the capabilities on as they are, so they lead from any of them to this storage. */
export function registerDiagnosis(capabilities: StorageCapabilities, diagnosis: Diagnosis): void {
  diagnoses.set(capabilities, diagnosis)
}

/** No object has it. */
const nowhere = '00000000-0000-4000-8000-000000000000'

/** Requests that change nothing, as what they ask for cannot be: who may make them is told so, who may not is refused before. */
function trials([main, ...others]: readonly [AreaVolume, ...AreaVolume[]], release: number): readonly (readonly [right: string, change: Change])[] {
  const snapshots = `/storage/volumes/${main.uuid}/snapshots`
  const of = (method: Change['method'], path: string, body?: Change['body']): Change => ({ method, path, what: 'trying a right', returnTimeout: 0, ...(body === undefined ? {} : { body }) })
  return [
    ['making snapshots (/api/storage/volumes/*/snapshots)', of('POST', snapshots, { name: '*' })],
    ['deleting snapshots (/api/storage/volumes/*/snapshots)', of('DELETE', `${snapshots}/${nowhere}`)],
    ['making clones (/api/storage/volumes)', of('POST', '/storage/volumes', {})],
    ['changing clones (/api/storage/volumes)', of('PATCH', `/storage/volumes/${nowhere}`, { comment: '' })],
    ['deleting clones (/api/storage/volumes)', of('DELETE', `/storage/volumes/${nowhere}`)],
    ...(others.length === 0 || release < groupsSince
      ? []
      : ([
          ['making consistency groups (/api/application/consistency-groups)', of('POST', '/application/consistency-groups', {})],
          ['deleting snapshots of consistency groups (/api/application/consistency-groups/*/snapshots)', of('DELETE', `/application/consistency-groups/${nowhere}/snapshots/${nowhere}`)],
        ] as const)),
  ]
}

async function missingRights({ client, area }: Diagnosis, signal: AbortSignal): Promise<readonly string[]> {
  const missing: string[] = []
  for (const [right, change] of trials(await area(signal), await client.release(signal))) {
    try {
      await client.change({ ...change, signal })
    } catch (error) {
      signal.throwIfAborted()
      if (isStorageError(error, 'AUTH')) missing.push(right)
      else if (isStorageError(error, 'UNREACHABLE')) throw error
    }
  }
  const jobs = client.find(`/cluster/jobs/${nowhere}`, { what: 'trying a right', schema: z.unknown(), fields: ['state'], signal })
  await jobs.catch((error: unknown) => {
    if (!isStorageError(error, 'AUTH')) throw error
    missing.push('reading jobs (/api/cluster/jobs)')
  })
  return missing
}

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
      id: 'storage.ontap.role',
      title: 'what the role of the login allows',
      run: async ({ signal }) => {
        const diagnosis = diagnoses.get(storage.capabilities)
        if (diagnosis === undefined) return { status: 'skipped', summary: 'this storage was not opened by the adapter', advice: 'Open it by the adapter.' }
        try {
          const missing = await missingRights(diagnosis, signal)
          return missing.length === 0
            ? { status: 'ok', summary: 'the login may do all that a backup and a restore test need' }
            : { status: 'failed', summary: `the login may not do: ${missing.join(', ')}`, advice: 'Give its role the access that docs/storage/ontap.md lists (security login rest-role create).', remedy: 'fix', details: { missing } }
        } catch (error) {
          signal.throwIfAborted()
          if (!isIcbError(error)) throw error
          return { status: 'failed', summary: error.message, remedy: error.remedy, advice: error.hint ?? 'See docs/storage/ontap.md.' }
        }
      },
    },
    {
      id: 'storage.ontap.listing',
      title: 'listing snapshots and clones',
      run: async ({ signal }) => {
        try {
          let [snapshots, clones] = [0, 0]
          const locked: string[] = []
          for await (const { name, lockedUntil } of storage.listSnapshots({ signal })) {
            snapshots++
            if (lockedUntil !== undefined) locked.push(`${name} until ${lockedUntil.toISO() ?? ''}`)
          }
          for await (const clone of storage.listClones({ signal })) clones += clone.mounts.length > 0 ? 1 : 0
          const summary = `${snapshots} snapshots (${locked.length} locked${locked.length === 0 ? '' : `: ${locked.slice(0, 5).join(', ')}${locked.length > 5 ? ' …' : ''}`}), ${clones} clones`
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
