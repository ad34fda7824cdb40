import type { BackupDependencies } from './dependencies.ts'

/** What became of one intent of an earlier run. */
export interface Reconciliation {
  readonly runId: string
  readonly step: string
  readonly finding: 'happened' | 'did-not-happen' | 'still-running'
  /** One sentence. */
  readonly text: string
}

export type ReconcileDependencies = Pick<BackupDependencies, 'settings' | 'clock' | 'logger' | 'events' | 'signal' | 'sql' | 'storage' | 'unfinished'>

/** Asks the outside world, by name, what became of each open intent of earlier runs, finishes what can be finished and records the answers. */
export function reconcileBackup(deps: ReconcileDependencies): Promise<readonly Reconciliation[]> {
  throw new Error(`not built yet: ${deps.settings.name}`)
}
