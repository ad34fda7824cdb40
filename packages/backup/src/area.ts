import { readFile, realpath, stat } from 'node:fs/promises'
import { join, posix } from 'node:path'
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

/**
 * Proves that what is mounted at the area's path is the adapter's volume, and answers the directories in it where the area's
 * further volumes are mounted (none for an area of one volume).
 * @throws ICB_BACKUP_REFUSED_AREA
 */
export async function proveAreaIsVolume(options: OpenAreaOptions): Promise<readonly string[]> {
  const { areaPath } = options.settings
  const real = await realpath(areaPath).catch((error: unknown) => {
    throw backupErrors.REFUSED_AREA(`the backup area ${areaPath} is not there`, { hint: 'Create or mount it; `icb doctor` shows what the storage offers.', cause: error })
  })
  const info = await options.storage.describe({ signal: options.signal })
  const answers = await Promise.all(info.mounts.map((mount) => matches(mount, real, options)))
  const main = info.mounts[answers.indexOf(true)]
  if (main === undefined) {
    throw backupErrors.REFUSED_AREA(`the backup area ${areaPath} is not the volume ${info.name} of the storage (${info.mounts.map(describeMount).join(', ') || 'no mounts'})`, {
      hint: 'A snapshot would be of something else than what RMAN writes. Mount the volume there, or correct the storage options.',
      details: { areaPath: real, mounts: info.mounts.map(describeMount) },
    })
  }
  const volumes: string[] = []
  for (const mount of info.mounts) {
    const below = posix.relative(main.path, mount.path)
    if (mount === main || below === '' || below.startsWith('..')) continue
    // A client mounts what is exported below by itself when it is looked at; a mount of something else in its place is a trap.
    const there = await stat(join(real, below)).then((s) => s.isDirectory(), () => false)
    if (!there || !(await matches(mount, await realpath(join(real, below)), options))) {
      throw backupErrors.REFUSED_AREA(`${join(areaPath, below)} is not the volume ${describeMount(mount)}, which belongs to this area`, { hint: 'Mount the further volumes below the first; snapshots are of all of them.', details: { areaPath: real, mount: describeMount(mount) } })
    }
    volumes.push(join(areaPath, below))
  }
  return volumes
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
  // Server and export tell whose files they are; the type is that of the client (nfs, nfs4, one in user space).
  const remote = mounted === undefined ? undefined : remotePath(mounted, realArea)
  return remote !== undefined && remote.server.toLowerCase() === mount.server.toLowerCase() && remote.path === withoutEndSlash(mount.path)
}

function describeMount(mount: MountSource): string {
  return mount.kind === 'path' ? mount.path : `${mount.server}:${mount.path}`
}

function withoutEndSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}
