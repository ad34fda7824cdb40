import { autorestoreErrors as errors } from './errors.ts'
import type { RestoreTestSettings } from './settings.ts'
import { uniqueNameOfSlot } from './slots.ts'

/** Parameters that make the test instance harmless; extra parameters may not touch them. */
const protectedNames: ReadonlySet<string> = new Set([
  'db_name', 'db_unique_name', 'control_files', 'db_create_file_dest', 'db_recovery_file_dest', 'db_recovery_file_dest_size', 'diagnostic_dest', 'audit_file_dest', 'audit_trail', 'job_queue_processes', 'local_listener',
  'remote_listener', 'listener_networks', 'remote_login_passwordfile', 'open_links', 'open_links_per_instance', 'service_names', 'instance_name', 'spfile', 'ifile', 'dg_broker_start', 'fal_server', 'fal_client', 'log_archive_config', '_system_trig_enabled', 'cluster_database', 'db_file_name_convert', 'log_file_name_convert', 'standby_file_management', 'utl_file_dir', 'background_dump_dest', 'user_dump_dest', 'core_dump_dest',
])
const protectedPrefixes = ['log_archive_dest', 'log_archive_duplex', 'db_create_online_log_dest_', 'dg_broker_config_file']

/** Parameters of the source that the copy needs with the same value, where the manifest has them. */
const carriedOver = ['compatible', 'db_block_size', 'db_files', 'undo_tablespace', 'enable_pluggable_database', 'max_string_size', 'db_2k_cache_size', 'db_4k_cache_size', 'db_8k_cache_size', 'db_16k_cache_size', 'db_32k_cache_size', 'nls_length_semantics', 'pdb_file_name_convert']

export interface InitParametersOptions {
  readonly settings: RestoreTestSettings
  readonly sid: string
  /** db_unique_name; default `icb_<sid>`. */
  readonly uniqueName?: string
  /** This test's directory in the scratch directory. */
  readonly scratch: string
  /** Where files that Oracle creates during recovery go: the disposable clone. */
  readonly createFilesIn: string
  /** db_name of the source. */
  readonly databaseName: string
  /** Parameters recorded in the manifest. */
  readonly recorded: Readonly<Record<string, string>>
}

export function isProtectedParameter(name: string): boolean {
  const lower = name.toLowerCase()
  return protectedNames.has(lower) || protectedPrefixes.some((prefix) => lower.startsWith(prefix))
}

function quote(value: string): string {
  return /^(?:\d+[KMGT]?|TRUE|FALSE)$/i.test(value) ? value : `'${value.replaceAll("'", "''")}'`
}

/**
 * The parameter file of a test instance (Oracle Database Reference, "Initialization Parameters"): no jobs, no listener
 * registration, no archiving to production, no database links, no system triggers.
 * @throws ICB_AUTORESTORE_REFUSED_PARAMETER when an extra parameter is protected.
 */
export function renderInitParameters(options: InitParametersOptions): string {
  const { settings, scratch, sid } = options
  const parameters = new Map<string, string>()
  for (const name of carriedOver) {
    const value = options.recorded[name]
    if (value !== undefined && value !== '') parameters.set(name, value)
  }
  const fixed: Record<string, string> = {
    db_name: options.databaseName,
    db_unique_name: options.uniqueName ?? uniqueNameOfSlot(sid),
    control_files: `${scratch}/control.cf`,
    db_create_file_dest: options.createFilesIn,
    db_create_online_log_dest_1: options.createFilesIn,
    db_recovery_file_dest_size: '500G',
    db_recovery_file_dest: options.createFilesIn,
    log_archive_dest_1: `LOCATION=${scratch}`,
    diagnostic_dest: settings.logDir ?? scratch,
    audit_file_dest: scratch,
    audit_trail: 'NONE',
    sga_target: settings.sgaSize,
    sga_max_size: settings.sgaSize,
    pga_aggregate_target: settings.pgaSize,
    filesystemio_options: 'SETALL',
    instance_number: String(settings.instanceNumber),
    thread: String(settings.thread),
    job_queue_processes: '0',
    undo_management: 'AUTO',
    processes: '300',
    remote_login_passwordfile: 'NONE',
    open_links: '0',
    // An empty listener address means host:1521; an IPC address of our own registers nowhere.
    local_listener: `(ADDRESS=(PROTOCOL=IPC)(KEY=icb_${sid.toLowerCase()}))`,
    ...(settings.tde === undefined ? {} : { wallet_root: settings.tde.walletRoot, tde_configuration: 'KEYSTORE_CONFIGURATION=FILE' }),
    _system_trig_enabled: 'FALSE',
    _disk_sector_size_override: 'TRUE',
  }
  for (const [name, value] of Object.entries(fixed)) parameters.set(name, value)
  for (const [name, value] of Object.entries(settings.initParameters)) {
    if (!/^[A-Za-z_][A-Za-z0-9_$#]*$/.test(name) || /[\r\n]/.test(value)) throw errors.REFUSED_PARAMETER(`"${name}" is not a parameter that can be set`)
    if (isProtectedParameter(name)) {
      throw errors.REFUSED_PARAMETER(`the extra parameter ${name} is protected`, { hint: 'It keeps the test instance away from production. Remove it from the extra parameters.', details: { name } })
    }
    parameters.set(name.toLowerCase(), value)
  }
  return `${[...parameters].map(([name, value]) => `*.${name}=${quote(value)}`).join('\n')}\n`
}
