import { posix } from 'node:path'
import { parseMountTable } from '@icb/runtime'
import type { MountedFileSystem } from '@icb/runtime'

/** The file system that holds `path` (absolute, links resolved): the longest mount point above it, of equals the last one mounted. */
export function mountOf(table: string, path: string): MountedFileSystem | undefined {
  let best: MountedFileSystem | undefined
  for (const mount of parseMountTable(table)) {
    const above = mount.mountPoint === '/' || path === mount.mountPoint || path.startsWith(`${mount.mountPoint}/`)
    if (above && (best === undefined || mount.mountPoint.length >= best.mountPoint.length)) best = mount
  }
  return best
}

/** Where `path` lies on the server of an NFS mount. */
export function remotePath(mount: MountedFileSystem, path: string): { readonly server: string; readonly path: string } | undefined {
  const colon = mount.source.indexOf(':/')
  if (colon < 1) return undefined
  const server = mount.source.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  const below = posix.relative(mount.mountPoint, path)
  const exported = mount.source.slice(colon + 1)
  // A bind mount of a part of the export shows that part as root.
  const base = mount.root === '/' || mount.root === exported ? exported : posix.join(exported, mount.root)
  const joined = posix.join(base, below)
  return { server, path: joined.length > 1 && joined.endsWith('/') ? joined.slice(0, -1) : joined }
}

/** Options of the last mount at a mount point, those of its file system (where NFS has its own) after those of the mount. */
export function mountOptions(table: string, mountPoint: string): readonly string[] {
  const line = table.split('\n').findLast((each) => parseMountTable(each)[0]?.mountPoint === mountPoint)
  const fields = line?.split(' ') ?? []
  const separator = fields.indexOf('-', 6)
  return [...new Set(`${fields[5] ?? ''},${fields[separator + 3] ?? ''}`.split(',').filter((option) => option !== ''))]
}
