import { ora } from '../engine/ora-error.ts'
import type { Instance, ServerSession } from '../engine/instance-api.ts'
import type { Comparison, Condition, Expression, OrderKey, Query, Window } from './ast.ts'
import { Conversions, DATE, derive, INTERVAL, NUMBER, quote, textLiteral, TIMESTAMP_TZ, varchar, type Bound, type Kind, type SqlType } from './bound.ts'
import { parseMoment } from './date-parse.ts'
import { bindCall, bindPseudo, concatenate, nullOf, type CallContext } from './functions.ts'
import { normalise, storeNumber } from './number.ts'
import type { Scope } from './scope.ts'
import type { StatementContext } from './session-state.ts'
import { dateText, offsetAt, timestampText, utcOf } from './zone.ts'

export type Binds = Readonly<Record<string, string | number | bigint | null>>

/** What a query gives: SQLite's text, and the name and type of each column. */
export interface CompiledQuery {
  readonly sql: string
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[]
}

/** A compiled condition; it has no value of its own in Oracle. */
interface Test {
  readonly sql: string
  readonly parts: readonly Bound[]
}

const aggregates = new Set(['COUNT', 'MAX', 'MIN', 'SUM', 'AVG', 'LISTAGG'])
const analytic = new Set(['ROW_NUMBER', 'RANK', 'DENSE_RANK', 'LAG', 'LEAD', 'FIRST_VALUE', 'LAST_VALUE'])

/** Compiles values and conditions; queries inside of them go back to the query compiler. */
export abstract class ExpressionCompiler extends Conversions implements CallContext {
  readonly #binds: Binds
  readonly #literals = new WeakMap<Bound, string>()
  readonly instance: Instance
  readonly session: ServerSession

  constructor(instance: Instance, session: ServerSession, context: StatementContext, binds: Binds) {
    super(context)
    this.instance = instance
    this.session = session
    this.#binds = Object.fromEntries(Object.entries(binds).map(([name, value]) => [name.replace(/^:/, '').toUpperCase(), value]))
  }

  abstract compileQuery(query: Query, parent: Scope | undefined): CompiledQuery
  abstract environment(name: string): string | null | undefined

  literal(argument: Bound): string | undefined {
    return this.#literals.get(argument)
  }

  value(expression: Expression, scope: Scope): Bound {
    try {
      const bound = this.#value(expression, scope)
      return scope.groupKeys.has(bound.sql) ? { ...bound, ungrouped: undefined } : bound
    } catch (error) {
      throw locate(error, expression.at)
    }
  }

