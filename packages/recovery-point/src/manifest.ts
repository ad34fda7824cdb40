/** SCNs are decimal strings in files and bigints in code; these types are the code side. */
export interface ManifestDatabase {
  readonly name: string
  readonly uniqueName: string
  readonly dbid: string
  readonly resetlogsId: string
  readonly resetlogsScn: bigint
  /** `12.1.0.2.0` */
  readonly release: string
  readonly cdb: boolean
  readonly role: string
}

export interface ManifestCopy {
  readonly file: number
  readonly tablespace: string
  /** Relative to the area. */
  readonly path: string
  readonly bytes: bigint
  readonly creationScn: bigint
  readonly checkpointScn: bigint
  /** Highest SCN in any block; 0 when not fuzzy. */
  readonly fuzzyScn: bigint
  /** V$DATAFILE.STATUS of the source at backup: SYSTEM, ONLINE, OFFLINE, RECOVER … */
  readonly status: string
  /** V$DATAFILE.ENABLED: READ WRITE, READ ONLY … */
  readonly enabled: string
  /** V$DATAFILE.UNRECOVERABLE_CHANGE# of the source at backup, 0: nothing was ever written without redo; absent: it was not recorded. */
  readonly unrecoverableScn?: bigint
  readonly pdb?: string
  readonly openMode?: string
}

export interface ManifestLog {
  readonly thread: number
  readonly sequence: number
  readonly resetlogsId: string
  readonly firstScn: bigint
  readonly nextScn: bigint
  /** Database-local `yyyy-mm-dd hh:mm:ss`; add `window.utcOffset`. */
  readonly firstTime: string
  readonly nextTime: string
  /** Relative to the area. */
  readonly path: string
}

export interface ManifestWindow {
  /** The redo chain starts here: lowest checkpoint of a recoverable copy. */
  readonly redoFrom: bigint
  /** Restorable from here: highest SCN in any copy block. */
  readonly minScn: bigint
  readonly minTime?: string
  /** Offset of SYSTIMESTAMP at `minTime`, which a change of the clock may have made another one; absent: as `utcOffset`. */
  readonly minUtcOffset?: string
  /** The logs in the area reach back to here without a hole, further than the copies need; absent: it was not recorded. */
  readonly logsFrom?: bigint
  /** Restorable to here; `null` until the logs of the next switch are proven landed. */
  readonly lastScn: bigint | null
  readonly lastTime?: string
  /** Offset of SYSTIMESTAMP at the database at `lastTime` (before there is one, at `minTime`), `+02:00`. */
  readonly utcOffset: string
}

export interface ManifestSourcePaths {
  readonly datafiles: readonly string[]
  readonly logs: readonly string[]
  readonly tempfiles: readonly string[]
  readonly controlFiles: readonly string[]
  readonly recoveryDestination?: string
  readonly archiveDestinations: readonly string[]
  readonly bct?: string
  readonly flashbackLogs: readonly string[]
}

export interface Manifest {
  readonly version: 1
  /** `icb 0.1.0` */
  readonly tool: string
  readonly runId: string
  /** `refreshing`: a refresh has begun and not ended, so the window is void. */
  readonly state: 'refreshing' | 'refreshed'
  readonly areaId: string
  readonly database: ManifestDatabase
  readonly copies: readonly ManifestCopy[]
  /** Void (absent) while refreshing. */
  readonly window?: ManifestWindow
  readonly logs: readonly ManifestLog[]
  /** Relative to the area. */
  readonly controlFile: string
  /** Non-default instance parameters without secrets. */
  readonly parameters: Readonly<Record<string, string>>
  readonly timezoneFileVersion?: string
  readonly sourcePaths: ManifestSourcePaths
  /** ISO UTC; end of the last complete refresh. */
  readonly refreshedAt?: string
}

/** How much is known of a point. `unknown`: made by hand or by the seed scripts, no manifest readable through the index. */
export type PointState = 'refreshed' | 'refreshing' | 'damaged' | 'unknown'

/** One line of `.icb/points.jsonl`. */
export interface PointEntry {
  readonly snapshot: string
  readonly createdAt: string
  readonly runId: string
  /** SHA-256 of the manifest file, hex. */
  readonly manifestDigest: string
  readonly state: PointState
  readonly redoFrom?: bigint
  readonly minScn?: bigint
  readonly lastScn?: bigint
  /** The snapshot's archived logs go back to here without a hole; absent: it was not recorded. */
  readonly logsFrom?: bigint
  readonly minTime?: string
  readonly minUtcOffset?: string
  readonly lastTime?: string
  /** At `lastTime`. */
  readonly utcOffset?: string
  readonly resetlogsId: string
  readonly dbid: string
  /** Why the point is marked: `archived log 1/42 is missing`. */
  readonly remarks?: readonly string[]
}

/** A snapshot as the storage lists it, joined with its index entry. */
export interface RecoveryPoint {
  readonly snapshotId: string
  readonly snapshot: string
  /** ISO UTC, from the storage. */
  readonly createdAt: string
  readonly state: PointState
  readonly entry?: PointEntry
}

export type RestoreTarget = { readonly kind: 'latest' } | { readonly kind: 'scn'; readonly scn: bigint } | { readonly kind: 'time'; /** ISO with zone. */ readonly time: string }

export type PointChoice =
  | { readonly kind: 'single'; readonly point: RecoveryPoint; readonly targetScn: bigint | undefined; readonly targetTime: string | undefined }
  /** Copies and control file of `copies`, archived logs of both. `chainKnown`: the index proves that they reach from one window to the other. */
  | { readonly kind: 'pair'; readonly copies: RecoveryPoint; readonly logs: RecoveryPoint; readonly chainKnown: boolean; readonly targetScn: bigint | undefined; readonly targetTime: string | undefined }
  | { readonly kind: 'live'; readonly copies: RecoveryPoint; readonly reason: string }
  | { readonly kind: 'none'; readonly reason: string; readonly before?: RecoveryPoint; readonly after?: RecoveryPoint }
