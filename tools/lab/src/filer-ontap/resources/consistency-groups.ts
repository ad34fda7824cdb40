import { randomUUID } from 'node:crypto'
import { asJob, at, textAt } from '../call.ts'
import type { Answer, Call } from '../call.ts'
import { iso, volumeNamed } from '../cluster.ts'
import type { Cluster, ConsistencyGroup, FilerVolume, GroupSnapshot } from '../cluster.ts'
import { missingField, notFound, OntapError } from '../ontap-error.ts'
import { collection, single } from '../query.ts'
import type { CollectionSpec, Json, Listed } from '../query.ts'
import { addSnapshot, checkNew, isLocked, removeSnapshot } from './snapshots.ts'
import { svmOf } from './volume-checks.ts'

const groupSpec: CollectionSpec = { path: '/api/application/consistency-groups', keys: ['uuid', 'name'], fields: { uuid: 910, name: 910, svm: 910, volumes: 910, space: 910, snapshot_policy: 910, application: 910, consistency_groups: 910, parent_consistency_group: 910, replicated: 910, qos: 910, tiering: 910, _tags: 913 } }
const snapshotSpec = (group: ConsistencyGroup): CollectionSpec => ({
  path: `/api/application/consistency-groups/${group.uuid}/snapshots`,
  keys: ['uuid', 'name', 'consistency_group'],
  expensive: ['is_partial', 'missing_volumes'],
  fields: { uuid: 910, name: 910, create_time: 910, comment: 910, consistency_type: 910, consistency_group: 910, svm: 910, is_partial: 910, missing_volumes: 910, snapshot_volumes: 910, snapmirror_label: 910 },
})

function groupRecord(cluster: Cluster, group: ConsistencyGroup): Json {
  return { uuid: group.uuid, name: group.name, svm: { name: group.svm, uuid: cluster.svms.get(group.svm)?.uuid }, replicated: false, snapshot_policy: { name: 'none' }, volumes: group.volumes.map((uuid) => ({ uuid, name: cluster.volumes.get(uuid)?.name })) }
}

function snapshotRecord(cluster: Cluster, group: ConsistencyGroup, snapshot: GroupSnapshot): Json {
  const present = snapshot.members.filter(({ volume, snapshot: uuid }) => cluster.volumes.get(volume)?.snapshots.has(uuid) === true)
  const missing = group.volumes.filter((uuid) => !present.some(({ volume }) => volume === uuid))
  return {
    uuid: snapshot.uuid,
    name: snapshot.name,
    consistency_group: { name: group.name, uuid: group.uuid },
    svm: { name: group.svm, uuid: cluster.svms.get(group.svm)?.uuid },
    create_time: iso(snapshot.createdAt),
    comment: snapshot.comment,
    consistency_type: snapshot.consistencyType,
    snapmirror_label: snapshot.label,
    is_partial: missing.length > 0,
    missing_volumes: missing.length === 0 ? undefined : missing.map((uuid) => ({ uuid, name: cluster.volumes.get(uuid)?.name })),
    snapshot_volumes: present.map(({ volume, snapshot: uuid }) => ({ volume: { uuid: volume, name: cluster.volumes.get(volume)?.name }, snapshot: { uuid, name: snapshot.name } })),
  }
}

const seenGroups = (call: Call): ConsistencyGroup[] => [...call.cluster.groups.values()].filter(({ svm }) => call.svm === undefined || svm === call.svm)

function seenGroup(call: Call): ConsistencyGroup {
  const group = seenGroups(call).find(({ uuid }) => uuid === call.parameters['group'])
  if (group === undefined) throw new OntapError(404, 53411842, 'The consistency group does not exist.', 'uuid')
  return group
}

/** A snapshot of a group whose members' snapshots are all gone is gone itself. */
function groupSnapshots(cluster: Cluster, group: ConsistencyGroup): GroupSnapshot[] {
  return [...group.snapshots.values()].filter(({ members }) => members.some(({ volume, snapshot }) => cluster.volumes.get(volume)?.snapshots.has(snapshot) === true))
}

export function listGroups(call: Call): Answer {
  const listed = seenGroups(call).map((group): Listed => ({ sequence: group.sequence, record: groupRecord(call.cluster, group) }))
  return { status: 200, body: collection(listed, call.query, groupSpec, call.cluster.settings.release, call.cluster.settings.pageSize) }
}

export function getGroup(call: Call): Answer {
  return { status: 200, body: single(groupRecord(call.cluster, seenGroup(call)), call.query, groupSpec, call.cluster.settings.release) }
}

