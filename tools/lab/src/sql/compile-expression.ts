import { ora } from '../engine/ora-error.ts'
import type { Instance, ServerSession } from '../engine/instance-api.ts'
import type { Comparison, Condition, Expression, OrderKey, Query, Window } from './ast.ts'
import { BOOLEAN, Conversions, DATE, derive, inconsistent, INTERVAL, MONTHS, NUMBER, quote, textLiteral, TIMESTAMP_TZ, varchar, type Bound, type Kind, type SqlType } from './bound.ts'
import { parseMoment } from './date-parse.ts'
import { bindRelative } from './hierarchy.ts'
import { bindCall, bindPseudo, concatenate, isFunction, nullOf, type CallContext } from './functions.ts'
import { normalise, storeNumber, type StoredNumber } from './number.ts'
import { StoredCalls } from './stored-calls.ts'
import { sequenceNamed } from './schema/sequences.ts'
import type { Scope } from './scope.ts'
import type { StatementContext } from './session-state.ts'
import { dateText, offsetAt, timestampText, utcOf } from './zone.ts'

/** A bind variable with its datatype; the value as it stands in SQLite. */
export interface TypedBind {
  readonly type: SqlType
  readonly value: StoredNumber | null
}

/** Values by name. A text is VARCHAR2, a number NUMBER. */
export type BindValue = string | number | bigint | TypedBind | null
export type Binds = Readonly<Record<string, BindValue>>

/** What a query gives: SQLite's text, and the name and type of each column. */
export interface CompiledQuery {
  readonly sql: string
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[]
}

/** Names that are no columns: PL/SQL variables and functions, sequences. */
export interface NameResolver {
  name(path: readonly string[], at: number): Bound | undefined
  call(expression: Expression & { kind: 'call' }, compiler: ExpressionCompiler, scope: Scope): Bound | undefined
  bind?(name: string, at: number): Bound | undefined
  /** A CASE whose branches must not all be computed. */
  conditional?(expression: Expression & { kind: 'case' }): Bound | undefined
  element(expression: Expression & { kind: 'field' | 'element' }): Bound | undefined
}

/** A compiled condition; it has no value of its own in Oracle. */
interface Test {
  readonly sql: string
  readonly parts: readonly Bound[]
}

const aggregates = new Set('COUNT MAX MIN SUM AVG LISTAGG MEDIAN STDDEV STDDEV_POP STDDEV_SAMP VARIANCE VAR_POP VAR_SAMP PERCENTILE_CONT PERCENTILE_DISC'.split(' '))
const analytic = new Set('ROW_NUMBER RANK DENSE_RANK LAG LEAD FIRST_VALUE LAST_VALUE NTH_VALUE NTILE PERCENT_RANK CUME_DIST RATIO_TO_REPORT'.split(' '))
/** Analytic functions of a row's place, which need an order. */
const placing = new Set(['ROW_NUMBER', 'RANK', 'DENSE_RANK', 'PERCENT_RANK', 'CUME_DIST', 'NTILE'])

/** Compiles values and conditions; queries inside of them go back to the query compiler. */
export abstract class ExpressionCompiler extends Conversions implements CallContext {
  readonly #binds: Binds
  readonly #literals = new WeakMap<Bound, string>()
  readonly instance: Instance
  readonly session: ServerSession

  readonly resolver: NameResolver | undefined
  /** PL/SQL functions that the statement calls. */
  storedCalls: StoredCalls
  /** NEXTVAL stands somewhere: the numbers must be written when the rows were read. */
  usesSequences = false

