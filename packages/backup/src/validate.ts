import { validateBackupScript } from '@icb/rman'
import type { RmanMessage } from '@icb/rman'
import type { BackupDependencies } from './dependencies.ts'
import { backupErrors } from './errors.ts'
import { completeSettings } from './settings.ts'

export interface ValidateResult {
  /** Nothing is missing, nothing is corrupt. */
  readonly ok: boolean
  /** Data files whose blocks RMAN reported. */
  readonly files: readonly { readonly file: number; readonly status: 'OK' | 'FAILED'; readonly blocksExamined: number; readonly failing: number }[]
  /** RMAN's own errors, general first, root cause last; empty when `ok`. */
  readonly errors: readonly RmanMessage[]
  readonly warnings: readonly RmanMessage[]
  readonly durationMs: number
}

/**
 * Reads everything that a restore of the live copies would read (headers, control file, archived logs, every block of every
 * copy) without restoring it. Runs on the database server against the area, so hold the lease: a refresh changes the copies.
 * It proves that the files can be read; only a restore test proves that they open.
 * @throws ICB_BACKUP_RMAN_FAILED when RMAN does not end in time
 */
export async function validateBackup(deps: Pick<BackupDependencies, 'settings' | 'rman' | 'runId' | 'signal'>): Promise<ValidateResult> {
  const { parallel, refreshDeadlineMs } = completeSettings(deps.settings)
  const files = new Map<number, ValidateResult['files'][number]>()
  const seen = { corrupt: false }
  const result = await deps.rman.run({
    script: validateBackupScript({ parallel }),
    commandId: deps.runId,
    deadlineMs: refreshDeadlineMs,
    signal: deps.signal,
    onEvent: (event) => {
      if (event.type === 'corruption-found') seen.corrupt = true
      if (event.type === 'validated') files.set(event.file, { file: event.file, status: event.status, blocksExamined: event.blocksExamined, failing: event.failing.data + event.failing.index + event.failing.other })
    },
  })
  deps.signal.throwIfAborted()
  if (result.timedOut) throw backupErrors.RMAN_FAILED(`validating did not end within ${String(Math.round(refreshDeadlineMs / 1000))} s`, { hint: 'Raise backupdeadline (backupDeadlineMinutes), or parallel.', details: { tail: result.tail.slice(-20) } })
  const checked = [...files.values()]
  // RMAN does not fail for corrupt blocks.
  const ok = result.ok && !seen.corrupt && checked.every((file) => file.status === 'OK')
  return { ok, files: checked, errors: result.errors, warnings: result.warnings, durationMs: result.durationMs }
}
