import type { SnapshotStorage } from '@icb/storage-core'
import type { BackupSettings } from './settings.ts'

export interface AreaIdentity {
  readonly areaId: string
  /** True when this call made `.icb/area-id`. */
  readonly created: boolean
}

export interface OpenAreaOptions {
  readonly settings: Pick<BackupSettings, 'name' | 'areaPath'>
  readonly storage: SnapshotStorage
  readonly signal?: AbortSignal | undefined
}

/**
 * Proves that the area is the adapter's volume and answers its identity, which is made on first use. Call it before the
 * lease is taken: the lease is bound to this id.
 * @throws ICB_BACKUP_REFUSED_AREA
 */
export function openArea(options: OpenAreaOptions): Promise<AreaIdentity> {
  throw new Error(`not built yet: ${options.settings.name}`)
}

/** `.icb/area-id` as it is; `undefined` when the area is not mounted or was never used. */
export function readAreaId(areaPath: string): Promise<string | undefined> {
  throw new Error(`not built yet: ${areaPath}`)
}
