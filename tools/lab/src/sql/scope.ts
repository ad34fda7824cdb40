import { ora } from '../engine/ora-error.ts'
import type { Bound, SqlType } from './bound.ts'
import type { Expression } from './ast.ts'

export interface ScopeColumn {
  readonly name: string
  readonly type: SqlType
  /** How the column is reached in SQLite; changes when the FROM clause is wrapped for ROWNUM. */
  sql: string
}

export interface Relation {
  readonly alias: string | undefined
  readonly owner: string | undefined
  readonly columns: readonly ScopeColumn[]
  /** `*` does not mean it. */
  readonly hidden?: true
}

/** What a block with CONNECT BY knows besides its columns. */
export interface Hierarchy {
  /** Compiles a value with the columns of the parent, or of the root. @throws OraError 00976 where there is none */
  readonly prior: (at: number, body: () => Bound) => Bound
  readonly root: (at: number, body: () => Bound) => Bound
  readonly path: (call: Expression) => Bound
}

/** The names that one query block sees. */
export class Scope {
  readonly parent: Scope | undefined
  readonly relations: Relation[] = []
  /** Columns of JOIN … USING: they have no table. */
  readonly merged: Map<string, ScopeColumn> = new Map()
  /** SQL of the GROUP BY expressions; anything equal to one is grouped. */
  readonly groupKeys: Set<string> = new Set()
  /** SQL of GROUP BY expressions of other grouping sets than this one: null here. */
  absentKeys: ReadonlySet<string> = new Set()
  /** Of a block with CONNECT BY. */
  hierarchy: Hierarchy | undefined
  #usesRownum = false

  constructor(parent: Scope | undefined) {
    this.parent = parent
  }

  /** ROWNUM was named in this block. */
  noteRownum(): void {
    this.#usesRownum = true
  }

  /** Whether ROWNUM was named since this was last asked. */
  takeRownum(): boolean {
    const used = this.#usesRownum
    this.#usesRownum = false
    return used
  }

  add(relation: Relation): void {
    if (relation.alias !== undefined && this.relations.some((other) => other.alias === relation.alias && other.owner === relation.owner)) throw ora(918, 'column ambiguously defined')
    this.relations.push(relation)
  }

  /** A column of this block; `undefined` when there is none. @throws OraError 00918 */
  own(path: readonly string[]): ScopeColumn | undefined {
    const name = path.at(-1) ?? ''
    const qualifier = path.at(-2)
    const owner = path.at(-3)
    if (qualifier === undefined) {
      const merged = this.merged.get(name)
      if (merged !== undefined) return merged
    }
    const found = this.relations
      .filter((relation) => (qualifier === undefined || relation.alias === qualifier) && (owner === undefined || relation.owner === owner))
      .flatMap((relation) => relation.columns.filter((column) => column.name === name))
    if (found.length > 1) throw ora(918, 'column ambiguously defined')
    return found[0]
  }

  /** The relations that `qualifier.*` or `*` stand for. */
  starred(qualifier: string | undefined): readonly Relation[] {
    if (qualifier === undefined) return this.relations.filter((relation) => relation.hidden !== true)
    const found = this.relations.filter((relation) => relation.alias === qualifier)
    if (found.length === 0) throw ora(904, `"${qualifier}": invalid identifier`)
    return found
  }
}
