import { randomUUID } from 'node:crypto'
import { asJob, at, leaves, numberAt, textAt, truthAt } from '../call.ts'
import type { Answer, Call } from '../call.ts'
import { cloned, clonesOf, iso, visibleVolumes, volumeNamed } from '../cluster.ts'
import type { Cluster, FilerVolume } from '../cluster.ts'
import { invalidField, missingField, notFound, OntapError } from '../ontap-error.ts'
import { collection, single } from '../query.ts'
import type { CollectionSpec, Json, Listed } from '../query.ts'

export const volumeSpec: CollectionSpec = {
  path: '/api/storage/volumes',
  keys: ['uuid', 'name'],
  expensive: ['nas', 'clone', 'snaplock', 'efficiency'],
  fields: {
    uuid: 906, name: 906, svm: 906, size: 906, state: 906, style: 906, type: 906, comment: 906, create_time: 906, aggregates: 906, nas: 906, snapshot_policy: 906, guarantee: 906,
    clone: 906, space: 906, autosize: 906, 'snaplock.type': 906, snapshot_count: 910, consistency_group: 910, snapshot_locking_enabled: 912, snapshot_directory_access_enabled: 913,
  },
}

const cloneFields = ['name', 'svm.name', 'svm.uuid', 'nas.path', 'nas.uid', 'nas.gid']

function recordOf(cluster: Cluster, volume: FilerVolume, withClones: ReadonlySet<string>): Json {
  const { settings } = cluster
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
    svm: { name: volume.svm, uuid: cluster.svms.get(volume.svm)?.uuid },
    aggregates: [{ name: volume.aggregate, uuid: aggregate?.uuid }],
    guarantee: { type: volume.guarantee },
    nas: {
      ...(volume.path === undefined ? {} : { path: volume.path }),
      uid: volume.uid, gid: volume.gid, unix_permissions: volume.permissions, security_style: volume.securityStyle, export_policy: { name: volume.exportPolicy },
    },
    snapshot_policy: { name: volume.snapshotPolicy },
    ...(settings.release >= 913 ? { snapshot_directory_access_enabled: volume.snapshotDirectory } : {}),
    ...(settings.release >= 912 ? { snapshot_locking_enabled: volume.snapshotLocking } : {}),
    snaplock: { type: 'non_snaplock' },
    clone: {
      is_flexclone: volume.parent !== undefined,
      has_flexclone: withClones.has(volume.uuid),
      ...(parent === undefined ? {} : { parent_volume: { name: parent.name, uuid: parent.uuid }, parent_svm: { name: parent.svm }, parent_snapshot: { name: snapshot?.name, uuid: snapshot?.uuid } }),
    },
    space: { size: volume.size, used: volume.used, available: volume.size - volume.used, snapshot: { used: 0, reserve_percent: 0 } },
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
  const listed = seenVolumes(call).map((volume): Listed => ({ sequence: volume.sequence, record: recordOf(call.cluster, volume, withClones) }))
  return { status: 200, body: collection(listed, call.query, volumeSpec, call.cluster.settings.release, call.cluster.settings.pageSize) }
}

export function getVolume(call: Call): Answer {
  return { status: 200, body: single(recordOf(call.cluster, seenVolume(call, call.parameters['volume'] ?? ''), cloned(call.cluster)), call.query, volumeSpec, call.cluster.settings.release) }
}

export async function createVolume(call: Call): Promise<Answer> {
  const { cluster, body } = call
  const name = textAt(body, 'name') ?? fail(missingField('name'))
  const svm = svmOf(call)
  checkName(name)
  const path = checkPath(cluster, svm, textAt(body, 'nas.path'))
  const [uid, gid] = [numberAt(body, 'nas.uid'), numberAt(body, 'nas.gid')]
  if (uid === 0 || gid === 0) throw new OntapError(400, 13565983, 'A user or group identifier of 0 is not supported.', 'nas.uid')
  if (volumeNamed(cluster, svm, name) !== undefined) throw new OntapError(409, 917526, `Duplicate volume name "${name}"`, 'name')
  const key = `${svm}/${name}`
  if (cluster.creating.has(key)) throw new OntapError(409, 13107405, `Volume "${name}" is being created by another operation.`, 'name')
  const uuid = randomUUID()
  const make = truthAt(body, 'clone.is_flexclone') === true ? prepareClone(call, { uuid, name, svm, path, uid, gid }) : preparePlain(call, { uuid, name, svm, path, uid, gid })
  cluster.creating.add(key)
  const job = cluster.jobs.start(`POST /api/storage/volumes/${uuid} name=${name}`, svm, () => {
    const volume = make()
    cluster.volumes.set(uuid, volume)
  })
  const forget = (): boolean => cluster.creating.delete(key)
  void job.done.then(forget, forget)
  return asJob(call, job, { done: 201, location: `/api/storage/volumes/${uuid}`, record: () => ({ uuid, name, svm: { name: svm } }) })
}

