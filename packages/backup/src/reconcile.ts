import { isoNow, reconcileRun } from '@icb/runtime'
import type { JournalStep } from '@icb/runtime'
import type { BackupDependencies } from './dependencies.ts'
import { waitForOurSessions } from './rman-sessions.ts'

/** What became of one intent of an earlier run. */
export interface Reconciliation {
  readonly runId: string
  readonly step: string
  readonly finding: 'happened' | 'did-not-happen' | 'superseded'
  /** One sentence. */
  readonly text: string
}

export type ReconcileDependencies = Pick<BackupDependencies, 'settings' | 'clock' | 'logger' | 'signal' | 'sql' | 'storage' | 'unfinished' | 'lease'>

/**
 * Waits for RMAN work that outlived an earlier run, asks the storage by name what became of each open intent, records the answers in
 * the earlier journals and removes half-made snapshots. Nothing is repeated here: the run that follows does every step anew.
 * @throws ICB_BACKUP_SESSION_RUNNING
 */
export async function reconcileBackup(deps: ReconcileDependencies): Promise<readonly Reconciliation[]> {
  await waitForOurSessions(deps)
  if (deps.unfinished.length === 0) return []
  const leftovers = (await deps.storage.removeLeftovers?.({ signal: deps.signal })) ?? []
  for (const name of leftovers) deps.logger.warn({ snapshot: name }, 'a half-made snapshot was removed')
  const names = new Set<string>()
  for await (const snapshot of deps.storage.listSnapshots({ signal: deps.signal })) names.add(snapshot.name)
  const found: Reconciliation[] = []
  for (const run of deps.unfinished) {
    await reconcileRun(run, {
      clock: deps.clock, token: deps.lease.token,
      answer: (step) => {
        const answer = { runId: run.runId, step: step.name, ...findingOf(step, names) }
        found.push(answer)
        deps.logger.info({ ...answer, at: isoNow(deps.clock) }, 'an earlier run was reconciled')
        return Promise.resolve(answer)
      },
    })
  }
  return found
}

function findingOf(step: JournalStep, snapshots: ReadonlySet<string>): Pick<Reconciliation, 'finding' | 'text'> {
  const name = step.intents.map((data) => (data as { snapshot?: unknown } | undefined)?.snapshot).find((s) => typeof s === 'string')
  if (name !== undefined) {
    return snapshots.has(name) ? { finding: 'happened', text: `snapshot ${name} exists; its entry was written before it` } : { finding: 'did-not-happen', text: `there is no snapshot ${name}` }
  }
  return { finding: 'superseded', text: `no RMAN session of the run is left; step ${step.name} is done anew` }
}
