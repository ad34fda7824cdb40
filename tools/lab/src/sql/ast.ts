/** Values. `at` is the offset of the node's first token; `text` its source, for headings. */
export type Expression =
  | { readonly kind: 'literal'; readonly type: 'NUMBER' | 'VARCHAR2'; readonly value: string; readonly at: number }
  | { readonly kind: 'null'; readonly at: number }
  | { readonly kind: 'datetime'; readonly type: 'DATE' | 'TIMESTAMP'; readonly value: string; readonly at: number }
  | { readonly kind: 'interval'; readonly seconds: number; readonly at: number }
  | { readonly kind: 'months'; readonly months: number; readonly at: number }
  | { readonly kind: 'bind'; readonly name: string; readonly at: number }
  | { readonly kind: 'column'; readonly path: readonly string[]; readonly outer: boolean; readonly at: number }
  | { readonly kind: 'binary'; readonly operator: '+' | '-' | '*' | '/' | '||'; readonly left: Expression; readonly right: Expression; readonly at: number }
  | { readonly kind: 'negate'; readonly operand: Expression; readonly at: number }
  /** PRIOR and CONNECT_BY_ROOT. */
  | { readonly kind: 'prior' | 'root'; readonly operand: Expression; readonly at: number }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[]; /** Of the arguments in named notation. */ readonly names?: readonly (string | undefined)[]; readonly star: boolean; readonly distinct: boolean; readonly withinGroup: readonly OrderKey[] | undefined; /** KEEP (DENSE_RANK FIRST | LAST …) */ readonly keep?: { readonly last: boolean; readonly order: readonly OrderKey[] }; readonly over: Window | undefined; readonly at: number }
  | { readonly kind: 'case'; readonly operand: Expression | undefined; readonly branches: readonly { readonly when: Expression | Condition; readonly then: Expression }[]; readonly otherwise: Expression | undefined; readonly at: number }
  | { readonly kind: 'cast'; readonly operand: Expression; readonly type: 'NUMBER' | 'VARCHAR2' | 'DATE' | 'TIMESTAMP_TZ'; readonly length: number | undefined; readonly at: number }
  | { readonly kind: 'extract'; readonly field: string; readonly operand: Expression; readonly at: number }
  | { readonly kind: 'zone'; readonly operand: Expression; readonly zone: Expression; readonly at: number }
  | { readonly kind: 'subquery'; readonly query: Query; readonly at: number }
  /** PL/SQL: a boolean value. */
  | { readonly kind: 'test'; readonly condition: Condition; readonly at: number }
  /** PL/SQL: a field or method of an element, `list(i).name`. */
  | { readonly kind: 'field'; readonly base: Expression; readonly name: string; readonly at: number }
  /** PL/SQL: an element of an element, `list(i)(j)`. */
  | { readonly kind: 'element'; readonly base: Expression; readonly args: readonly Expression[]; readonly at: number }

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>='

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly left: Condition; readonly right: Condition; readonly at: number }
  | { readonly kind: 'not'; readonly operand: Condition; readonly at: number }
  | { readonly kind: 'compare'; readonly operator: Comparison; readonly left: Expression; readonly right: Expression; readonly at: number }
  /** `x = ANY (…)`, `x <> ALL (…)` */
  | { readonly kind: 'quantified'; readonly operator: Comparison; readonly quantifier: 'ANY' | 'ALL'; readonly left: Expression; readonly list: readonly Expression[] | Query; readonly at: number }
  | { readonly kind: 'isNull'; readonly operand: Expression; readonly negated: boolean; readonly at: number }
  | { readonly kind: 'like'; readonly operand: Expression; readonly pattern: Expression; readonly escape: Expression | undefined; readonly negated: boolean; readonly at: number }
  | { readonly kind: 'between'; readonly operand: Expression; readonly low: Expression; readonly high: Expression; readonly negated: boolean; readonly at: number }
  /** `left` has several elements for `(a, b) in (…)`. */
  | { readonly kind: 'in'; readonly left: readonly Expression[]; readonly list: readonly (readonly Expression[])[] | Query; readonly negated: boolean; readonly at: number }
  | { readonly kind: 'exists'; readonly query: Query; readonly at: number }
  | { readonly kind: 'regexpLike'; readonly args: readonly Expression[]; readonly at: number }
  /** PL/SQL: a boolean variable or function. */
  | { readonly kind: 'truth'; readonly operand: Expression; readonly at: number }