interface Wanted {
  readonly uuid: string
  readonly name: string
  readonly svm: string
  readonly path: string | undefined
  readonly uid: number | undefined
  readonly gid: number | undefined
}

function preparePlain(call: Call, wanted: Wanted): () => FilerVolume {
  const { cluster, body } = call
  const [aggregate, ...others] = (at(body, 'aggregates') as readonly Json[] | undefined) ?? []
  if (aggregate === undefined) throw missingField('aggregates')
  if (others.length > 0) throw new OntapError(400, 918242, 'A FlexVol volume needs exactly one aggregate.', 'aggregates')
  const found = cluster.aggregates.find(({ name, uuid }) => name === aggregate['name'] || uuid === aggregate['uuid'])
  if (found === undefined) throw notFound('aggregates.name')
  const size = numberAt(body, 'size') ?? 20 * 2 ** 20
  if (size < 20 * 2 ** 20) throw new OntapError(400, 917534, `The size ${size} is too small`, 'size')
  const maximum = numberAt(body, 'autosize.maximum') ?? Math.round(size * 1.2)
  if (maximum < size) throw new OntapError(400, 917829, 'The maximum autosize is smaller than the size.', 'autosize.maximum')
  const exportPolicy = checkPolicy(cluster, wanted.svm, textAt(body, 'nas.export_policy.name') ?? 'default')
  if (truthAt(body, 'snapshot_directory_access_enabled') !== undefined) throw invalidField('snapshot_directory_access_enabled')
  return () => {
    cluster.engine.create(wanted.uuid)
    const createdAt = cluster.stamp()
    return {
      uuid: wanted.uuid, name: wanted.name, svm: wanted.svm, path: wanted.path, sequence: cluster.nextSequence(), aggregate: found.name, createdAt, visibleAt: cluster.now() + cluster.settings.visibilityMs,
      size, used: 0, state: 'online', comment: textAt(body, 'comment'), exportPolicy, snapshotPolicy: textAt(body, 'snapshot_policy.name') ?? 'default', snapshotDirectory: true,
      uid: wanted.uid ?? 0, gid: wanted.gid ?? 0, permissions: numberAt(body, 'nas.unix_permissions') ?? 755,
      autosize: { mode: textAt(body, 'autosize.mode') ?? 'off', maximum, grow_threshold: numberAt(body, 'autosize.grow_threshold') ?? 85 },
      guarantee: textAt(body, 'guarantee.type') ?? 'volume', securityStyle: textAt(body, 'nas.security_style') ?? 'unix',
      snapshotLocking: truthAt(body, 'snapshot_locking_enabled') ?? false, parent: undefined, busyUntil: 0, queued: false, snapshots: new Map(),
    }
  }
}

