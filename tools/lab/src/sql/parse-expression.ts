import { ora } from '../engine/ora-error.ts'
import type { Comparison, Condition, Expression, OrderKey, Query, Window } from './ast.ts'
import type { Cursor } from './cursor.ts'
import { blockReservedWords, reservedWords } from './lexer.ts'

const missingExpression = () => ora(936, 'missing expression')
const missingRight = () => ora(907, 'missing right parenthesis')
const missingLeft = () => ora(906, 'missing left parenthesis')
/** Reserved words that are values of their own. */
const valueWords = new Set(['SYSDATE', 'USER', 'ROWNUM', 'UID', 'LEVEL'])
const comparisons: Readonly<Record<string, Comparison>> = { '=': '=', '<>': '<>', '!=': '<>', '^=': '<>', '<': '<', '<=': '<=', '>': '>', '>=': '>=' }
const intervalSeconds: Readonly<Record<string, number>> = { DAY: 86400, HOUR: 3600, MINUTE: 60, SECOND: 1 }

/** @throws OraError 00936, 00907 and so on at the offending token */
export function parseExpression(cursor: Cursor): Expression {
  let left = parseTerm(cursor)
  while (cursor.isOperator('+', '-', '||')) {
    const at = cursor.at
    const operator = cursor.next().value as '+' | '-' | '||'
    left = { kind: 'binary', operator, left, right: parseTerm(cursor), at }
  }
  return left
}

function parseTerm(cursor: Cursor): Expression {
  let left = parseUnary(cursor)
  while (cursor.isOperator('*', '/')) {
    const at = cursor.at
    const operator = cursor.next().value as '*' | '/'
    left = { kind: 'binary', operator, left, right: parseUnary(cursor), at }
  }
  return left
}

function parseUnary(cursor: Cursor): Expression {
  const at = cursor.at
  if (cursor.acceptOperator('-')) return { kind: 'negate', operand: parseUnary(cursor), at }
  if (cursor.acceptOperator('+')) return parseUnary(cursor)
  if (!cursor.procedural && (cursor.isWord('PRIOR') || (cursor.isWord('CONNECT_BY_ROOT') && !['.', ',', ')'].includes(cursor.peek().value)))) {
    const kind = cursor.next().value === 'PRIOR' ? 'prior' : 'root'
    return { kind, operand: parseUnary(cursor), at }
  }
  let value = parsePrimary(cursor)
  if (cursor.acceptOperator('**')) value = { kind: 'call', name: 'POWER', args: [value, parseUnary(cursor)], star: false, distinct: false, withinGroup: undefined, over: undefined, at }
  while (cursor.acceptWords('AT', 'TIME', 'ZONE')) value = { kind: 'zone', operand: value, zone: parsePrimary(cursor), at }
  if (cursor.acceptWords('AT', 'LOCAL')) value = { kind: 'zone', operand: value, zone: { kind: 'call', name: 'SESSIONTIMEZONE', args: [], star: false, distinct: false, withinGroup: undefined, over: undefined, at }, at }
  return value
}

function parsePrimary(cursor: Cursor): Expression {
  const { token, at } = cursor
  switch (token.kind) {
    case 'number':
      cursor.next()
      return { kind: 'literal', type: 'NUMBER', value: token.value, at }
    case 'string':
      cursor.next()
      return { kind: 'literal', type: 'VARCHAR2', value: token.value, at }
    case 'bind':
      cursor.next()
      return { kind: 'bind', name: token.value, at }
    case 'operator':
      if (token.value !== '(') throw missingExpression().at(at)
      return parseParenthesised(cursor)
    case 'word':
      return parseWord(cursor)
    case 'quoted':
      return parseReference(cursor)
    case 'end':
      throw missingExpression().at(at)
  }
}

function parseParenthesised(cursor: Cursor): Expression {
  const at = cursor.at
  cursor.next()
  if (cursor.isWord('SELECT', 'WITH')) {
    const query = cursor.parseQuery(cursor)
    cursor.expectOperator(')', missingRight)
    return { kind: 'subquery', query, at }
  }
  const inner = cursor.procedural ? parseValue(cursor) : parseExpression(cursor)
  cursor.expectOperator(')', missingRight)
  return inner
}

/** PL/SQL: a value of any type, also a boolean. */
export function parseValue(cursor: Cursor): Expression {
  const at = cursor.at
  const condition = parseCondition(cursor)
  return condition.kind === 'truth' ? condition.operand : { kind: 'test', condition, at }
}