export async function createGroup(call: Call): Promise<Answer> {
  const { cluster, body } = call
  const name = textAt(body, 'name')
  if (name === undefined) throw missingField('name')
  const svm = svmOf(call)
  const members = membersIn(call, svm, 'add')
  if (members.length === 0) throw missingField('volumes')
  const check = (): void => {
    if ([...cluster.groups.values()].some((group) => group.svm === svm && group.name === name)) throw new OntapError(409, 53411860, `A consistency group with the name "${name}" exists already.`, 'name')
    refuseTaken(cluster, members, undefined)
  }
  check()
  const uuid = randomUUID()
  const job = cluster.jobs.start(`POST /api/application/consistency-groups/${uuid} name=${name}`, svm, () => {
    check()
    cluster.groups.set(uuid, { uuid, sequence: cluster.nextSequence(), name, svm, volumes: members.map((volume) => volume.uuid), snapshots: new Map(), pending: undefined })
  })
  return asJob(call, job, { done: 201, location: `/api/application/consistency-groups/${uuid}`, record: () => ({ uuid, name }) })
}

/** The release that can take volumes out of a group without deleting them. */
const removesSince = 912

export async function patchGroup(call: Call): Promise<Answer> {
  const { cluster, body } = call
  const group = seenGroup(call)
  const [added, removed] = [membersIn(call, group.svm, 'add'), membersIn(call, group.svm, 'remove')]
  if (removed.length > 0 && cluster.settings.release < removesSince) throw new OntapError(400, 53411844, 'Volumes leave a consistency group by being deleted only in this release.', 'volumes.provisioning_options.action')
  const outside = removed.find(({ uuid }) => !group.volumes.includes(uuid))
  if (outside !== undefined) throw new OntapError(404, 53411843, `The volume "${outside.name}" is not in the consistency group.`, 'volumes.name')
  refuseTaken(cluster, added, group.uuid)
  const job = cluster.jobs.start(`PATCH /api/application/consistency-groups/${group.uuid} name=${textAt(body, 'name') ?? group.name}`, group.svm, () => {
    refuseTaken(cluster, added, group.uuid)
    for (const { uuid } of added) if (!group.volumes.includes(uuid)) group.volumes.push(uuid)
    for (const { uuid } of removed) if (group.volumes.includes(uuid)) group.volumes.splice(group.volumes.indexOf(uuid), 1)
  })
  return asJob(call, job, { done: 200 })
}

export async function deleteGroup(call: Call): Promise<Answer> {
  const { cluster } = call
  const group = seenGroup(call)
  const job = cluster.jobs.start(`DELETE /api/application/consistency-groups/${group.uuid} name=${group.name}`, group.svm, () => { cluster.groups.delete(group.uuid) })
  return asJob(call, job, { done: 200 })
}

export function listGroupSnapshots(call: Call): Answer {
  const { cluster } = call
  const group = seenGroup(call)
  const listed = groupSnapshots(cluster, group).map((snapshot): Listed => ({ sequence: snapshot.sequence, record: snapshotRecord(cluster, group, snapshot) }))
  return { status: 200, body: collection(listed, call.query, snapshotSpec(group), cluster.settings.release, cluster.settings.pageSize) }
}

export function getGroupSnapshot(call: Call): Answer {
  const { group, snapshot } = seenGroupSnapshot(call)
  return { status: 200, body: single(snapshotRecord(call.cluster, group, snapshot), call.query, snapshotSpec(group), call.cluster.settings.release) }
}

/** The release that can begin a snapshot and commit it later. */
const twoPhasesSince = 911

export async function createGroupSnapshot(call: Call): Promise<Answer> {
  const { cluster, body, query } = call
  const group = seenGroup(call)
  const action = query.get('action')
  if (action !== null && (action !== 'start' || cluster.settings.release < twoPhasesSince)) throw new OntapError(400, 2, `Invalid value "${action}" for "action"`, 'action')
  const seconds = Number(query.get('action_timeout') ?? '7')
  if (action !== null && !(seconds >= 5 && seconds <= 120)) throw new OntapError(400, 2, 'Invalid value for "action_timeout" (5..120)', 'action_timeout')
  const name = textAt(body, 'name')
  if (name === undefined) throw missingField('name')
  const members = group.volumes.map((uuid) => cluster.volumes.get(uuid)).filter((volume) => volume !== undefined)
  const check = (): void => {
    if (groupSnapshots(cluster, group).some((snapshot) => snapshot.name === name)) throw new OntapError(409, 53411921, `A snapshot named "${name}" exists already.`, 'name')
    if (pendingOf(cluster, group) !== undefined) throw new OntapError(409, 53411918, 'Another snapshot of the consistency group is in progress.')
    for (const volume of members) checkNew(cluster, volume, name)
  }
  check()
  const uuid = randomUUID()
  const take = (): void => {
    const createdAt = cluster.stamp()
    const taken = (cluster.settings.partialGroups ? members.slice(0, -1) : members).map((volume) => {
      const snapshot = randomUUID()
      addSnapshot(cluster, volume, { uuid: snapshot, name, createdAt, comment: textAt(body, 'comment'), label: textAt(body, 'snapmirror_label'), expiry: undefined, snaplockExpiry: undefined })
      return { volume: volume.uuid, snapshot }
    })
    group.snapshots.set(uuid, {
      uuid, sequence: cluster.nextSequence(), name, createdAt, comment: textAt(body, 'comment'), consistencyType: textAt(body, 'consistency_type') ?? 'crash', label: textAt(body, 'snapmirror_label'), members: taken,
    })
  }
  const job = cluster.jobs.start(`POST ${groupSpec.path}/${group.uuid}/snapshots/${uuid} name=${name}`, group.svm, () => {
    check()
    if (action === null) take()
    else group.pending = { uuid, name, until: cluster.now() + seconds * 1000, commit: take }
  })
  return asJob(call, job, { done: 201, location: `${groupSpec.path}/${group.uuid}/snapshots/${uuid}`, record: () => ({ uuid, name }) })
}

