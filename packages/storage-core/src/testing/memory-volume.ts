import type { Clock } from '@icb/runtime'
import type { CloneId, SnapshotId } from '../snapshot-storage.ts'

export interface MemorySnapshot {
  readonly id: SnapshotId
  readonly name: string
  readonly sequence: number
  readonly createdAt: number
  /** Made through a MemoryStorage of this database (the storage's provenance mark). */
  readonly marked: boolean
  readonly files: ReadonlyMap<string, string>
  labels: Readonly<Record<string, string>>
  hold?: { readonly reason: string; readonly until?: number }
}

export interface MemoryClone {
  readonly id: CloneId
  readonly name: string
  readonly snapshot: SnapshotId
  readonly createdAt: number
  readonly marked: boolean
  readonly files: Map<string, string>
}

/** The far side of the memory adapter: one volume with files, snapshots and clones, which several storages (sessions) may share. */
export class MemoryVolume {
  readonly name: string
  readonly files: Map<string, string> = new Map()
  readonly snapshots: Map<SnapshotId, MemorySnapshot> = new Map()
  readonly clones: Map<CloneId, MemoryClone> = new Map()
  /** Names whose creation was cut off half way. */
  readonly halfMade: Set<string> = new Set()
  readonly #clock: Clock
  #sequence = 0

  constructor(name: string, clock: Clock) {
    this.name = name
    this.#clock = clock
  }

  addSnapshot(name: string, marked: boolean, labels: Readonly<Record<string, string>> = {}): MemorySnapshot {
    const sequence = ++this.#sequence
    const snapshot: MemorySnapshot = { id: `snapshot-${sequence}`, name, sequence, createdAt: this.#clock.now(), marked, files: new Map(this.files), labels }
    this.snapshots.set(snapshot.id, snapshot)
    return snapshot
  }

  addClone(snapshot: MemorySnapshot, name: string, marked: boolean): MemoryClone {
    const clone: MemoryClone = { id: `clone-${++this.#sequence}`, name, snapshot: snapshot.id, createdAt: this.#clock.now(), marked, files: new Map(snapshot.files) }
    this.clones.set(clone.id, clone)
    return clone
  }

  snapshotNamed(name: string): MemorySnapshot | undefined {
    return [...this.snapshots.values()].find((snapshot) => snapshot.name === name)
  }

  cloneNamed(name: string): MemoryClone | undefined {
    return [...this.clones.values()].find((clone) => clone.name === name)
  }

  hasClones(id: SnapshotId): boolean {
    return [...this.clones.values()].some((clone) => clone.snapshot === id)
  }
}
