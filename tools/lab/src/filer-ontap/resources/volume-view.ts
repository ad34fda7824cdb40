import { createHash } from 'node:crypto'
import type { Answer, Call } from '../call.ts'
import { cloned, iso, visibleVolumes } from '../cluster.ts'
import type { Cluster, FilerVolume } from '../cluster.ts'
import { OntapError } from '../ontap-error.ts'
import { collection, needQuery, selected, single } from '../query.ts'
import type { CollectionSpec, Json, Listed } from '../query.ts'

export const volumeSpec: CollectionSpec = {
  path: '/api/storage/volumes',
  keys: ['uuid', 'name'],
  expensive: [
    'nas.path', 'nas.uid', 'nas.gid', 'nas.unix_permissions', 'nas.security_style', 'clone.parent_volume', 'clone.parent_svm', 'clone.parent_snapshot', 'clone.split_complete_percent', 'clone.split_estimate',
    'clone.inherited_physical_used', 'space.snapshot', 'snaplock', 'efficiency', 'files',
  ],
  fields: {
    uuid: 906, name: 906, svm: 906, size: 906, state: 906, style: 906, type: 906, comment: 906, create_time: 906, aggregates: 906, nas: 906, snapshot_policy: 906, guarantee: 906,
    clone: 906, space: 906, autosize: 906, snaplock: 906, snapshot_count: 910, consistency_group: 910,
    // Known and mostly without a value here, as on a system that does not use them; clients of other kinds ask for them.
    encryption: 906, tiering: 906, qos: 906, efficiency: 906, files: 906, language: 906, movement: 906, quota: 906, snapmirror: 906, analytics: 908, activity_tracking: 910, _tags: 913, snapshot_locking_enabled: 912, snapshot_directory_access_enabled: 913,
  },
}

/** `space`: what files take is counted, as that was asked for. */
function recordOf(cluster: Cluster, volume: FilerVolume, withClones: ReadonlySet<string>, space: boolean): Json {
  const { settings } = cluster
  const svm = cluster.svms.get(volume.svm)
  const used = space ? cluster.engine.bytes(volume.uuid) : 0
  const inSnapshots = space ? cluster.engine.freedBy(volume.uuid, new Set(volume.snapshots.keys())) : 0
  const parent = volume.parent === undefined ? undefined : cluster.volumes.get(volume.parent.volume)
  const snapshot = parent?.snapshots.get(volume.parent?.snapshot ?? '')
  const group = [...cluster.groups.values()].find(({ volumes }) => volumes.includes(volume.uuid))
  const aggregate = cluster.aggregates.find(({ name }) => name === volume.aggregate)
  return {
    uuid: volume.uuid,
    name: volume.name,
    comment: volume.comment,
    create_time: iso(volume.createdAt),
    size: volume.size,
    state: volume.state,
    style: 'flexvol',
    type: 'rw',
    svm: { name: volume.svm, uuid: svm?.uuid },
    aggregates: [{ name: volume.aggregate, uuid: aggregate?.uuid }],
    guarantee: { type: volume.guarantee },
    nas: {
      ...(volume.path === undefined ? {} : { path: volume.path }),
      uid: volume.uid, gid: volume.gid, unix_permissions: volume.permissions, security_style: volume.securityStyle, export_policy: { name: volume.exportPolicy, id: svm?.policies.find(({ name }) => name === volume.exportPolicy)?.id },
    },
    snapshot_policy: { name: volume.snapshotPolicy, uuid: policyUuid(volume.snapshotPolicy) },
    ...(settings.release >= 913 ? { snapshot_directory_access_enabled: volume.snapshotDirectory } : {}),
    ...(settings.release >= 912 ? { snapshot_locking_enabled: volume.snapshotLocking } : {}),
    snaplock: { type: 'non_snaplock' },
    encryption: { enabled: false },
    tiering: { policy: 'none' },
    efficiency: { compression: 'none', policy: { name: '-' } },
    files: { maximum: 21_251_126, used: 96 },
    language: 'c.utf_8',
    clone: {
      is_flexclone: volume.parent !== undefined,
      has_flexclone: withClones.has(volume.uuid),
      ...(parent === undefined ? {} : { parent_volume: { name: parent.name, uuid: parent.uuid }, parent_svm: { name: parent.svm, uuid: cluster.svms.get(parent.svm)?.uuid }, parent_snapshot: { name: snapshot?.name, uuid: snapshot?.uuid }, split_estimate: used, inherited_physical_used: used }),
    },
    space: { size: volume.size, used: used + inSnapshots, available: Math.max(0, volume.size - used - inSnapshots), logical_space: { used: used + inSnapshots }, snapshot: { used: inSnapshots, reserve_percent: 0 } },
    autosize: volume.autosize,
    snapshot_count: settings.release >= 910 ? volume.snapshots.size : undefined,
    consistency_group: group === undefined || settings.release < 910 ? undefined : { name: group.name, uuid: group.uuid },
  }
}

export function seenVolumes(call: Call): FilerVolume[] {
  return visibleVolumes(call.cluster).filter(({ svm }) => call.svm === undefined || svm === call.svm)
}

export function seenVolume(call: Call, uuid: string): FilerVolume {
  const volume = seenVolumes(call).find((candidate) => candidate.uuid === uuid)
  if (volume === undefined) throw new OntapError(404, call.cluster.settings.release >= 910 ? 918235 : 4, `A volume with UUID "${uuid}" was not found.`, 'uuid')
  return volume
}

export function listVolumes(call: Call): Answer {
  const withClones = cloned(call.cluster)
  const space = asksForSpace(call)
  const listed = seenVolumes(call).map((volume): Listed => ({ sequence: volume.sequence, record: recordOf(call.cluster, volume, withClones, space) }))
  return { status: 200, body: collection(listed, call.query, volumeSpec, call.cluster.settings.release, call.cluster.settings.pageSize) }
}

export function getVolume(call: Call): Answer {
  return { status: 200, body: single(recordOf(call.cluster, seenVolume(call, call.parameters['volume'] ?? ''), cloned(call.cluster), !call.query.has('fields') || asksForSpace(call)), call.query, volumeSpec, call.cluster.settings.release) }
}

/** The volumes that a query selects, for changes by a query. @throws OntapError when it would select all */
export function queriedVolumes(call: Call): readonly FilerVolume[] {
  const withClones = cloned(call.cluster)
  const volumes = seenVolumes(call)
  const listed = volumes.map((volume): Listed => ({ sequence: volume.sequence, record: recordOf(call.cluster, volume, withClones, false) }))
  const found = new Set(selected(listed, needQuery(call.query), volumeSpec, call.cluster.settings.release).map(({ sequence }) => sequence))
  return volumes.filter(({ sequence }) => found.has(sequence))
}

function asksForSpace({ query }: Call): boolean {
  return [...query].some(([name, value]) => name.startsWith('space') || name.startsWith('clone.split') || (name === 'fields' && /(?:^|,)\s*(?:\*|space|clone)/.test(value)))
}

/** Policies of snapshots are not managed here; each name has an id of its own. */
function policyUuid(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
}
