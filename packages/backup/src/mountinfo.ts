import { posix } from 'node:path'

/** One line of /proc/self/mountinfo (proc(5)). */
export interface MountedFileSystem {
  readonly mountPoint: string
  /** Directory of the file system that is mounted, `/` for the whole of it. */
  readonly root: string
  readonly type: string
  /** `filer:/export/orcl` for NFS. */
  readonly source: string
}

/** Reads a mount table; lines of another shape are skipped. */
export function parseMountTable(text: string): readonly MountedFileSystem[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.split(' ')
    const separator = fields.indexOf('-', 6)
    const [root, mountPoint, type, source] = [fields[3], fields[4], fields[separator + 1], fields[separator + 2]]
    if (separator < 0 || root === undefined || mountPoint === undefined || type === undefined || source === undefined) return []
    return [{ mountPoint: unescapeField(mountPoint), root: unescapeField(root), type, source: unescapeField(source) }]
  })
}

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

/** The kernel writes blank, tab, newline and backslash as octal. */
function unescapeField(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