  constructor(instance: Instance, session: ServerSession, context: StatementContext, binds: Binds, resolver?: NameResolver) {
    super(context)
    this.resolver = resolver
    this.storedCalls = new StoredCalls(instance, session)
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
      if (scope.absentKeys.has(bound.sql)) return { ...bound, sql: 'NULL', ungrouped: undefined }
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
        return { sql: realText(expression.seconds), type: INTERVAL, at, ungrouped: undefined, aggregate: false }
      case 'months':
        return { sql: String(expression.months), type: MONTHS, at, ungrouped: undefined, aggregate: false }
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
      case 'prior':
      case 'root':
        return bindRelative(expression, this, scope)
      case 'call':
        return this.#call(expression, scope)
      case 'case':
        return this.resolver?.conditional?.(expression) ?? this.#case(expression, scope)
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
      case 'test': {
        const test = this.#test(expression.condition, scope)
        return derive(test.sql, BOOLEAN, test.parts, at)
      }
      case 'field':
      case 'element': {
        const element = this.resolver?.element(expression)
        if (element === undefined) throw ora(904, 'invalid identifier').at(at)
        return element
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
    const resolved = this.resolver?.bind?.(name, at)
    if (resolved !== undefined) return resolved
    const value = this.#binds[name]
    if (value === undefined) throw ora(1008, 'not all variables bound').at(at)
    if (value === null) return nullOf(at)
    if (typeof value === 'string') return this.#text(value, at)
    const typed = typeof value === 'object' ? value : { type: NUMBER, value: storeNumber(value) }
    return literalOf(typed.value, typed.type, at)
  }

  #column(path: readonly string[], scope: Scope, at: number): Bound {
    for (let current: Scope | undefined = scope; current !== undefined; current = current.parent) {
      const column = current.own(path)
      if (column !== undefined) return { sql: column.sql, type: column.type, at, ungrouped: current === scope ? at : undefined, aggregate: false }
    }
    const sequence = path.length > 1 ? this.#sequence(path, at) : undefined
    if (sequence !== undefined) return sequence
    const resolved = this.resolver?.name(path, at)
    if (resolved !== undefined) return resolved
    if (path.length === 1) {
      if (path[0] === 'ROWNUM') {
        scope.noteRownum()
        return { sql: 'rownum_.n', type: NUMBER, at, ungrouped: at, aggregate: false }
      }
      const pseudo = bindPseudo(path[0] ?? '', this, at)
      if (pseudo !== undefined) return pseudo
    }
    if (path.length === 1 && path[0] === 'LEVEL') throw ora(1788, 'CONNECT BY clause required in this query block').at(at)
    const stored = this.storedCalls.bind({ kind: 'call', name: path.join('.'), args: [], star: false, distinct: false, withinGroup: undefined, over: undefined, at }, this, scope)
    if (stored !== undefined) return stored
    throw ora(904, `${path.map((part) => `"${part}"`).join('.')}: invalid identifier`).at(at)
  }