function prepareClone(call: Call, wanted: Wanted): () => FilerVolume {
  const { cluster, body } = call
  if (!cluster.settings.flexClone) throw new OntapError(400, 918253, 'FlexClone is not licensed')
  const parentSvm = textAt(body, 'clone.parent_svm.name')
  if (parentSvm !== undefined && wanted.path !== undefined) throw new OntapError(400, 1520442, 'nas.path and clone.parent_svm must not be given together.', 'nas.path')
  const extra = leaves(body).find((field) => !field.startsWith('clone.') && !cloneFields.includes(field))
  if (extra !== undefined) throw new OntapError(400, 918247, `The field "${extra}" is not valid when a FlexClone volume is created.`, extra)
  const parentId = textAt(body, 'clone.parent_volume.uuid')
  const parentName = textAt(body, 'clone.parent_volume.name')
  const parent = [...cluster.volumes.values()].find((volume) => !volume.queued && volume.svm === (parentSvm ?? wanted.svm) && (parentId === undefined ? volume.name === parentName : volume.uuid === parentId))
  if (parent === undefined) throw new OntapError(404, 524601, `The parent volume "${parentName ?? parentId ?? ''}" was not found.`, 'clone.parent_volume')
  if (parentName !== undefined && parent.name !== parentName) throw new OntapError(400, 918236, 'The name and UUID of the parent volume do not belong together.', 'clone.parent_volume')
  const snapshotName = textAt(body, 'clone.parent_snapshot.name')
  const snapshotId = textAt(body, 'clone.parent_snapshot.uuid')
  const snapshot = [...parent.snapshots.values()].find(({ name, uuid }) => (snapshotId === undefined ? name === snapshotName : uuid === snapshotId))
  if (snapshot === undefined) throw new OntapError(404, 1638600, `The snapshot "${snapshotName ?? snapshotId ?? ''}" of volume "${parent.name}" does not exist.`, 'clone.parent_snapshot')
  if (snapshotName !== undefined && snapshot.name !== snapshotName) throw new OntapError(400, 918243, 'The snapshot UUID does not match its name.', 'clone.parent_snapshot')
  return () => {
    if (!parent.snapshots.has(snapshot.uuid)) throw new OntapError(404, 1638600, `The snapshot "${snapshot.name}" does not exist.`)
    cluster.engine.clone(parent.uuid, snapshot.uuid, wanted.uuid)
    const createdAt = cluster.stamp()
    return {
      ...parent, uuid: wanted.uuid, name: wanted.name, svm: wanted.svm, path: wanted.path, sequence: cluster.nextSequence(), createdAt, visibleAt: cluster.now() + cluster.settings.visibilityMs,
      state: 'online', comment: undefined, snapshotPolicy: 'default', uid: wanted.uid ?? parent.uid, gid: wanted.gid ?? parent.gid,
      parent: { volume: parent.uuid, snapshot: snapshot.uuid }, busyUntil: Date.now() + cluster.settings.cloneBusyMs, queued: false, snapshots: new Map(),
    }
  }
}

export async function patchVolume(call: Call): Promise<Answer> {
  const { cluster, body } = call
  const volume = seenVolume(call, call.parameters['volume'] ?? '')
  if (at(body, 'snapshot_directory_access_enabled') !== undefined && cluster.settings.release < 913) throw new OntapError(400, 262179, 'Unexpected argument "snapshot_directory_access_enabled".', 'snapshot_directory_access_enabled')
  const given = textAt(body, 'nas.path')
  const path = given === undefined || given === '' ? given : checkPath(cluster, volume.svm, given, volume.uuid)
  const policy = textAt(body, 'nas.export_policy.name')
  if (policy !== undefined) checkPolicy(cluster, volume.svm, policy)
  const state = textAt(body, 'state')
  const job = cluster.jobs.start(`PATCH /api/storage/volumes/${volume.uuid} name=${volume.name}`, volume.svm, () => {
    if (volume.queued || !cluster.volumes.has(volume.uuid)) throw new OntapError(404, 917927, `The volume "${volume.name}" was not found.`)
    if ((given === '' && volume.path !== undefined) || state === 'offline') {
      if (volume.busyUntil > Date.now()) throw new OntapError(500, 917536, `Volume operation failed because another operation is running: job ID 4711 on volume "${volume.name}".`)
      const below = nested(cluster, volume)
      if (below !== undefined) throw new OntapError(500, 917536, `The volume "${volume.name}" has the volume "${below.name}" mounted below it.`)
    }
    if (path !== undefined && path !== '') {
      if (volume.state !== 'online') throw new OntapError(500, 917533, `The volume "${volume.name}" is not online.`)
      checkPath(cluster, volume.svm, path, volume.uuid)
      volume.path = path
    }
    if (given === '') volume.path = undefined
    if (state === 'offline') {
      volume.state = 'offline'
      volume.path = undefined
    }
    if (state === 'online') volume.state = 'online'
    if (policy !== undefined) volume.exportPolicy = policy
    volume.snapshotPolicy = textAt(body, 'snapshot_policy.name') ?? volume.snapshotPolicy
    volume.snapshotDirectory = truthAt(body, 'snapshot_directory_access_enabled') ?? volume.snapshotDirectory
    volume.comment = textAt(body, 'comment') ?? volume.comment
    volume.size = numberAt(body, 'size') ?? volume.size
    volume.name = textAt(body, 'name') ?? volume.name
    volume.permissions = numberAt(body, 'nas.unix_permissions') ?? volume.permissions
    if (truthAt(body, 'clone.split_initiated') === true) volume.parent = undefined
  })
  return asJob(call, job, { done: 200 })
}

