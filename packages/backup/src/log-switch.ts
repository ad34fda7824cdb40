import { readDatabaseClock, readIdentity } from '@icb/oracle'
import type { BackupDependencies } from './dependencies.ts'
import { backupErrors } from './errors.ts'

/** The moment up to which the redo is switched into archived logs. */
export interface SwitchPoint {
  /** Everything up to this SCN is in the archived logs once they have landed. */
  readonly scn: bigint
  /** SYSDATE read before the SCN, so it is never later: `yyyy-mm-dd hh:mm:ss`. */
  readonly time: string
  readonly utcOffset: string
}

type SwitchDependencies = Pick<BackupDependencies, 'sql' | 'primarySql' | 'signal' | 'settings'>

/** Reads clock and SCN where the redo is made. @throws ICB_BACKUP_NO_PRIMARY */
export async function readSwitchPoint(deps: SwitchDependencies, { role, release }: { readonly role: string; readonly release: string }): Promise<SwitchPoint> {
  const { signal } = deps
  const sql = switchSession(deps, role)
  // Asked together they are answered in this order.
  const [clock, { currentScn }] = await Promise.all([readDatabaseClock(sql, { signal }), readIdentity(sql, { signal, release })])
  return { scn: currentScn, time: clock.sysdate, utcOffset: clock.utcOffset }
}

/** ARCHIVE LOG CURRENT switches every thread; on a standby it is sent to the primary. @throws ICB_BACKUP_NO_PRIMARY, ICB_ORACLE_SQL */
export async function switchLogs(deps: SwitchDependencies, role: string): Promise<void> {
  await switchSession(deps, role).execute(['alter system archive log current'], { signal: deps.signal })
}

function switchSession(deps: SwitchDependencies, role: string): BackupDependencies['sql'] {
  if (role === 'PRIMARY') return deps.sql
  if (deps.primarySql !== undefined) return deps.primarySql
  throw backupErrors.NO_PRIMARY(`${deps.settings.name} is a ${role.toLowerCase()}, which cannot switch logs itself`, { hint: 'Set the connection of its primary (primarytns).' })
}
