import { randomUUID } from 'node:crypto'
import { mkdir, readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createFileOnce } from '@icb/runtime'
import type { MountSource, SnapshotStorage } from '@icb/storage-core'
import { backupErrors } from './errors.ts'
import { mountOf, remotePath } from './mountinfo.ts'
import type { BackupSettings } from './settings.ts'

export interface AreaIdentity {
  readonly areaId: string
  /** True when this call made `.icb/area-id`. */
  readonly created: boolean
}

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
 * @throws ICB_BACKUP_REFUSED_AREA
 */
export async function openArea(options: OpenAreaOptions): Promise<AreaIdentity> {
  await proveAreaIsVolume(options)
  const { areaPath } = options.settings
  const present = await readAreaId(areaPath)
  if (present !== undefined) return { areaId: present, created: false }
  return createAreaId(areaPath)
}

/** `.icb/area-id` as it is; `undefined` when the area is not mounted or was never used. @throws ICB_BACKUP_REFUSED_AREA when the file holds no id. */
export async function readAreaId(areaPath: string): Promise<string | undefined> {
  const path = areaIdPath(areaPath)
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isAbsent(error)) return undefined
    throw backupErrors.REFUSED_AREA(`${path} cannot be read`, { cause: error })
  })
  if (text === undefined) return undefined
  const id = text.trim()
  // A lease must never be bound to an empty id.
  if (!/^[0-9a-z-]{8,64}$/i.test(id)) throw backupErrors.REFUSED_AREA(`${path} does not hold an area id`, { hint: 'Remove the file if this area is empty; otherwise write the areaId of its icb-manifest.json into it.' })
  return id
}

async function createAreaId(areaPath: string): Promise<AreaIdentity> {
  const path = areaIdPath(areaPath)
  await mkdir(join(areaPath, '.icb'), { recursive: true })
  const areaId = randomUUID()
  const created = await createFileOnce(path, `${areaId}\n`).catch((error: unknown) => {
    throw backupErrors.REFUSED_AREA(`${path} cannot be made`, { cause: error })
  })
  if (created) return { areaId, created }
  // Of two first runs one made the id and the other one reads it.
  const other = await readAreaId(areaPath)
  if (other === undefined) throw backupErrors.REFUSED_AREA(`${path} was there and is gone`)
  return { areaId: other, created }
}

/** @throws ICB_BACKUP_REFUSED_AREA when no volume of the adapter is what is mounted at the area's path. */
export async function proveAreaIsVolume(options: OpenAreaOptions): Promise<void> {
  const { areaPath } = options.settings
  const info = await options.storage.describe({ signal: options.signal })
  const real = await realpath(areaPath).catch((error: unknown) => {
    throw backupErrors.REFUSED_AREA(`the backup area ${areaPath} is not there`, { hint: 'Create or mount it; `icb doctor` shows what the storage offers.', cause: error })
  })
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

function areaIdPath(areaPath: string): string {
  return join(areaPath, '.icb', 'area-id')
}

function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}
