import { ora } from '../engine/ora-error.ts'
import type { CommonTable, Condition, Expression, Query, QueryBody, SelectBlock, SelectItem, TableSource } from './ast.ts'
import type { Cursor } from './cursor.ts'
import { parseGroupBy } from './grouping-sets.ts'
import { parseCondition, parseExpression, parseOrderBy } from './parse-expression.ts'
import { parsePivot, parseUnpivot } from './pivot.ts'

const missingRight = () => ora(907, 'missing right parenthesis')
const missingLeft = () => ora(906, 'missing left parenthesis')
/** Words that may follow a table and so are no alias of it, though Oracle does not reserve them. */
const afterTable = new Set(['PIVOT', 'UNPIVOT', 'CONNECT', 'START', 'JOIN', 'INNER', 'LEFT', 'RIGHT', 'FULL', 'CROSS', 'NATURAL', 'USING', 'OFFSET', 'FETCH'])

/** `[with …] select … [union …] [order by …] [offset …] [fetch …]`, up to the first token that does not belong to it. */
export function parseQuery(cursor: Cursor): Query {
  const common: CommonTable[] = []
  if (cursor.acceptWords('WITH')) {
    do common.push(parseCommonTable(cursor))
    while (cursor.acceptOperator(','))
  }
  const body = parseBody(cursor)
  const siblings = cursor.isWord('ORDER') && cursor.peek().value === 'SIBLINGS'
  const orderBy = cursor.isWord('ORDER') ? parseOrderBy(cursor) : []
  let offset: Expression | undefined
  let fetch: Expression | undefined
  if (cursor.acceptWords('OFFSET')) {
    offset = parseExpression(cursor)
    if (!cursor.acceptWords('ROWS')) cursor.expectWord('ROW')
  }
  if (cursor.acceptWords('FETCH')) {
    if (!cursor.acceptWords('FIRST')) cursor.expectWord('NEXT')
    fetch = cursor.isWord('ROW', 'ROWS') ? { kind: 'literal', type: 'NUMBER', value: '1', at: cursor.at } : parseExpression(cursor)
    if (!cursor.acceptWords('ROWS')) cursor.expectWord('ROW')
    cursor.expectWord('ONLY')
  }
  return { with: common, body, orderBy, ...(siblings ? { siblings } : {}), offset, fetch }
}

function parseCommonTable(cursor: Cursor): CommonTable {
  const name = cursor.identifier(() => ora(903, 'invalid table name'))
  let columns: string[] | undefined
  if (cursor.acceptOperator('(')) {
    columns = []
    do columns.push(cursor.identifier())
    while (cursor.acceptOperator(','))
    cursor.expectOperator(')', missingRight)
  }
  cursor.expectWord('AS')
  cursor.expectOperator('(', missingLeft)
  const query = parseQuery(cursor)
  cursor.expectOperator(')', missingRight)
  if (cursor.isWord('SEARCH', 'CYCLE')) throw ora(3001, 'unimplemented feature').at(cursor.at)
  return { name, columns, query }
}

/** Oracle gives all set operators the same precedence, from left to right. */
function parseBody(cursor: Cursor): QueryBody {
  let left = parseOperand(cursor)
  while (cursor.isWord('UNION', 'MINUS', 'INTERSECT')) {
    const at = cursor.at
    const word = cursor.next().value as 'UNION' | 'MINUS' | 'INTERSECT'
    const operator = word === 'UNION' && cursor.acceptWords('ALL') ? 'UNION ALL' : word
    left = { kind: 'set', operator, left, right: parseOperand(cursor), at }
  }
  return left
}

function parseOperand(cursor: Cursor): QueryBody {
  if (cursor.acceptOperator('(')) {
    const query = parseQuery(cursor)
    cursor.expectOperator(')', missingRight)
    return { kind: 'nested', query }
  }
  cursor.expectWord('SELECT', () => ora(928, 'missing SELECT keyword'))
  return parseBlock(cursor)
}

