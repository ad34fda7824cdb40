import { OraError, rmanError } from '../../engine/ora-error.ts'

type Rows = readonly (readonly (string | null)[])[]

/** A session that runs SQL. */
export interface CatalogSession {
  query(sql: string): Promise<Rows>
  close(): void
}

/** Views of the catalog schema that the lab keeps, as tables of their owner. */
const tables: Readonly<Record<string, string>> = {
  RC_DATABASE: 'db_key number, dbinc_key number, dbid number, name varchar2(8), resetlogs_change# number, resetlogs_time date',
  RC_RESYNC: 'db_key number, resync_key number, db_name varchar2(8), controlfile_sequence# number, resync_time date, resync_type varchar2(8)',
  RC_DATAFILE_COPY: 'db_key number, db_name varchar2(8), name varchar2(513), tag varchar2(32), file# number, checkpoint_change# number, status varchar2(1)',
  RC_ARCHIVED_LOG: 'db_key number, db_name varchar2(8), name varchar2(513), thread# number, sequence# number, first_change# number, next_change# number, status varchar2(1)',
}

const text = (value: string | null | undefined): string => (value == null ? 'null' : `'${value.replaceAll("'", "''")}'`)

/** The recovery catalog in another database of the lab: what RMAN knows of its targets, brought up to date by RESYNC. */
export class RecoveryCatalog {
  readonly #session: CatalogSession

  constructor(session: CatalogSession) {
    this.#session = session
  }

  close(): void {
    this.#session.close()
  }

  /** CREATE CATALOG. @throws OraError RMAN-06429 through ORA-00955 when there is one */
  async create(): Promise<void> {
    for (const [name, columns] of Object.entries(tables)) await this.#session.query(`create table ${name.toLowerCase()} (${columns})`)
  }

  /** @throws OraError RMAN-06428 */
  async #key(dbid: string): Promise<string | undefined> {
    try {
      return (await this.#session.query(`select db_key from rc_database where dbid = ${dbid}`))[0]?.[0] ?? undefined
    } catch (error) {
      if (error instanceof OraError && error.message.includes('ORA-00942')) throw rmanError(6428, 'recovery catalog is not installed')
      throw error
    }
  }

  /** @throws OraError RMAN-20002 when the target is registered */
  async register(target: CatalogSession, emit: (line: string) => void): Promise<void> {
    const [dbid = '0', name = '', resetlogs = '0', time] = await identity(target)
    if ((await this.#key(dbid)) !== undefined) throw rmanError(20002, 'target database already registered in recovery catalog')
    const key = Number((await this.#session.query('select nvl(max(db_key), 0) + 1 from rc_database'))[0]?.[0] ?? 1)
    await this.#session.query(`insert into rc_database values (${String(key)}, ${String(key + 1)}, ${dbid}, ${text(name)}, ${resetlogs}, to_date(${text(time)}, 'yyyy-mm-dd hh24:mi:ss'))`)
    await this.#session.query('commit')
    emit('database registered in recovery catalog')
    await this.resync(target, emit)
  }

  /** A full resync: everything of the target's control file that the catalog keeps. @throws OraError RMAN-20001 when it is not registered */
  async resync(target: CatalogSession, emit: (line: string) => void): Promise<void> {
    const [dbid = '0', name = ''] = await identity(target)
    const key = await this.#key(dbid)
    if (key === undefined) throw rmanError(20001, 'target database not found in recovery catalog')
    emit('starting full resync of recovery catalog')
    const copies = await target.query("select name, tag, file#, checkpoint_change#, status from v$datafile_copy where deleted = 'NO'")
    const logs = await target.query("select name, thread#, sequence#, first_change#, next_change#, status from v$archived_log where deleted = 'NO' and standby_dest = 'NO'")
    const sequence = (await target.query('select controlfile_sequence# from v$database'))[0]?.[0] ?? '0'
    for (const table of ['rc_datafile_copy', 'rc_archived_log']) await this.#session.query(`delete from ${table} where db_key = ${key}`)
    for (const [file, tag, number, scn, status] of copies) await this.#session.query(`insert into rc_datafile_copy values (${key}, ${text(name)}, ${text(file)}, ${text(tag)}, ${number ?? '0'}, ${scn ?? '0'}, ${text(status)})`)
    for (const [file, thread, log, first, next, status] of logs) await this.#session.query(`insert into rc_archived_log values (${key}, ${text(name)}, ${text(file)}, ${thread ?? '0'}, ${log ?? '0'}, ${first ?? '0'}, ${next ?? '0'}, ${text(status)})`)
    const resync = Number((await this.#session.query('select nvl(max(resync_key), 0) + 1 from rc_resync'))[0]?.[0] ?? 1)
    await this.#session.query(`insert into rc_resync values (${key}, ${String(resync)}, ${text(name)}, ${sequence}, sysdate, 'FULL')`)
    await this.#session.query('commit')
    emit('full resync complete')
  }

  /** @throws OraError RMAN-20001 */
  async unregister(target: CatalogSession, emit: (line: string) => void): Promise<void> {
    const [dbid = '0'] = await identity(target)
    const key = await this.#key(dbid)
    if (key === undefined) throw rmanError(20001, 'target database not found in recovery catalog')
    for (const table of Object.keys(tables)) await this.#session.query(`delete from ${table.toLowerCase()} where db_key = ${key}`)
    await this.#session.query('commit')
    emit('database unregistered from the recovery catalog')
  }
}

/** DBID, name, RESETLOGS_CHANGE# and its time. */
async function identity(target: CatalogSession): Promise<readonly string[]> {
  const [row = []] = await target.query("select dbid, name, resetlogs_change#, to_char(resetlogs_time, 'yyyy-mm-dd hh24:mi:ss') from v$database")
  return row.map((value) => value ?? '')
}
