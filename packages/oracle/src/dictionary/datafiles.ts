import type { RowOf, SqlSession, TypedQuery } from '../sql-session.ts'
import type { ReadOptions } from './read-options.ts'

const datafileColumns = {
  file: 'number!',
  name: 'text!',
  tablespace: 'text!',
  /** SYSTEM, ONLINE, OFFLINE, RECOVER, SYSOFF. */
  status: 'text!',
  /** READ WRITE, READ ONLY, DISABLED, UNKNOWN. */
  enabled: 'text!',
  checkpointScn: 'scn!',
  checkpointTime: 'date',
  creationScn: 'scn!',
  /** SCN at which an offline or read-only file stopped; null for a file in use. */
  lastScn: 'scn',
  /** SCN of the last unlogged change; 0: never. */
  unrecoverableScn: 'scn!',
  unrecoverableTime: 'date',
  /** 0 when the file cannot be read. */
  bytes: 'scn!',
  blocks: 'number!',
  blockSize: 'number!',
  pdb: 'text',
  pdbOpenMode: 'text',
} as const

/** V$DATAFILE with its tablespace (and PDB in a CDB): what the control file says. */
export type DatafileRow = RowOf<typeof datafileColumns>

/** Container columns exist from 12.1 on and matter in a CDB only. */
export function datafilesQuery(cdb: boolean): TypedQuery<typeof datafileColumns> {
  const columns = cdb ? 'p.name, p.open_mode' : 'null, null'
  const joins = cdb ? 'join v$tablespace t on t.ts# = d.ts# and t.con_id = d.con_id left join v$pdbs p on p.con_id = d.con_id' : 'join v$tablespace t on t.ts# = d.ts#'
  return {
    name: 'v$datafile',
    columns: datafileColumns,
    sql: `select d.file#, d.name, t.name, d.status, d.enabled, d.checkpoint_change#, d.checkpoint_time, d.creation_change#, d.last_change#,
                 d.unrecoverable_change#, d.unrecoverable_time, d.bytes, d.blocks, d.block_size, ${columns}
            from v$datafile d
            ${joins}
           order by d.file#`,
  }
}

/** Every datafile of the database, of all containers, by file number. */
export function readDatafiles(session: SqlSession, options: ReadOptions & { readonly cdb: boolean }): Promise<readonly DatafileRow[]> {
  return session.query(datafilesQuery(options.cdb), options)
}

const headerColumns = {
  file: 'number!',
  name: 'text',
  tablespace: 'text',
  /** ONLINE or OFFLINE. */
  status: 'text!',
  /** `FILE NOT FOUND` and the like; null when the header was read. */
  error: 'text',
  /** Null when the header could not be read. */
  recover: 'yesno',
  fuzzy: 'yesno',
  checkpointScn: 'scn!',
  checkpointTime: 'date',
  creationScn: 'scn!',
  resetlogsScn: 'scn!',
} as const

/** V$DATAFILE_HEADER: what the files themselves say. */
export type DatafileHeaderRow = RowOf<typeof headerColumns>

export const datafileHeadersQuery: TypedQuery<typeof headerColumns> = {
  name: 'v$datafile_header',
  columns: headerColumns,
  sql: `select file#, name, tablespace_name, status, error, recover, fuzzy, checkpoint_change#, checkpoint_time, creation_change#, resetlogs_change#
          from v$datafile_header
         order by file#`,
}

export function readDatafileHeaders(session: SqlSession, options?: ReadOptions): Promise<readonly DatafileHeaderRow[]> {
  return session.query(datafileHeadersQuery, options)
}

const corruptionColumns = {
  file: 'number!',
  block: 'number!',
  blocks: 'number!',
  /** First SCN of the corruption; for NOLOGGING the SCN of the unlogged change. */
  corruptionScn: 'scn!',
  /** ALL ZERO, FRACTURED, CHECKSUM, CORRUPT, LOGICAL, NOLOGGING. */
  type: 'text!',
} as const

/** V$DATABASE_BLOCK_CORRUPTION: filled by VALIDATE and by backups. */
export type BlockCorruptionRow = RowOf<typeof corruptionColumns>

export const blockCorruptionQuery: TypedQuery<typeof corruptionColumns> = {
  name: 'v$database_block_corruption',
  columns: corruptionColumns,
  sql: `select file#, block#, blocks, corruption_change#, corruption_type
          from v$database_block_corruption
         order by file#, block#`,
}

/** V$NONLOGGED_BLOCK, where Oracle lists NOLOGGING blocks from 12.1 on, in the shape of V$DATABASE_BLOCK_CORRUPTION. */
export const nonloggedBlocksQuery: TypedQuery<typeof corruptionColumns> = {
  name: 'v$nonlogged_block',
  columns: corruptionColumns,
  sql: `select file#, block#, blocks, nvl(nonlogged_start_change#, 0), 'NOLOGGING'
          from v$nonlogged_block
         order by file#, block#`,
}

/** Corrupt blocks, those that recovery marked for want of redo (type NOLOGGING) among them. `release`: that of the instance. */
export async function readBlockCorruption(session: SqlSession, options: ReadOptions & { readonly release: string }): Promise<readonly BlockCorruptionRow[]> {
  const rows = await session.query(blockCorruptionQuery, options)
  if (Number(options.release.split('.')[0]) < 12) return rows
  return [...rows, ...(await session.query(nonloggedBlocksQuery, options))]
}
