import type { RowOf, SqlSession, TypedQuery } from '../sql-session.ts'
import { withBinds } from './read-options.ts'
import type { ReadOptions } from './read-options.ts'

const copyColumns = {
  recid: 'number!',
  stamp: 'number!',
  name: 'text!',
  /** RMAN stores tags in upper case. */
  tag: 'text',
  file: 'number!',
  creationScn: 'scn!',
  resetlogsScn: 'scn!',
  incrementalLevel: 'number',
  checkpointScn: 'scn!',
  checkpointTime: 'date',
  /** Highest SCN in any block when the copy was taken online; 0: not fuzzy. */
  absoluteFuzzyScn: 'scn',
  recoveryFuzzyScn: 'scn',
  onlineFuzzy: 'yesno',
  markedCorrupt: 'number',
  mediaCorrupt: 'number',
  logicallyCorrupt: 'number',
  blocks: 'number!',
  blockSize: 'number!',
  /** A available, U unavailable, X expired. */
  status: 'text!',
  completedAt: 'date',
} as const

/** V$DATAFILE_COPY without deleted rows. */
export type DatafileCopyRow = RowOf<typeof copyColumns>

const copySelect = `select c.recid, c.stamp, c.name, c.tag, c.file#, c.creation_change#, c.resetlogs_change#, c.incremental_level, c.checkpoint_change#, c.checkpoint_time,
               c.absolute_fuzzy_change#, c.recovery_fuzzy_change#, c.online_fuzzy, c.marked_corrupt, c.media_corrupt, c.logically_corrupt,
               c.blocks, c.block_size, c.status, c.completion_time
          from v$datafile_copy c
         where c.deleted = 'NO' and c.name is not null and c.file# > 0`

/** File 0 (a control file copy) is not a datafile and is left out. */
export const datafileCopiesQuery: TypedQuery<typeof copyColumns> = {
  name: 'v$datafile_copy',
  columns: copyColumns,
  sql: `${copySelect} order by c.file#, c.recid`,
}

/** Binds: `tag`, upper case. */
export const datafileCopiesByTagQuery: TypedQuery<typeof copyColumns> = {
  name: 'v$datafile_copy by tag',
  columns: copyColumns,
  sql: `${copySelect} and c.tag = :tag order by c.file#, c.recid`,
}

/** Undeleted datafile copies, all or those of one tag (any case). */
export function readDatafileCopies(session: SqlSession, options: ReadOptions & { readonly tag?: string } = {}): Promise<readonly DatafileCopyRow[]> {
  if (options.tag === undefined) return session.query(datafileCopiesQuery, withBinds({}, options))
  return session.query(datafileCopiesByTagQuery, withBinds({ tag: options.tag.toUpperCase() }, options))
}

/**
 * Copies with our tag whose datafile is gone. The creation SCN is compared too, because file numbers are used again.
 * Binds: `tag`, upper case.
 */
export const droppedFileCopiesQuery: TypedQuery<typeof copyColumns> = {
  name: 'v$datafile_copy of dropped files',
  columns: copyColumns,
  sql: `${copySelect} and c.tag = :tag
           and not exists (select 1 from v$datafile d where d.file# = c.file# and d.creation_change# = c.creation_change#)
         order by c.file#, c.recid`,
}

export function readDroppedFileCopies(session: SqlSession, options: ReadOptions & { readonly tag: string }): Promise<readonly DatafileCopyRow[]> {
  return session.query(droppedFileCopiesQuery, withBinds({ tag: options.tag.toUpperCase() }, options))
}

const uncoveredColumns = { file: 'number!', name: 'text!', creationScn: 'scn!' } as const

/** A datafile of the control file. */
export type UncoveredFileRow = RowOf<typeof uncoveredColumns>

/** Datafiles without an available, undeleted copy of that tag and creation. Binds: `tag`, upper case. */
export const filesWithoutCopyQuery: TypedQuery<typeof uncoveredColumns> = {
  name: 'v$datafile without a copy',
  columns: uncoveredColumns,
  sql: `select d.file#, d.name, d.creation_change#
          from v$datafile d
         where not exists (select 1 from v$datafile_copy c
                            where c.file# = d.file# and c.creation_change# = d.creation_change#
                              and c.deleted = 'NO' and c.status = 'A' and c.tag = :tag)
         order by d.file#`,
}

/** Datafiles that no copy with this tag covers: made by the next refresh, or created empty by a restore. */
export function readFilesWithoutCopy(session: SqlSession, options: ReadOptions & { readonly tag: string }): Promise<readonly UncoveredFileRow[]> {
  return session.query(filesWithoutCopyQuery, withBinds({ tag: options.tag.toUpperCase() }, options))
}
