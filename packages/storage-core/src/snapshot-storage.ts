import type { DateTime } from 'luxon'

/** The storage's own identifier of a snapshot; opaque to everybody else. */
export type SnapshotId = string
/** The storage's own identifier of a clone. */
export type CloneId = string

/** What a host mounts to see a volume or clone. `path`: nothing to mount, it is there. */
export type MountSource = { readonly kind: 'nfs'; readonly server: string; readonly path: string; readonly options: string } | { readonly kind: 'path'; readonly path: string }

export interface Snapshot {
  readonly id: SnapshotId
  /** The name as this project knows it (already mapped back from what the storage allows). */
  readonly name: string
  /** UTC, by the storage's clock. */
  readonly createdAt: DateTime
  /** Made by this tool for this database, by name grammar and label (`isOurSnapshotName`). Only such snapshots are ever deleted. */
  readonly ours: boolean
  /** Bytes referenced. */
  readonly spaceTotal?: bigint
  /** Bytes that deleting this snapshot alone would free. */
  readonly spaceUnique?: bigint
  /** `undefined`: the storage's listing does not say. */
  readonly hasClones: boolean | undefined
  readonly lockedUntil?: DateTime
  readonly labels?: Readonly<Record<string, string>>
}

export interface Clone {
  readonly id: CloneId
  readonly name: string
  readonly snapshot: SnapshotId
  readonly createdAt: DateTime
  /** One per volume. */
  readonly mounts: readonly MountSource[]
}

export interface VolumeSpec {
  readonly name: string
  /** Bytes. */
  readonly size?: bigint
  readonly options?: Readonly<Record<string, string>>
}

export interface Volume {
  readonly id: string
  readonly name: string
  readonly mounts: readonly MountSource[]
}

export interface VolumeInfo {
  readonly name: string
  /** What the database's hosts mount as backup area, one per volume. */
  readonly mounts: readonly MountSource[]
  /** Bytes; `undefined`: unknown. */
  readonly sizeBytes?: bigint
  readonly freeBytes?: bigint
  /** For people: `btrfs subvolume`, `reflink copies on xfs`, `plain copies`. */
  readonly mechanism: string
  readonly warnings: readonly string[]
}

/** What a storage can do, as data. The conformance kit checks that it agrees with what the object really does. */
export interface StorageCapabilities {
  /** A snapshot is one instant of the whole volume. `false`: files are copied one after another. */
  readonly atomic: boolean
  /** Snapshot of several volumes at one instant. */
  readonly atomicGroup: boolean
  readonly clones: boolean
  /** Clones share blocks with their snapshot. */
  readonly thinClones: boolean
  readonly spaceAccounting: boolean
  readonly holds: boolean
  readonly labels: boolean
  /** Longest snapshot name the mapping may produce. */
  readonly maxNameLength: number
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

export interface CreateSnapshotOptions extends CallOptions {
  /** Kept by storages with `labels`; ignored by others. */
  readonly labels?: Readonly<Record<string, string>>
  /**
   * Paths below the area, relative with `/`, of files that are known to be incomplete (archived logs that the database
   * has not finished). A storage with `atomic: false` leaves them out; atomic ones ignore the list.
   */
  readonly omit?: readonly string[]
}

/**
 * One database's backup volume(s) on one storage system.
 *
 * Every mutating call is idempotent by name: repeated after a timeout it finds what the first call did.
 * Every error is an IcbError `ICB_STORAGE_…` of {@link storageErrors}.
 */
export interface SnapshotStorage {
  readonly capabilities: StorageCapabilities
  /**
   * `name` is made by `snapshotName()`. A second call with the same name answers with the first one's snapshot.
   * @throws ICB_STORAGE_EXISTS when a foreign object has the name.
   */
  createSnapshot(name: string, options?: CreateSnapshotOptions): Promise<Snapshot>
  /** Oldest first; paged inside; one listing, never a call per snapshot. Half-made snapshots are never listed. */
  listSnapshots(options?: CallOptions): AsyncIterable<Snapshot>
  /** Deleting a missing snapshot succeeds. @throws ICB_STORAGE_HAS_CLONES, ICB_STORAGE_LOCKED, ICB_STORAGE_FOREIGN */
  deleteSnapshot(id: SnapshotId, options?: CallOptions): Promise<void>
  /** @throws ICB_STORAGE_NOT_FOUND, ICB_STORAGE_EXISTS (same name, other snapshot), ICB_STORAGE_UNSUPPORTED */
  createClone(snapshot: SnapshotId, name: string, options?: CallOptions): Promise<Clone>
  listClones(options?: CallOptions): AsyncIterable<Clone>
  /** Proves that it is a clone of this database's volume first; a missing one succeeds. @throws ICB_STORAGE_FOREIGN, ICB_STORAGE_BUSY */
  deleteClone(id: CloneId, options?: CallOptions): Promise<void>
  createVolume(spec: VolumeSpec, options?: CallOptions): Promise<Volume>
  /** Reachability, mount source, free space. */
  describe(options?: CallOptions): Promise<VolumeInfo>
  /** Removes what an interrupted call left (half snapshots); returns their names. Safe at any time under the lease. */
  removeLeftovers?(options?: CallOptions): Promise<readonly string[]>
  close?(): Promise<void>
}

/** Pins kept by the storage itself. While one is there `deleteSnapshot` throws ICB_STORAGE_LOCKED. */
export interface SnapshotHolds {
  /** A second call replaces reason and end. Without `until` it holds for ever. The listing shows `lockedUntil` when there is an end. @throws ICB_STORAGE_NOT_FOUND */
  hold(id: SnapshotId, options: { readonly reason: string; readonly until?: DateTime; readonly signal?: AbortSignal }): Promise<void>
  /** Releasing what is not held, or a missing snapshot, succeeds. */
  releaseHold(id: SnapshotId, options?: CallOptions): Promise<void>
}

/** Key-value pairs on a snapshot. */
export interface SnapshotLabels {
  /** Sets these keys; others stay as they are. @throws ICB_STORAGE_NOT_FOUND, ICB_STORAGE_FOREIGN */
  setLabels(id: SnapshotId, labels: Readonly<Record<string, string>>, options?: CallOptions): Promise<void>
}

/** True when the storage keeps holds. */
export function hasHolds(storage: SnapshotStorage): storage is SnapshotStorage & SnapshotHolds {
  return storage.capabilities.holds && typeof (storage as Partial<SnapshotHolds>).hold === 'function'
}

/** True when the storage keeps labels. */
export function hasLabels(storage: SnapshotStorage): storage is SnapshotStorage & SnapshotLabels {
  return storage.capabilities.labels && typeof (storage as Partial<SnapshotLabels>).setLabels === 'function'
}
