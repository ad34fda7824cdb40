/** Where the files of a simulated array's volumes, snapshots and clones are. Calls do not give way to other work of the process. */
export interface VolumeEngine {
  /** For people: what the files really lie on. */
  readonly description: string
  /** Where the files of a volume or clone are. */
  volume(id: string): string
  create(id: string): void
  snapshot(volume: string, snapshot: string): void
  clone(volume: string, snapshot: string, id: string): void
  /** Makes a clone independent of its snapshot. */
  split(id: string): void
  /** Puts a volume back to a snapshot. */
  restore(volume: string, snapshot: string): void
  removeSnapshot(volume: string, snapshot: string): void
  removeVolume(id: string): void
  /** Bytes of a volume's files as they are now. */
  bytes(id: string): number
  /** Bytes that the removal of these snapshots would free: what nothing else of the volume has. */
  freedBy(id: string, snapshots: ReadonlySet<string>): number
}
