import { randomUUID } from 'node:crypto'
import { asJob, textAt } from '../call.ts'
import type { Answer, Call } from '../call.ts'
import { cloned, clonesOf, iso } from '../cluster.ts'
import type { Cluster, FilerSnapshot, FilerVolume } from '../cluster.ts'
import { missingField, OntapError } from '../ontap-error.ts'
import { collection, single } from '../query.ts'
import type { CollectionSpec, Json, Listed } from '../query.ts'
import { seenVolume } from './volumes.ts'

const spec = (volume: FilerVolume): CollectionSpec => ({
  path: `/api/storage/volumes/${volume.uuid}/snapshots`,
  keys: ['uuid', 'name'],
  expensive: ['reclaimable_space', 'delta'],
  fields: {
    uuid: 906, name: 906, create_time: 906, comment: 906, svm: 906, volume: 906, expiry_time: 906, snaplock_expiry_time: 906, snapmirror_label: 906, state: 906,
    owners: 907, size: 909, reclaimable_space: 910, version_uuid: 911, delta: 912, 'snaplock.expiry_time': 914, 'snaplock.expired': 914,
  },
})

function recordOf(cluster: Cluster, volume: FilerVolume, snapshot: FilerSnapshot, withClones: ReadonlySet<string>): Json {
  const { release } = cluster.settings
  const snaplock = snapshot.snaplockExpiry === undefined ? undefined : iso(snapshot.snaplockExpiry)
  return {
    uuid: snapshot.uuid,
    name: snapshot.name,
    create_time: iso(snapshot.createdAt),
    comment: snapshot.comment,
    snapmirror_label: snapshot.label,
    expiry_time: snapshot.expiry === undefined ? undefined : iso(snapshot.expiry),
    snaplock_expiry_time: snaplock,
    snaplock: release >= 914 && snaplock !== undefined ? { expiry_time: snaplock } : undefined,
    // Absent when there is none.
    owners: release >= 907 && withClones.has(snapshot.uuid) ? ['volume_clone'] : undefined,
    size: release >= 909 ? snapshot.size : undefined,
    reclaimable_space: release >= 910 ? 4096 : undefined,
    volume: { name: volume.name, uuid: volume.uuid },
    svm: { name: volume.svm },
  }
}

const visible = (cluster: Cluster, volume: FilerVolume): FilerSnapshot[] => [...volume.snapshots.values()].filter((snapshot) => snapshot.visibleAt <= cluster.now())

export function listSnapshots(call: Call): Answer {
  const { cluster } = call
  const volume = seenVolume(call, call.parameters['volume'] ?? '')
  const withClones = cloned(cluster)
  const listed = visible(cluster, volume).map((snapshot): Listed => ({ sequence: snapshot.sequence, record: recordOf(cluster, volume, snapshot, withClones) }))
  return { status: 200, body: collection(listed, call.query, spec(volume), cluster.settings.release, cluster.settings.pageSize) }
}

export function getSnapshot(call: Call): Answer {
  const { volume, snapshot } = seenSnapshot(call)
  return { status: 200, body: single(recordOf(call.cluster, volume, snapshot, cloned(call.cluster)), call.query, spec(volume), call.cluster.settings.release) }
}

export async function createSnapshot(call: Call): Promise<Answer> {
  const { cluster, body } = call
  const volume = seenVolume(call, call.parameters['volume'] ?? '')
  const name = textAt(body, 'name')
  if (name === undefined) throw missingField('name')
  checkNew(cluster, volume, name)
  const uuid = randomUUID()
  const job = cluster.jobs.start(`POST /api/storage/volumes/${volume.uuid}/snapshots/${uuid} name=${name}`, volume.svm, () => {
    checkNew(cluster, volume, name)
    addSnapshot(cluster, volume, { uuid, name, createdAt: cluster.stamp(), comment: textAt(body, 'comment'), label: textAt(body, 'snapmirror_label'), expiry: timeAt(body, 'expiry_time'), snaplockExpiry: snaplockAt(call, body) })
  })
  return asJob(call, job, { done: 201, location: `/api/storage/volumes/${volume.uuid}/snapshots/${uuid}`, record: () => ({ name, svm: { name: volume.svm }, volume: { name: volume.name } }) })
}

