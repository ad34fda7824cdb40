import { reportScript } from '@icb/rman'
import type { RmanMessage } from '@icb/rman'
import type { BackupDependencies } from './dependencies.ts'
import { backupErrors } from './errors.ts'
import { completeSettings } from './settings.ts'

export interface BackupReport {
  /** RMAN answered all three questions. */
  readonly ok: boolean
  /** RMAN's own text, without its greeting. */
  readonly lines: readonly string[]
  readonly errors: readonly RmanMessage[]
  readonly warnings: readonly RmanMessage[]
}

/** More than this many lines of a report are of no use to a reader; the last of them are kept. */
const keptLines = 20_000

/**
 * What RMAN's repository says: files that need a backup by its recovery window, files with unrecoverable changes, and what a restore would use. Reads the repository only.
 * Advisory: REPORT NEED BACKUP usually lists every file, because the one copy is younger than the window.
 * @throws ICB_BACKUP_RMAN_FAILED when RMAN does not end in time
 */
export async function reportBackups(deps: Pick<BackupDependencies, 'settings' | 'rman' | 'runId' | 'signal'>): Promise<BackupReport> {
  const { recoveryWindowDays, rmanDeadlineMs } = completeSettings(deps.settings)
  const lines: string[] = []
  const result = await deps.rman.run({
    script: reportScript({ recoveryWindowDays }), commandId: deps.runId, deadlineMs: rmanDeadlineMs, signal: deps.signal,
    onLine: (line) => {
      lines.push(line.trimEnd())
      if (lines.length > keptLines) lines.shift()
    },
  })
  deps.signal.throwIfAborted()
  if (result.timedOut) throw backupErrors.RMAN_FAILED(`reporting did not end within ${String(Math.round(rmanDeadlineMs / 1000))} s`, { hint: 'Raise rmandeadline (rmanDeadlineSeconds).', details: { tail: result.tail.slice(-20) } })
  const begin = lines.findIndex((line) => /REPORT NEED BACKUP/.test(line))
  return { ok: result.ok, lines: begin === -1 ? lines : lines.slice(begin), errors: result.errors, warnings: result.warnings }
}