  /** `sequence.NEXTVAL` */
  #sequence(path: readonly string[], at: number): Bound | undefined {
    const last = path.at(-1)
    if (last !== 'NEXTVAL' && last !== 'CURRVAL') return undefined
    const sequence = sequenceNamed(this.instance, this.session, path.slice(0, -1))
    if (sequence === undefined) throw ora(2289, 'sequence does not exist').at(at)
    if (last === 'NEXTVAL') this.usesSequences = true
    return { sql: `o_${last.toLowerCase()}(${quote(sequence.owner)}, ${quote(sequence.name)})`, type: NUMBER, at, ungrouped: undefined, aggregate: false }
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
    if (a === 'MONTHS' && b === 'MONTHS') return derive(`(${left.sql} ${operator} ${right.sql})`, MONTHS, [left, right], at)
    if (a === 'INTERVAL' && b === 'INTERVAL') return derive(`(${left.sql} ${operator} ${right.sql})`, INTERVAL, [left, right], at)
    if (!isDate(a) && !(operator === '+' && isDate(b))) return undefined
    if (!isDate(a)) return this.#dateArithmetic('+', right, left, at)
    if (isDate(b)) {
      if (operator === '+') throw ora(975, 'date + date not allowed').at(at)
      if (a === 'DATE' && b === 'DATE') return derive(`o_date_difference(${left.sql}, ${right.sql})`, NUMBER, [left, right], at)
      return derive(`o_timestamp_difference(${this.timestamp(left).sql}, ${this.timestamp(right).sql})`, INTERVAL, [left, right], at)
    }
    if (b === 'MONTHS') {
      const months = operator === '+' ? right.sql : `(0 - ${right.sql})`
      return a === 'DATE' ? derive(`o_date_months(${left.sql}, ${months})`, DATE, [left, right], at) : derive(`o_timestamp_months(${left.sql}, ${months})`, TIMESTAMP_TZ, [left, right], at)
    }
    if (b === 'INTERVAL') {
      const seconds = operator === '+' ? right.sql : `(0.0 - ${right.sql})`
      return a === 'DATE' ? derive(`o_date_add(${left.sql}, ${seconds} / 86400.0)`, DATE, [left, right], at) : derive(`o_timestamp_add(${left.sql}, ${seconds})`, TIMESTAMP_TZ, [left, right], at)
    }
    return derive(`o_date_${operator === '+' ? 'add' : 'subtract'}(${this.date(left).sql}, ${this.number(right).sql})`, DATE, [left, right], at)
  }

  #call(expression: Expression & { kind: 'call' }, scope: Scope): Bound {
    const { name, at } = expression
    const resolved = this.resolver?.call(expression, this, scope)
    if (resolved !== undefined) return resolved
    if (name === 'GROUPING' || name === 'GROUPING_ID') return this.#grouping(expression, scope)
    if (name === 'SYS_CONNECT_BY_PATH') {
      if (scope.hierarchy === undefined) throw ora(30002, 'SYS_CONNECT_BY_PATH function is not allowed here').at(at)
      return scope.hierarchy.path(expression)
    }
    if (aggregates.has(name)) return this.#aggregate(expression, scope)
    if (analytic.has(name)) return this.#analytic(expression, scope)
    if (expression.over !== undefined || expression.withinGroup !== undefined || expression.distinct) throw ora(30484, 'missing window specification for this function').at(at)
    const stored = isFunction(name) ? undefined : this.storedCalls.bind(expression, this, scope)
    return stored ?? bindCall(name, expression.args.map((arg) => this.value(arg, scope)), this, at)
  }

  /** Bit by bit, whether a key belongs to another grouping set. @throws OraError 00979 for anything but a key */
  #grouping(expression: Expression & { kind: 'call' }, scope: Scope): Bound {
    const { name, at, args } = expression
    if (args.length === 0 || (name === 'GROUPING' && args.length > 1)) throw ora(909, 'invalid number of arguments').at(at)
    const bits = whole(scope, () => args.map((arg) => this.value(arg, scope).sql)).map((sql) => {
      if (!scope.absentKeys.has(sql) && !scope.groupKeys.has(sql)) throw ora(979, 'not a GROUP BY expression').at(at)
      return scope.absentKeys.has(sql) ? 1 : 0
    })
    return { sql: String(Number.parseInt(bits.join(''), 2)), type: NUMBER, at, ungrouped: undefined, aggregate: true }
  }

  #aggregate(expression: Expression & { kind: 'call' }, scope: Scope): Bound {
    const { name, at, args, distinct } = expression
    const bound = whole(scope, () => args.map((arg) => this.value(arg, scope)))
    if (bound.some((arg) => arg.aggregate) && expression.over === undefined) throw ora(935, 'group function is nested too deeply').at(at)
    if (!expression.star && args.length !== 1 && !(name === 'LISTAGG' && args.length === 2)) throw ora(909, 'invalid number of arguments').at(at)
    if (expression.keep !== undefined) return this.#keep(expression, expression.keep, bound, scope)
    const call = this.#aggregateCall(name, bound, expression.star, distinct, expression.withinGroup, scope, at)
    if (expression.over !== undefined) return { ...derive(`${call.sql} OVER (${this.#window(expression.over, scope)})`, call.type, bound, at) }
    return { ...call, ungrouped: undefined, aggregate: true }
  }

  /** `max(x) KEEP (DENSE_RANK FIRST ORDER BY y)` */
  #keep(expression: Expression & { kind: 'call' }, keep: NonNullable<(Expression & { kind: 'call' })['keep']>, args: readonly Bound[], scope: Scope): Bound {
    const { name, at, star } = expression
    if (expression.over !== undefined || !['MAX', 'MIN', 'SUM', 'AVG', 'COUNT'].includes(name)) throw ora(3001, 'unimplemented feature').at(at)
    const [first] = args
    const value = first === undefined ? undefined : name === 'SUM' || name === 'AVG' ? this.number(first) : first
    const keys = whole(scope, () => keep.order.map((key) => this.value(key.expression, scope)))
    const order = keep.order.map((key) => `${key.descending ? 'd' : 'a'}${(key.nulls ?? (key.descending ? 'FIRST' : 'LAST')) === 'FIRST' ? 'f' : 'l'}`).join('')
    const list = [quote(name), quote(`${keep.last ? 'L' : 'F'}${order}`), star || value === undefined ? '1' : value.sql, ...keys.map((key) => key.sql)]
    return { sql: `o_keep(${list.join(', ')})`, type: name === 'MAX' || name === 'MIN' ? (first?.type ?? NUMBER) : NUMBER, at, ungrouped: undefined, aggregate: true }
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
        if (distinct && Number(this.instance.release.split('.')[0]) < 19) throw ora(30482, 'DISTINCT option not allowed for this function').at(at)
        if (distinct) return derive(`o_listagg_distinct(${this.char(first).sql}, ${separator === undefined ? "''" : `ifnull(${this.char(separator).sql}, '')`}${order})`, varchar(4000), args, at)
        return derive(`group_concat(${this.char(first).sql}, ${separator === undefined ? "''" : `ifnull(${this.char(separator).sql}, '')`}${order})`, varchar(4000), args, at)
      }
      case 'PERCENTILE_CONT':
      case 'PERCENTILE_DISC': {
        const [key] = within ?? []
        if (key === undefined || within?.length !== 1) throw ora(30491, 'missing ORDER BY clause').at(at)
        const value = this.number(this.value(key.expression, scope))
        return derive(`o_${name.toLowerCase()}(${this.number(first).sql}, ${value.sql}, ${key.descending ? '1' : '0'})`, NUMBER, args, at)
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
    if (placing.has(name) && over.order.length === 0) throw ora(30485, 'missing ORDER BY expression in the window specification').at(at)
    const window = `OVER (${this.#window(over, scope)})`
    const [first] = args
    const count = { NTILE: 1, NTH_VALUE: 2, RATIO_TO_REPORT: 1 }[name] ?? (placing.has(name) ? 0 : undefined)
    if (count === undefined ? args.length === 0 || args.length > (name === 'LAG' || name === 'LEAD' ? 3 : 1) : args.length !== count) throw ora(909, 'invalid number of arguments').at(at)
    if (name === 'RATIO_TO_REPORT' && first !== undefined) return derive(`o_divide(${this.number(first).sql}, nullif(o_sum(${this.number(first).sql}) ${window}, 0))`, NUMBER, args, at)
    const valued = first !== undefined && name !== 'NTILE'
    return derive(`${name.toLowerCase()}(${args.map((arg) => arg.sql).join(', ')}) ${window}`, valued ? first.type : NUMBER, args, at)
  }

  #window(over: Window, scope: Scope): string {
    const partition = over.partition.length === 0 ? '' : `PARTITION BY ${over.partition.map((key) => this.value(key, scope).sql).join(', ')} `
    return `${partition}${over.order.length === 0 ? '' : `ORDER BY ${this.orderKeys(over.order, scope)}`}${over.frame === undefined ? '' : ` ${over.frame}`}`
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
      case 'truth': {
        const operand = this.value(condition.operand, scope)
        if (operand.type.kind !== 'BOOLEAN' && operand.type.kind !== 'NULL') throw inconsistent('BOOLEAN', operand.type.kind).at(condition.at)
        return { sql: `(${operand.sql} <> 0)`, parts: [operand] }
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

/** Keys of other grouping sets keep their values inside of group functions. */
function whole<T>(scope: Scope, body: () => T): T {
  const { absentKeys } = scope
  scope.absentKeys = new Set()
  try {
    return body()
  } finally {
    scope.absentKeys = absentKeys
  }
}

/** A stored value as SQLite's text. */
export function literalOf(value: StoredNumber | null, type: SqlType, at: number): Bound {
  const sql = value === null ? 'NULL' : typeof value === 'string' ? quote(value) : typeof value === 'bigint' ? value.toString() : realText(value)
  return { sql, type, at, ungrouped: undefined, aggregate: false }
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


