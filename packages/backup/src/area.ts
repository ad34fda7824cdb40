import { readFile, realpath, stat } from 'node:fs/promises'
import { ensureAreaId } from '@icb/recovery-point'
import type { AreaIdentity } from '@icb/recovery-point'
import type { MountSource, SnapshotStorage } from '@icb/storage-core'
import { backupErrors } from './errors.ts'
import { mountOf, remotePath } from './mount-of.ts'
import type { BackupSettings } from './settings.ts'

export interface OpenAreaOptions {
  readonly settings: Pick<BackupSettings, 'name' | 'areaPath'>
  readonly storage: SnapshotStorage
  /** Text of the mount table; default: `/proc/self/mountinfo`. */
  readonly mountTable?: string
  readonly signal?: AbortSignal | undefined
}

/**
 * Proves that the area is the adapter's volume and answers its identity, which is made on first use. Call it before the
 * lease is taken: the lease is bound to this id.
 * @throws ICB_BACKUP_REFUSED_AREA, ICB_POINT_AREA_ID
 */
export async function openArea(options: OpenAreaOptions): Promise<AreaIdentity> {
  await proveAreaIsVolume(options)
  return ensureAreaId(options.settings.areaPath)
}

/** @throws ICB_BACKUP_REFUSED_AREA when no volume of the adapter is what is mounted at the area's path. */
export async function proveAreaIsVolume(options: OpenAreaOptions): Promise<void> {
  const { areaPath } = options.settings
  const real = await realpath(areaPath).catch((error: unknown) => {
    throw backupErrors.REFUSED_AREA(`the backup area ${areaPath} is not there`, { hint: 'Create or mount it; `icb doctor` shows what the storage offers.', cause: error })
  })
  const info = await options.storage.describe({ signal: options.signal })
  const answers = await Promise.all(info.mounts.map((mount) => matches(mount, real, options)))
  if (answers.includes(true)) return
  throw backupErrors.REFUSED_AREA(`the backup area ${areaPath} is not the volume ${info.name} of the storage (${info.mounts.map(describeMount).join(', ') || 'no mounts'})`, {
    hint: 'A snapshot would be of something else than what RMAN writes. Mount the volume there, or correct the storage options.',
    details: { areaPath: real, mounts: info.mounts.map(describeMount) },
  })
}

async function matches(mount: MountSource, realArea: string, options: OpenAreaOptions): Promise<boolean> {
  if (mount.kind === 'path') {
    const real = await realpath(mount.path).catch(() => undefined)
    if (real === undefined) return false
    if (real === realArea) return true
    const [a, b] = await Promise.all([stat(real), stat(realArea)])
    return a.dev === b.dev && a.ino === b.ino
  }
  const table = options.mountTable ?? (await readFile('/proc/self/mountinfo', 'utf8'))
  const mounted = mountOf(table, realArea)
  if (mounted === undefined || !mounted.type.startsWith('nfs')) return false
  const remote = remotePath(mounted, realArea)
  return remote !== undefined && remote.server.toLowerCase() === mount.server.toLowerCase() && remote.path === withoutEndSlash(mount.path)
}

function describeMount(mount: MountSource): string {
  return mount.kind === 'path' ? mount.path : `${mount.server}:${mount.path}`
}

function withoutEndSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}
