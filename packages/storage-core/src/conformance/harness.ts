import type { Clone, CloneId, SnapshotId, SnapshotStorage } from '../snapshot-storage.ts'

/** Files in the volume and in its clones, as a host that has mounted them sees them. Paths are relative, with `/`. */
export interface ConformanceFiles {
  write(path: string, text: string): Promise<void>
  read(path: string): Promise<string>
  writeInClone(clone: Clone, path: string, text: string): Promise<void>
  readInClone(clone: Clone, path: string): Promise<string>
}

export interface ConformanceFault {
  readonly operation: 'createSnapshot' | 'deleteSnapshot' | 'createClone' | 'deleteClone'
  /** `before`: nothing was changed; `after`: the change was made and its answer was lost. */
  readonly when: 'before' | 'after'
}

/**
 * One volume to try an adapter on, and what the test bed can do to it from outside. What a harness does not offer is
 * skipped visibly, by name.
 */
export interface ConformanceHarness {
  readonly storage: SnapshotStorage
  readonly database: string
  /** A second session to the same volume, as another process or host would open it. */
  reopen?(): Promise<SnapshotStorage>
  /** Makes a snapshot of the volume behind the adapter's back, as an administrator would. */
  makeForeignSnapshot?(name: string): Promise<SnapshotId>
  /** Makes a clone behind the adapter's back. */
  makeForeignClone?(snapshot: SnapshotId, name: string): Promise<CloneId>
  /** Leaves what a creation of this name leaves that was cut off half way. */
  makeHalfSnapshot?(name: string): Promise<void>
  readonly files?: ConformanceFiles
  /** The next request of this operation fails once with an error of remedy `retry`. */
  injectFault?(fault: ConformanceFault): Promise<void>
  /** Removes faults that have not hit. */
  clearFaults?(): Promise<void>
  /** Requests that reached the storage so far. */
  requestCount?(): number
  /** Lets the storage's clock go on by at least one step of its time stamps. */
  tick?(): Promise<void>
  /** Removes the volume with everything in it. Called once, also after a failure. */
  destroy(): Promise<void>
}