function parseWord(cursor: Cursor): Expression {
  const { token, at } = cursor
  const following = cursor.peek()
  if (token.value === 'NULL') {
    cursor.next()
    return { kind: 'null', at }
  }
  if ((token.value === 'DATE' || token.value === 'TIMESTAMP') && following.kind === 'string') {
    cursor.next()
    return { kind: 'datetime', type: token.value, value: cursor.next().value, at }
  }
  if (token.value === 'INTERVAL' && following.kind === 'string') return parseInterval(cursor)
  if (token.value === 'CASE') return parseCase(cursor)
  if (following.kind === 'operator' && following.value === '(') {
    if (token.value === 'CAST') return parseCast(cursor)
    if (token.value === 'EXTRACT') return parseExtract(cursor)
    if (token.value === 'TRIM') return parseTrim(cursor)
  }
  if ((cursor.procedural ? blockReservedWords : reservedWords).has(token.value) && !valueWords.has(token.value)) throw missingExpression().at(at)
  return parseReference(cursor)
}

const intervalFields = ['DAY', 'HOUR', 'MINUTE', 'SECOND']

/** `INTERVAL '2' DAY`, `'1 02:30' DAY TO MINUTE`, `'2-3' YEAR TO MONTH`. @throws OraError 01867, 30089 */
function parseInterval(cursor: Cursor): Expression {
  const at = cursor.at
  cursor.next()
  const text = cursor.next().value.trim()
  const invalid = () => ora(1867, 'the interval is invalid').at(at)
  const field = (): string => {
    if (cursor.token.kind !== 'word') throw ora(30089, 'missing or invalid <datetime field>').at(cursor.at)
    const name = cursor.next().value
    if (cursor.acceptOperator('(')) {
      do cursor.integer(missingRight)
      while (cursor.acceptOperator(','))
      cursor.expectOperator(')', missingRight)
    }
    return name
  }
  const place = cursor.at
  const first = field()
  const last = cursor.acceptWords('TO') ? field() : first
  const [, sign = '', rest = ''] = /^([+-]?)(.*)$/.exec(text) ?? []
  const factor = sign === '-' ? -1 : 1
  if (first === 'YEAR' || first === 'MONTH') {
    const parts = /^(\d+)(?:-(\d+))?$/.exec(rest)
    if (parts === null || (parts[2] !== undefined) !== (first === 'YEAR' && last === 'MONTH')) throw invalid()
    return { kind: 'months', months: factor * (first === 'YEAR' ? Number(parts[1]) * 12 + Number(parts[2] ?? 0) : Number(parts[1])), at }
  }
  const [from, to] = [intervalFields.indexOf(first), intervalFields.indexOf(last)]
  if (from < 0 || to < from) throw ora(30089, 'missing or invalid <datetime field>').at(place)
  const numbers = rest.split(/[ :]+/)
  if (numbers.length !== to - from + 1 || numbers.some((number) => !/^\d+(\.\d+)?$/.test(number))) throw invalid()
  return { kind: 'interval', seconds: factor * numbers.reduce((sum, number, index) => sum + Number(number) * (intervalSeconds[intervalFields[from + index] ?? ''] ?? 0), 0), at }
}

function parseCase(cursor: Cursor): Expression {
  const at = cursor.at
  cursor.next()
  const operand = cursor.isWord('WHEN') ? undefined : parseExpression(cursor)
  const branches: { when: Expression | Condition; then: Expression }[] = []
  while (cursor.acceptWords('WHEN')) {
    const when = operand === undefined ? parseCondition(cursor) : parseExpression(cursor)
    cursor.expectWord('THEN')
    branches.push({ when, then: parseExpression(cursor) })
  }
  if (branches.length === 0) throw ora(905, 'missing keyword').at(cursor.at)
  const otherwise = cursor.acceptWords('ELSE') ? parseExpression(cursor) : undefined
  cursor.expectWord('END')
  return { kind: 'case', operand, branches, otherwise, at }
}

function parseCast(cursor: Cursor): Expression {
  const at = cursor.at
  cursor.next()
  cursor.next()
  const operand = parseExpression(cursor)
  cursor.expectWord('AS')
  const type = parseType(cursor)
  cursor.expectOperator(')', missingRight)
  return { kind: 'cast', operand, ...type, at }
}

