/** Why the file system below refused. */
export type EngineFault = 'exists' | 'missing' | 'has-clones' | 'newer-snapshots' | 'invalid' | 'busy' | 'no-space'

export class EngineError extends Error {
  readonly kind: EngineFault
  constructor(kind: EngineFault, message: string) {
    super(message)
    this.name = 'EngineError'
    this.kind = kind
  }
}

export interface ShareKey {
  readonly project: string
  readonly share: string
}

/** Bytes throughout; times are seconds since 1970. */
export interface ShareFacts extends ShareKey {
  readonly id: string
  readonly createdAt: number
  readonly spaceData: bigint
  readonly spaceSnapshots: bigint
  readonly spaceTotal: bigint
  readonly spaceAvailable: bigint
  readonly quota: bigint
  readonly reservation: bigint
  /** Percent: 100 is 1.00x. */
  readonly compressratio: number
  readonly origin?: ShareKey & { readonly snapshot: string }
}

export interface SnapshotFacts extends ShareKey {
  readonly id: string
  readonly name: string
  readonly createdAt: number
  readonly spaceData: bigint
  readonly spaceUnique: bigint
  readonly clones: number
}

export interface ProjectFacts {
  readonly project: string
  readonly id: string
  readonly createdAt: number
}

/** All that is there at one moment. */
export interface EngineScan {
  readonly pool: { readonly total: bigint; readonly used: bigint; readonly available: bigint }
  readonly projects: readonly ProjectFacts[]
  readonly shares: readonly ShareFacts[]
  /** In the order they were made. */
  readonly snapshots: readonly SnapshotFacts[]
}

/** The file system under the appliance. Every change throws {@link EngineError}. */
export interface StorageEngine {
  /** For people: what the data really lies on. */
  readonly description: string
  /** Seconds since 1970 by the clock that stamps snapshots. */
  now(): number
  scan(): Promise<EngineScan>
  createProject(project: string): Promise<void>
  destroyProject(project: string): Promise<void>
  createShare(key: ShareKey): Promise<void>
  setLimits(key: ShareKey, limits: { readonly quota?: bigint; readonly reservation?: bigint }): Promise<void>
  renameShare(from: ShareKey, to: ShareKey): Promise<void>
  /** With all its snapshots; those must have no clones. */
  destroyShare(key: ShareKey): Promise<void>
  createSnapshot(key: ShareKey, name: string): Promise<void>
  renameSnapshot(key: ShareKey, name: string, newName: string): Promise<void>
  /** `withClones`: what the appliance does after a confirmation. */
  destroySnapshot(key: ShareKey, name: string, options: { readonly withClones: boolean }): Promise<void>
  clone(key: ShareKey, name: string, target: ShareKey): Promise<void>
  /** Destroys newer snapshots; `withClones`: and their clones. */
  rollback(key: ShareKey, name: string, options: { readonly withNewer: boolean }): Promise<void>
  /** Directory of this machine that holds a share's files: what a client would mount. */
  pathOf(key: ShareKey): Promise<string>
}
