import { ora } from '../engine/ora-error.ts'
import type { Comparison, Condition, Expression, OrderKey, Query, Window } from './ast.ts'
import type { Cursor } from './cursor.ts'
import { reservedWords } from './lexer.ts'

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
  let value = parsePrimary(cursor)
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
  const inner = parseExpression(cursor)
  cursor.expectOperator(')', missingRight)
  return inner
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
  if (reservedWords.has(token.value) && !valueWords.has(token.value)) throw missingExpression().at(at)
  return parseReference(cursor)
}

function parseInterval(cursor: Cursor): Expression {
  const at = cursor.at
  cursor.next()
  const amount = Number(cursor.next().value)
  const unit = intervalSeconds[cursor.token.value]
  if (cursor.token.kind !== 'word' || unit === undefined) throw ora(30089, 'missing or invalid <datetime field>').at(cursor.at)
  if (!Number.isFinite(amount)) throw ora(1867, 'the interval is invalid').at(at)
  cursor.next()
  return { kind: 'interval', seconds: amount * unit, at }
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
  if (cursor.isOperator('(')) return parseCall(cursor, path.join('.'), at)
  return { kind: 'column', path, outer: cursor.acceptOperator('(+)'), at }
}

function parseCall(cursor: Cursor, name: string, at: number): Expression {
  cursor.next()
  let star = false
  let distinct = false
  const args: Expression[] = []
  if (cursor.isOperator('*') && name === 'COUNT') {
    cursor.next()
    star = true
  } else if (!cursor.isOperator(')')) {
    distinct = cursor.acceptWords('DISTINCT') || cursor.acceptWords('UNIQUE')
    if (!distinct) cursor.acceptWords('ALL')
    do args.push(parseExpression(cursor))
    while (cursor.acceptOperator(','))
  }
  cursor.expectOperator(')', missingRight)
  let withinGroup: OrderKey[] | undefined
  if (cursor.acceptWords('WITHIN', 'GROUP')) {
    cursor.expectOperator('(', missingLeft)
    withinGroup = parseOrderBy(cursor)
    cursor.expectOperator(')', missingRight)
  }
  return { kind: 'call', name, args, star, distinct, withinGroup, over: cursor.isWord('OVER') ? parseWindow(cursor) : undefined, at }
}

function parseWindow(cursor: Cursor): Window {
  cursor.next()
  cursor.expectOperator('(', missingLeft)
  const partition = cursor.acceptWords('PARTITION', 'BY') ? parseList(cursor) : []
  const order = cursor.isWord('ORDER') ? parseOrderBy(cursor) : []
  cursor.expectOperator(')', missingRight)
  return { partition, order }
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
    return asCondition
  } catch (error) {
    cursor.reset(start)
    try {
      return parseComparison(cursor)
    } catch (second) {
      throw asCondition === undefined ? second : error
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
