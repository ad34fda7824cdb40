import { storageErrors } from '@icb/storage-core'
import type { MountSource } from '@icb/storage-core'
import { z } from 'zod'
import { isStorageError } from './answer-errors.ts'
import type { Field, OntapClient } from './ontap-client.ts'

/** One volume of the backup area, as the filer has it. */
export interface AreaVolume {
  readonly uuid: string
  readonly name: string
  readonly svm: string
  readonly state: string
  readonly size: number
  readonly available: number | undefined
  /** Junction path; `undefined`: not mounted in the SVM's namespace. */
  readonly path: string | undefined
  readonly exportPolicy: string | undefined
  readonly aggregate: string | undefined
  readonly uid: number | undefined
  readonly gid: number | undefined
  readonly snapshotPolicy: string | undefined
  readonly snapshotDirectory: boolean | undefined
  /** Snapshots can be locked (SnapLock). */
  readonly snapshotLocking: boolean
  readonly comment: string | undefined
}

export interface AreaNames {
  /** The first one is the area's root; its snapshots stand for the whole set. */
  readonly volumes: readonly [string, ...string[]]
  readonly svm: string | undefined
}

const record = z.object({
  uuid: z.string(),
  name: z.string(),
  svm: z.object({ name: z.string() }),
  state: z.string().optional(),
  size: z.number().optional(),
  comment: z.string().optional(),
  space: z.object({ available: z.number().optional() }).optional(),
  nas: z.object({ path: z.string().optional(), uid: z.number().optional(), gid: z.number().optional(), export_policy: z.object({ name: z.string() }).optional() }).optional(),
  aggregates: z.array(z.object({ name: z.string() })).optional(),
  snapshot_policy: z.object({ name: z.string() }).optional(),
  snapshot_directory_access_enabled: z.boolean().optional(),
  snapshot_locking_enabled: z.boolean().optional(),
})

const fields: readonly Field[] = [
  'uuid', 'name', 'svm.name', 'state', 'size', 'comment', 'space.available', 'nas.path', 'nas.uid', 'nas.gid', 'nas.export_policy.name', 'aggregates.name', 'snapshot_policy.name',
  ['snapshot_directory_access_enabled', 913], ['snapshot_locking_enabled', 912],
]

/** The area's volumes that exist, in the order of their names in the configuration. @throws ICB_STORAGE_OPTIONS when several SVMs have one of that name */
export async function findAreaVolumes(client: OntapClient, names: AreaNames, signal?: AbortSignal): Promise<readonly AreaVolume[]> {
  const found = await client.all('/storage/volumes', {
    what: `looking for ${names.volumes.join(', ')}`, schema: record, fields, signal,
    query: { name: names.volumes.join('|'), ...(names.svm === undefined ? {} : { 'svm.name': names.svm }) },
  })
  const svms = new Set(found.map(({ svm }) => svm.name))
  if (svms.size > 1) throw storageErrors.OPTIONS(`the volume ${names.volumes[0]} exists in several SVMs: ${[...svms].join(', ')}`, { hint: 'Set "svm" to the one that is meant.' })
  return names.volumes.flatMap((name) => {
    const raw = found.find((candidate) => candidate.name === name)
    return raw === undefined ? [] : [viewOf(raw)]
  })
}

/** All of them. @throws ICB_STORAGE_NOT_FOUND naming those that are missing */
export async function needAreaVolumes(client: OntapClient, names: AreaNames, signal?: AbortSignal): Promise<readonly [AreaVolume, ...AreaVolume[]]> {
  const found = await findAreaVolumes(client, names, signal)
  const missing = names.volumes.filter((name) => !found.some((volume) => volume.name === name))
  const [main, ...others] = found
  if (main !== undefined && missing.length === 0) return [main, ...others]
  throw storageErrors.NOT_FOUND(`there is no volume ${missing.join(', ')}${names.svm === undefined ? '' : ` in the SVM ${names.svm}`}`, {
    hint: 'Check "volumeprefix", "additionalvolumesuffixes" and "svm", whether the login sees that SVM, or create the volume with `icb volume create`.',
  })
}

function viewOf(raw: z.infer<typeof record>): AreaVolume {
  return {
    uuid: raw.uuid, name: raw.name, svm: raw.svm.name, state: raw.state ?? 'unknown', size: raw.size ?? 0, available: raw.space?.available, path: raw.nas?.path, exportPolicy: raw.nas?.export_policy?.name,
    aggregate: raw.aggregates?.[0]?.name, uid: raw.nas?.uid, gid: raw.nas?.gid, snapshotPolicy: raw.snapshot_policy?.name, snapshotDirectory: raw.snapshot_directory_access_enabled, snapshotLocking: raw.snapshot_locking_enabled === true, comment: raw.comment,
  }
}

const lif = z.object({ name: z.string(), ip: z.object({ address: z.string(), family: z.string().optional() }) })

/** The address that hosts mount from: a data interface of the SVM that offers NFS; `undefined` when none is up or the login may not ask. */
export async function findDataAddress(client: OntapClient, svm: string, signal?: AbortSignal): Promise<string | undefined> {
  try {
    const interfaces = await client.all('/network/ip/interfaces', {
      what: `looking for an NFS interface of ${svm}`, schema: lif, fields: ['name', 'ip.address', 'ip.family'], query: { 'svm.name': svm, services: 'data_nfs', state: 'up', enabled: true }, signal,
    })
    const [first] = interfaces.toSorted((a, b) => (a.name < b.name ? -1 : 1))
    return first === undefined ? undefined : inBrackets(first.ip.address)
  } catch (error) {
    if (isStorageError(error, 'AUTH')) return undefined
    throw error
  }
}

/** IPv6 addresses stand in brackets in a mount source. */
export function inBrackets(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
}

export function mountOf(server: string, path: string, options: string): MountSource {
  return { kind: 'nfs', server, path, options }
}
