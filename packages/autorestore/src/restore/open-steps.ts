import { dirname, join } from 'node:path'
import { readLogfiles, renameFile } from '@icb/oracle'
import type { Step } from '@icb/runtime'
import { finding } from '../findings.ts'
import { guardWithin } from '../guards.ts'
import { mainPath, ownDirectories } from '../restore-run.ts'
import type { RecoveryRun } from '../restore-run.ts'
import { isWithin } from '../sandbox.ts'
import { guardEveryPath } from '../steps/recovery-steps.ts'

/** Online logs that RESETLOGS creates lie in the clone. The old names are the source's; the guards have proven that none of them is here. */
export const moveOnlineLogs: Step<RecoveryRun> = {
  name: 'move-online-logs',
  title: 'Move the online logs into the clone',
  async run(run, step) {
    const { sql } = run.oracle
    const options = { signal: step.signal }
    const members = await readLogfiles(sql, options)
    const outside = members.filter((row) => !isWithin(dirname(row.member), mainPath(run)))
    const statements = outside.map((row, index) => renameFile(row.member, join(mainPath(run), `redo_g${String(row.group)}_${String(index + 1)}.log`)))
    if (statements.length > 0) await sql.execute(statements, options)
    const after = await readLogfiles(sql, options)
    await guardWithin(after.map((row) => ({ path: row.member, what: 'online log' })), { host: run.deps.host, own: ownDirectories(run), area: run.liveArea })
    step.summary(`${String(after.length)} logs`)
  },
}

/** V$DATABASE.OPEN_MODE. */
export async function openModeOf(run: Pick<RecoveryRun, 'oracle'>, signal: AbortSignal): Promise<string> {
  const [row] = await run.oracle.sql.query({ name: 'v$database.open_mode', sql: 'select open_mode from v$database', columns: { mode: 'text!' } }, { signal })
  return row?.mode ?? ''
}

export const openResetlogs: Step<RecoveryRun> = {
  name: 'open-resetlogs',
  title: 'Open with RESETLOGS',
  async run(run, step) {
    await guardEveryPath(run, step.signal)
    await run.oracle.sql.execute(['alter database open resetlogs'], { signal: step.signal })
    const mode = await openModeOf(run, step.signal)
    if (mode !== 'READ WRITE') throw finding('OPEN_FAILED', `the database is ${mode === '' ? 'not open' : mode} after OPEN RESETLOGS`)
    run.openedAt = run.deps.clock.now()
    step.summary(run.uniqueName ?? '')
  },
}
