import type { RmanEvent, RmanResult } from '@icb/rman'
import type { BackupDependencies } from './dependencies.ts'
import { backupErrors } from './errors.ts'
import { waitForOurSessions } from './rman-sessions.ts'

export type RmanDependencies = Pick<BackupDependencies, 'rman' | 'runId' | 'sql' | 'settings' | 'clock' | 'logger' | 'signal'>

export interface RmanCall {
  /** For errors: `refreshing the image copies`. */
  readonly what: string
  /** From the builders of @icb/rman. */
  readonly script: string
  readonly deadlineMs: number
  readonly onEvent?: (event: RmanEvent) => void
  /** Gets RMAN's own warnings, one a line. */
  readonly warn?: (code: string, message: string) => void
}

/** Runs RMAN under this run's command id. @throws ICB_BACKUP_RMAN_FAILED with RMAN's messages in `details.messages` */
export async function callRman(deps: RmanDependencies, call: RmanCall): Promise<RmanResult> {
  const result = await deps.rman.run({
    script: call.script, commandId: deps.runId, deadlineMs: call.deadlineMs, signal: deps.signal, ...(call.onEvent === undefined ? {} : { onEvent: call.onEvent }),
  })
  deps.signal.throwIfAborted()
  for (const { code, text } of result.warnings) call.warn?.(code, text)
  if (result.ok) return result
  // RMAN's work is done by server processes that outlive a killed client: nobody may act on the area before they are gone.
  if (result.timedOut) await waitForOurSessions(deps, [deps.runId])
  // The root cause is the last message of the stack.
  const cause = result.errors.at(-1)
  const why = result.timedOut ? `it did not end within ${String(Math.round(call.deadlineMs / 1000))} s` : cause === undefined ? `exit ${String(result.exitCode)}` : `${cause.code}: ${cause.text}`
  throw backupErrors.RMAN_FAILED(`${call.what} failed: ${why}`, {
    hint: 'The whole RMAN output is in the log of this run.', details: { exitCode: result.exitCode, timedOut: result.timedOut, messages: result.errors.map((m) => `${m.code}: ${m.text}`), tail: result.tail.slice(-20) },
  })
}
