import { commandIdOf, readRmanSessions } from '@icb/oracle'
import type { RmanSessionRow } from '@icb/oracle'
import { deadlineIn, hasErrorCode, pollUntil } from '@icb/runtime'
import type { BackupDependencies } from './dependencies.ts'
import { backupErrors } from './errors.ts'
import { completeSettings } from './settings.ts'

type SessionDependencies = Pick<BackupDependencies, 'sql' | 'settings' | 'clock' | 'logger' | 'signal'>

/** A run id of this tool: `<host id>-<base36>`. Other people's command ids are never waited for. */
const ourCommandId = /^[0-9a-f]{8}-[0-9a-z]{8,}$/

/** Sessions of RMAN clients with a command id of this tool, on every instance; of these ids only, where given. */
export async function ourRmanSessions(deps: SessionDependencies, commandIds?: readonly string[]): Promise<readonly RmanSessionRow[]> {
  const rows = await readRmanSessions(deps.sql, { prefix: '', signal: deps.signal })
  return rows.filter((row) => {
    const id = commandIdOf(row.clientInfo)
    return id !== undefined && (commandIds === undefined ? ourCommandId.test(id) : commandIds.includes(id))
  })
}

/**
 * Waits until no RMAN session of ours is left: a merge that outlived its client still writes the copies.
 * Answers how long that took.
 * @throws ICB_BACKUP_SESSION_RUNNING when the deadline passes first.
 */
export async function waitForOurSessions(deps: SessionDependencies, commandIds?: readonly string[]): Promise<{ readonly waitedMs: number }> {
  const deadlineMs = completeSettings(deps.settings).sessionDeadlineMs
  const started = deps.clock.monotonic()
  const deadline = deadlineIn(deps.clock, deadlineMs)
  let last: readonly RmanSessionRow[] = []
  try {
    await pollUntil({ clock: deps.clock, what: 'RMAN sessions of an earlier run to end', deadlineMs: deadline.remaining(), intervalMs: 200, maxIntervalMs: 5000, signal: deps.signal }, async () => {
      last = await ourRmanSessions(deps, commandIds)
      return last.length === 0 ? true : undefined
    })
  } catch (error) {
    if (!hasErrorCode(error, 'ICB_DEADLINE_EXPIRED')) throw error
    const sessions = last.map((s) => ({ instance: s.instance, sid: s.sid, serial: s.serial, clientInfo: s.clientInfo }))
    throw backupErrors.SESSION_RUNNING(`${String(last.length)} RMAN sessions of an earlier run still work in ${deps.settings.name} (${[...new Set(last.map((s) => commandIdOf(s.clientInfo) ?? ''))].join(', ')})`, {
      hint: 'Wait for them, or end them with ALTER SYSTEM KILL SESSION.', details: { sessions }, cause: error,
    })
  }
  return { waitedMs: deps.clock.monotonic() - started }
}
