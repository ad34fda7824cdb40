import type { Clock } from '@icb/runtime'
import { DateTime } from 'luxon'
import { storageErrors } from '../errors.ts'
import { isOurSnapshotName } from '../snapshot-name.ts'
import type { CallOptions, Clone, CloneId, Snapshot, SnapshotHolds, SnapshotId, SnapshotLabels, SnapshotStorage, StorageCapabilities, Volume } from '../snapshot-storage.ts'
import { FaultScript } from './fault-script.ts'
import type { StorageFault, StorageOperation } from './fault-script.ts'
import { MemoryVolume } from './memory-volume.ts'
import type { MemoryClone, MemorySnapshot } from './memory-volume.ts'

export interface MemoryStorageOptions {
  readonly database: string
  readonly clock: Clock
  /** Turns abilities off; the optional methods disappear with them. */
  readonly capabilities?: Partial<StorageCapabilities>
  /** Elements per listing request; default 10. */
  readonly pageSize?: number
  /** How long each request takes; default 0. */
  readonly latencyMs?: number
  readonly faults?: readonly StorageFault[]
  /** A volume to share with another session; default a new one. */
  readonly volume?: MemoryVolume
}

export interface MemoryStorage extends SnapshotStorage, Partial<SnapshotHolds>, Partial<SnapshotLabels> {
  /** The far side: look at it, or put foreign objects there. */
  readonly volume: MemoryVolume
  readonly faults: FaultScript
  /** One entry per request that reached the storage. */
  readonly requests: readonly StorageOperation[]
}

const allCapabilities: StorageCapabilities = { atomic: true, atomicGroup: false, clones: true, thinClones: true, spaceAccounting: true, holds: true, labels: true, maxNameLength: 255 }

