import { randomUUID } from 'node:crypto'
import { asJob, asJobs, textAt } from '../call.ts'
import type { Answer, Call } from '../call.ts'
import { cloned, clonesOf, iso } from '../cluster.ts'
import type { Cluster, FilerSnapshot, FilerVolume } from '../cluster.ts'
import { missingField, OntapError } from '../ontap-error.ts'
import { collection, needQuery, selected, single } from '../query.ts'
import type { CollectionSpec, Json, Listed } from '../query.ts'
import { seenVolume } from './volume-view.ts'

const spec = (volume: FilerVolume): CollectionSpec => ({
  path: `/api/storage/volumes/${volume.uuid}/snapshots`,
  keys: ['uuid', 'name'],
  expensive: ['reclaimable_space', 'delta'],
  fields: {
    uuid: 906, name: 906, create_time: 906, comment: 906, svm: 906, volume: 906, expiry_time: 906, snaplock_expiry_time: 906, snapmirror_label: 906, state: 906,
    owners: 907, size: 909, reclaimable_space: 910, version_uuid: 911, delta: 912, logical_size: 912, 'snaplock.expiry_time': 914, 'snaplock.expired': 914,
  },
})

/** `costly`: the space that a deletion frees was asked for. */
function recordOf(cluster: Cluster, volume: FilerVolume, snapshot: FilerSnapshot, withClones: ReadonlySet<string>, costly = false): Json {
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
    logical_size: release >= 912 ? snapshot.size : undefined,
    reclaimable_space: release >= 910 && costly ? cluster.engine.freedBy(volume.uuid, new Set([snapshot.uuid])) : undefined,
    version_uuid: release >= 911 ? snapshot.uuid : undefined,
    volume: { name: volume.name, uuid: volume.uuid },
    svm: { name: volume.svm, uuid: cluster.svms.get(volume.svm)?.uuid },
  }
}

const visible = (cluster: Cluster, volume: FilerVolume): FilerSnapshot[] => [...volume.snapshots.values()].filter((snapshot) => snapshot.visibleAt <= cluster.now())

const asked = (query: URLSearchParams, field: string): boolean => (query.get('fields') ?? '').split(',').some((each) => each.trim() === field || each.trim() === '**') || query.has(field)

function listed(call: Call, volume: FilerVolume, costly: boolean): readonly Listed[] {
  const withClones = cloned(call.cluster)
  return visible(call.cluster, volume).map((snapshot): Listed => ({ sequence: snapshot.sequence, record: recordOf(call.cluster, volume, snapshot, withClones, costly) }))
}

function selectedSnapshots(call: Call, volume: FilerVolume, query: URLSearchParams): readonly FilerSnapshot[] {
  const found = new Set(selected(listed(call, volume, false), query, spec(volume), call.cluster.settings.release).map(({ sequence }) => sequence))
  return visible(call.cluster, volume).filter(({ sequence }) => found.has(sequence))
}

export function listSnapshots(call: Call): Answer {
  const { cluster, query } = call
  const { release, pageSize } = cluster.settings
  const volume = seenVolume(call, call.parameters['volume'] ?? '')
  const costly = release >= 910 && asked(query, 'reclaimable_space')
  const body = collection(listed(call, volume, costly), query, spec(volume), release, pageSize)
  // Both are of all that the query selects.
  const reclaimable = costly ? { reclaimable_space: cluster.engine.freedBy(volume.uuid, new Set(selectedSnapshots(call, volume, query).map(({ uuid }) => uuid))) } : {}
  const delta = release >= 912 && (query.get('fields') ?? '').split(',').includes('delta') ? { delta: deltaOf(cluster, volume, selectedSnapshots(call, volume, query)) } : {}
  return { status: 200, body: { ...body, ...reclaimable, ...delta } }
}

/** What was written between two snapshots, or between one and now. */
function deltaOf(cluster: Cluster, volume: FilerVolume, snapshots: readonly FilerSnapshot[]): Json {
  const [from, to] = [snapshots[0], snapshots.length > 1 ? snapshots.at(-1) : undefined]
  if (from === undefined || snapshots.length > 2) throw new OntapError(400, 2, 'One or two snapshots are to be named for "delta".', 'name')
  const seconds = Math.round(((to?.createdAt ?? cluster.now()) - from.createdAt) / 1000)
  return { size_consumed: Math.max(0, (to?.size ?? cluster.engine.bytes(volume.uuid)) - from.size), time_elapsed: `PT${Math.floor(seconds / 3600)}H${Math.floor(seconds / 60) % 60}M${seconds % 60}S` }
}