/** A data type as in CAST and CREATE TABLE. */
export function parseType(cursor: Cursor): { readonly type: 'NUMBER' | 'VARCHAR2' | 'DATE' | 'TIMESTAMP_TZ'; readonly length: number | undefined } {
  const at = cursor.at
  const name = cursor.token.kind === 'word' ? cursor.next().value : ''
  let length: number | undefined
  if (cursor.acceptOperator('(')) {
    length = cursor.acceptOperator('*') ? undefined : cursor.integer(() => ora(910, 'specified length too long for its datatype'))
    if (cursor.acceptOperator(',')) cursor.integer(missingRight)
    if (!cursor.acceptWords('CHAR')) cursor.acceptWords('BYTE')
    cursor.expectOperator(')', missingRight)
  }
  switch (name) {
    case 'NUMBER':
    case 'INTEGER':
    case 'INT':
      return { type: 'NUMBER', length: undefined }
    case 'VARCHAR2':
    case 'VARCHAR':
      if (length === undefined) throw missingLeft().at(cursor.at)
      return { type: 'VARCHAR2', length }
    case 'DATE':
      return { type: 'DATE', length: undefined }
    case 'TIMESTAMP':
      if (cursor.acceptWords('WITH')) {
        cursor.acceptWords('LOCAL')
        cursor.expectWord('TIME')
        cursor.expectWord('ZONE')
      }
      return { type: 'TIMESTAMP_TZ', length: undefined }
    default:
      throw ora(902, 'invalid datatype').at(at)
  }
}

function parseExtract(cursor: Cursor): Expression {
  const at = cursor.at
  cursor.next()
  cursor.next()
  const field = cursor.next().value
  if (!['YEAR', 'MONTH', 'DAY', 'HOUR', 'MINUTE', 'SECOND', 'TIMEZONE_HOUR', 'TIMEZONE_MINUTE'].includes(field)) throw ora(30089, 'missing or invalid <datetime field>').at(at)
  cursor.expectWord('FROM')
  const operand = parseExpression(cursor)
  cursor.expectOperator(')', missingRight)
  return { kind: 'extract', field, operand, at }
}

/** `trim([leading|trailing|both] [c] from s)` becomes LTRIM and RTRIM. */
function parseTrim(cursor: Cursor): Expression {
  const at = cursor.at
  cursor.next()
  cursor.next()
  const side = cursor.isWord('LEADING', 'TRAILING', 'BOTH') ? cursor.next().value : 'BOTH'
  let set: Expression | undefined
  let operand: Expression | undefined
  if (!cursor.acceptWords('FROM')) {
    operand = parseExpression(cursor)
    if (cursor.acceptWords('FROM')) {
      set = operand
      operand = undefined
    }
  }
  operand ??= parseExpression(cursor)
  cursor.expectOperator(')', missingRight)
  for (const name of side === 'BOTH' ? ['LTRIM', 'RTRIM'] : [side === 'LEADING' ? 'LTRIM' : 'RTRIM']) {
    operand = { kind: 'call', name, args: set === undefined ? [operand] : [operand, set], star: false, distinct: false, withinGroup: undefined, over: undefined, at }
  }
  return operand
}

function parseReference(cursor: Cursor): Expression {
  const at = cursor.at
  const path = [cursor.next().value]
  while (cursor.isOperator('.') && cursor.peek().kind !== 'operator') {
    cursor.next()
    path.push(cursor.next().value)
  }
  if (cursor.isOperator('(')) return parseElements(cursor, parseCall(cursor, path.join('.'), at))
  // An attribute of a cursor: SQL%ROWCOUNT, c%FOUND.
  if (cursor.isOperator('%') && ['FOUND', 'NOTFOUND', 'ROWCOUNT', 'ISOPEN', 'BULK_ROWCOUNT'].includes(cursor.peek().value)) {
    cursor.next()
    return { kind: 'column', path: [...path, `%${cursor.next().value}`], outer: false, at }
  }
  return { kind: 'column', path, outer: cursor.acceptOperator('(+)'), at }
}

/** PL/SQL: what follows an element of a collection. */
function parseElements(cursor: Cursor, first: Expression): Expression {
  let value = first
  while (cursor.block) {
    const at = cursor.at
    if (cursor.isOperator('.') && cursor.peek().kind !== 'operator') {
      cursor.next()
      value = { kind: 'field', base: value, name: cursor.next().value, at }
    } else if (cursor.procedural && cursor.isOperator('(')) {
      cursor.next()
      const args = cursor.isOperator(')') ? [] : parseList(cursor)
      cursor.expectOperator(')', missingRight)
      value = { kind: 'element', base: value, args, at }
    } else return value
  }
  return value
}

