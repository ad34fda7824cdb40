import type { DuplicateLogs } from './grammar/ast.ts'
import type { Newname } from './server/work.ts'

/** What the target database knows and its duplicate needs: the answer to a `duplicate-plan` request. Plain JSON, SCNs as decimal strings. */
export interface DuplicatePlan {
  readonly databaseName: string
  /** Exclusive end of the recovery. */
  readonly untilScn: string
  /** Pieces and copies with the control file, the newest first: the auxiliary instance mounts the first one that it can read. */
  readonly controlFiles: readonly string[]
  /** Also those that were dropped since, and those that redo creates. */
  readonly datafiles: readonly { readonly file: number; readonly name: string }[]
  readonly tempfiles: readonly DuplicateTempfile[]
  readonly logGroups: readonly DuplicateLogs[]
  readonly archivelog: boolean
  readonly forceLogging: boolean
  /** SET NEWNAME of the RUN. */
  readonly newnames: { readonly database: Newname | null; readonly datafiles: readonly (readonly [number, Newname])[]; readonly tempfiles: readonly (readonly [number, Newname])[] }
  /** Channels that RMAN allocates by itself. */
  readonly parallelism: number
  /** The records about backups and archived logs, encoded as a control file is. */
  readonly repository: string
}

export interface DuplicateTempfile {
  readonly file: number
  readonly name: string
  readonly tablespace: string
  readonly blocks: number
}
