import type { RowOf, SqlSession, TypedQuery } from '../sql-session.ts'
import type { ReadOptions } from './read-options.ts'

/** `DATA` of `+DATA/ORCL/DATAFILE/users.259.1234567890`; undefined for a path of a file system. */
export function diskGroupOf(name: string): string | undefined {
  return /^\+([^/]+)/.exec(name)?.[1]?.toUpperCase()
}

/**
 * Whether ASM gave the name itself (`+DATA/ORCL/DATAFILE/users.259.1234567890`): a file can be opened under it, never made (ORA-15046).
 * Whoever makes it again names the disk group only, or an alias. (Automatic Storage Management Administrator's Guide, "Single File Creation Form".)
 */
export function isAsmSystemName(name: string): boolean {
  return /^\+[^/]+\/.*\.\d+\.\d+$/.test(name)
}

const diskGroupColumns = {
  name: 'text!',
  /** CONNECTED, MOUNTED, DISMOUNTED … */
  state: 'text!',
  /** EXTERN, NORMAL, HIGH, FLEX …; null while it is dismounted. */
  type: 'text',
  totalMb: 'number!',
  freeMb: 'number!',
  /** What must stay free so that everything can be mirrored again after a disk is lost. */
  requiredMirrorFreeMb: 'number',
  /** Megabytes that files can still take; below zero a lost disk cannot be made up for. */
  usableFileMb: 'number!',
} as const

/** V$ASM_DISKGROUP as a database instance sees it: the disk groups that its host can use; no row without ASM. */
export type DiskGroupRow = RowOf<typeof diskGroupColumns>

export const diskGroupsQuery: TypedQuery<typeof diskGroupColumns> = {
  name: 'v$asm_diskgroup',
  columns: diskGroupColumns,
  sql: 'select name, state, type, total_mb, free_mb, required_mirror_free_mb, usable_file_mb from v$asm_diskgroup order by name',
}

/** Also answered by an instance that has mounted no database. */
export function readDiskGroups(session: SqlSession, options?: ReadOptions): Promise<readonly DiskGroupRow[]> {
  return session.query(diskGroupsQuery, options)
}