function parseCall(cursor: Cursor, name: string, at: number): Expression {
  cursor.next()
  let star = false
  let distinct = false
  const args: Expression[] = []
  const names: (string | undefined)[] = []
  if (cursor.isOperator('*') && name === 'COUNT') {
    cursor.next()
    star = true
  } else if (!cursor.isOperator(')')) {
    distinct = cursor.acceptWords('DISTINCT') || cursor.acceptWords('UNIQUE')
    if (!distinct) cursor.acceptWords('ALL')
    do {
      const named = cursor.isIdentifier && cursor.peek().kind === 'operator' && cursor.peek().value === '=>'
      names.push(named ? cursor.next().value : undefined)
      if (named) cursor.next()
      args.push(cursor.procedural ? parseValue(cursor) : parseExpression(cursor))
    } while (cursor.acceptOperator(','))
  }
  cursor.expectOperator(')', missingRight)
  let withinGroup: OrderKey[] | undefined
  if (cursor.acceptWords('WITHIN', 'GROUP')) {
    cursor.expectOperator('(', missingLeft)
    withinGroup = parseOrderBy(cursor)
    cursor.expectOperator(')', missingRight)
  }
  let keep: { last: boolean; order: OrderKey[] } | undefined
  if (cursor.acceptWords('KEEP')) {
    cursor.expectOperator('(', missingLeft)
    cursor.expectWord('DENSE_RANK')
    if (!cursor.isWord('FIRST', 'LAST')) throw ora(905, 'missing keyword').at(cursor.at)
    keep = { last: cursor.next().value === 'LAST', order: parseOrderBy(cursor) }
    cursor.expectOperator(')', missingRight)
  }
  return { kind: 'call', name, args, ...(keep === undefined ? {} : { keep }), ...(names.some((given) => given !== undefined) ? { names } : {}), star, distinct, withinGroup, over: cursor.isWord('OVER') ? parseWindow(cursor) : undefined, at }
}

function parseWindow(cursor: Cursor): Window {
  cursor.next()
  cursor.expectOperator('(', missingLeft)
  const partition = cursor.acceptWords('PARTITION', 'BY') ? parseList(cursor) : []
  const order = cursor.isWord('ORDER') ? parseOrderBy(cursor) : []
  const frame = cursor.isWord('ROWS', 'RANGE') ? parseFrame(cursor) : undefined
  cursor.expectOperator(')', missingRight)
  return { partition, order, ...(frame === undefined ? {} : { frame }) }
}

/** `ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW` and its like. */
function parseFrame(cursor: Cursor): string {
  const unit = cursor.next().value
  const edge = (): string => {
    if (cursor.acceptWords('CURRENT', 'ROW')) return 'CURRENT ROW'
    const size = cursor.acceptWords('UNBOUNDED') ? 'UNBOUNDED' : String(cursor.integer(() => ora(3001, 'unimplemented feature')))
    if (!cursor.isWord('PRECEDING', 'FOLLOWING')) throw ora(905, 'missing keyword').at(cursor.at)
    return `${size} ${cursor.next().value}`
  }
  if (!cursor.acceptWords('BETWEEN')) return `${unit} ${edge()}`
  const from = edge()
  cursor.expectWord('AND')
  return `${unit} BETWEEN ${from} AND ${edge()}`
}

export function parseList(cursor: Cursor): Expression[] {
  const list: Expression[] = []
  do list.push(parseExpression(cursor))
  while (cursor.acceptOperator(','))
  return list
}

export function parseOrderBy(cursor: Cursor): OrderKey[] {
  cursor.expectWord('ORDER')
  cursor.acceptWords('SIBLINGS')
  cursor.expectWord('BY', () => ora(924, 'missing BY keyword'))
  const keys: OrderKey[] = []
  do {
    const expression = parseExpression(cursor)
    const descending = cursor.acceptWords('DESC')
    if (!descending) cursor.acceptWords('ASC')
    const nulls = cursor.acceptWords('NULLS', 'FIRST') ? 'FIRST' : cursor.acceptWords('NULLS', 'LAST') ? 'LAST' : undefined
    keys.push({ expression, descending, nulls })
  } while (cursor.acceptOperator(','))
  return keys
}

export function parseCondition(cursor: Cursor): Condition {
  let left = parseAnd(cursor)
  while (cursor.isWord('OR')) {
    const at = cursor.next().start
    left = { kind: 'or', left, right: parseAnd(cursor), at }
  }
  return left
}

function parseAnd(cursor: Cursor): Condition {
  let left = parseNot(cursor)
  while (cursor.isWord('AND')) {
    const at = cursor.next().start
    left = { kind: 'and', left, right: parseNot(cursor), at }
  }
  return left
}

