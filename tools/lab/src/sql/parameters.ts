import type { Instance, ServerSession } from '../engine/instance-api.ts'
import { stateOf } from './session-state.ts'

/** V$PARAMETER.TYPE: 1 boolean, 2 string, 3 integer, 6 big integer. */
export type ParameterType = 1 | 2 | 3 | 6

export interface Parameter {
  readonly name: string
  readonly type: ParameterType
  /** Big integers in bytes. */
  readonly value: string | null
  /** As SHOW PARAMETER writes it. */
  readonly display: string | null
  readonly isDefault: boolean
  readonly inSpfile: boolean
  readonly modifiable: 'IMMEDIATE' | 'DEFERRED' | 'FALSE'
}

type Default = readonly [type: ParameterType, value: string, modifiable?: 'FALSE']

/** The parameters that this database knows beside the archive destinations, with Oracle's defaults. */
const defaults: Readonly<Record<string, Default>> = {
  archive_lag_target: [3, '0'],
  audit_file_dest: [2, '', 'FALSE'],
  audit_trail: [2, 'NONE', 'FALSE'],
  backup_tape_io_slaves: [1, 'FALSE'],
  cluster_database: [1, 'FALSE', 'FALSE'],
  common_user_prefix: [2, 'C##', 'FALSE'],
  compatible: [2, '', 'FALSE'],
  control_file_record_keep_time: [3, '7'],
  control_files: [2, '', 'FALSE'],
  cpu_count: [3, '2'],
  db_16k_cache_size: [6, '0'],
  db_2k_cache_size: [6, '0'],
  db_32k_cache_size: [6, '0'],
  db_4k_cache_size: [6, '0'],
  db_8k_cache_size: [6, '0'],
  db_block_checking: [2, 'FALSE'],
  db_block_checksum: [2, 'TYPICAL'],
  db_block_size: [3, '8192', 'FALSE'],
  db_cache_size: [6, '0'],
  db_create_file_dest: [2, ''],
  db_create_online_log_dest_1: [2, ''],
  db_create_online_log_dest_2: [2, ''],
  db_domain: [2, '', 'FALSE'],
  db_files: [3, '200', 'FALSE'],
  db_flashback_retention_target: [3, '1440'],
  db_lost_write_protect: [2, 'NONE'],
  db_name: [2, '', 'FALSE'],
  db_recovery_file_dest: [2, ''],
  db_recovery_file_dest_size: [6, '0'],
  db_unique_name: [2, '', 'FALSE'],
  db_writer_processes: [3, '1', 'FALSE'],
  dg_broker_start: [1, 'FALSE'],
  diagnostic_dest: [2, ''],
  dispatchers: [2, ''],
  enable_pluggable_database: [1, 'FALSE', 'FALSE'],
  event: [2, '', 'FALSE'],
  fast_start_mttr_target: [3, '0'],
  filesystemio_options: [2, 'none', 'FALSE'],
  instance_name: [2, '', 'FALSE'],
  instance_number: [3, '0', 'FALSE'],
  job_queue_processes: [3, '1000'],
  local_listener: [2, ''],
  log_archive_config: [2, ''],
  log_archive_dest: [2, ''],
  log_archive_duplex_dest: [2, ''],
  log_archive_format: [2, '%t_%s_%r.dbf', 'FALSE'],
  log_archive_max_processes: [3, '4'],
  log_archive_min_succeed_dest: [3, '1'],
  log_buffer: [6, '13844480', 'FALSE'],
  max_string_size: [2, 'STANDARD'],
  memory_max_target: [6, '0', 'FALSE'],
  memory_target: [6, '0'],
  nls_date_format: [2, ''],
  nls_language: [2, 'AMERICAN', 'FALSE'],
  nls_territory: [2, 'AMERICA', 'FALSE'],
  open_cursors: [3, '300'],
  open_links: [3, '4', 'FALSE'],
  pga_aggregate_target: [6, '0'],
  processes: [3, '300', 'FALSE'],
  remote_listener: [2, ''],
  remote_login_passwordfile: [2, 'EXCLUSIVE', 'FALSE'],
  resource_manager_plan: [2, ''],
  service_names: [2, ''],
  sessions: [3, '472'],
  sga_max_size: [6, '0', 'FALSE'],
  sga_target: [6, '0'],
  shared_pool_size: [6, '0'],
  spfile: [2, '', 'FALSE'],
  standby_file_management: [2, 'MANUAL'],
  statistics_level: [2, 'TYPICAL'],
  streams_pool_size: [6, '0'],
  tde_configuration: [2, ''],
  thread: [3, '0', 'FALSE'],
  undo_management: [2, 'AUTO', 'FALSE'],
  undo_retention: [3, '900'],
  undo_tablespace: [2, ''],
  wallet_root: [2, '', 'FALSE'],
}

