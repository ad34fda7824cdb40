import { join } from 'node:path'
import type { JournalRun, Step } from '@icb/runtime'
import { readIdentity } from '@icb/oracle'
import { finding } from '../findings.ts'
import type { RecoveryRun } from '../restore-run.ts'
import { removeRunDirectory } from '../sandbox.ts'
import { removeInstanceFiles } from '../slots.ts'
import { namesOf, runsOwnInstance, stopOwnInstance } from '../steps/instance-steps.ts'
import { openModeOf } from './open-steps.ts'
import type { Restoration } from './restoration.ts'

/**
 * Where an interrupted restore goes on. `starting`: nothing was recovered yet, so everything but the clones is made anew, which takes
 * minutes. `recovering`: redo was applied, and from then on the control file and the data files belong together; recovery goes on from
 * their headers. `opened`: only the record of it was lost.
 */
export interface ResumeState {
  readonly kind: 'starting' | 'recovering' | 'opened'
  /** Steps that are not run again. */
  readonly done: readonly string[]
}

const beforeRecovery = ['prepare-scratch', 'start-instance', 'restore-control-file', 'clear-rman-settings', 'uncatalog', 'catalog-clone', 'detach-source', 'restore-missing-files', 'switch-to-copies']

function begun(journal: JournalRun, step: string): boolean {
  return journal.steps.some((entry) => entry.name === step)
}

/** Whether RESETLOGS has happened: the control file then has another incarnation than the point. */
async function wasReset(run: Restoration, runs: boolean): Promise<boolean> {
  const { signal } = run.deps
  if (!runs) await run.oracle.instance.startup({ mode: 'mount', pfile: join(run.scratch, 'init.ora'), signal })
  const identity = await readIdentity(run.oracle.sql, { signal })
  return run.entry !== undefined && identity.resetlogsId.toString() !== run.entry.resetlogsId
}

/**
 * Brings an interrupted restore to where its steps can go on. The interrupted client may have left RMAN at work in the instance, so
 * the instance ends first, if it is this restore's; media recovery goes on after that as after any other stop.
 * @throws ICB_AUTORESTORE_REFUSED_INSTANCE
 */
export async function prepareResume(run: Restoration, journal: JournalRun): Promise<ResumeState> {
  const { signal } = run.deps
  const runs = await runsOwnInstance(run, signal)
  if (begun(journal, 'open-resetlogs') && (await wasReset(run, runs))) return { kind: 'opened', done: [] }
  await stopOwnInstance(run, signal)
  if (!begun(journal, 'recover')) {
    await removeInstanceFiles(namesOf(run), run.oracle.dbsDirectory)
    await removeRunDirectory(run.scratch, run.deps.host)
    return { kind: 'starting', done: [] }
  }
  run.instanceStarted = true
  return { kind: 'recovering', done: beforeRecovery }
}

/** After RESETLOGS the database is one of its own; what is left is to have it open. */
export const openAgain: Step<RecoveryRun> = {
  name: 'open-again',
  title: 'Open the database',
  async run(run, step) {
    if ((await openModeOf(run, step.signal)) === 'MOUNTED') await run.oracle.sql.execute(['alter database open'], { signal: step.signal })
    const mode = await openModeOf(run, step.signal)
    if (mode !== 'READ WRITE') throw finding('OPEN_FAILED', `the database is ${mode === '' ? 'not open' : mode}`)
    step.summary(run.uniqueName ?? '')
  },
}

/** The instance again, with the control file that belongs to the half recovered files. */
export const restartInstance: Step<RecoveryRun> = {
  name: 'restart-instance',
  title: 'Start the instance again',
  intent: (run) => ({ sid: run.sid, pfile: join(run.scratch, 'init.ora') }),
  async run(run, step) {
    await run.oracle.instance.startup({ mode: 'mount', pfile: join(run.scratch, 'init.ora'), signal: step.signal })
    step.summary(run.sid)
  },
}
