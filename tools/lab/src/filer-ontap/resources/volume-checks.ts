import { textAt } from '../call.ts'
import type { Call } from '../call.ts'
import type { Cluster, FilerVolume } from '../cluster.ts'
import { OntapError } from '../ontap-error.ts'
import { volumeSpec } from './volume-view.ts'

export function svmOf(call: Call): string {
  const name = textAt(call.body, 'svm.name') ?? [...call.cluster.svms.values()].find(({ uuid }) => uuid === textAt(call.body, 'svm.uuid'))?.name ?? call.svm
  if (name === undefined) throw new OntapError(400, 2621707, 'No SVM was specified.', 'svm.name')
  if (!call.cluster.svms.has(name) || (call.svm !== undefined && name !== call.svm)) throw new OntapError(404, 2621462, `The SVM "${name}" does not exist.`, 'svm.name')
  return name
}

export function checkName(name: string): void {
  if (name.length > 203) throw new OntapError(400, 917886, `The volume name is longer than 203 characters.`, 'name')
  if (!/^[A-Za-z_]/.test(name)) throw new OntapError(400, 917887, `The volume name "${name}" must begin with a letter or underscore.`, 'name')
  if (!/^\w+$/.test(name)) throw new OntapError(400, 917888, `The volume name "${name}" has invalid characters.`, 'name')
}

export function checkPath(cluster: Cluster, svm: string, path: string | undefined, self?: string): string | undefined {
  if (path === undefined || path === '') return undefined
  if (!path.startsWith('/') || path.endsWith('/') || path.includes('//')) throw new OntapError(400, 918252, `The junction path "${path}" is not valid.`, 'nas.path')
  const mounted = [...cluster.volumes.values()].filter((volume) => volume.svm === svm && volume.path !== undefined)
  const same = mounted.find((volume) => volume.uuid !== self && volume.path?.toLowerCase() === path.toLowerCase())
  if (same !== undefined) throw new OntapError(409, 918252, `The junction path "${path}" is already in use by volume "${same.name}".`, 'nas.path')
  const parent = path.slice(0, path.lastIndexOf('/'))
  if (parent !== '' && !mounted.some((volume) => volume.path === parent)) throw new OntapError(400, 918252, `The parent "${parent}" of the junction path does not exist.`, 'nas.path')
  return path
}

export function nested(cluster: Cluster, volume: FilerVolume): FilerVolume | undefined {
  const { path } = volume
  return path === undefined ? undefined : [...cluster.volumes.values()].find((other) => other.svm === volume.svm && other.path?.startsWith(`${path}/`))
}

export function checkPolicy(cluster: Cluster, svm: string, policy: string): string {
  if (cluster.svms.get(svm)?.policies.some(({ name }) => name === policy) !== true) throw new OntapError(400, 918271, `The export policy "${policy}" does not exist.`, 'nas.export_policy.name')
  return policy
}

/** What a request to create or change a volume may have, beside what a volume shows. */
const settable = [...Object.keys(volumeSpec.fields), 'queue_for_deletion', 'optimize_aggregates', 'use_mirrored_aggregates', 'constituents_per_aggregate', 'constituent_count', 'msid', 'scheduled_snapshot_naming_scheme', 'convert_unicode', 'is_object_store', 'nas', 'validate_only', 'asynchronous_directory_delete', 'rebalancing', 'cloud_retrieval_policy', 'flexcache_endpoint_type', 'is_svm_root', 'application', 'access_time_enabled', 'snapshot_locking_enabled', 'granular_data', 'granular_data_mode', 'anti_ransomware', 'space_nearly_full_threshold_percent', 'aggressive_readahead_mode']

/** @throws OntapError for a member that no release has, or this one not yet */
export function checkBody({ body, cluster }: Call): void {
  for (const field of Object.keys(body)) {
    const since = volumeSpec.fields[field]
    if (!settable.includes(field) || (since !== undefined && since > cluster.settings.release)) throw new OntapError(400, 262179, `Unexpected argument "${field}".`, field)
  }
}