function parseNot(cursor: Cursor): Condition {
  const at = cursor.at
  return cursor.acceptWords('NOT') ? { kind: 'not', operand: parseNot(cursor), at } : parsePredicate(cursor)
}

/** A parenthesis may hold a condition or begin a value: try the condition, go back when it was a value. */
function parsePredicate(cursor: Cursor): Condition {
  const at = cursor.at
  if (cursor.acceptWords('EXISTS')) {
    cursor.expectOperator('(', missingLeft)
    const query = cursor.parseQuery(cursor)
    cursor.expectOperator(')', missingRight)
    return { kind: 'exists', query, at }
  }
  if (cursor.isWord('REGEXP_LIKE')) {
    const call = parseReference(cursor)
    if (call.kind === 'call') return { kind: 'regexpLike', args: call.args, at }
    throw ora(920, 'invalid relational operator').at(cursor.at)
  }
  if (!cursor.isOperator('(') || (cursor.peek().kind === 'word' && ['SELECT', 'WITH'].includes(cursor.peek().value))) return parseComparison(cursor)
  const start = cursor.position
  let asCondition: Condition | undefined
  try {
    cursor.next()
    asCondition = parseCondition(cursor)
    cursor.expectOperator(')', missingRight)
    // `(a + b) * c > d`: the parenthesis was a value.
    if (asCondition.kind === 'truth') throw missingExpression()
    return asCondition
  } catch (error) {
    cursor.reset(start)
    try {
      return parseComparison(cursor)
    } catch (second) {
      throw asCondition === undefined || asCondition.kind === 'truth' ? second : error
    }
  }
}

function parseComparison(cursor: Cursor): Condition {
  const at = cursor.at
  const tuple = parseTuple(cursor)
  const left = tuple[0]
  if (left === undefined) throw missingExpression().at(at)
  const negated = cursor.acceptWords('NOT')
  if (cursor.acceptWords('IN')) return { kind: 'in', left: tuple, list: parseInList(cursor), negated, at }
  if (tuple.length > 1) throw ora(920, 'invalid relational operator').at(cursor.at)
  if (cursor.acceptWords('LIKE')) {
    const pattern = parseExpression(cursor)
    return { kind: 'like', operand: left, pattern, escape: cursor.acceptWords('ESCAPE') ? parseExpression(cursor) : undefined, negated, at }
  }
  if (cursor.acceptWords('BETWEEN')) {
    const low = parseExpression(cursor)
    cursor.expectWord('AND')
    return { kind: 'between', operand: left, low, high: parseExpression(cursor), negated, at }
  }
  if (negated) throw ora(920, 'invalid relational operator').at(cursor.at)
  if (cursor.acceptWords('IS')) {
    const not = cursor.acceptWords('NOT')
    cursor.expectWord('NULL', () => ora(908, 'missing NULL keyword'))
    return { kind: 'isNull', operand: left, negated: not, at }
  }
  const operator = cursor.token.kind === 'operator' ? comparisons[cursor.token.value] : undefined
  if (operator === undefined && cursor.procedural) return { kind: 'truth', operand: left, at }
  if (operator === undefined) throw ora(920, 'invalid relational operator').at(cursor.at)
  cursor.next()
  if (cursor.isWord('ANY', 'SOME', 'ALL')) {
    const quantifier = cursor.next().value === 'ALL' ? 'ALL' : 'ANY'
    cursor.expectOperator('(', missingLeft)
    const list = cursor.isWord('SELECT', 'WITH') ? cursor.parseQuery(cursor) : parseList(cursor)
    cursor.expectOperator(')', missingRight)
    return { kind: 'quantified', operator, quantifier, left, list, at }
  }
  return { kind: 'compare', operator, left, right: parseExpression(cursor), at }
}

/** One value, or `(a, b)` before IN. */
function parseTuple(cursor: Cursor): Expression[] {
  const start = cursor.position
  if (cursor.acceptOperator('(') && !cursor.isWord('SELECT', 'WITH')) {
    const list = parseList(cursor)
    if (list.length > 1) {
      cursor.expectOperator(')', missingRight)
      return list
    }
  }
  cursor.reset(start)
  return [parseExpression(cursor)]
}

function parseInList(cursor: Cursor): Expression[][] | Query {
  cursor.expectOperator('(', missingLeft)
  if (cursor.isWord('SELECT', 'WITH')) {
    const query = cursor.parseQuery(cursor)
    cursor.expectOperator(')', missingRight)
    return query
  }
  const list: Expression[][] = []
  do list.push(parseTuple(cursor))
  while (cursor.acceptOperator(','))
  cursor.expectOperator(')', missingRight)
  return list
}