export async function deleteVolume(call: Call): Promise<Answer> {
  const { cluster } = call
  const volume = seenVolume(call, call.parameters['volume'] ?? '')
  const force = call.query.get('force') === 'true'
  if (cluster.settings.multiAdmin) throw new OntapError(403, 262325, 'The operation requires approval by another administrator.')
  const refuse = (): void => {
    if (volume.path !== undefined) throw new OntapError(400, 917536, `The volume "${volume.name}" must be unmounted before it is deleted.`)
    if ([...volume.snapshots.keys()].some((uuid) => clonesOf(cluster, uuid).some(({ queued }) => !queued))) throw new OntapError(409, 524615, `The volume "${volume.name}" has one or more clones.`)
  }
  refuse()
  const job = cluster.jobs.start(`DELETE /api/storage/volumes/${volume.uuid} name=${volume.name}`, volume.svm, () => {
    if (!cluster.volumes.has(volume.uuid)) throw new OntapError(404, 917927, `The volume "${volume.name}" was not found.`)
    refuse()
    leaveGroups(cluster, volume.uuid)
    if (force) {
      removeVolume(cluster, volume)
    } else {
      volume.queued = true
      volume.state = 'offline'
      volume.name = `${volume.name}_${1000 + volume.sequence}`
    }
  })
  return asJob(call, job, { done: 200 })
}

export function removeVolume(cluster: Cluster, volume: FilerVolume): void {
  cluster.volumes.delete(volume.uuid)
  cluster.engine.removeVolume(volume.uuid)
}

/** A deleted volume is no member any more; an empty group disappears. */
function leaveGroups(cluster: Cluster, uuid: string): void {
  for (const group of cluster.groups.values()) {
    const index = group.volumes.indexOf(uuid)
    if (index >= 0) group.volumes.splice(index, 1)
    if (group.volumes.length === 0) cluster.groups.delete(group.uuid)
  }
}

export function svmOf(call: Call): string {
  const name = textAt(call.body, 'svm.name') ?? [...call.cluster.svms.values()].find(({ uuid }) => uuid === textAt(call.body, 'svm.uuid'))?.name ?? call.svm
  if (name === undefined) throw new OntapError(400, 2621707, 'No SVM was specified.', 'svm.name')
  if (!call.cluster.svms.has(name) || (call.svm !== undefined && name !== call.svm)) throw new OntapError(404, 2621462, `The SVM "${name}" does not exist.`, 'svm.name')
  return name
}

function checkName(name: string): void {
  if (name.length > 203) throw new OntapError(400, 917886, `The volume name is longer than 203 characters.`, 'name')
  if (!/^[A-Za-z_]/.test(name)) throw new OntapError(400, 917887, `The volume name "${name}" must begin with a letter or underscore.`, 'name')
  if (!/^\w+$/.test(name)) throw new OntapError(400, 917888, `The volume name "${name}" has invalid characters.`, 'name')
}

function checkPath(cluster: Cluster, svm: string, path: string | undefined, self?: string): string | undefined {
  if (path === undefined || path === '') return undefined
  if (!path.startsWith('/') || path.endsWith('/') || path.includes('//')) throw new OntapError(400, 918252, `The junction path "${path}" is not valid.`, 'nas.path')
  const mounted = [...cluster.volumes.values()].filter((volume) => volume.svm === svm && volume.path !== undefined)
  const same = mounted.find((volume) => volume.uuid !== self && volume.path?.toLowerCase() === path.toLowerCase())
  if (same !== undefined) throw new OntapError(409, 918252, `The junction path "${path}" is already in use by volume "${same.name}".`, 'nas.path')
  const parent = path.slice(0, path.lastIndexOf('/'))
  if (parent !== '' && !mounted.some((volume) => volume.path === parent)) throw new OntapError(400, 918252, `The parent "${parent}" of the junction path does not exist.`, 'nas.path')
  return path
}

function nested(cluster: Cluster, volume: FilerVolume): FilerVolume | undefined {
  const { path } = volume
  return path === undefined ? undefined : [...cluster.volumes.values()].find((other) => other.svm === volume.svm && other.path?.startsWith(`${path}/`))
}

function checkPolicy(cluster: Cluster, svm: string, policy: string): string {
  if (cluster.svms.get(svm)?.policies.includes(policy) !== true) throw new OntapError(400, 918271, `The export policy "${policy}" does not exist.`, 'nas.export_policy.name')
  return policy
}

function fail(error: OntapError): never {
  throw error
}
