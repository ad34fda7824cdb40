import type { Condition, Expression, Query } from './ast.ts'

/** The table of a change. */
export interface Target {
  readonly path: readonly string[]
  readonly alias: string | undefined
  readonly at: number
}

export interface NamedColumn {
  readonly name: string
  readonly at: number
}

/** DEFAULT in place of a value. */
export type NewValue = Expression | 'default'

export interface Assignment {
  readonly columns: readonly NamedColumn[]
  /** One value, or the query that gives them all. */
  readonly value: NewValue | Query
}

/** RETURNING values INTO targets. */
export interface Returning {
  readonly values: readonly Expression[]
  readonly targets: readonly Expression[]
  readonly bulk: boolean
}

export type Dml =
  | { readonly kind: 'insert'; readonly target: Target; readonly columns: readonly NamedColumn[] | undefined; readonly values: readonly NewValue[] | undefined; readonly query: Query | undefined; readonly returning: Returning | undefined; /** Hint APPEND: a direct load. */ readonly direct: boolean }
  | { readonly kind: 'update'; readonly target: Target; readonly sets: readonly Assignment[]; readonly where: Condition | undefined; readonly current: string | undefined; readonly returning: Returning | undefined }
  | { readonly kind: 'delete'; readonly target: Target; readonly where: Condition | undefined; readonly current: string | undefined; readonly returning: Returning | undefined }
  | {
      readonly kind: 'merge'
      readonly target: Target
      readonly source: { readonly path: readonly string[] | undefined; readonly query: Query | undefined; readonly alias: string | undefined; readonly at: number }
      readonly on: Condition
      readonly matched: { readonly sets: readonly Assignment[]; readonly where: Condition | undefined; readonly deleteWhere: Condition | undefined } | undefined
      readonly unmatched: { readonly columns: readonly NamedColumn[] | undefined; readonly values: readonly NewValue[]; readonly where: Condition | undefined } | undefined
    }