/** The reference adapter: keeps every rule of the contract, in memory, with faults and latency on demand. */
export function createMemoryStorage(options: MemoryStorageOptions): MemoryStorage {
  const { database, clock, pageSize = 10, latencyMs = 0 } = options
  const wanted: StorageCapabilities = { ...allCapabilities, ...options.capabilities }
  const capabilities: StorageCapabilities = wanted.clones ? wanted : { ...wanted, thinClones: false }
  const volume = options.volume ?? new MemoryVolume(database, clock)
  const faults = new FaultScript()
  for (const fault of options.faults ?? []) faults.add(fault)
  const requests: StorageOperation[] = []

  /** One request: what `change` does happens at once, as on a storage that serialises its commands. */
  const request = async <T>(operation: StorageOperation, signal: AbortSignal | undefined, change: () => T): Promise<T> => {
    signal?.throwIfAborted()
    requests.push(operation)
    if (latencyMs > 0) await clock.sleep(latencyMs, signal)
    const fault = faults.take(operation)
    if (fault?.when === 'before') throw fault.error
    const answer = change()
    if (fault !== undefined) throw fault.error
    return answer
  }

  const pages = async function* <R, T>(operation: StorageOperation, signal: AbortSignal | undefined, records: () => R[], view: (record: R) => T): AsyncGenerator<T, void, undefined> {
    for (let offset = 0; ; offset += pageSize) {
      const page = await request(operation, signal, () => records().slice(offset, offset + pageSize).map(view))
      yield* page
      if (page.length < pageSize) return
    }
  }

  const isOurs = (record: { readonly name: string; readonly marked: boolean }): boolean => record.marked && isOurSnapshotName(record.name, database)

  const snapshotView = (record: MemorySnapshot): Snapshot => ({
    id: record.id,
    name: record.name,
    createdAt: DateTime.fromMillis(record.createdAt, { zone: 'utc' }),
    ours: isOurs(record),
    hasClones: volume.hasClones(record.id),
    ...(capabilities.spaceAccounting ? { spaceTotal: bytesOf(record.files), spaceUnique: 0n } : {}),
    ...(record.hold?.until === undefined ? {} : { lockedUntil: DateTime.fromMillis(record.hold.until, { zone: 'utc' }) }),
    ...(capabilities.labels ? { labels: record.labels } : {}),
  })

  const cloneView = (record: MemoryClone): Clone => ({
    id: record.id,
    name: record.name,
    snapshot: record.snapshot,
    createdAt: DateTime.fromMillis(record.createdAt, { zone: 'utc' }),
    mounts: [{ kind: 'nfs', server: 'memory', path: `/clones/${record.name}`, options: 'rw' }],
  })

  const ourSnapshot = (id: SnapshotId): MemorySnapshot => {
    const record = volume.snapshots.get(id)
    if (record === undefined) throw storageErrors.NOT_FOUND(`there is no snapshot ${id}`)
    if (!isOurs(record)) throw storageErrors.FOREIGN(`snapshot ${record.name} was not made by this tool for ${database}`)
    return record
  }

  const isHeld = (record: MemorySnapshot): boolean => record.hold !== undefined && (record.hold.until === undefined || record.hold.until > clock.now())

  const holds: SnapshotHolds = {
    hold: (id, { reason, until, signal }) =>
      request('hold', signal, () => {
        ourSnapshot(id).hold = { reason, ...(until === undefined ? {} : { until: until.toMillis() }) }
      }),
    releaseHold: (id, callOptions) =>
      request('releaseHold', callOptions?.signal, () => {
        if (volume.snapshots.has(id)) delete ourSnapshot(id).hold
      }),
  }

  const labels: SnapshotLabels = {
    setLabels: (id, added, callOptions) =>
      request('setLabels', callOptions?.signal, () => {
        const record = ourSnapshot(id)
        record.labels = { ...record.labels, ...added }
      }),
  }

  return {
    capabilities,
    volume,
    faults,
    requests,

    createSnapshot: (name, callOptions) =>
      request('createSnapshot', callOptions?.signal, () => {
        const present = volume.snapshotNamed(name)
        if (present !== undefined && !isOurs(present)) throw storageErrors.EXISTS(`a snapshot ${name} that this tool did not make exists`)
        volume.halfMade.delete(name)
        return snapshotView(present ?? volume.addSnapshot(name, true, callOptions?.labels))
      }),

    listSnapshots: (callOptions?: CallOptions) =>
      pages('listSnapshots', callOptions?.signal, () => [...volume.snapshots.values()].sort((a, b) => a.createdAt - b.createdAt || a.sequence - b.sequence), snapshotView),

    deleteSnapshot: (id, callOptions) =>
      request('deleteSnapshot', callOptions?.signal, () => {
        if (!volume.snapshots.has(id)) return
        const record = ourSnapshot(id)
        if (volume.hasClones(id)) throw storageErrors.HAS_CLONES(`snapshot ${record.name} has clones`)
        if (isHeld(record)) throw storageErrors.LOCKED(`snapshot ${record.name} is held: ${record.hold?.reason ?? ''}`)
        volume.snapshots.delete(id)
      }),

    createClone: (id, name, callOptions) =>
      request('createClone', callOptions?.signal, () => {
        if (!capabilities.clones) throw storageErrors.UNSUPPORTED('this storage makes no clones')
        const record = volume.snapshots.get(id)
        if (record === undefined) throw storageErrors.NOT_FOUND(`there is no snapshot ${id}`)
        const present = volume.cloneNamed(name)
        if (present !== undefined && (present.snapshot !== id || !present.marked)) throw storageErrors.EXISTS(`a clone ${name} of another origin exists`)
        return cloneView(present ?? volume.addClone(record, name, true))
      }),

    listClones: (callOptions?: CallOptions) => pages('listClones', callOptions?.signal, () => [...volume.clones.values()].filter((clone) => clone.marked), cloneView),

    deleteClone: (id: CloneId, callOptions) =>
      request('deleteClone', callOptions?.signal, () => {
        if (!capabilities.clones) throw storageErrors.UNSUPPORTED('this storage makes no clones')
        if (volume.snapshots.has(id) || volume.clones.get(id)?.marked === false) throw storageErrors.FOREIGN(`${id} is not a clone that this tool made`)
        volume.clones.delete(id)
      }),

    createVolume: (spec, callOptions) =>
      request('createVolume', callOptions?.signal, (): Volume => {
        if (spec.name !== volume.name) throw storageErrors.UNSUPPORTED(`this storage has the one volume ${volume.name}`)
        return { id: volume.name, name: volume.name, mounts: [{ kind: 'nfs', server: 'memory', path: `/${volume.name}`, options: 'rw' }] }
      }),

    describe: (callOptions) =>
      request('describe', callOptions?.signal, () => ({
        name: volume.name,
        mounts: [{ kind: 'nfs', server: 'memory', path: `/${volume.name}`, options: 'rw' }] as const,
        mechanism: 'memory',
        warnings: ['nothing is kept when the process ends'],
      })),

    listLeftovers: (callOptions) => request('listLeftovers', callOptions?.signal, () => [...volume.halfMade]),

    removeLeftovers: (callOptions) =>
      request('removeLeftovers', callOptions?.signal, () => {
        const names = [...volume.halfMade]
        volume.halfMade.clear()
        return names
      }),

    ...(capabilities.holds ? holds : {}),
    ...(capabilities.labels ? labels : {}),
  }
}

function bytesOf(files: ReadonlyMap<string, string>): bigint {
  let sum = 0n
  for (const text of files.values()) sum += BigInt(Buffer.byteLength(text))
  return sum
}