  #value(expression: Expression, scope: Scope): Bound {
    const { at } = expression
    switch (expression.kind) {
      case 'literal':
        return expression.type === 'NUMBER' ? this.#numberLiteral(expression.value, at) : this.#text(expression.value, at)
      case 'null':
        return nullOf(at)
      case 'datetime':
        return this.#datetime(expression.type, expression.value, at)
      case 'interval':
        return { sql: `${String(expression.seconds)}.0`, type: INTERVAL, at, ungrouped: undefined, aggregate: false }
      case 'bind':
        return this.#bind(expression.name, at)
      case 'column':
        return this.#column(expression.path, scope, at)
      case 'binary':
        return this.#binary(expression.operator, this.value(expression.left, scope), this.value(expression.right, scope), at)
      case 'negate': {
        const operand = this.number(this.value(expression.operand, scope))
        return derive(`o_subtract(0, ${operand.sql})`, NUMBER, [operand], at)
      }
      case 'call':
        return this.#call(expression, scope)
      case 'case':
        return this.#case(expression, scope)
      case 'cast':
        return this.#cast(expression, scope)
      case 'extract': {
        const operand = this.value(expression.operand, scope)
        const kind = operand.type.kind === 'INTERVAL' ? 'interval' : operand.type.kind === 'TIMESTAMP_TZ' ? 'timestamp' : 'date'
        if (kind === 'date' && !['YEAR', 'MONTH', 'DAY'].includes(expression.field)) throw ora(30076, 'invalid extract field for extract source')
        const source = kind === 'date' ? this.date(operand) : operand
        return derive(`o_extract_${kind}(${quote(expression.field)}, ${source.sql})`, NUMBER, [source], at)
      }
      case 'zone': {
        const operand = this.timestamp(this.value(expression.operand, scope))
        return derive(`o_timestamp_zone(${operand.sql}, ${this.char(this.value(expression.zone, scope)).sql})`, TIMESTAMP_TZ, [operand], at)
      }
      case 'subquery': {
        const query = this.compileQuery(expression.query, scope)
        const [column] = query.columns
        if (column === undefined || query.columns.length > 1) throw ora(913, 'too many values')
        // SQLite would take the first row in silence; Oracle raises ORA-01427.
        const single = `(SELECT o_single(count(*), max(c0)) FROM (SELECT c0 FROM (${query.sql}) LIMIT 2))`
        return { sql: single, type: column.type, at, ungrouped: undefined, aggregate: false }
      }
    }
  }

  #text(value: string, at: number): Bound {
    const bound = textLiteral(value, at)
    this.#literals.set(bound, value)
    return bound
  }

  #numberLiteral(value: string, at: number): Bound {
    const stored = storeNumber(/^\d+$/.test(value) ? BigInt(value) : normalise(Number(value)))
    const sql = typeof stored === 'string' ? quote(stored) : typeof stored === 'bigint' ? stored.toString() : realText(stored)
    return { sql, type: NUMBER, at, ungrouped: undefined, aggregate: false }
  }

  #datetime(type: 'DATE' | 'TIMESTAMP', value: string, at: number): Bound {
    const base = { at, ungrouped: undefined, aggregate: false }
    if (type === 'DATE') return { ...base, sql: quote(dateText(parseMoment(value, 'YYYY-MM-DD', this.context.now).local)), type: DATE }
    const zone = /\s*([+-]\d{1,2}:\d{2})$/.exec(value)
    const { local } = parseMoment(zone === null ? value : value.slice(0, zone.index), /\.\d+$/.test(value.slice(0, zone?.index)) ? 'YYYY-MM-DD HH24:MI:SS.FF' : 'YYYY-MM-DD HH24:MI:SS', this.context.now)
    const region = zone?.[1] ?? this.context.sessionZone
    const utc = utcOf(local, region)
    return { ...base, sql: quote(timestampText(utc, offsetAt(utc, region))), type: TIMESTAMP_TZ }
  }

  #bind(name: string, at: number): Bound {
    const value = this.#binds[name]
    if (value === undefined) throw ora(1008, 'not all variables bound').at(at)
    if (value === null) return nullOf(at)
    if (typeof value === 'string') return this.#text(value, at)
    const stored = storeNumber(value)
    return { sql: typeof stored === 'string' ? quote(stored) : typeof stored === 'bigint' ? stored.toString() : realText(stored), type: NUMBER, at, ungrouped: undefined, aggregate: false }
  }

  #column(path: readonly string[], scope: Scope, at: number): Bound {
    for (let current: Scope | undefined = scope; current !== undefined; current = current.parent) {
      const column = current.own(path)
      if (column !== undefined) return { sql: column.sql, type: column.type, at, ungrouped: current === scope ? at : undefined, aggregate: false }
    }
    if (path.length === 1) {
      if (path[0] === 'ROWNUM') {
        scope.noteRownum()
        return { sql: 'rownum_.n', type: NUMBER, at, ungrouped: at, aggregate: false }
      }
      const pseudo = bindPseudo(path[0] ?? '', this, at)
      if (pseudo !== undefined) return pseudo
    }
    throw ora(904, `${path.map((part) => `"${part}"`).join('.')}: invalid identifier`).at(at)
  }

  #binary(operator: '+' | '-' | '*' | '/' | '||', left: Bound, right: Bound, at: number): Bound {
    if (operator === '||') return concatenate(this, left, right, at)
    if (operator === '+' || operator === '-') {
      const dated = this.#dateArithmetic(operator, left, right, at)
      if (dated !== undefined) return dated
    }
    const names = { '+': 'o_add', '-': 'o_subtract', '*': 'o_multiply', '/': 'o_divide' }
    const [a, b] = [this.number(left), this.number(right)]
    return derive(`${names[operator]}(${a.sql}, ${b.sql})`, NUMBER, [a, b], at)
  }

  #dateArithmetic(operator: '+' | '-', left: Bound, right: Bound, at: number): Bound | undefined {
    const [a, b] = [left.type.kind, right.type.kind]
    const isDate = (kind: Kind): boolean => kind === 'DATE' || kind === 'TIMESTAMP_TZ'
    if (a === 'INTERVAL' && b === 'INTERVAL') return derive(`(${left.sql} ${operator} ${right.sql})`, INTERVAL, [left, right], at)
    if (!isDate(a) && !(operator === '+' && isDate(b))) return undefined
    if (!isDate(a)) return this.#dateArithmetic('+', right, left, at)
    if (isDate(b)) {
      if (operator === '+') throw ora(975, 'date + date not allowed').at(at)
      if (a === 'DATE' && b === 'DATE') return derive(`o_date_difference(${left.sql}, ${right.sql})`, NUMBER, [left, right], at)
      return derive(`o_timestamp_difference(${this.timestamp(left).sql}, ${this.timestamp(right).sql})`, INTERVAL, [left, right], at)
    }
    if (b === 'INTERVAL') {
      const seconds = operator === '+' ? right.sql : `(0.0 - ${right.sql})`
      return a === 'DATE' ? derive(`o_date_add(${left.sql}, ${seconds} / 86400.0)`, DATE, [left, right], at) : derive(`o_timestamp_add(${left.sql}, ${seconds})`, TIMESTAMP_TZ, [left, right], at)
    }
    return derive(`o_date_${operator === '+' ? 'add' : 'subtract'}(${this.date(left).sql}, ${this.number(right).sql})`, DATE, [left, right], at)
  }

  #call(expression: Expression & { kind: 'call' }, scope: Scope): Bound {
    const { name, at } = expression
    if (aggregates.has(name)) return this.#aggregate(expression, scope)
    if (analytic.has(name)) return this.#analytic(expression, scope)
    if (expression.over !== undefined || expression.withinGroup !== undefined || expression.distinct) throw ora(30484, 'missing window specification for this function').at(at)
    return bindCall(name, expression.args.map((arg) => this.value(arg, scope)), this, at)
  }

  #aggregate(expression: Expression & { kind: 'call' }, scope: Scope): Bound {
    const { name, at, args, distinct } = expression
    const bound = args.map((arg) => this.value(arg, scope))
    if (bound.some((arg) => arg.aggregate) && expression.over === undefined) throw ora(935, 'group function is nested too deeply').at(at)
    if (!expression.star && args.length !== 1 && !(name === 'LISTAGG' && args.length === 2)) throw ora(909, 'invalid number of arguments').at(at)
    const call = this.#aggregateCall(name, bound, expression.star, distinct, expression.withinGroup, scope, at)
    if (expression.over !== undefined) return { ...derive(`${call.sql} OVER (${this.#window(expression.over, scope)})`, call.type, bound, at) }
    return { ...call, ungrouped: undefined, aggregate: true }
  }

  #aggregateCall(name: string, args: readonly Bound[], star: boolean, distinct: boolean, within: readonly OrderKey[] | undefined, scope: Scope, at: number): Bound {
    const [first, separator] = args
    const unique = distinct ? 'DISTINCT ' : ''
    if (first === undefined) return { sql: 'count(*)', type: NUMBER, at, ungrouped: undefined, aggregate: true }
    if (star) throw ora(936, 'missing expression').at(at)
    switch (name) {
      case 'COUNT':
        return derive(`count(${unique}${first.sql})`, NUMBER, args, at)
      case 'MAX':
      case 'MIN':
        return derive(`${name.toLowerCase()}(${first.sql})`, first.type, args, at)
      case 'LISTAGG': {
        const order = within === undefined ? '' : ` ORDER BY ${this.orderKeys(within, scope)}`
        return derive(`group_concat(${unique}${this.char(first).sql}, ${separator === undefined ? "''" : `ifnull(${this.char(separator).sql}, '')`}${order})`, varchar(4000), args, at)
      }
      default: {
        const number = this.number(first)
        return derive(`o_${name.toLowerCase()}(${unique}${number.sql})`, NUMBER, args, at)
      }
    }
  }

  #analytic(expression: Expression & { kind: 'call' }, scope: Scope): Bound {
    const { name, at, over } = expression
    if (over === undefined) throw ora(30484, 'missing window specification for this function').at(at)
    const args = expression.args.map((arg) => this.value(arg, scope))
    const ranking = name === 'ROW_NUMBER' || name === 'RANK' || name === 'DENSE_RANK'
    if (ranking && over.order.length === 0) throw ora(30485, 'missing ORDER BY expression in the window specification').at(at)
    if (ranking !== (args.length === 0)) throw ora(909, 'invalid number of arguments').at(at)
    return derive(`${name.toLowerCase()}(${args.map((arg) => arg.sql).join(', ')}) OVER (${this.#window(over, scope)})`, ranking ? NUMBER : (args[0]?.type ?? NUMBER), args, at)
  }

  #window(over: Window, scope: Scope): string {
    const partition = over.partition.length === 0 ? '' : `PARTITION BY ${over.partition.map((key) => this.value(key, scope).sql).join(', ')} `
    return `${partition}${over.order.length === 0 ? '' : `ORDER BY ${this.orderKeys(over.order, scope)}`}`
  }

  /** Nulls come last, in descending order first, unless said otherwise. */
  orderKeys(keys: readonly OrderKey[], scope: Scope): string {
    return keys.map((key) => `${this.value(key.expression, scope).sql}${orderDirection(key)}`).join(', ')
  }

  #case(expression: Expression & { kind: 'case' }, scope: Scope): Bound {
    const results = [...expression.branches.map((branch) => branch.then), ...(expression.otherwise === undefined ? [] : [expression.otherwise])].map((result) => this.value(result, scope))
    const { type, values } = this.same(results)
    const operand = expression.operand === undefined ? undefined : this.value(expression.operand, scope)
    const used: Bound[] = [...values]
    const branches = expression.branches.map((branch, index) => {
      let when: string
      if (operand === undefined) {
        const test = this.#test(branch.when as Condition, scope)
        used.push(...test.parts)
        when = test.sql
      } else {
        const search = this.value(branch.when as Expression, scope)
        used.push(operand, search)
        when = this.#compare('=', operand, search)
      }
      return `WHEN ${when} THEN ${values[index]?.sql ?? 'NULL'}`
    })
    const otherwise = expression.otherwise === undefined ? '' : ` ELSE ${values.at(-1)?.sql ?? 'NULL'}`
    return derive(`CASE ${branches.join(' ')}${otherwise} END`, type, used, expression.at)
  }

  #cast(expression: Expression & { kind: 'cast' }, scope: Scope): Bound {
    const operand = this.value(expression.operand, scope)
    if (expression.type === 'VARCHAR2') {
      const length = expression.length ?? 4000
      const text = this.char(operand)
      return derive(`o_substr(${text.sql}, 1, ${String(length)})`, varchar(length), [text], expression.at)
    }
    const converted = this.to(expression.type, operand)
    return converted.type.kind === 'NULL' ? { ...converted, type: { NUMBER, DATE, TIMESTAMP_TZ }[expression.type] } : converted
  }

  /** A condition as SQLite text. */
  condition(condition: Condition, scope: Scope): { readonly sql: string; readonly ungrouped: number | undefined; readonly aggregate: boolean } {
    const test = this.#test(condition, scope)
    const whole = derive(test.sql, NUMBER, test.parts)
    return { sql: test.sql, ungrouped: whole.ungrouped, aggregate: whole.aggregate }
  }

  #test(condition: Condition, scope: Scope): Test {
    try {
      return this.#testUnlocated(condition, scope)
    } catch (error) {
      throw locate(error, condition.at)
    }
  }

  #testUnlocated(condition: Condition, scope: Scope): Test {
    switch (condition.kind) {
      case 'and':
      case 'or': {
        const [left, right] = [this.#test(condition.left, scope), this.#test(condition.right, scope)]
        return { sql: `(${left.sql} ${condition.kind.toUpperCase()} ${right.sql})`, parts: [...left.parts, ...right.parts] }
      }
      case 'not': {
        const operand = this.#test(condition.operand, scope)
        return { sql: `(NOT ${operand.sql})`, parts: operand.parts }
      }
      case 'compare': {
        const [left, right] = [this.value(condition.left, scope), this.value(condition.right, scope)]
        return { sql: this.#compare(condition.operator, left, right), parts: [left, right] }
      }
      case 'quantified':
        return this.#quantified(condition, scope)
      case 'isNull': {
        const operand = this.value(condition.operand, scope)
        return { sql: `(${operand.sql} IS ${condition.negated ? 'NOT ' : ''}NULL)`, parts: [operand] }
      }
      case 'like': {
        const [operand, pattern] = [this.char(this.value(condition.operand, scope)), this.char(this.value(condition.pattern, scope))]
        const escape = condition.escape === undefined ? undefined : this.char(this.value(condition.escape, scope))
        const call = `o_like(${operand.sql}, ${pattern.sql}${escape === undefined ? '' : `, ${escape.sql}`})`
        return { sql: condition.negated ? `(NOT ${call})` : call, parts: [operand, pattern] }
      }
      case 'between': {
        const [operand, low, high] = [this.value(condition.operand, scope), this.value(condition.low, scope), this.value(condition.high, scope)]
        const test = `(${this.#compare('>=', operand, low)} AND ${this.#compare('<=', operand, high)})`
        return { sql: condition.negated ? `(NOT ${test})` : test, parts: [operand, low, high] }
      }
      case 'in':
        return this.#in(condition, scope)
      case 'exists':
        return { sql: `EXISTS (${this.compileQuery(condition.query, scope).sql})`, parts: [] }
      case 'regexpLike': {
        const args = condition.args.map((arg) => this.char(this.value(arg, scope)))
        if (args.length < 2) throw ora(938, 'not enough arguments for function')
        return { sql: `o_regexp_like(${args.map((arg) => arg.sql).join(', ')})`, parts: args }
      }
    }
  }

  #compare(operator: Comparison, left: Bound, right: Bound): string {
    const kind = this.comparable(left.type.kind, right.type.kind)
    return `(${this.to(kind, left).sql} ${operator} ${this.to(kind, right).sql})`
  }

  #in(condition: Condition & { kind: 'in' }, scope: Scope): Test {
    const left = condition.left.map((value) => this.value(value, scope))
    const not = condition.negated ? 'NOT ' : ''
    if ('body' in condition.list) {
      const query = this.compileQuery(condition.list, scope)
      if (query.columns.length < left.length) throw ora(947, 'not enough values')
      if (query.columns.length > left.length) throw ora(913, 'too many values')
      const columns = query.columns.map((column, index) => ({ sql: `in_.c${String(index)}`, type: column.type, at: condition.at, ungrouped: undefined, aggregate: false }))
      const kinds = columns.map((column, index) => this.comparable(left[index]?.type.kind ?? 'NULL', column.type.kind))
      const wanted = columns.map((column, index) => this.to(kinds[index] ?? 'NULL', column).sql)
      const given = left.map((value, index) => this.to(kinds[index] ?? 'NULL', value).sql)
      return { sql: `((${given.join(', ')}) ${not}IN (SELECT ${wanted.join(', ')} FROM (${query.sql}) AS in_))`, parts: left }
    }
    const parts: Bound[] = [...left]
    const tests = condition.list.map((row) => {
      if (row.length !== left.length) throw row.length < left.length ? ora(947, 'not enough values') : ora(913, 'too many values')
      const values = row.map((value) => this.value(value, scope))
      parts.push(...values)
      return left.map((value, index) => this.#compare('=', value, values[index] ?? value)).join(' AND ')
    })
    return { sql: `(${not}(${tests.map((test) => `(${test})`).join(' OR ')}))`, parts }
  }

  #quantified(condition: Condition & { kind: 'quantified' }, scope: Scope): Test {
    const left = this.value(condition.left, scope)
    const all = condition.quantifier === 'ALL'
    if (!('body' in condition.list)) {
      const values = condition.list.map((value) => this.value(value, scope))
      return { sql: `(${values.map((value) => this.#compare(condition.operator, left, value)).join(all ? ' AND ' : ' OR ')})`, parts: [left, ...values] }
    }
    const query = this.compileQuery(condition.list, scope)
    const [column] = query.columns
    if (column === undefined || query.columns.length > 1) throw ora(913, 'too many values')
    const other: Bound = { sql: 'any_.c0', type: column.type, at: condition.at, ungrouped: undefined, aggregate: false }
    const test = this.#compare(condition.operator, left, other)
    return { sql: all ? `(NOT EXISTS (SELECT 1 FROM (${query.sql}) AS any_ WHERE NOT ${test}))` : `(EXISTS (SELECT 1 FROM (${query.sql}) AS any_ WHERE ${test}))`, parts: [left] }
  }
}

function realText(value: number): string {
  const text = String(value)
  return /[.e]/i.test(text) ? text : `${text}.0`
}

/** Adds the place to an Oracle error that has none. */
export function locate(error: unknown, at: number): unknown {
  if (error instanceof Error && error.name === 'OraError' && 'at' in error && typeof error.at === 'function') (error.at as (offset: number) => void).call(error, at)
  return error
}

export function orderDirection(key: OrderKey): string {
  return `${key.descending ? ' DESC' : ''} NULLS ${key.nulls ?? (key.descending ? 'FIRST' : 'LAST')}`
}


