import { OraError, ora } from '../../engine/ora-error.ts'

const texts: Readonly<Record<string, readonly [number, string]>> = {
  ENOENT: [2, 'No such file or directory'],
  EIO: [5, 'Input/output error'],
  EACCES: [13, 'Permission denied'],
  EEXIST: [17, 'File exists'],
  ENOTDIR: [20, 'Not a directory'],
  EISDIR: [21, 'Is a directory'],
  ENOSPC: [28, 'No space left on device'],
  EROFS: [30, 'Read-only file system'],
  EDQUOT: [122, 'Disk quota exceeded'],
}

function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function systemLine(code: string): string {
  const [number, text] = texts[code] ?? [5, code]
  return `Linux-x86_64 Error: ${number}: ${text}\nAdditional information: 3`
}

/** An error of the operating system while `path` was read, as Oracle reports it; anything else unchanged. */
export function readError(error: unknown, path: string): unknown {
  const code = systemCode(error)
  if (code === undefined || error instanceof OraError) return error
  return ora(19505, `failed to identify file "${path}"`, [27037, `unable to obtain file status\n${systemLine(code)}`])
}

/** The same while `path` was written. */
export function writeError(error: unknown, path: string): unknown {
  const code = systemCode(error)
  if (code === undefined || error instanceof OraError) return error
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EIO') return ora(19502, `write error on file "${path}", block number 1 (block size=8192)`, [27072, `File I/O error\n${systemLine(code)}`])
  return ora(19504, `failed to create file "${path}"`, [27040, `file create error, unable to create file\n${systemLine(code)}`])
}
