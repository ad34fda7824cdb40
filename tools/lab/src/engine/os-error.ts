import { GROUP_NOT_MOUNTED, NO_DISK_GROUP, WRONG_MOUNT_OPTIONS } from '../storage/io-faults.ts'
import { groupOf } from '../storage/disk-groups.ts'
import { isSystemName } from './asm-names.ts'
import { OraError, ora } from './ora-error.ts'

const texts: Readonly<Record<string, readonly [number, string]>> = {
  ENOENT: [2, 'No such file or directory'],
  EIO: [5, 'Input/output error'],
  EACCES: [13, 'Permission denied'],
  EEXIST: [17, 'File exists'],
  ENOTDIR: [20, 'Not a directory'],
  EISDIR: [21, 'Is a directory'],
  ENOSPC: [28, 'No space left on device'],
  EROFS: [30, 'Read-only file system'],
  ESTALE: [116, 'Stale file handle'],
  EDQUOT: [122, 'Disk quota exceeded'],
}

function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function systemLine(code: string): string {
  const [number, text] = texts[code] ?? [5, code]
  return `Linux-x86_64 Error: ${number}: ${text}\nAdditional information: 3`
}

type Line = readonly [number: number, text: string]

/** What ASM says of a file in a disk group: the group is out of reach, or it has no such file. */
function asmLines(path: string, code: string): readonly Line[] {
  const missing: Line = [15001, `diskgroup "${groupOf(path)}" does not exist or is not mounted`]
  if (code === NO_DISK_GROUP) return [missing, [15077, 'could not locate ASM instance serving a required diskgroup']]
  if (code === GROUP_NOT_MOUNTED) return [missing]
  if (code === 'ENOSPC') return [[15041, `diskgroup "${groupOf(path)}" space exhausted`]]
  if (code !== 'ENOENT' && code !== 'ENOTDIR') return []
  if (isSystemName(path)) return [[15012, `ASM file '${path}' does not exist`]]
  const parts = path.split('/')
  return [[15173, `entry '${parts.at(-1) ?? ''}' does not exist in directory '${parts.length > 2 ? parts.at(-2) ?? '/' : '/'}'`]]
}

/** The lines below an error about a file in a disk group that could not be opened; none for other files. */
export function asmCause(path: string, error: unknown): readonly Line[] {
  return path.startsWith('+') ? [[17503, `ksfdopn:2 Failed to open file ${path}`], ...asmLines(path, systemCode(error) ?? 'EIO')] : []
}

/** An error of the operating system while `path` was read, as Oracle reports it; anything else unchanged. */
export function readError(error: unknown, path: string): unknown {
  const code = systemCode(error)
  if (code === undefined || error instanceof OraError) return error
  if (path.startsWith('+')) return ora(19505, `failed to identify file "${path}"`, ...asmCause(path, error))
  return ora(19505, `failed to identify file "${path}"`, [27037, `unable to obtain file status\n${systemLine(code)}`])
}

/** ORA-19504: the file could not even be created. */
export function createFailed(path: string, error: unknown): OraError {
  const code = systemCode(error) ?? 'EIO'
  const failed = (...below: readonly (readonly [number, string])[]): OraError => ora(19504, `failed to create file "${path}"`, ...below)
  // What is missing when a file cannot be made is the directory of its alias.
  if (path.startsWith('+')) return failed([17502, `ksfdcre:4 Failed to create file ${path}`], ...asmLines(code === 'ENOENT' ? path.slice(0, path.lastIndexOf('/')) : path, code))
  if (code === WRONG_MOUNT_OPTIONS) return failed([27054, 'NFS file system where the file is created or resides is not mounted with correct options\nAdditional information: 3'])
  return failed([27040, `file create error, unable to create file\n${systemLine(code)}`])
}

/** An error of the operating system while `path` was written. */
export function writeError(error: unknown, path: string): unknown {
  const code = systemCode(error)
  if (code === undefined || error instanceof OraError) return error
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EIO' || code === 'ESTALE') return ora(19502, `write error on file "${path}", block number 1 (block size=8192)`, [27072, `File I/O error\n${systemLine(code)}`])
  return createFailed(path, error)
}