/** The second phase. */
export function patchGroupSnapshot(call: Call): Answer {
  const { cluster, query, parameters } = call
  const group = seenGroup(call)
  if (query.get('action') !== 'commit' || cluster.settings.release < twoPhasesSince) throw new OntapError(400, 2, 'Only a snapshot that was begun can be changed, with "action=commit".', 'action')
  const pending = pendingOf(cluster, group)
  if (pending === undefined || pending.uuid !== parameters['snapshot']) throw new OntapError(409, 53411925, 'There is no two-phase snapshot in progress.')
  group.pending = undefined
  pending.commit()
  return { status: 200, body: {} }
}

/** What was begun and whose time is not up yet. */
function pendingOf(cluster: Cluster, group: ConsistencyGroup): ConsistencyGroup['pending'] {
  if (group.pending !== undefined && group.pending.until < cluster.now()) group.pending = undefined
  return group.pending
}

export async function deleteGroupSnapshot(call: Call): Promise<Answer> {
  const { cluster } = call
  const { group, snapshot } = seenGroupSnapshot(call)
  if (cluster.settings.multiAdmin) throw new OntapError(403, 262325, 'The operation requires approval by another administrator.')
  const job = cluster.jobs.start(`DELETE ${groupSpec.path}/${group.uuid}/snapshots/${snapshot.uuid} name=${snapshot.name}`, group.svm, () => {
    if (!group.snapshots.has(snapshot.uuid)) throw notFound('uuid')
    const present = snapshot.members.flatMap(({ volume: uuid, snapshot: id }) => {
      const volume = cluster.volumes.get(uuid)
      const found = volume?.snapshots.get(id)
      return volume === undefined || found === undefined ? [] : [{ volume, found }]
    })
    // All or nothing, as the creation is.
    if (present.some(({ found }) => isLocked(cluster, found))) throw new OntapError(409, 53412007, `The snapshot "${snapshot.name}" of the consistency group is locked.`)
    for (const { volume, found } of present) removeSnapshot(cluster, volume, found)
    group.snapshots.delete(snapshot.uuid)
  })
  return asJob(call, job, { done: 200 })
}

function seenGroupSnapshot(call: Call): { readonly group: ConsistencyGroup; readonly snapshot: GroupSnapshot } {
  const group = seenGroup(call)
  const snapshot = groupSnapshots(call.cluster, group).find(({ uuid }) => uuid === call.parameters['snapshot'])
  if (snapshot === undefined) throw notFound('uuid')
  return { group, snapshot }
}

/** The volumes of a body that are to be added, or removed. */
function membersIn(call: Call, svm: string, action: 'add' | 'remove'): FilerVolume[] {
  return ((at(call.body, 'volumes') as readonly Json[] | undefined) ?? []).flatMap((member) => {
    const given = textAt(member, 'provisioning_options.action')
    if (given !== 'add' && given !== 'remove') throw new OntapError(400, 53411844, 'New volumes are not made by this simulator: use the action "add".', 'volumes.provisioning_options.action')
    if (given !== action) return []
    const name = textAt(member, 'name')
    const volume = name === undefined ? call.cluster.volumes.get(textAt(member, 'uuid') ?? '') : volumeNamed(call.cluster, svm, name)
    if (volume === undefined) throw new OntapError(404, 917927, `The volume "${name ?? ''}" was not found.`, 'volumes.name')
    if (volume.snapshotLocking) throw new OntapError(400, 53411959, `The volume "${volume.name}" has snapshot locking enabled.`, 'volumes.name')
    return [volume]
  })
}

function refuseTaken(cluster: Cluster, members: readonly FilerVolume[], self: string | undefined): void {
  for (const group of cluster.groups.values()) {
    const taken = members.find(({ uuid }) => group.uuid !== self && group.volumes.includes(uuid))
    if (taken !== undefined) throw new OntapError(409, 53411865, `The volume "${taken.name}" is in the consistency group "${group.name}" already.`, 'volumes.name')
  }
}
