import { isIcbError } from '@icb/runtime'

/** The exit codes of every command but the Nagios ones (`docs/exit-codes.md`). */
export const exitCodes = { done: 0, failed: 1, usage: 2, refused: 3, locked: 4, warnings: 5 } as const

const locked: ReadonlySet<string> = new Set(['ICB_LEASE_HELD', 'ICB_MIGRATE_ORIGINAL_BUSY', 'ICB_BACKUP_SESSION_RUNNING', 'ICB_BACKUP_SCHEDULE_RUNNING', 'ICB_AUTORESTORE_SLOT_BUSY'])
const usage: ReadonlySet<string> = new Set(['ICB_AUTORESTORE_SETTINGS', 'ICB_AUTORESTORE_NO_CLONES', 'ICB_POINT_TARGET', 'ICB_STORAGE_OPTIONS', 'ICB_STORAGE_ADAPTER', 'ICB_JOURNAL_LOCATION'])

/** The one place that turns an error into an exit code. */
export function exitCodeOf(error: unknown): number {
  if (!isIcbError(error)) return exitCodes.failed
  if (locked.has(error.code)) return exitCodes.locked
  if (error.code.includes('_REFUSED_') || error.code.endsWith('_REFUSED') || error.code === 'ICB_BACKUP_FOREIGN_VALUE' || error.code === 'ICB_BACKUP_SURPRISE_FULL') return exitCodes.refused
  if (error.code.startsWith('ICB_CONFIG_') || error.code.startsWith('ICB_USAGE_') || error.code.startsWith('ICB_CALENDAR_') || usage.has(error.code)) return exitCodes.usage
  return exitCodes.failed
}

/** The worst of many, in the order 1, 3, 4, 5, 0 (usage errors first of all). */
export function worstExitCode(codes: readonly number[]): number {
  return [2, 1, 3, 4, 5].find((code) => codes.includes(code)) ?? 0
}