function parseBlock(cursor: Cursor): SelectBlock {
  const distinct = cursor.acceptWords('DISTINCT') || cursor.acceptWords('UNIQUE')
  if (!distinct) cursor.acceptWords('ALL')
  const items: SelectItem[] = []
  do items.push(parseItem(cursor))
  while (cursor.acceptOperator(','))
  if (items.length > 1 && items.some((item) => item.kind === 'star' && item.qualifier === undefined)) throw ora(923, 'FROM keyword not found where expected').at(cursor.at)
  if (cursor.block && (cursor.isWord('INTO') || (cursor.isWord('BULK') && cursor.peek().value === 'COLLECT'))) cursor.into = parseInto(cursor)
  cursor.expectWord('FROM', () => ora(923, 'FROM keyword not found where expected'))
  const from: TableSource[] = []
  do from.push(parseJoined(cursor))
  while (cursor.acceptOperator(','))
  const where = cursor.acceptWords('WHERE') ? parseCondition(cursor) : undefined
  const tree = cursor.isWord('CONNECT', 'START') ? parseHierarchy(cursor, from) : undefined
  let grouping: ReturnType<typeof parseGroupBy> = { groupBy: [], sets: undefined }
  let having: Condition | undefined
  if (cursor.acceptWords('GROUP')) {
    cursor.expectWord('BY', () => ora(924, 'missing BY keyword'))
    grouping = parseGroupBy(cursor)
  }
  if (cursor.acceptWords('HAVING')) having = parseCondition(cursor)
  return { kind: 'select', distinct, items, from, where, groupBy: grouping.groupBy, having, ...(grouping.sets === undefined ? {} : { groupingSets: grouping.sets }), ...tree }
}

/** `[START WITH c] CONNECT BY [NOCYCLE] c`, in either order. */
function parseHierarchy(cursor: Cursor, from: readonly TableSource[]): Pick<SelectBlock, 'levels' | 'hierarchy'> {
  let start = cursor.acceptWords('START', 'WITH') ? parseCondition(cursor) : undefined
  cursor.expectWord('CONNECT', () => ora(1788, 'CONNECT BY clause required in this query block'))
  cursor.expectWord('BY', () => ora(924, 'missing BY keyword'))
  const nocycle = cursor.acceptWords('NOCYCLE')
  const connect = parseCondition(cursor)
  if (start === undefined && cursor.acceptWords('START', 'WITH')) start = parseCondition(cursor)
  const levels = start === undefined ? rowGenerator(connect, from) : undefined
  return levels === undefined ? { hierarchy: { start, connect, nocycle } } : { levels }
}

/** The bound of `FROM DUAL CONNECT BY LEVEL <= n`, which needs no tree. */
function rowGenerator(connect: Condition, from: readonly TableSource[]): Expression | undefined {
  const [source] = from
  if (from.length !== 1 || source?.kind !== 'table' || source.path.at(-1) !== 'DUAL') return undefined
  if (connect.kind !== 'compare' || connect.left.kind !== 'column' || connect.left.path[0] !== 'LEVEL' || (connect.operator !== '<' && connect.operator !== '<=')) return undefined
  const { at } = connect
  return connect.operator === '<' ? { kind: 'binary', operator: '-', left: connect.right, right: { kind: 'literal', type: 'NUMBER', value: '1', at }, at } : connect.right
}

/** PL/SQL: `[BULK COLLECT] INTO target, …` */
export function parseInto(cursor: Cursor): NonNullable<Cursor['into']> {
  const bulk = cursor.acceptWords('BULK', 'COLLECT')
  cursor.expectWord('INTO')
  const targets: Expression[] = []
  do targets.push(parseExpression(cursor))
  while (cursor.acceptOperator(','))
  return { targets, bulk }
}

function parseItem(cursor: Cursor): SelectItem {
  const at = cursor.at
  if (cursor.acceptOperator('*')) return { kind: 'star', qualifier: undefined, at }
  if (cursor.isIdentifier && cursor.peek().value === '.' && cursor.peek(2).value === '*' && cursor.peek(2).kind === 'operator') {
    const qualifier = cursor.next().value
    cursor.next()
    cursor.next()
    return { kind: 'star', qualifier, at }
  }
  const from = cursor.position
  const expression = parseExpression(cursor)
  const heading = cursor.heading(from)
  if (cursor.acceptWords('AS')) return { kind: 'value', expression, alias: cursor.identifier(() => ora(923, 'FROM keyword not found where expected')), heading }
  return { kind: 'value', expression, alias: cursor.isIdentifier ? cursor.next().value : undefined, heading }
}

