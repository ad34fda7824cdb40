import type { RmanRequest } from '../request.ts'
import type { CatalogSession } from './recovery-catalog.ts'

/** A logged-on session of the target instance. */
export interface TargetSession {
  /** Sends a request; `onLine` gets what it prints, while it prints. Rejects with OraError. */
  rman(request: RmanRequest, onLine: (line: string) => void): Promise<unknown>
  shutdown(mode: 'immediate' | 'abort'): Promise<void>
  /** Rows of a query. Rejects with OraError. */
  query(sql: string): Promise<readonly (readonly (string | null)[])[]>
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
   * Logs on as a connect string says: `/` (ORACLE_SID), `/@alias` (wallet), `user/password@alias`, each also with `as sysbackup` or `as sysdba`;
   * of a user without a password it is asked for. `idle`: local, allowed, but no such instance runs. Rejects with OraError.
   */
  connect(connectString: string, askPassword: () => Promise<string>): Promise<TargetSession | 'idle'>
  /** Logs on to the database of the recovery catalog as its owner. Rejects with OraError. */
  connectCatalog(connectString: string, askPassword: () => Promise<string>): Promise<CatalogSession>
  /** Starts the local instance and prints RMAN's lines about it. Rejects with OraError. */
  startup(request: StartupRequest, onLine: (line: string) => void): Promise<void>
}