/** @throws OntapError when the volume cannot have a snapshot of this name. */
export function checkNew(cluster: Cluster, volume: FilerVolume, name: string): void {
  if (name.length > 255 || /[/*?|!,\s]/.test(name)) throw new OntapError(400, 1638518, `The snapshot name "${name}" is invalid.`, 'name')
  if (volume.state !== 'online') throw new OntapError(400, 524479, `The volume "${volume.name}" is offline.`)
  if ([...volume.snapshots.values()].some((snapshot) => snapshot.name === name)) throw new OntapError(409, 525059, `A snapshot named "${name}" exists already.`, 'name')
  if (volume.snapshots.size >= cluster.settings.maxSnapshots) throw new OntapError(400, 525062, `The volume "${volume.name}" has the maximum of ${cluster.settings.maxSnapshots} snapshots.`)
}

export function addSnapshot(cluster: Cluster, volume: FilerVolume, wanted: Omit<FilerSnapshot, 'sequence' | 'visibleAt' | 'size'>): void {
  cluster.engine.snapshot(volume.uuid, wanted.uuid)
  volume.snapshots.set(wanted.uuid, { ...wanted, sequence: cluster.nextSequence(), visibleAt: cluster.now() + cluster.settings.visibilityMs, size: 122_880 })
}

export async function patchSnapshot(call: Call): Promise<Answer> {
  const { cluster, body } = call
  const { volume, snapshot } = seenSnapshot(call)
  const lock = snaplockAt(call, body)
  if (lock !== undefined && lock < (snapshot.snaplockExpiry ?? 0)) throw new OntapError(400, 1638556, 'The SnapLock expiry time can only be extended.', 'snaplock_expiry_time')
  const job = cluster.jobs.start(`PATCH /api/storage/volumes/${volume.uuid}/snapshots/${snapshot.uuid} name=${snapshot.name}`, volume.svm, () => {
    snapshot.comment = textAt(body, 'comment') ?? snapshot.comment
    snapshot.label = textAt(body, 'snapmirror_label') ?? snapshot.label
    snapshot.name = textAt(body, 'name') ?? snapshot.name
    snapshot.expiry = timeAt(body, 'expiry_time') ?? snapshot.expiry
    snapshot.snaplockExpiry = lock ?? snapshot.snaplockExpiry
  })
  return asJob(call, job, { done: 200 })
}

export async function deleteSnapshot(call: Call): Promise<Answer> {
  const { cluster } = call
  const { volume, snapshot } = seenSnapshot(call)
  if (cluster.settings.multiAdmin) throw new OntapError(403, 262325, 'The operation requires approval by another administrator.')
  const job = cluster.jobs.start(`DELETE /api/storage/volumes/${volume.uuid}/snapshots/${snapshot.uuid} name=${snapshot.name}`, volume.svm, () => {
    if (!volume.snapshots.has(snapshot.uuid)) throw new OntapError(404, 1638600, `The snapshot "${snapshot.name}" does not exist.`)
    removeSnapshot(cluster, volume, snapshot)
  })
  return asJob(call, job, { done: 200 })
}

/** @throws OntapError when a clone, an expiry time or SnapLock holds it. */
export function removeSnapshot(cluster: Cluster, volume: FilerVolume, snapshot: FilerSnapshot): void {
  if (isLocked(cluster, snapshot)) throw new OntapError(409, 1638555, `Snapshot copy "${snapshot.name}" of volume "${volume.name}" on Vserver "${volume.svm}" has not expired or is locked.`)
  volume.snapshots.delete(snapshot.uuid)
  cluster.engine.removeSnapshot(volume.uuid, snapshot.uuid)
}

export function isLocked(cluster: Cluster, snapshot: FilerSnapshot): boolean {
  const compliance = cluster.now() + cluster.complianceOffset
  return clonesOf(cluster, snapshot.uuid).length > 0 || (snapshot.expiry ?? 0) > cluster.now() || (snapshot.snaplockExpiry ?? 0) > compliance
}

function seenSnapshot(call: Call): { readonly volume: FilerVolume; readonly snapshot: FilerSnapshot } {
  const volume = seenVolume(call, call.parameters['volume'] ?? '')
  const snapshot = visible(call.cluster, volume).find(({ uuid }) => uuid === call.parameters['snapshot'])
  if (snapshot === undefined) throw new OntapError(404, 4, "entry doesn't exist", 'uuid')
  return { volume, snapshot }
}

function timeAt(body: Json, path: string): number | undefined {
  const text = textAt(body, path)
  return text === undefined ? undefined : Date.parse(text)
}

function snaplockAt(call: Call, body: Json): number | undefined {
  const time = timeAt(body, 'snaplock_expiry_time') ?? timeAt(body, 'snaplock.expiry_time')
  if (time !== undefined && !call.cluster.settings.snaplock) throw new OntapError(400, 13763268, 'SnapLock is not licensed or snapshot locking is not enabled on the volume.', 'snaplock_expiry_time')
  return time
}
