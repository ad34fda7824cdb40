import { ora } from '../engine/ora-error.ts'
import type { Instance, ServerSession } from '../engine/instance-api.ts'
import type { CommonTable, Condition, Expression, OrderKey, Query, QueryBody, SelectBlock, TableSource } from './ast.ts'
import type { Bound, SqlType } from './bound.ts'
import { NULL, NUMBER } from './bound.ts'
import type { Catalog, CatalogTable } from './catalog.ts'
import { ExpressionCompiler, locate, orderDirection, type Binds, type CompiledQuery, type NameResolver } from './compile-expression.ts'
import { hierarchicalRows, splitJoins } from './hierarchy.ts'
import { splitOuterJoins } from './outer-joins.ts'
import { pivotQuery, unpivotQuery } from './pivot.ts'
import { rownumLimit } from './rownum.ts'
import { Scope, type Relation, type ScopeColumn } from './scope.ts'
import type { StatementContext } from './session-state.ts'
import { environmentValue } from './environment.ts'
import { writeSequences } from './schema/sequences.ts'

/** Rows of a recursive WITH that are taken for an endless one. */
const mostRecursion = 1_000_000

interface CompiledBlock extends CompiledQuery {
  readonly scope: Scope | undefined
}

/**
 * Turns Oracle queries into SQLite's: names are resolved and types decided here, so SQLite only joins, groups and sorts.
 * A column of any query is `c0`, `c1` … there, a table `t_<n>`, an alias `r<n>`.
 */
export class QueryCompiler extends ExpressionCompiler {
  /** Base tables that the compiled queries read, by their name in SQLite. */
  tables: Map<CatalogTable, string> = new Map()
  readonly #catalog: Catalog
  readonly #common: Map<string, CompiledQuery>[] = []
  #aliases = 0

  constructor(instance: Instance, session: ServerSession, context: StatementContext, binds: Binds, catalog: Catalog, resolver?: NameResolver) {
    super(instance, session, context, binds, resolver)
    this.#catalog = catalog
  }

  environment(name: string): string | null | undefined {
    return environmentValue(name, this.instance, this.session)
  }

  compileQuery(query: Query, parent: Scope | undefined): CompiledQuery {
    const common = new Map<string, CompiledQuery>()
    this.#common.push(common)
    try {
      for (const table of query.with) {
        const compiled = this.#recursive(table, common) ?? this.compileQuery(table.query, undefined)
        if (table.columns !== undefined && table.columns.length !== compiled.columns.length) throw ora(32038, 'number of WITH clause column names does not match number of elements in select list')
        common.set(table.name, table.columns === undefined ? compiled : { sql: compiled.sql, columns: compiled.columns.map((column, index) => ({ name: table.columns?.[index] ?? column.name, type: column.type })) })
      }
      return this.#body(query, parent)
    } finally {
      this.#common.pop()
    }
  }

