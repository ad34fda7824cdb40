import path from 'node:path'
import type { Host } from '../host/host.ts'
import { compatibleOf } from '../host/release.ts'
import { type ParameterSettings, parameterError, writeSpfile } from './parameter-file.ts'
import { ora } from './ora-error.ts'

interface Entry {
  readonly value: string
  readonly isDefault: boolean
  readonly inSpfile: boolean
}

const numbers = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`)

/** Every parameter the lab knows, with its default. */
function defaults(host: Host, sid: string, settings: ParameterSettings): Map<string, string> {
  const base = '/u01/app/oracle'
  const dbName = settings.get('db_name') ?? ''
  const unique = settings.get('db_unique_name') ?? dbName
  const known: Record<string, string> = {
    archive_lag_target: '0', audit_file_dest: `${base}/admin/${unique}/adump`, audit_trail: 'NONE', cluster_database: 'FALSE', compatible: compatibleOf(host.lab.release),
    control_file_record_keep_time: '7', control_files: '', cpu_count: '2', db_block_size: '8192', db_cache_size: '0', db_create_file_dest: '', db_create_online_log_dest_1: '',
    db_create_online_log_dest_2: '', db_domain: '', db_files: '200', db_flashback_retention_target: '1440', db_name: dbName, db_recovery_file_dest: '', db_recovery_file_dest_size: '0',
    db_unique_name: unique, diagnostic_dest: base, dispatchers: '', fal_server: '', filesystemio_options: 'none', instance_name: sid, instance_number: '0', job_queue_processes: '1000',
    local_listener: '', log_archive_config: '', log_archive_dest: '', log_archive_duplex_dest: '', log_archive_format: '%t_%s_%r.dbf', log_archive_max_processes: '4',
    log_archive_min_succeed_dest: '1', log_buffer: '7340032', max_string_size: 'STANDARD', memory_max_target: '0', memory_target: '0', nls_language: 'AMERICAN', nls_territory: 'AMERICA',
    open_cursors: '300', open_links: '4', pga_aggregate_target: '104857600', processes: '300', remote_listener: '', remote_login_passwordfile: 'EXCLUSIVE', service_names: unique,
    sga_max_size: '314572800', sga_target: '314572800', shared_pool_size: '0', standby_file_management: 'MANUAL', streams_pool_size: '0', thread: '0', undo_management: 'AUTO',
    undo_retention: '900', undo_tablespace: '', use_large_pages: 'TRUE', wallet_root: '', tde_configuration: '', large_pool_size: '0', java_pool_size: '0', db_16k_cache_size: '0',
    db_2k_cache_size: '0', db_32k_cache_size: '0', db_4k_cache_size: '0', db_8k_cache_size: '0', db_keep_cache_size: '0', db_recycle_cache_size: '0', db_file_name_convert: '',
    log_file_name_convert: '', enable_ddl_logging: 'FALSE', fast_start_mttr_target: '0', recyclebin: 'on', session_cached_cursors: '50', sessions: '472', statistics_level: 'TYPICAL',
    db_lost_write_protect: 'NONE', db_block_checksum: 'TYPICAL', db_block_checking: 'FALSE', db_ultra_safe: 'OFF', dg_broker_start: 'FALSE', spfile: '', ifile: '',
    background_dump_dest: '', user_dump_dest: '', core_dump_dest: '', os_authent_prefix: 'ops$', resource_manager_plan: '', parallel_max_servers: '8', optimizer_mode: 'ALL_ROWS',
    lock_name_space: '', nls_date_format: '', nls_length_semantics: 'BYTE', sec_case_sensitive_logon: 'TRUE', dnfs_batch_size: '4096', log_checkpoint_timeout: '1800', log_checkpoints_to_alert: 'FALSE',
  }
  if (Number(host.lab.release.split('.')[0]) >= 12) {
    known['enable_pluggable_database'] = 'FALSE'
    known['common_user_prefix'] = (settings.get('enable_pluggable_database') ?? '').toUpperCase() === 'TRUE' ? 'C##' : ''
    known['pdb_file_name_convert'] = ''
  }
  for (const name of numbers('log_archive_dest_', 31)) known[name] = ''
  for (const name of numbers('log_archive_dest_state_', 31)) known[name] = 'enable'
  return new Map(Object.entries(known))
}

/** Cannot be changed in a running instance. */
const fixed = new Set([
  'db_name', 'db_unique_name', 'control_files', 'compatible', 'db_block_size', 'db_files', 'processes', 'sessions', 'sga_max_size', 'instance_name', 'instance_number', 'thread', 'audit_trail', 'log_archive_format',
  'enable_pluggable_database', 'remote_login_passwordfile', 'undo_management', 'cluster_database', 'filesystemio_options', 'log_buffer', 'db_domain', 'lock_name_space', 'memory_max_target', 'spfile', 'open_links', 'use_large_pages',
])

/** The parameters of an instance. */
export class Parameters {
  readonly host: Host
  readonly #entries = new Map<string, Entry>()
  readonly #spfileSettings: ParameterSettings | undefined
  readonly spfile: string | null

  /** @throws OraError 01078 with LRM-00101 for a name that no release knows; hidden names pass */
  constructor(host: Host, sid: string, settings: ParameterSettings, spfile: string | null, entries: ParameterSettings = settings) {
    this.host = host
    this.spfile = spfile
    this.#spfileSettings = spfile === null ? undefined : entries === settings ? new Map(settings) : entries
    for (const [name, value] of defaults(host, sid, settings)) this.#entries.set(name, { value, isDefault: true, inSpfile: false })
    for (const [name, value] of settings) {
      if (!name.startsWith('_') && !this.#entries.has(name)) throw parameterError('LRM-00101', `unknown parameter name '${name}'`)
      this.#entries.set(name, { value: normalise(name, value), isDefault: false, inSpfile: spfile !== null })
    }
    if (spfile !== null) this.#entries.set('spfile', { value: spfile, isDefault: false, inSpfile: false })
    if (this.get('db_name') === '') throw ora(1506, 'missing or illegal database name')
  }

  get map(): ReadonlyMap<string, Entry> {
    return this.#entries
  }

  /** Empty when not set. */
  get(name: string): string {
    return this.#entries.get(name)?.value ?? ''
  }

  /** A number with an optional K, M, G or T. */
  number(name: string): number {
    const match = /^(\d+(?:\.\d+)?)\s*([KMGT]?)$/i.exec(this.get(name))
    const unit = 'KMGT'.indexOf((match?.[2] ?? '').toUpperCase() || '-') + 1
    return match === null ? 0 : Math.round(Number(match[1]) * 1024 ** unit)
  }

  list(name: string): string[] {
    return this.get(name).split(',').map((item) => item.trim()).filter((item) => item !== '')
  }

  /** @throws OraError 02065 unknown, 02095 static, 32001 no spfile */
  check(key: string, scope: 'memory' | 'spfile' | 'both'): void {
    if (!key.startsWith('_') && !this.#entries.has(key)) throw ora(2065, 'illegal option for ALTER SYSTEM')
    if (scope !== 'memory' && this.#spfileSettings === undefined) throw ora(32001, 'write to SPFILE requested but no SPFILE is in use')
    if (scope !== 'spfile' && fixed.has(key)) throw ora(2095, 'specified initialization parameter cannot be modified')
  }

  setMemory(key: string, value: string, inSpfile: boolean): void {
    this.#entries.set(key, { value: normalise(key, value), isDefault: false, inSpfile })
  }

  /** `entry`: a name, or `sid.name` for one instance. */
  async setSpfile(entry: string, value: string): Promise<void> {
    if (this.#spfileSettings === undefined || this.spfile === null) return
    this.#spfileSettings.set(entry, value)
    await writeSpfile(this.host.real(this.spfile), this.#spfileSettings)
  }

  /** What a backup of the spfile contains; undefined without one. */
  get spfileSettings(): ReadonlyMap<string, string> | undefined {
    return this.#spfileSettings
  }

  /** `<diagnostic_dest>/diag/rdbms/<unique name>/<SID>`, as the database knows it. */
  adrHome(sid: string): string {
    return path.join(this.get('diagnostic_dest'), 'diag', 'rdbms', this.get('db_unique_name').toLowerCase(), sid)
  }
}

function normalise(name: string, value: string): string {
  if (/^(true|false)$/i.test(value)) return value.toUpperCase()
  return name === 'control_files' ? value.split(',').map((v) => v.trim().replace(/^'|'$/g, '')).join(', ') : value
}
