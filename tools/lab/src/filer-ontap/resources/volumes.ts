import { asJob, asJobs, at, numberAt, textAt, truthAt } from '../call.ts'
import type { Answer, Call } from '../call.ts'
import { clonesOf, volumeNamed } from '../cluster.ts'
import type { Cluster, FilerVolume } from '../cluster.ts'
import { OntapError } from '../ontap-error.ts'
import { own } from './create-volume.ts'
import { checkBody, checkName, checkPath, checkPolicy, nested } from './volume-checks.ts'
import { queriedVolumes, seenVolume } from './volume-view.ts'

export function patchVolume(call: Call): Promise<Answer> {
  return change(call, seenVolume(call, call.parameters['volume'] ?? ''))
}

/** All volumes that the query selects. */
export function patchVolumes(call: Call): Promise<Answer> {
  return asJobs(call, queriedVolumes(call).map((volume) => () => change(call, volume)))
}

async function change(call: Call, volume: FilerVolume): Promise<Answer> {
  const { cluster, body } = call
  checkBody(call)
  const name = textAt(body, 'name')
  if (name !== undefined && name !== volume.name) {
    checkName(name)
    if (volumeNamed(cluster, volume.svm, name) !== undefined) throw new OntapError(409, 917526, `Duplicate volume name "${name}"`, 'name')
  }
  const [uid, gid] = [numberAt(body, 'nas.uid'), numberAt(body, 'nas.gid')]
  if (uid === 0 || gid === 0) throw new OntapError(400, 13565983, 'A user or group identifier of 0 is not supported.', 'nas.uid')
  const size = numberAt(body, 'size')
  if (size !== undefined && size < 20 * 2 ** 20) throw new OntapError(400, 917534, `The size ${size} is too small`, 'size')
  const locking = truthAt(body, 'snapshot_locking_enabled')
  if (locking === true && !cluster.settings.snaplock) throw new OntapError(400, 13763268, 'SnapLock is not licensed.', 'snapshot_locking_enabled')
  if (locking === true && [...cluster.groups.values()].some(({ volumes }) => volumes.includes(volume.uuid))) throw new OntapError(400, 918636, 'A member of a consistency group cannot have snapshot locking.', 'snapshot_locking_enabled')
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
    volume.size = size ?? volume.size
    volume.name = name ?? volume.name
    volume.guarantee = textAt(body, 'guarantee.type') ?? volume.guarantee
    volume.autosize = {
      mode: textAt(body, 'autosize.mode') ?? volume.autosize.mode, maximum: Math.max(volume.size, numberAt(body, 'autosize.maximum') ?? volume.autosize.maximum), grow_threshold: numberAt(body, 'autosize.grow_threshold') ?? volume.autosize.grow_threshold,
    }
    if (uid !== undefined || gid !== undefined) {
      volume.uid = uid ?? volume.uid
      volume.gid = gid ?? volume.gid
      own(cluster.engine.volume(volume.uuid), { uid: volume.uid, gid: volume.gid })
    }
    volume.snapshotLocking = locking ?? volume.snapshotLocking
    volume.permissions = numberAt(body, 'nas.unix_permissions') ?? volume.permissions
    if (truthAt(body, 'clone.split_initiated') === true && volume.parent !== undefined) {
      cluster.engine.split(volume.uuid)
      volume.parent = undefined
    }
  })
  return asJob(call, job, { done: 200 })
}

/** Before, a mounted volume had to be unmounted first; since then its deletion does that. */
const unmountsSince = 910

export function deleteVolume(call: Call): Promise<Answer> {
  return remove(call, seenVolume(call, call.parameters['volume'] ?? ''))
}

/** All volumes that the query selects. */
export function deleteVolumes(call: Call): Promise<Answer> {
  return asJobs(call, queriedVolumes(call).map((volume) => () => remove(call, volume)))
}

async function remove(call: Call, volume: FilerVolume): Promise<Answer> {
  const { cluster } = call
  const force = call.query.get('force') === 'true'
  if (cluster.settings.multiAdmin) throw new OntapError(403, 262325, 'The operation requires approval by another administrator.')
  const refuse = (): void => {
    const below = nested(cluster, volume)
    if (below !== undefined) throw new OntapError(400, 917536, `The volume "${volume.name}" has the volume "${below.name}" mounted below it.`)
    if (volume.path !== undefined && cluster.settings.release < unmountsSince) throw new OntapError(400, 917536, `The volume "${volume.name}" must be unmounted before it is deleted.`)
    if ([...volume.snapshots.keys()].some((uuid) => clonesOf(cluster, uuid).some(({ queued }) => !queued))) throw new OntapError(409, 524615, `The volume "${volume.name}" has one or more clones.`)
  }
  refuse()
  const job = cluster.jobs.start(`DELETE /api/storage/volumes/${volume.uuid} name=${volume.name}`, volume.svm, () => {
    if (!cluster.volumes.has(volume.uuid)) throw new OntapError(404, 917927, `The volume "${volume.name}" was not found.`)
    refuse()
    if (volume.path !== undefined && volume.busyUntil > Date.now()) throw new OntapError(500, 524486, `Volume "${volume.name}" is busy.`)
    volume.path = undefined
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
