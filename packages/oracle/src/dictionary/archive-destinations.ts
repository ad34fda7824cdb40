import type { RowOf, SqlSession, TypedQuery } from '../sql-session.ts'
import type { ReadOptions } from './read-options.ts'

const destinationColumns = {
  /** Instance of the row. */
  instance: 'number!',
  destId: 'number!',
  name: 'text!',
  /** VALID, INACTIVE, DEFERRED, ERROR, DISABLED, BAD PARAM, ALTERNATE, FULL. */
  status: 'text!',
  /** MANDATORY or OPTIONAL. */
  binding: 'text',
  /** PRIMARY, STANDBY, LOCAL, REMOTE (11.2: PRIMARY or STANDBY). */
  target: 'text',
  /** A directory, a service, or USE_DB_RECOVERY_FILE_DEST. */
  destination: 'text',
  reopenSeconds: 'number',
  failedAt: 'date',
  failedSequence: 'number',
  error: 'text',
  /** LOCAL, PHYSICAL, LOGICAL, SNAPSHOT, UNKNOWN … of V$ARCHIVE_DEST_STATUS. */
  type: 'text',
  archivedSequence: 'number',
} as const

/** V$ARCHIVE_DEST with V$ARCHIVE_DEST_STATUS. A destination can work on one instance and fail on another. */
export type ArchiveDestinationRow = RowOf<typeof destinationColumns>

/** Destinations that were never set (INACTIVE without a destination) are left out. */
export const archiveDestinationsQuery: TypedQuery<typeof destinationColumns> = {
  name: 'v$archive_dest',
  columns: destinationColumns,
  sql: `select i.instance_number, d.dest_id, d.dest_name, d.status, d.binding, d.target, d.destination, d.reopen_secs, d.fail_date, d.fail_sequence, d.error, s.type, s.archived_seq#
          from v$archive_dest d
          join v$archive_dest_status s on s.dest_id = d.dest_id
          cross join v$instance i
         where d.destination is not null
         order by d.dest_id`,
}

/** The same over all instances of a cluster. */
export const archiveDestinationsOfAllInstancesQuery: TypedQuery<typeof destinationColumns> = {
  name: 'gv$archive_dest',
  columns: destinationColumns,
  sql: `select d.inst_id, d.dest_id, d.dest_name, d.status, d.binding, d.target, d.destination, d.reopen_secs, d.fail_date, d.fail_sequence, d.error, s.type, s.archived_seq#
          from gv$archive_dest d
          join gv$archive_dest_status s on s.inst_id = d.inst_id and s.dest_id = d.dest_id
         where d.destination is not null
         order by d.inst_id, d.dest_id`,
}

/** Archive destinations that are set, of this instance or of all. */
export function readArchiveDestinations(session: SqlSession, options: ReadOptions & { readonly allInstances?: boolean } = {}): Promise<readonly ArchiveDestinationRow[]> {
  return session.query(options.allInstances === true ? archiveDestinationsOfAllInstancesQuery : archiveDestinationsQuery, options)
}
