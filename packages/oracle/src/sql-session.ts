/** How a column is read. `scn`: unsigned 64-bit as bigint. `date`: database-local `yyyy-mm-dd hh:mm:ss` without zone. `timestamptz`: ISO with offset. `yesno`: YES/NO or TRUE/FALSE as boolean. */
export type ColumnType = 'text' | 'number' | 'scn' | 'date' | 'timestamptz' | 'yesno'

export type ColumnValue<T extends ColumnType> = T extends 'text' | 'date' | 'timestamptz' ? string : T extends 'number' ? number : T extends 'scn' ? bigint : boolean

/** A column may be null unless declared with `!`. */
export type ColumnSpec = ColumnType | `${ColumnType}!`

export type RowOf<C extends Readonly<Record<string, ColumnSpec>>> = {
  readonly [K in keyof C]: C[K] extends `${infer T extends ColumnType}!` ? ColumnValue<T> : C[K] extends ColumnType ? ColumnValue<C[K]> | null : never
}

/** A query whose rows have known names and types. The SQL's select list has one expression per column, in this order. */
export interface TypedQuery<C extends Readonly<Record<string, ColumnSpec>>> {
  /** For errors and logs: `v$datafile_copy by tag`. */
  readonly name: string
  readonly sql: string
  readonly columns: C
}

export type BindValue = string | number | bigint | null

export interface SqlOptions {
  readonly binds?: Readonly<Record<string, BindValue>>
  readonly signal?: AbortSignal | undefined
  /** Default 300000. */
  readonly deadlineMs?: number
}

/** SQL on one database, whatever carries it: SQL*Plus now, node-oracledb where it can. */
export interface SqlSession {
  readonly driver: 'sqlplus' | 'thin' | 'thick'
  /** @throws ICB_ORACLE_SQL with the ORA- codes in `details.codes`; ICB_ORACLE_CONNECT; ICB_ORACLE_PROTOCOL when the output cannot be read. */
  query<const C extends Readonly<Record<string, ColumnSpec>>>(query: TypedQuery<C>, options?: SqlOptions): Promise<readonly RowOf<C>[]>
  /** Several statements in one go, in order, stopping at the first error. */
  execute(statements: readonly string[], options?: SqlOptions): Promise<void>
  close(): Promise<void>
}

export interface StartupOptions {
  readonly mode: 'nomount' | 'mount' | 'open'
  readonly pfile?: string
  readonly signal?: AbortSignal | undefined
}

/** Starting and stopping a local instance (`/ as sysdba`). */
export interface InstanceControl {
  readonly sid: string
  startup(options: StartupOptions): Promise<void>
  shutdown(options: { readonly mode: 'immediate' | 'abort'; readonly signal?: AbortSignal | undefined }): Promise<void>
}
