import type { OraMessage } from './ora-error.ts'

/**
 * Client and instance speak JSON lines over a Unix socket `<lab>/hosts/<host>/run/<SID>.sock`. One connection is one
 * session. The server finishes the call in progress also when the client is gone.
 */
export type Request =
  | { readonly id: number; readonly kind: 'logon'; readonly program: 'sqlplus' | 'rman'; readonly as: 'sysdba' | 'sysbackup' | 'none'; readonly username: string; /** Checked when it is given; without it the host or the wallet vouches for the user. */ readonly password?: string; /** As the client asked for it: that of a PDB leads there. */ readonly service?: string }
  | { readonly id: number; readonly kind: 'sql'; readonly text: string; readonly binds?: Readonly<Record<string, string | number | null>> }
  /** One RMAN command, already parsed by the client (an AST of `rman/grammar`). */
  | { readonly id: number; readonly kind: 'rman'; readonly command: unknown }
  | { readonly id: number; readonly kind: 'mount' }
  | { readonly id: number; readonly kind: 'open'; readonly mode: 'READ WRITE' | 'READ ONLY'; readonly resetlogs: boolean }
  | { readonly id: number; readonly kind: 'shutdown'; readonly mode: 'immediate' | 'abort' }
  /** Of the lab itself (workload, faults, history), not of Oracle. */
  | { readonly id: number; readonly kind: 'lab'; readonly action: string; readonly args: Readonly<Record<string, unknown>> }

export interface SqlColumn {
  readonly name: string
  readonly type: 'NUMBER' | 'VARCHAR2' | 'DATE' | 'TIMESTAMP_TZ' | 'CLOB'
  /** Display width that SQL*Plus gives the column. */
  readonly width: number
}

/** A bind variable after the call: a value as the engine stores it (DATE as `yyyy-mm-dd hh24:mi:ss`), or several of RETURNING. */
export type OutBind = string | number | bigint | null | readonly (string | number | bigint | null)[]

export interface SqlResult {
  readonly columns?: readonly SqlColumn[]
  /** Values as text in the session's format; `null` is null. */
  readonly rows?: readonly (readonly (string | null)[])[]
  /** `System altered.`, `1 row created.` */
  readonly message?: string
  /** How many rows an INSERT, UPDATE, DELETE or MERGE changed. */
  readonly rowCount?: number
  /** What a PL/SQL block, or RETURNING INTO, left in bind variables, by name in upper case. */
  readonly outBinds?: Readonly<Record<string, OutBind>>
  /** Cursors that a block opened for bind variables: all their rows. */
  readonly cursors?: Readonly<Record<string, Pick<SqlResult, 'columns' | 'rows'>>>
  /** DBMS_OUTPUT lines. */
  readonly output?: readonly string[]
}

export type Response =
  | { readonly id: number; readonly line: string }
  | { readonly id: number; readonly ok: true; readonly result?: unknown }
  | { readonly id: number; readonly ok: false; readonly messages: readonly OraMessage[]; /** `OraError.offset` */ readonly offset?: number | undefined }