function parseJoined(cursor: Cursor): TableSource {
  let left = parseTable(cursor)
  for (;;) {
    const at = cursor.at
    if (cursor.acceptWords('CROSS', 'JOIN')) {
      left = { kind: 'join', type: 'CROSS', left, right: parseTable(cursor), on: undefined, using: undefined, at }
      continue
    }
    const type = parseJoinType(cursor)
    if (type === undefined) return left
    const right = parseTable(cursor)
    if (cursor.acceptWords('ON')) {
      left = { kind: 'join', type, left, right, on: parseCondition(cursor), using: undefined, at }
      continue
    }
    cursor.expectWord('USING')
    cursor.expectOperator('(', missingLeft)
    const using: string[] = []
    do using.push(cursor.identifier())
    while (cursor.acceptOperator(','))
    cursor.expectOperator(')', missingRight)
    left = { kind: 'join', type, left, right, on: undefined, using, at }
  }
}

function parseJoinType(cursor: Cursor): 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | undefined {
  if (cursor.acceptWords('JOIN') || cursor.acceptWords('INNER', 'JOIN')) return 'INNER'
  for (const type of ['LEFT', 'RIGHT', 'FULL'] as const) {
    if (cursor.acceptWords(type, 'JOIN') || cursor.acceptWords(type, 'OUTER', 'JOIN')) return type
  }
  return undefined
}

function parseTable(cursor: Cursor): TableSource {
  const at = cursor.at
  let source: TableSource
  if (cursor.acceptOperator('(')) {
    if (cursor.isWord('SELECT', 'WITH') || cursor.isOperator('(')) {
      const query = parseQuery(cursor)
      source = { kind: 'derived', query, alias: undefined, at }
    } else {
      const joined = parseJoined(cursor)
      cursor.expectOperator(')', missingRight)
      return joined
    }
    cursor.expectOperator(')', missingRight)
  } else {
    source = { kind: 'table', path: cursor.path(() => ora(903, 'invalid table name')), alias: undefined, at }
  }
  // Old versions of rows are kept nowhere.
  if ((cursor.isWord('AS') && cursor.peek().value === 'OF') || (cursor.isWord('VERSIONS') && cursor.peek().value === 'BETWEEN')) throw ora(3001, 'unimplemented feature').at(cursor.at)
  const takeAlias = (): void => {
    if (cursor.isIdentifier && !(cursor.token.kind === 'word' && afterTable.has(cursor.token.value))) source = { ...source, alias: cursor.next().value } as TableSource
  }
  takeAlias()
  while (cursor.isWord('PIVOT', 'UNPIVOT') && ['(', 'INCLUDE', 'EXCLUDE', 'XML'].includes(cursor.peek().value)) {
    source = cursor.isWord('PIVOT') ? parsePivot(cursor, source) : parseUnpivot(cursor, source)
    takeAlias()
  }
  return source
}

/** The query with what stands behind it: `FOR UPDATE [OF c] [NOWAIT | WAIT n]`. @throws OraError 30005, 03001 SKIP LOCKED */
export function withForUpdate(cursor: Cursor, query: Query): Query {
  if (!cursor.acceptWords('FOR', 'UPDATE')) return query
  const of: (readonly string[])[] = []
  if (cursor.acceptWords('OF')) {
    do of.push(cursor.path())
    while (cursor.acceptOperator(','))
  }
  if (cursor.acceptWords('WAIT')) return { ...query, lock: { of, seconds: cursor.integer(() => ora(30005, 'missing or invalid WAIT interval')) } }
  if (cursor.acceptWords('NOWAIT')) return { ...query, lock: { of, seconds: 0 } }
  if (cursor.isWord('SKIP')) throw ora(3001, 'unimplemented feature').at(cursor.at)
  return { ...query, lock: { of } }
}
