import { randomUUID } from 'node:crypto'
import { chownSync } from 'node:fs'
import { asJob, at, leaves, numberAt, textAt, truthAt } from '../call.ts'
import type { Answer, Call } from '../call.ts'
import { volumeNamed } from '../cluster.ts'
import type { FilerVolume } from '../cluster.ts'
import { invalidField, missingField, notFound, OntapError } from '../ontap-error.ts'
import type { Json } from '../query.ts'
import { checkBody, checkName, checkPath, checkPolicy, svmOf } from './volume-checks.ts'

const cloneFields = ['name', 'svm.name', 'svm.uuid', 'nas.path', 'nas.uid', 'nas.gid']

export async function createVolume(call: Call): Promise<Answer> {
  const { cluster, body } = call
  const name = textAt(body, 'name')
  if (name === undefined) throw missingField('name')
  checkBody(call)
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
  const [aggregate, ...others] = aggregatesIn(body)
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
    own(cluster.engine.volume(wanted.uuid), wanted)
    const createdAt = cluster.stamp()
    return {
      uuid: wanted.uuid, name: wanted.name, svm: wanted.svm, path: wanted.path, sequence: cluster.nextSequence(), aggregate: found.name, createdAt, visibleAt: cluster.now() + cluster.settings.visibilityMs,
      size, state: 'online', comment: textAt(body, 'comment'), exportPolicy, snapshotPolicy: textAt(body, 'snapshot_policy.name') ?? 'default', snapshotDirectory: true,
      uid: wanted.uid ?? 0, gid: wanted.gid ?? 0, permissions: numberAt(body, 'nas.unix_permissions') ?? 755,
      autosize: { mode: textAt(body, 'autosize.mode') ?? 'off', maximum, grow_threshold: numberAt(body, 'autosize.grow_threshold') ?? 85 },
      guarantee: textAt(body, 'guarantee.type') ?? 'volume', securityStyle: textAt(body, 'nas.security_style') ?? 'unix',
      snapshotLocking: truthAt(body, 'snapshot_locking_enabled') ?? false, parent: undefined, busyUntil: 0, queued: false, snapshots: new Map(),
    }
  }
}

/** `[{"name": …}]`, or in the dotted form `{"name": […]}`. */
function aggregatesIn(body: Json): readonly Json[] {
  const given = at(body, 'aggregates')
  if (Array.isArray(given)) return given as Json[]
  const names = at(body, 'aggregates.name')
  return names === undefined ? [] : (Array.isArray(names) ? names : [names]).map((name: unknown) => ({ name }))
}

/** The root directory of a volume belongs to whom it was made for, where the filer may give it away. */
export function own(directory: string, { uid, gid }: Pick<Wanted, 'uid' | 'gid'>): void {
  if (process.getuid?.() === 0 && uid !== undefined) chownSync(directory, uid, gid ?? uid)
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
