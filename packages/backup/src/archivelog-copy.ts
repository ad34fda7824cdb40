import { copyArchivedLogsScript, crosscheckArchivedLogsScript } from '@icb/rman'
import { archivelogDirectory } from './area-path.ts'
import { callRman } from './rman-call.ts'
import type { RmanDependencies } from './rman-call.ts'
import { completeSettings } from './settings.ts'

type Warn = (code: string, message: string) => void

/** Copies logs of the current incarnation into the area. @throws ICB_BACKUP_RMAN_FAILED */
export async function copyLogs(deps: RmanDependencies, logs: readonly { readonly thread: number; readonly sequence: number }[], warn: Warn): Promise<void> {
  if (logs.length === 0) return
  const settings = completeSettings(deps.settings)
  await callRman(deps, {
    what: `copying ${String(logs.length)} archived logs into the area`,
    script: copyArchivedLogsScript({ directory: archivelogDirectory(settings.areaPath).slice(0, -1), logs: logs.map(({ thread, sequence }) => ({ thread, sequence })) }),
    deadlineMs: settings.rmanDeadlineMs, warn,
  })
}

/**
 * Marks logs whose files are gone as expired, so that RMAN reads another copy of them. Only after the area's identity was proven: an
 * unmounted area would expire everything.
 * @throws ICB_BACKUP_RMAN_FAILED
 */
export async function crosscheckLogs(deps: RmanDependencies, warn: Warn): Promise<void> {
  await callRman(deps, { what: 'crosschecking archived logs', script: crosscheckArchivedLogsScript(), deadlineMs: completeSettings(deps.settings).rmanDeadlineMs, warn })
}