export interface OrderKey {
  readonly expression: Expression
  readonly descending: boolean
  readonly nulls: 'FIRST' | 'LAST' | undefined
}

export interface Window {
  readonly partition: readonly Expression[]
  readonly order: readonly OrderKey[]
  /** `ROWS BETWEEN …` in SQLite's words, which are Oracle's. */
  readonly frame?: string
}

export type SelectItem = { readonly kind: 'star'; readonly qualifier: string | undefined; readonly at: number } | { readonly kind: 'value'; readonly expression: Expression; readonly alias: string | undefined; readonly heading: string }

export type TableSource =
  | { readonly kind: 'table'; readonly path: readonly string[]; readonly alias: string | undefined; readonly at: number }
  | { readonly kind: 'derived'; readonly query: Query; readonly alias: string | undefined; readonly at: number }
  | { readonly kind: 'pivot'; readonly source: TableSource; readonly aggregates: readonly { readonly call: Expression & { kind: 'call' }; readonly alias: string | undefined }[]; readonly columns: readonly (Expression & { kind: 'column' })[]; readonly values: readonly { readonly tuple: readonly Expression[]; readonly name: string }[]; readonly alias: string | undefined; readonly at: number }
  | { readonly kind: 'unpivot'; readonly source: TableSource; readonly nulls: boolean; readonly value: string; readonly name: string; readonly columns: readonly { readonly column: string; readonly label: Expression }[]; readonly alias: string | undefined; readonly at: number }
  | { readonly kind: 'join'; readonly type: 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'CROSS'; readonly left: TableSource; readonly right: TableSource; readonly on: Condition | undefined; readonly using: readonly string[] | undefined; readonly at: number }

export interface SelectBlock {
  readonly kind: 'select'
  readonly distinct: boolean
  readonly items: readonly SelectItem[]
  readonly from: readonly TableSource[]
  readonly where: Condition | undefined
  readonly groupBy: readonly Expression[]
  readonly having: Condition | undefined
  /** ROLLUP, CUBE and GROUPING SETS written out; `groupBy` has the expressions of all of them. */
  readonly groupingSets?: readonly (readonly Expression[])[]
  /** `CONNECT BY LEVEL <= n` on DUAL: how many rows come out. */
  readonly levels?: Expression
  readonly hierarchy?: { readonly start: Condition | undefined; readonly connect: Condition; readonly nocycle: boolean }
}

export type QueryBody = SelectBlock | { readonly kind: 'set'; readonly operator: 'UNION' | 'UNION ALL' | 'MINUS' | 'INTERSECT'; readonly left: QueryBody; readonly right: QueryBody; readonly at: number } | { readonly kind: 'nested'; readonly query: Query }

export interface CommonTable {
  readonly name: string
  readonly columns: readonly string[] | undefined
  readonly query: Query
}

export interface Query {
  readonly with: readonly CommonTable[]
  readonly body: QueryBody
  readonly orderBy: readonly OrderKey[]
  /** ORDER SIBLINGS BY. */
  readonly siblings?: true
  readonly offset: Expression | undefined
  readonly fetch: Expression | undefined
  /** FOR UPDATE: columns of the tables whose rows are locked, all tables without; how long it may wait. */
  readonly lock?: { readonly of: readonly (readonly string[])[]; readonly seconds?: number }
}