const archiveDestination = /^log_archive_dest_(state_)?([1-9]|[12]\d|3[01])$/

function defaultOf(name: string): Default | undefined {
  const archive = archiveDestination.exec(name)
  if (archive !== null) return archive[1] === undefined ? [2, ''] : [2, 'enable']
  return defaults[name] ?? (name.startsWith('_') ? [2, ''] : undefined)
}

const allNames: readonly string[] = [...Object.keys(defaults), ...Array.from({ length: 31 }, (_, index) => [`log_archive_dest_${String(index + 1)}`, `log_archive_dest_state_${String(index + 1)}`]).flat()].sort()

/** Whether Oracle knows the parameter; hidden ones begin with `_`. */
export function isParameter(name: string): boolean {
  return defaultOf(name) !== undefined
}

export function isModifiable(name: string): boolean {
  return defaultOf(name)?.[2] !== 'FALSE' && !name.startsWith('_')
}

export function parameterType(name: string): ParameterType {
  return defaultOf(name)?.[0] ?? 2
}

/** `4G`, `500M`, `16k` in bytes; other values as they are. */
export function bytesOf(value: string): string {
  const parts = /^(\d+)\s*([kmgt])b?$/i.exec(value.trim())
  if (parts === null) return value
  const power = { k: 1n, m: 2n, g: 3n, t: 4n }[(parts[2] ?? 'k').toLowerCase()] ?? 0n
  return (BigInt(parts[1] ?? '0') * 1024n ** power).toString()
}

function displayBytes(value: string): string {
  if (!/^\d+$/.test(value)) return value
  const bytes = BigInt(value)
  for (const [unit, size] of [['G', 1024n ** 3n], ['M', 1024n ** 2n], ['K', 1024n]] as const) if (bytes > 0n && bytes % size === 0n) return `${(bytes / size).toString()}${unit}`
  return value
}

/** Values that follow from others when they are not set. */
function derived(name: string, instance: Instance, session: ServerSession): string | undefined {
  const set = (other: string): string | undefined => instance.parameters.get(other)?.value
  switch (name) {
    case 'db_unique_name':
      return set('db_name')
    case 'instance_name':
      return instance.sid
    case 'spfile':
      return instance.spfile ?? undefined
    case 'service_names':
      return set('db_unique_name') ?? set('db_name')
    case 'compatible':
      return instance.release.split('.').slice(0, 3).join('.')
    case 'sga_max_size':
      return set('sga_target')
    case 'nls_date_format':
      return stateOf(session).nlsDateFormat
    default:
      return undefined
  }
}

/** All parameters of an instance, by name. */
export function allParameters(instance: Instance, session: ServerSession): readonly Parameter[] {
  const names = [...new Set([...allNames, ...instance.parameters.keys()])].sort()
  return names.map((name) => {
    const set = instance.parameters.get(name)
    const [type, fallback, modifiable] = defaultOf(name) ?? [2, '']
    const raw = set?.value ?? derived(name, instance, session) ?? fallback
    const value = type === 6 ? bytesOf(raw) : type === 1 ? raw.toUpperCase() : raw
    return {
      name,
      type,
      value: value === '' ? null : value,
      display: value === '' ? null : type === 6 ? displayBytes(value) : value,
      isDefault: set?.isDefault ?? true,
      inSpfile: set?.inSpfile ?? false,
      modifiable: modifiable ?? (name.startsWith('_') ? 'FALSE' : 'IMMEDIATE'),
    }
  })
}
