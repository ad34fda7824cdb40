import { pollUntil } from '@icb/runtime'
import type { Clock, Logger } from '@icb/runtime'
import { storageErrors } from '@icb/storage-core'
import type { VolumeSpec } from '@icb/storage-core'
import { z } from 'zod'
import { isStorageError } from './answer-errors.ts'
import { findAreaVolumes } from './area-volumes.ts'
import type { AreaNames, AreaVolume } from './area-volumes.ts'
import type { OntapClient } from './ontap-client.ts'
import type { OntapOptions } from './options.ts'

export interface CreateVolumeParts {
  readonly client: OntapClient
  readonly clock: Clock
  readonly options: OntapOptions
  readonly names: AreaNames
  readonly logger: Logger
}

const smallest = 20n * 1024n * 1024n
const visibleMs = 60_000
/** What a volume that this tool created has as comment. */
const volumeComment = '{"icb":1,"area":true}'

/**
 * Creates those of the area's volumes that are missing: thin, without a snapshot policy or reserve, growing up to twice the
 * size, the further ones mounted below the first. `spec.size` is the whole area's and is divided among them.
 * @throws ICB_STORAGE_OPTIONS when the aggregate, the size or the SVM is not known
 */
export async function createAreaVolumes(parts: CreateVolumeParts, spec: VolumeSpec, signal?: AbortSignal): Promise<readonly AreaVolume[]> {
  const { client, clock, options, names } = parts
  const setting = (key: 'aggregate' | 'exportPolicy' | 'owner' | 'permissions'): string | undefined => spec.options?.[key] ?? options[key]
  let present = await findAreaVolumes(client, names, signal)
  const missing = names.volumes.filter((name) => !present.some((volume) => volume.name === name))
  if (missing.length > 0) {
    const aggregate = setting('aggregate') ?? present[0]?.aggregate
    if (aggregate === undefined) throw storageErrors.OPTIONS('no aggregate is given for the new volume', { hint: 'Set "aggregate" in the storage options.' })
    if (spec.size === undefined) throw storageErrors.OPTIONS('no size is given for the new volume')
    const share = spec.size / BigInt(names.volumes.length)
    if (share < smallest) throw storageErrors.OPTIONS(`a volume has at least ${smallest} bytes; ${spec.size} for ${names.volumes.length} is less`)
    const svm = present[0]?.svm ?? names.svm ?? (await onlySvm(client, signal))
    const [uid, gid] = (setting('owner') ?? '').split(':').map(Number)
    const root = present.find(({ name }) => name === names.volumes[0])?.path ?? `/${names.volumes[0]}`
    for (const name of missing) {
      const body = {
        name, svm: { name: svm }, aggregates: [{ name: aggregate }], style: 'flexvol', type: 'rw', size: Number(share), guarantee: { type: 'none' }, comment: volumeComment,
        snapshot_policy: { name: 'none' }, space: { snapshot: { reserve_percent: 0 } }, autosize: { mode: 'grow', maximum: Number(share * 2n) },
        nas: {
          path: name === names.volumes[0] ? root : `${root}/${name.slice(names.volumes[0].length).replace(/^_+/, '') || name}`,
          security_style: 'unix', unix_permissions: Number(setting('permissions') ?? '770'), export_policy: { name: setting('exportPolicy') ?? 'default' },
          // Zero is refused on some platforms, and is what a volume has anyway.
          ...(uid === undefined || !(uid > 0) ? {} : { uid }), ...(gid === undefined || !(gid > 0) ? {} : { gid }),
        },
      }
      await client.change({ method: 'POST', path: '/storage/volumes', what: `creating the volume ${name}`, body, signal }).catch((error: unknown) => {
        // Another caller was faster.
        if (!isStorageError(error, 'EXISTS')) throw error
      })
    }
    present = await pollUntil({ clock, what: `the volumes ${missing.join(', ')}`, deadlineMs: visibleMs, intervalMs: 100, signal }, async () => {
      const found = await findAreaVolumes(client, names, signal)
      return found.length === names.volumes.length ? found : undefined
    })
  }
  const release = await client.release(signal)
  for (const volume of present) {
    if (volume.comment !== volumeComment) continue
    if (release >= hidesSince ? volume.snapshotDirectory === true : missing.includes(volume.name)) await hideSnapshotDirectory(parts, volume, release, signal)
  }
  return present
}

/** The directory of snapshots would show up in the area; the API has it since 9.13.1 and as a change only, before the command line's door is the way. */
const hidesSince = 913

async function hideSnapshotDirectory({ client, logger }: CreateVolumeParts, { uuid, svm, name }: AreaVolume, release: number, signal: AbortSignal | undefined): Promise<void> {
  const what = `hiding the snapshot directory of ${name}`
  if (release >= hidesSince) return client.change({ method: 'PATCH', path: `/storage/volumes/${uuid}`, what, body: { snapshot_directory_access_enabled: false }, returnTimeout: 15, signal })
  try {
    await client.change({ method: 'PATCH', path: '/private/cli/volume', what, query: { vserver: svm, volume: name }, body: { 'snapdir-access': 'false' }, signal })
  } catch (error) {
    if (!isStorageError(error, 'AUTH', 'UNSUPPORTED', 'NOT_FOUND')) throw error
    logger.warn({ volume: name, error: String(error) }, `the snapshot directory of ${name} is visible to hosts: run "volume modify -vserver ${svm} -volume ${name} -snapdir-access false"`)
  }
}

async function onlySvm(client: OntapClient, signal: AbortSignal | undefined): Promise<string> {
  const found = await client.all('/svm/svms', { what: 'looking for the SVM', schema: z.object({ name: z.string() }), fields: ['name'], signal })
  const [only] = found
  if (only !== undefined && found.length === 1) return only.name
  throw storageErrors.OPTIONS(found.length === 0 ? 'the login sees no SVM' : `the login sees several SVMs: ${found.map(({ name }) => name).join(', ')}`, { hint: 'Set "svm".' })
}