  /** WITH name (columns) AS (rows UNION ALL further rows of name): `undefined` when it does not speak of itself. @throws OraError 32039, 32044 */
  #recursive(table: CommonTable, common: Map<string, CompiledQuery>): CompiledQuery | undefined {
    const { body } = table.query
    if (body.kind !== 'set' || body.operator !== 'UNION ALL' || !mentions(body.right, table.name)) return undefined
    if (table.columns === undefined) throw ora(32039, 'recursive WITH clause must have column alias list')
    if (table.query.orderBy.length > 0) throw ora(3001, 'unimplemented feature')
    const first = this.#queryBody(body.left, undefined, [])
    if (table.columns.length !== first.columns.length) throw ora(32038, 'number of WITH clause column names does not match number of elements in select list')
    const name = `w${String(this.#aliases++)}`
    const columns = first.columns.map((column, index) => ({ name: table.columns?.[index] ?? column.name, type: column.type }))
    common.set(table.name, { sql: name, columns })
    const further = this.#queryBody(body.right, undefined, [])
    if (further.columns.length !== columns.length) throw ora(1789, 'query block has incorrect number of result columns').at(body.at)
    const typed = columns.map((column, index) => ({ name: column.name, type: unionType(column.type, further.columns[index]?.type ?? NULL, body.at) }))
    const list = columns.map((_, index) => `c${String(index)}`).join(', ')
    return { sql: `SELECT ${list} FROM (WITH RECURSIVE ${name}(${list}) AS (${first.sql} UNION ALL ${further.sql} LIMIT ${String(mostRecursion)}) SELECT *, row_number() OVER () AS n FROM ${name}) WHERE o_no_cycle(n, ${String(mostRecursion)})`, columns: typed }
  }

  #body(query: Query, parent: Scope | undefined): CompiledQuery {
    const siblings = query.siblings === true
    if (siblings && (query.body.kind !== 'select' || query.body.hierarchy === undefined)) throw ora(30929, 'ORDER SIBLINGS BY clause not allowed here')
    const body = siblings && query.body.kind === 'select' ? this.#block(query.body, parent, [], query.orderBy) : this.#queryBody(query.body, parent, query.orderBy)
    const limit = query.fetch === undefined ? undefined : `max(0, o_floor(${this.number(this.value(query.fetch, new Scope(undefined))).sql}))`
    const offset = query.offset === undefined ? '' : ` OFFSET max(0, ${this.number(this.value(query.offset, new Scope(undefined))).sql})`
    // A LIMIT keeps SQLite from dropping the order of an inner query.
    const limited = limit !== undefined || offset !== '' || (query.orderBy.length > 0 && !siblings) ? ` LIMIT ${limit ?? '-1'}${offset}` : ''
    return { sql: body.sql + limited, columns: body.columns }
  }

  #queryBody(body: QueryBody, parent: Scope | undefined, orderBy: readonly OrderKey[]): CompiledBlock {
    switch (body.kind) {
      case 'select':
        return this.#block(body, parent, orderBy)
      case 'nested': {
        const inner = this.compileQuery(body.query, parent)
        const order = orderBy.length === 0 ? '' : ` ORDER BY ${this.#positions(orderBy, inner.columns)}`
        return { sql: `SELECT * FROM (${inner.sql})${order}`, columns: inner.columns, scope: undefined }
      }
      case 'set': {
        const [left, right] = [this.#queryBody(body.left, parent, []), this.#queryBody(body.right, parent, [])]
        if (left.columns.length !== right.columns.length) throw ora(1789, 'query block has incorrect number of result columns').at(body.at)
        const columns = left.columns.map((column, index) => ({ name: column.name, type: unionType(column.type, right.columns[index]?.type ?? NULL, body.at) }))
        const operator = body.operator === 'MINUS' ? 'EXCEPT' : body.operator
        const order = orderBy.length === 0 ? '' : ` ORDER BY ${this.#positions(orderBy, columns)}`
        // UNION and its like sort in Oracle; without an order any order is right.
        return { sql: `${left.sql} ${operator} ${right.sql}${order}`, columns, scope: undefined }
      }
    }
  }

  /** ORDER BY after a set operator: only positions and names of the first query. */
  #positions(keys: readonly OrderKey[], columns: CompiledQuery['columns']): string {
    return keys.map((key) => `${String(this.#position(key, columns) ?? unknownName(key))}${orderDirection(key)}`).join(', ')
  }

  #position(key: OrderKey, columns: CompiledQuery['columns']): number | undefined {
    const { expression } = key
    if (expression.kind === 'literal' && expression.type === 'NUMBER' && /^\d+$/.test(expression.value)) {
      const position = Number(expression.value)
      if (position < 1 || position > columns.length) throw ora(1785, 'ORDER BY item must be the number of a SELECT-list expression').at(expression.at)
      return position
    }
    if (expression.kind !== 'column' || expression.path.length !== 1) return undefined
    const index = columns.findIndex((column) => column.name === expression.path[0])
    return index < 0 ? undefined : index + 1
  }

  /** One block for each grouping set, in which the expressions of the others are null. */
  #groupingSets(block: SelectBlock, sets: NonNullable<SelectBlock['groupingSets']>, parent: Scope | undefined, orderBy: readonly OrderKey[]): CompiledBlock {
    const plain = this.#block({ ...block, groupingSets: [block.groupBy] }, parent, [])
    const order = orderBy.map((key) => ({ key, position: this.#position(key, plain.columns) }))
    const extra = order.filter((entry) => entry.position === undefined)
    const items = [...block.items, ...extra.map(({ key }) => ({ kind: 'value', expression: key.expression, alias: undefined, heading: '' }) as const)]
    const parts = sets.map((set) => this.#block({ ...block, distinct: false, items, groupingSets: [set] }, parent, []))
    if (parts.some((part) => / OVER \(/.test(part.sql))) throw ora(3001, 'unimplemented feature').at(block.groupBy[0]?.at ?? 0)
    const columns = plain.columns.map((column, index) => ({ name: column.name, type: parts.reduce((type, part) => unionType(type, part.columns[index]?.type ?? NULL, 0), column.type) }))
    const orderText = order.map(({ key, position }) => `${String(position ?? columns.length + 1 + extra.findIndex((entry) => entry.key === key))}${orderDirection(key)}`).join(', ')
    const all = parts.map((part) => part.sql).join(' UNION ALL ')
    const list = columns.map((_, index) => `c${String(index)}`).join(', ')
    const ordered = `SELECT * FROM (${all})${orderText === '' ? '' : ` ORDER BY ${orderText} LIMIT -1`}`
    return { sql: `SELECT ${block.distinct ? 'DISTINCT ' : ''}${list} FROM (${ordered})`, columns, scope: undefined }
  }

  #block(block: SelectBlock, parent: Scope | undefined, orderBy: readonly OrderKey[], siblings: readonly OrderKey[] = []): CompiledBlock {
    const { groupingSets } = block
    if (groupingSets !== undefined && !(groupingSets.length === 1 && orderBy.length === 0)) return this.#groupingSets(block, groupingSets, parent, orderBy)
    const grouping = groupingSets?.[0] ?? block.groupBy
    const scope = new Scope(parent)
    const { from, conditions } = splitOuterJoins(block)
    const sources = from.map((source) => this.#source(source.table, scope)).map((sql, index) => ({ sql, on: from[index]?.on }))
    const levels = block.levels === undefined ? '' : ` CROSS JOIN ${this.#levels(block.levels, scope)}`
    let joined = sources.map(({ sql, on }, index) => (index === 0 ? sql : on === undefined ? ` CROSS JOIN ${sql}` : ` LEFT JOIN ${sql} ON ${this.#conditions(on, scope)}`)).join('') + levels
    let filters = conditions
    if (block.hierarchy !== undefined) {
      const split = from.length > 1 ? splitJoins(conditions, scope) : { joins: [], filters: conditions }
      filters = split.filters
      joined = hierarchicalRows(this, block, `${joined}${split.joins.length === 0 ? '' : ` WHERE ${this.#conditions(split.joins, scope)}`}`, siblings, orderBy, scope)
    }
    const { where, limit } = this.#where(filters, scope)
    const whereText = where === '' ? '' : ` WHERE ${where}`
    const selectList = (): ReturnType<QueryCompiler['items']> => {
      scope.absentKeys = new Set()
      const keys = new Map(block.groupBy.map((key) => {
        const bound = this.value(key, scope)
        if (bound.aggregate) throw ora(934, 'group function is not allowed here').at(key.at)
        return [key, bound.sql]
      }))
      for (const key of grouping) scope.groupKeys.add(keys.get(key) ?? '')
      scope.absentKeys = new Set([...keys.values()].filter((key) => !scope.groupKeys.has(key)))
      return this.items(block, scope)
    }
    scope.takeRownum()
    let items = selectList()
    let tables = `${joined}${whereText}`
    if (scope.takeRownum() || limit !== undefined) {
      tables = this.#numbered(scope, tables, limit)
      scope.groupKeys.clear()
      items = selectList()
    }
    const having = block.having === undefined ? undefined : this.condition(block.having, scope)
    const columns = items.map(({ name, value }) => ({ name, type: value.type }))
    const order = orderBy.map((key) => ({ key, position: this.#position(key, columns), value: undefined as Bound | undefined }))
    for (const entry of order) if (entry.position === undefined) entry.value = this.value(entry.key.expression, scope)
    const orderValues = order.flatMap((entry) => entry.value ?? [])
    const grouped = block.groupBy.length > 0 || groupingSets !== undefined || having !== undefined || [...items.map((item) => item.value), ...orderValues].some((value) => value.aggregate)
    if (grouped) {
      const loose = [...items.map((item) => item.value), ...orderValues, ...(having === undefined ? [] : [having])].find((value) => value.ungrouped !== undefined)
      if (loose !== undefined) throw (block.groupBy.length > 0 ? ora(979, 'not a GROUP BY expression') : ora(937, 'not a single-group group function')).at(loose.ungrouped ?? 0)
    }
    if (block.distinct && order.some((entry) => entry.value !== undefined && !items.some((item) => item.value.sql === entry.value?.sql))) throw ora(1791, 'not a SELECTed expression').at(orderValues[0]?.at ?? 0)
    // No row, no total: a constant key keeps an empty input empty.
    const groupText = grouping.length === 0 ? (groupingSets === undefined || block.groupBy.length === 0 ? '' : " GROUP BY 'all'") : ` GROUP BY ${[...scope.groupKeys].map((key) => (/^\d/.test(key) ? `(${key} + 0)` : key)).join(', ')}`
    const orderText = order.length === 0 ? '' : ` ORDER BY ${order.map(({ key, position, value }) => `${position === undefined ? (value?.sql ?? '1') : String(position)}${orderDirection(key)}`).join(', ')}`
    const list = items.map(({ value }, index) => `${value.sql} AS c${String(index)}`).join(', ')
    return { sql: `SELECT ${block.distinct ? 'DISTINCT ' : ''}${list} FROM ${tables}${groupText}${having === undefined ? '' : ` HAVING ${having.sql}`}${orderText}`, columns, scope }
  }

  /** LEVEL from 1 to the bound; at least 1, as Oracle tests the bound behind the first row. */
  #levels(bound: Expression, scope: Scope): string {
    const most = this.number(this.value(bound, new Scope(undefined))).sql
    const name = `r${String(this.#aliases++)}`
    scope.add({ alias: undefined, owner: undefined, hidden: true, columns: [{ name: 'LEVEL', type: NUMBER, sql: `${name}.c0` }] })
    return `(WITH RECURSIVE level_(c0) AS (SELECT 1 UNION ALL SELECT c0 + 1 FROM level_ WHERE c0 < o_floor(${most})) SELECT c0 FROM level_) AS ${name}`
  }

  /** The select list with its stars written out. */
  items(block: SelectBlock, scope: Scope): { readonly name: string; readonly value: Bound }[] {
    return block.items.flatMap((item) => {
      if (item.kind === 'value') return [{ name: item.alias ?? columnName(item), value: this.value(item.expression, scope) }]
      try {
        const columns: ScopeColumn[] = item.qualifier === undefined ? [...scope.merged.values()] : []
        for (const relation of scope.starred(item.qualifier)) columns.push(...relation.columns.filter((column) => item.qualifier !== undefined || !scope.merged.has(column.name)))
        return columns.map((column) => ({ name: column.name, value: { sql: column.sql, type: column.type, at: item.at, ungrouped: scope.groupKeys.has(column.sql) ? undefined : item.at, aggregate: false } }))
      } catch (error) {
        throw locate(error, item.at)
      }
    })
  }

  #conditions(conditions: readonly Condition[], scope: Scope): string {
    return conditions
      .map((condition) => {
        const compiled = this.condition(condition, scope)
        if (compiled.aggregate) throw ora(934, 'group function is not allowed here').at(condition.at)
        return compiled.sql
      })
      .join(' AND ')
  }

  #where(conditions: readonly Condition[], scope: Scope): { where: string; limit: string | undefined } {
    const kept: Condition[] = []
    let limit: string | undefined
    for (const condition of conditions) {
      const found = rownumLimit(this, condition, scope)
      if (found === undefined) kept.push(condition)
      else limit = limit === undefined ? found : `min(${limit}, ${found})`
    }
    scope.takeRownum()
    const where = this.#conditions(kept, scope)
    if (scope.takeRownum()) throw ora(3001, 'unimplemented feature').at(kept[0]?.at ?? 0)
    return { where, limit }
  }

  /** Puts the joined rows into an inner query that counts them, and points the columns there. */
  #numbered(scope: Scope, tables: string, limit: string | undefined): string {
    const columns = new Set(scope.relations.flatMap((relation) => relation.columns).concat([...scope.merged.values()]))
    const list: string[] = []
    for (const column of columns) {
      const name = `n${String(list.length)}`
      list.push(`${column.sql} AS ${name}`)
      column.sql = `rownum_.${name}`
    }
    return `(SELECT ${[...list, 'row_number() OVER () AS n'].join(', ')} FROM ${tables}${limit === undefined ? '' : ` LIMIT ${limit}`}) AS rownum_`
  }

  #source(source: TableSource, scope: Scope): string {
    switch (source.kind) {
      case 'table':
        return this.#table(source, scope)
      case 'derived': {
        const query = this.compileQuery(source.query, scope.parent)
        return this.#relate(`(${query.sql})`, source.alias, undefined, query.columns, scope)
      }
      case 'join':
        return this.#join(source, scope)
      case 'pivot':
      case 'unpivot': {
        const probe = new Scope(scope.parent)
        this.#source(source.source, probe)
        const names = probe.relations.flatMap((relation) => relation.columns.map((column) => column.name))
        const query = this.compileQuery(source.kind === 'pivot' ? pivotQuery(source, names) : unpivotQuery(source, names), scope.parent)
        return this.#relate(`(${query.sql})`, source.alias, undefined, query.columns, scope)
      }
    }
  }

  #table(source: TableSource & { kind: 'table' }, scope: Scope): string {
    const [name] = source.path
    if (source.path.length === 1 && name !== undefined) {
      for (const level of [...this.#common].reverse()) {
        const common = level.get(name)
        if (common !== undefined) return this.#relate(/^w\d+$/.test(common.sql) ? common.sql : `(${common.sql})`, source.alias ?? name, undefined, common.columns, scope)
      }
    }
    try {
      const table = this.#catalog(source.path)
      if (table.view !== undefined) {
        const { sql, columns } = this.#viewQuery(table.view)
        return this.#relate(`(${sql})`, source.alias ?? source.path.at(-1), source.alias === undefined ? table.owner : undefined, columns, scope)
      }
      return this.#relate(this.tableName(table), source.alias ?? source.path.at(-1), source.alias === undefined ? table.owner : undefined, table.columns, scope)
    } catch (error) {
      throw locate(error, source.at)
    }
  }

  /** A view's query sees neither the statement's WITH nor its variables. */
  #viewQuery(view: NonNullable<CatalogTable['view']>): CompiledQuery {
    const inner = new QueryCompiler(this.instance, this.session, this.context, {}, this.#catalog, undefined)
    inner.tables = this.tables
    inner.storedCalls = this.storedCalls
    const compiled = inner.compileQuery(view.query, undefined)
    return { sql: compiled.sql, columns: compiled.columns.map((column, index) => ({ name: view.columns?.[index] ?? column.name, type: column.type })) }
  }

  /** The name of a base table in SQLite; it is loaded before the statement runs. */
  tableName(table: CatalogTable): string {
    let name = this.tables.get(table)
    if (name === undefined) {
      name = `t_${String(this.tables.size)}`
      this.tables.set(table, name)
    }
    return name
  }

  #relate(sql: string, alias: string | undefined, owner: string | undefined, columns: readonly { readonly name: string; readonly type: SqlType }[], scope: Scope): string {
    const name = `r${String(this.#aliases++)}`
    const relation: Relation = { alias, owner, columns: columns.map((column, index) => ({ name: column.name, type: column.type, sql: `${name}.c${String(index)}` })) }
    scope.add(relation)
    return `${sql} AS ${name}`
  }

  /** The table of an UPDATE or DELETE as the only relation of a scope. */
  changeTarget(target: { readonly path: readonly string[]; readonly alias: string | undefined; readonly at: number }): { readonly from: string; readonly scope: Scope; readonly columns: readonly ScopeColumn[] } {
    const scope = new Scope(undefined)
    const from = this.#table({ kind: 'table', ...target }, scope)
    return { from, scope, columns: scope.relations.flatMap((relation) => relation.columns) }
  }

  /** WHERE of an UPDATE or DELETE; ROWNUM bounds how many rows. */
  changeCondition(where: Condition, scope: Scope): string {
    const conditions: Condition[] = []
    const split = (condition: Condition): void => {
      if (condition.kind === 'and') for (const part of [condition.left, condition.right]) split(part)
      else conditions.push(condition)
    }
    split(where)
    const { where: text, limit } = this.#where(conditions, scope)
    return `${text === '' ? '' : ` WHERE ${text}`}${limit === undefined ? '' : ` LIMIT ${limit}`}`
  }

  /** The source of a MERGE beside its target. */
  addSource(source: { readonly path: readonly string[] | undefined; readonly query: Query | undefined; readonly alias: string | undefined; readonly at: number }, scope: Scope): string {
    const { path, query, alias, at } = source
    if (query !== undefined) return this.#source({ kind: 'derived', query, alias, at }, scope)
    return this.#source({ kind: 'table', path: path ?? [], alias, at }, scope)
  }

  /** What reading left to do: the numbers that sequences gave are written down. */
  async settle(): Promise<void> {
    if (this.usesSequences) await writeSequences(this.instance)
  }

  #join(source: TableSource & { kind: 'join' }, scope: Scope): string {
    const left = this.#source(source.left, scope)
    const before = scope.relations.length
    const right = this.#source(source.right, scope)
    if (source.type === 'CROSS') return `${left} CROSS JOIN ${right}`
    let on: string
    if (source.using !== undefined) {
      on = source.using.map((name) => this.#mergeColumn(name, source, scope, before)).join(' AND ')
    } else {
      on = source.on === undefined ? '1' : this.#conditions([source.on], scope)
    }
    return `${left} ${source.type === 'INNER' ? 'JOIN' : `${source.type} JOIN`} ${right} ON ${on}`
  }

  /** One column of USING: an equality, and one column without a table from then on. */
  #mergeColumn(name: string, source: TableSource & { kind: 'join' }, scope: Scope, before: number): string {
    const find = (relations: readonly Relation[]): ScopeColumn | undefined => relations.flatMap((relation) => relation.columns).find((column) => column.name === name)
    const left = scope.merged.get(name) ?? find(scope.relations.slice(0, before))
    const right = find(scope.relations.slice(before))
    if (left === undefined || right === undefined) throw ora(904, `"${name}": invalid identifier`).at(source.at)
    const equal = `(${left.sql} = ${right.sql})`
    const sql = source.type === 'RIGHT' ? right.sql : source.type === 'FULL' ? `coalesce(${left.sql}, ${right.sql})` : left.sql
    scope.merged.set(name, { name, type: left.type, sql })
    return equal
  }
}

function columnName(item: SelectBlock['items'][number] & { kind: 'value' }): string {
  return item.expression.kind === 'column' ? (item.expression.path.at(-1) ?? item.heading) : item.heading
}

function unknownName(key: OrderKey): never {
  const { expression } = key
  throw (expression.kind === 'column' ? ora(904, `${expression.path.map((part) => `"${part}"`).join('.')}: invalid identifier`) : ora(1785, 'ORDER BY item must be the number of a SELECT-list expression')).at(expression.at)
}

/** Whether a query reads a table of this name. */
function mentions(part: unknown, name: string): boolean {
  if (typeof part !== 'object' || part === null) return false
  if ('kind' in part && part.kind === 'table' && 'path' in part && Array.isArray(part.path) && part.path.length === 1 && part.path[0] === name) return true
  return Object.values(part).some((inner) => mentions(inner, name))
}

function unionType(left: SqlType, right: SqlType, at: number): SqlType {
  if (left.kind === 'NULL') return right
  if (right.kind === 'NULL') return left
  if (left.kind !== right.kind) throw ora(1790, 'expression must have same datatype as corresponding expression').at(at)
  return { kind: left.kind, length: Math.max(left.length, right.length) }
}
