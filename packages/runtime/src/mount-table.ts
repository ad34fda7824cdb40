/** One line of /proc/self/mountinfo (proc(5)). */
export interface MountedFileSystem {
  readonly mountPoint: string
  /** Directory of the file system that is mounted, `/` for the whole of it. */
  readonly root: string
  readonly type: string
  /** `filer:/export/orcl` for NFS. */
  readonly source: string
  /** False when the mount or its file system is read only. */
  readonly writable: boolean
}

/** The kernel writes blank, tab, newline and backslash as octal. */
function unescapeField(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}

/** Reads the text of /proc/self/mountinfo, in mount order; lines of another shape are skipped. */
export function parseMountTable(text: string): readonly MountedFileSystem[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.split(' ')
    const separator = fields.indexOf('-', 6)
    const [root, mountPoint, options, type, source] = [fields[3], fields[4], fields[5], fields[separator + 1], fields[separator + 2]]
    if (separator < 0 || root === undefined || mountPoint === undefined || options === undefined || type === undefined || source === undefined) return []
    const readOnly = `${options},${fields[separator + 3] ?? ''}`.split(',').includes('ro')
    return [{ mountPoint: unescapeField(mountPoint), root: unescapeField(root), type, source: unescapeField(source), writable: !readOnly }]
  })
}
