import type { StorageDependencies } from './dependencies.ts'

/** A snapshot that retention must keep. */
export interface Pin {
  readonly snapshot: string
  readonly reason: string
  /** ISO UTC. */
  readonly pinnedAt: string
  /** ISO UTC; absent: for ever. */
  readonly until?: string
  readonly kept: 'storage' | 'file'
}

export interface PinOptions {
  readonly snapshot: string
  readonly reason: string
  /** ISO with zone. */
  readonly until?: string
}

/** Pins a snapshot: as a hold where the storage keeps holds, else in `.icb/pins.json`. @throws ICB_BACKUP_SNAPSHOT_UNKNOWN, ICB_BACKUP_PINS */
export function pinSnapshot(deps: StorageDependencies, options: PinOptions): Promise<Pin> {
  throw new Error(`not built yet: ${deps.settings.name} ${options.snapshot}`)
}

/** Removes a pin; one that is not there is fine. */
export function unpinSnapshot(deps: StorageDependencies, options: { readonly snapshot: string }): Promise<void> {
  throw new Error(`not built yet: ${deps.settings.name} ${options.snapshot}`)
}

/** The pins written in the area, expired ones included. @throws ICB_BACKUP_PINS when the file is there and unreadable. */
export function readPins(deps: StorageDependencies): Promise<readonly Pin[]> {
  throw new Error(`not built yet: ${deps.settings.name}`)
}
