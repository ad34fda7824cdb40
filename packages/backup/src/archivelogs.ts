import type { BackupDependencies } from './dependencies.ts'

/** One archived log by its identity. */
export interface LogIdentity {
  readonly thread: number
  readonly sequence: number
  readonly resetlogsId: string
}

export interface ArchivelogsOptions {
  /** Copy what is missing and can be copied. */
  readonly copy: boolean
}

export interface ArchivelogsResult {
  /** `ok` only when every expected log is in the area; `unchecked` is never fine. */
  readonly outcome: 'ok' | 'missing' | 'unchecked'
  /** Why it could not be checked. */
  readonly uncheckedReason?: string
  readonly expected: number
  readonly missing: readonly LogIdentity[]
  readonly copied: readonly LogIdentity[]
  /** Missing and in no other valid local destination. */
  readonly lost: readonly LogIdentity[]
  readonly warnings: readonly string[]
}

export type ArchivelogsDependencies = Pick<BackupDependencies, 'settings' | 'clock' | 'logger' | 'events' | 'signal' | 'sql' | 'rman' | 'runId'>

/** Compares the logs that the copies need, per thread and incarnation, with what is in the area. @throws ICB_BACKUP_RMAN_FAILED */
export function checkArchivelogs(deps: ArchivelogsDependencies, options: ArchivelogsOptions): Promise<ArchivelogsResult> {
  throw new Error(`not built yet: ${deps.settings.name} ${options.copy}`)
}
