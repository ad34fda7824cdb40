import type { RmanRequest } from '../request.ts'

/** A logged-on session of the target instance. */
export interface TargetSession {
  /** Sends a request; `onLine` gets what it prints, while it prints. Rejects with OraError. */
  rman(request: RmanRequest, onLine: (line: string) => void): Promise<unknown>
  shutdown(mode: 'immediate' | 'abort'): Promise<void>
  close(): void
}

export interface StartupRequest {
  readonly level: 'nomount' | 'mount' | 'open'
  readonly pfile: string | null
  readonly force: boolean
}

/** How the client reaches instances. */
export interface TargetNet {
  /**
   * Logs on as a connect string says: `/` (ORACLE_SID), `/@alias` (wallet), each also with `as sysbackup` or `as sysdba`.
   * `idle`: local, allowed, but no such instance runs. Rejects with OraError.
   */
  connect(connectString: string): Promise<TargetSession | 'idle'>
  /** Starts the local instance and prints RMAN's lines about it. Rejects with OraError. */
  startup(request: StartupRequest, onLine: (line: string) => void): Promise<void>
}
