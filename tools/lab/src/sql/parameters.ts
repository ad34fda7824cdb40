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
  readonly modifiable: 'IMMEDIATE' | 'FALSE'
}

/** Sizes that are plain integers all the same. */
const plainIntegers = new Set(['db_block_size', 'db_flashback_retention_target', 'archive_lag_target', 'fast_start_mttr_target', 'dnfs_batch_size'])

const fixed = new Set(
  (
    'audit_file_dest audit_trail cluster_database common_user_prefix compatible control_files db_block_size db_domain db_files db_name db_unique_name enable_pluggable_database event filesystemio_options ' +
    'instance_name instance_number log_archive_format log_buffer memory_max_target nls_language nls_territory open_links processes remote_login_passwordfile sessions sga_max_size spfile thread undo_management wallet_root'
  ).split(' '),
)

function typeOf(name: string, value: string): ParameterType {
  if (/^(true|false)$/i.test(value) && name !== 'db_block_checking') return 1
  if (/_(size|target|buffer)$/.test(name) && !plainIntegers.has(name)) return 6
  return /^\d+$/.test(value) ? 3 : 2
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

/** All parameters of an instance, by name, as V$PARAMETER shows them. */
export function allParameters(instance: Instance, session: ServerSession): readonly Parameter[] {
  return [...instance.parameters]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, set]) => {
      const raw = name === 'nls_date_format' ? stateOf(session).nlsDateFormat : set.value
      const type = typeOf(name, raw)
      const value = type === 6 ? bytesOf(raw) : type === 1 ? raw.toUpperCase() : raw
      return {
        name,
        type,
        value: value === '' ? null : value,
        display: value === '' ? null : type === 6 ? displayBytes(value) : value,
        isDefault: set.isDefault,
        inSpfile: set.inSpfile,
        modifiable: fixed.has(name) || name.startsWith('_') ? ('FALSE' as const) : ('IMMEDIATE' as const),
      }
    })
}