export function getSnapshot(call: Call): Answer {
  const { volume, snapshot } = seenSnapshot(call)
  return { status: 200, body: single(recordOf(call.cluster, volume, snapshot, cloned(call.cluster), asked(call.query, 'reclaimable_space')), call.query, spec(volume), call.cluster.settings.release) }
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
  return asJob(call, job, { done: 201, location: `/api/storage/volumes/${volume.uuid}/snapshots/${uuid}`, record: () => ({ name, uuid, svm: { name: volume.svm, uuid: cluster.svms.get(volume.svm)?.uuid }, volume: { name: volume.name, uuid: volume.uuid } }) })
}

/** @throws OntapError when the volume cannot have a snapshot of this name. */
export function checkNew(cluster: Cluster, volume: FilerVolume, name: string): void {
  checkName(name)
  if (volume.state !== 'online') throw new OntapError(400, 524479, `The volume "${volume.name}" is offline.`)
  if ([...volume.snapshots.values()].some((snapshot) => snapshot.name === name)) throw new OntapError(409, 525059, `A snapshot named "${name}" exists already.`, 'name')
  if (volume.snapshots.size >= cluster.settings.maxSnapshots) throw new OntapError(400, 525062, `The volume "${volume.name}" has the maximum of ${cluster.settings.maxSnapshots} snapshots.`)
}

function checkName(name: string): void {
  if (name === '' || name.length > 255 || /[/*?|!,\s]/.test(name)) throw new OntapError(400, 1638518, `The snapshot name "${name}" is invalid.`, 'name')
}

export function addSnapshot(cluster: Cluster, volume: FilerVolume, wanted: Omit<FilerSnapshot, 'sequence' | 'visibleAt' | 'size'>): void {
  cluster.engine.snapshot(volume.uuid, wanted.uuid)
  volume.snapshots.set(wanted.uuid, { ...wanted, sequence: cluster.nextSequence(), visibleAt: cluster.now() + cluster.settings.visibilityMs, size: cluster.engine.bytes(volume.uuid) })
}

export function patchSnapshot(call: Call): Promise<Answer> {
  const { volume, snapshot } = seenSnapshot(call)
  return change(call, volume, snapshot)
}

/** All snapshots that the query selects. */
export function patchSnapshots(call: Call): Promise<Answer> {
  const volume = seenVolume(call, call.parameters['volume'] ?? '')
  return asJobs(call, selectedSnapshots(call, volume, needQuery(call.query)).map((snapshot) => () => change(call, volume, snapshot)))
}

async function change(call: Call, volume: FilerVolume, snapshot: FilerSnapshot): Promise<Answer> {
  const { cluster, body } = call
  const name = textAt(body, 'name')
  if (name !== undefined && name !== snapshot.name) {
    checkName(name)
    if ([...volume.snapshots.values()].some((other) => other.name === name)) throw new OntapError(409, 525059, `A snapshot named "${name}" exists already.`, 'name')
    if (isExpiring(cluster, snapshot)) throw new OntapError(409, 1638555, `Snapshot copy "${snapshot.name}" of volume "${volume.name}" on Vserver "${volume.svm}" has not expired or is locked.`)
  }
  const lock = snaplockAt(call, body)
  if (lock !== undefined && lock < (snapshot.snaplockExpiry ?? 0)) throw new OntapError(400, 1638556, 'The SnapLock expiry time can only be extended.', 'snaplock_expiry_time')
  const job = cluster.jobs.start(`PATCH /api/storage/volumes/${volume.uuid}/snapshots/${snapshot.uuid} name=${snapshot.name}`, volume.svm, () => {
    snapshot.comment = textAt(body, 'comment') ?? snapshot.comment
    snapshot.label = textAt(body, 'snapmirror_label') ?? snapshot.label
    snapshot.name = name ?? snapshot.name
    snapshot.expiry = timeAt(body, 'expiry_time') ?? snapshot.expiry
    snapshot.snaplockExpiry = lock ?? snapshot.snaplockExpiry
  })
  return asJob(call, job, { done: 200 })
}

export function deleteSnapshot(call: Call): Promise<Answer> {
  const { volume, snapshot } = seenSnapshot(call)
  return remove(call, volume, snapshot)
}

/** All snapshots that the query selects. */
export function deleteSnapshots(call: Call): Promise<Answer> {
  const volume = seenVolume(call, call.parameters['volume'] ?? '')
  return asJobs(call, selectedSnapshots(call, volume, needQuery(call.query)).map((snapshot) => () => remove(call, volume, snapshot)))
}

async function remove(call: Call, volume: FilerVolume, snapshot: FilerSnapshot): Promise<Answer> {
  const { cluster } = call
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
  return clonesOf(cluster, snapshot.uuid).length > 0 || isExpiring(cluster, snapshot)
}

function isExpiring(cluster: Cluster, snapshot: FilerSnapshot): boolean {
  return (snapshot.expiry ?? 0) > cluster.now() || (snapshot.snaplockExpiry ?? 0) > cluster.now() + cluster.complianceOffset
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
