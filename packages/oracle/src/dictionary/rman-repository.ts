import type { BindValue, RowOf, SqlSession, TypedQuery } from '../sql-session.ts'
import { withBinds } from './read-options.ts'
import type { ReadOptions } from './read-options.ts'

const configurationColumns = { number: 'number!', name: 'text!', value: 'text' } as const

/** V$RMAN_CONFIGURATION: only settings that differ from RMAN's defaults. `CONFIGURE <name> <value>` reproduces one. */
export type RmanConfigurationRow = RowOf<typeof configurationColumns>

export const rmanConfigurationQuery: TypedQuery<typeof configurationColumns> = {
  name: 'v$rman_configuration',
  columns: configurationColumns,
  sql: 'select conf#, name, value from v$rman_configuration order by conf#',
}

export function readRmanConfiguration(session: SqlSession, options?: ReadOptions): Promise<readonly RmanConfigurationRow[]> {
  return session.query(rmanConfigurationQuery, options)
}

const pieceColumns = {
  recid: 'number!',
  stamp: 'number!',
  handle: 'text!',
  tag: 'text',
  /** DISK or SBT_TAPE. */
  deviceType: 'text!',
  /** A available, U unavailable, X expired, D deleted. */
  status: 'text!',
  bytes: 'scn',
  completedAt: 'date',
} as const

/** V$BACKUP_PIECE without deleted ones. */
export type BackupPieceRow = RowOf<typeof pieceColumns>

/** The query for a filter, with its binds. */
export function backupPiecesQuery(filter: { readonly tag?: string; readonly deviceType?: string }): { readonly query: TypedQuery<typeof pieceColumns>; readonly binds: Readonly<Record<string, BindValue>> } {
  const where = ["p.deleted = 'NO'", 'p.handle is not null']
  const binds: Record<string, BindValue> = {}
  if (filter.tag !== undefined) {
    where.push('p.tag = :tag')
    binds.tag = filter.tag.toUpperCase()
  }
  if (filter.deviceType !== undefined) {
    where.push('p.device_type = :device_type')
    binds.device_type = filter.deviceType
  }
  return {
    query: {
      name: 'v$backup_piece',
      columns: pieceColumns,
      sql: `select p.recid, p.stamp, p.handle, p.tag, p.device_type, p.status, p.bytes, p.completion_time
              from v$backup_piece p
             where ${where.join(' and ')}
             order by p.recid`,
    },
    binds,
  }
}

/** Undeleted backup pieces, all or of one tag (any case) or device type. */
export function readBackupPieces(session: SqlSession, options: ReadOptions & { readonly tag?: string; readonly deviceType?: string } = {}): Promise<readonly BackupPieceRow[]> {
  const { query, binds } = backupPiecesQuery(options)
  return session.query(query, withBinds(binds, options))
}

const sessionColumns = {
  instance: 'number!',
  sid: 'number!',
  serial: 'number!',
  clientInfo: 'text!',
  program: 'text',
  /** ACTIVE, INACTIVE, KILLED. */
  status: 'text!',
  loggedOnAt: 'date',
} as const

/** GV$SESSION rows of an RMAN client: its own session and its channels. */
export type RmanSessionRow = RowOf<typeof sessionColumns>

/**
 * Sessions by the command id that RMAN writes to CLIENT_INFO: `id=<command id>` for the client's session,
 * `id=<command id>,rman channel=<channel>` for a channel. Binds: `id` = `id=<command id or its beginning>`.
 */
export const rmanSessionsQuery: TypedQuery<typeof sessionColumns> = {
  name: 'gv$session by command id',
  columns: sessionColumns,
  sql: `select s.inst_id, s.sid, s.serial#, s.client_info, s.program, s.status, s.logon_time
          from gv$session s
         where substr(s.client_info, 1, length(:id)) = :id
         order by s.inst_id, s.sid`,
}

/** The command id in a CLIENT_INFO text, or undefined. */
export function commandIdOf(clientInfo: string): string | undefined {
  return /^id=([^,]+)/.exec(clientInfo)?.[1]?.trim()
}

/**
 * Server sessions of RMAN clients that may have outlived their client: those of one command id, or of all ids with a
 * beginning of ours (`prefix`, a run id's host part). Asks GV$SESSION, so every instance of a cluster is seen.
 */
export async function readRmanSessions(session: SqlSession, options: ReadOptions & ({ readonly commandId: string } | { readonly prefix: string })): Promise<readonly RmanSessionRow[]> {
  const wanted = 'commandId' in options ? options.commandId : options.prefix
  const rows = await session.query(rmanSessionsQuery, withBinds({ id: `id=${wanted}` }, options))
  return 'commandId' in options ? rows.filter((row) => commandIdOf(row.clientInfo) === wanted) : rows
}

const clientColumns = { instance: 'number!', sid: 'number!', serial: 'number!', program: 'text', loggedOnAt: 'date' } as const

/** A session of GV$SESSION that an RMAN client has opened, whoever started it. */
export type RmanClientRow = RowOf<typeof clientColumns>

export const rmanClientsQuery: TypedQuery<typeof clientColumns> = {
  name: 'gv$session of rman',
  columns: clientColumns,
  sql: `select s.inst_id, s.sid, s.serial#, s.program, s.logon_time
          from gv$session s
         where lower(s.program) like 'rman%' or s.client_info like '%rman channel=%'
         order by s.inst_id, s.sid`,
}

/** Sessions of every RMAN client, ours and other people's, on every instance. */
export function readRmanClients(session: SqlSession, options?: ReadOptions): Promise<readonly RmanClientRow[]> {
  return session.query(rmanClientsQuery, options)
}

const incrementColumns = {
  file: 'number!',
  /** YES: only changed chunks were read. */
  usedChangeTracking: 'yesno!',
  blocksRead: 'number',
  datafileBlocks: 'number!',
  /** Blocks written into the incremental. */
  blocks: 'number!',
  blockSize: 'number!',
  completedAt: 'date!',
} as const

/** V$BACKUP_DATAFILE: level 1 incrementals of datafiles. */
export type IncrementRow = RowOf<typeof incrementColumns>

/** Binds: `days`. */
export const incrementsQuery: TypedQuery<typeof incrementColumns> = {
  name: 'v$backup_datafile',
  columns: incrementColumns,
  sql: `select b.file#, b.used_change_tracking, b.blocks_read, b.datafile_blocks, b.blocks, b.block_size, b.completion_time
          from v$backup_datafile b
         where b.file# > 0 and b.incremental_level = 1 and b.completion_time > sysdate - :days
         order by b.file#, b.completion_time`,
}

/** Level 1 incrementals of the last `days` days. */
export function readIncrements(session: SqlSession, options: ReadOptions & { readonly days: number }): Promise<readonly IncrementRow[]> {
  return session.query(incrementsQuery, withBinds({ days: options.days }, options))
}

/**
 * Bytes that the next refresh may need: for each file with a copy the largest increment seen, so that one quiet day does not
 * hide a busy one (none seen: nothing); a file without a copy counts in full, because its first backup is a whole copy.
 */
export function predictIncrementBytes(files: readonly { readonly file: number; readonly bytes: bigint; readonly hasCopy: boolean }[], increments: readonly IncrementRow[]): bigint {
  const largest = new Map<number, bigint>()
  for (const row of increments) {
    const bytes = BigInt(row.blocks) * BigInt(row.blockSize)
    if (bytes > (largest.get(row.file) ?? 0n)) largest.set(row.file, bytes)
  }
  return files.reduce((sum, file) => sum + (file.hasCopy ? (largest.get(file.file) ?? 0n) : file.bytes), 0n)
}
