import type { Expression } from '../sql/ast.ts'
import type { Cursor } from '../sql/cursor.ts'
import { parseDml } from '../sql/parse-dml.ts'
import { parseExpression } from '../sql/parse-expression.ts'
import { parseInto, parseQuery, withForUpdate } from '../sql/parse-query.ts'
import type { Block, IntoTargets, LoopRange, Statement, UsingArgument } from './ast.ts'
import { pls } from './errors.ts'
import { asBlockError, expect, nameOf, parseEmbeddedQuery, parseLabel, pathOf, unexpected, valueOf } from './parse-parts.ts'

/** Statements contain blocks and lists of statements: whoever parses one hands these in. */
export interface Inner {
  readonly parseBlock: (cursor: Cursor) => Block
  /** At least one statement, up to one of the words. */
  readonly parseStatements: (cursor: Cursor, until: readonly string[]) => Statement[]
}

/** One statement with its `;`. */
export function parseStatement(cursor: Cursor, inner: Inner): Statement {
  const at = cursor.at
  const label = parseLabel(cursor)
  if (label !== undefined) return { ...parseStatement(cursor, inner), label }
  const statement = { at, ...parseBare(cursor, inner) } as Statement
  expect(cursor, ';')
  return statement
}

type Bare = Statement extends infer S ? (S extends unknown ? Omit<S, 'at' | 'label'> : never) : never

function parseBare(cursor: Cursor, inner: Inner): Bare {
  const { token } = cursor
  if (token.kind === 'word') {
    const parse = parsers[token.value]
    if (parse !== undefined && !(cursor.peek().kind === 'operator' && [':=', '.', '('].includes(cursor.peek().value) && softWords.has(token.value))) return parse(cursor, inner)
  }
  if (token.kind !== 'bind' && !cursor.isIdentifier) throw unexpected(cursor, '( begin case declare end exception exit for goto if loop mod null pragma raise return select update while with <an identifier> <a double-quoted delimited-identifier> <a bind variable> << continue close current delete fetch lock insert open rollback savepoint set sql execute commit forall merge pipe purge')
  const target = asBlockError(cursor, () => parseReferenceOnly(cursor))
  if (cursor.acceptOperator(':=')) return { kind: 'assign', target, value: valueOf(cursor) }
  if (target.kind === 'bind') throw unexpected(cursor, ':=')
  return { kind: 'call', call: target }
}

/** Words that begin a statement and may also name a variable. */
const softWords = new Set(['OPEN', 'CLOSE', 'EXIT', 'CONTINUE', 'COMMIT', 'ROLLBACK', 'SAVEPOINT', 'RAISE', 'RETURN', 'EXECUTE', 'SET', 'FORALL', 'PIPE', 'MERGE', 'DELETE'])

/** A variable, an element or a call: no operators. */
function parseReferenceOnly(cursor: Cursor): Expression {
  const value = parseExpression(cursor)
  if (!['column', 'call', 'field', 'element', 'bind'].includes(value.kind)) throw unexpected(cursor, ':= . ( @ % ;')
  return value
}

const parsers: Readonly<Record<string, (cursor: Cursor, inner: Inner) => Bare>> = {
  NULL: (cursor) => {
    cursor.next()
    return { kind: 'null' }
  },
  BEGIN: (cursor, inner) => ({ kind: 'block', block: inner.parseBlock(cursor) }),
  DECLARE: (cursor, inner) => ({ kind: 'block', block: inner.parseBlock(cursor) }),
  IF: parseIf,
  CASE: parseCase,
  LOOP: (cursor, inner) => ({ kind: 'loop', while: undefined, body: parseLoopBody(cursor, inner) }),
  WHILE: (cursor, inner) => {
    cursor.next()
    const condition = valueOf(cursor)
    return { kind: 'loop', while: condition, body: parseLoopBody(cursor, inner) }
  },
  FOR: parseFor,
  FORALL: parseForall,
  EXIT: (cursor) => parseExit(cursor, 'exit'),
  CONTINUE: (cursor) => parseExit(cursor, 'continue'),
  RAISE: (cursor) => {
    cursor.next()
    return { kind: 'raise', path: cursor.isOperator(';') ? undefined : pathOf(cursor) }
  },
  RETURN: (cursor) => {
    cursor.next()
    return { kind: 'return', value: cursor.isOperator(';') ? undefined : valueOf(cursor) }
  },
  SELECT: parseSelect,
  WITH: parseSelect,
  INSERT: parseChange,
  UPDATE: parseChange,
  DELETE: parseChange,
  MERGE: parseChange,
  COMMIT: parseTransaction,
  ROLLBACK: parseTransaction,
  SAVEPOINT: parseTransaction,
  SET: parseTransaction,
  LOCK: parseTransaction,
  EXECUTE: parseExecute,
  OPEN: parseOpen,
  FETCH: parseFetch,
  CLOSE: (cursor) => {
    cursor.next()
    return { kind: 'close', cursor: asBlockError(cursor, () => parseReferenceOnly(cursor)) }
  },
  GOTO: (cursor) => {
    throw pls(999, 'implementation restriction (may be temporary) GOTO', cursor.at)
  },
  PIPE: (cursor) => {
    throw pls(999, 'implementation restriction (may be temporary) PIPE ROW', cursor.at)
  },
}

function parseIf(cursor: Cursor, inner: Inner): Bare {
  const branches: { when: Expression; body: Statement[] }[] = []
  do {
    cursor.next()
    const when = valueOf(cursor)
    expect(cursor, 'THEN')
    branches.push({ when, body: inner.parseStatements(cursor, ['ELSIF', 'ELSE', 'END']) })
  } while (cursor.isWord('ELSIF'))
  const otherwise = cursor.acceptWords('ELSE') ? inner.parseStatements(cursor, ['END']) : undefined
  expect(cursor, 'END')
  expect(cursor, 'IF')
  return { kind: 'if', branches, otherwise }
}

function parseCase(cursor: Cursor, inner: Inner): Bare {
  cursor.next()
  const operand = cursor.isWord('WHEN') ? undefined : valueOf(cursor)
  const branches: { when: Expression; body: Statement[] }[] = []
  while (cursor.acceptWords('WHEN')) {
    const when = valueOf(cursor)
    expect(cursor, 'THEN')
    branches.push({ when, body: inner.parseStatements(cursor, ['WHEN', 'ELSE', 'END']) })
  }
  if (branches.length === 0) throw unexpected(cursor, 'when')
  const otherwise = cursor.acceptWords('ELSE') ? inner.parseStatements(cursor, ['END']) : undefined
  expect(cursor, 'END')
  expect(cursor, 'CASE')
  return { kind: 'case', operand, branches, otherwise }
}

function parseLoopBody(cursor: Cursor, inner: Inner): Statement[] {
  expect(cursor, 'LOOP')
  const body = inner.parseStatements(cursor, ['END'])
  expect(cursor, 'END')
  expect(cursor, 'LOOP')
  if (cursor.isIdentifier) cursor.next()
  return body
}

function parseFor(cursor: Cursor, inner: Inner): Bare {
  cursor.next()
  const variable = nameOf(cursor)
  expect(cursor, 'IN')
  const range = parseRange(cursor)
  return { kind: 'for', variable, range, body: parseLoopBody(cursor, inner) }
}

function parseRange(cursor: Cursor): LoopRange {
  const at = cursor.at
  const reverse = cursor.acceptWords('REVERSE')
  if (cursor.isOperator('(') && (['SELECT', 'WITH'].includes(cursor.peek().value) && cursor.peek().kind === 'word')) {
    cursor.next()
    const query = asSqlError(cursor, () => parseEmbeddedQuery(cursor))
    expect(cursor, ')')
    return { kind: 'query', query }
  }
  const low = asBlockError(cursor, () => parseExpression(cursor))
  if (cursor.acceptOperator('..')) return { kind: 'range', low, high: asBlockError(cursor, () => parseExpression(cursor)), reverse }
  if (low.kind === 'column') return { kind: 'cursor', path: low.path, args: [], at }
  if (low.kind === 'call') return { kind: 'cursor', path: low.name.split('.'), args: low.args, at }
  throw unexpected(cursor, '..')
}

function parseForall(cursor: Cursor): Bare {
  cursor.next()
  const variable = nameOf(cursor)
  expect(cursor, 'IN')
  const low = asBlockError(cursor, () => parseExpression(cursor))
  expect(cursor, '..')
  const high = asBlockError(cursor, () => parseExpression(cursor))
  const at = cursor.at
  const statement = cursor.isWord('EXECUTE') ? parseExecute(cursor) : parseChange(cursor)
  return { kind: 'forall', variable, low, high, statement: { at, ...statement } as Statement }
}

function parseExit(cursor: Cursor, kind: 'exit' | 'continue'): Bare {
  cursor.next()
  const target = cursor.isIdentifier ? cursor.next().value : undefined
  return { kind, target, when: cursor.acceptWords('WHEN') ? valueOf(cursor) : undefined }
}

/** SQL inside of PL/SQL keeps its own messages. */
function asSqlError<T>(cursor: Cursor, parse: () => T): T {
  cursor.procedural = false
  try {
    return parse()
  } finally {
    cursor.procedural = true
  }
}

function parseSelect(cursor: Cursor): Bare {
  const at = cursor.at
  const { query, into } = asSqlError(cursor, () => {
    const parsed = withForUpdate(cursor, parseQuery(cursor))
    return { query: parsed, into: cursor.takeInto() }
  })
  if (into === undefined) throw pls(428, 'an INTO clause is expected in this SELECT statement', at)
  return { kind: 'select', query, into }
}

function parseChange(cursor: Cursor): Bare {
  const dml = asSqlError(cursor, () => parseDml(cursor))
  if (dml === undefined) throw unexpected(cursor, 'insert update delete merge execute')
  return { kind: 'dml', dml }
}

/** COMMIT, ROLLBACK, SAVEPOINT, SET TRANSACTION, LOCK TABLE: their text goes to SQL. */
function parseTransaction(cursor: Cursor): Bare {
  const start = cursor.at
  let end = start
  while (!cursor.isOperator(';') && cursor.token.kind !== 'end') end = cursor.next().end
  return { kind: 'transaction', text: cursor.text.slice(start, end) }
}

function parseTargets(cursor: Cursor): IntoTargets {
  return asBlockError(cursor, () => parseInto(cursor))
}

function parseUsing(cursor: Cursor): UsingArgument[] {
  const using: UsingArgument[] = []
  if (!cursor.acceptWords('USING')) return using
  do {
    const reads = cursor.acceptWords('IN')
    const writes = cursor.acceptWords('OUT')
    using.push({ mode: writes ? (reads ? 'IN OUT' : 'OUT') : 'IN', value: valueOf(cursor) })
  } while (cursor.acceptOperator(','))
  return using
}

function parseExecute(cursor: Cursor): Bare {
  cursor.next()
  expect(cursor, 'IMMEDIATE')
  const sql = valueOf(cursor)
  const into = cursor.isWord('INTO', 'BULK') ? parseTargets(cursor) : undefined
  const using = parseUsing(cursor)
  const returning = cursor.acceptWords('RETURNING') || cursor.acceptWords('RETURN') ? parseTargets(cursor).targets : []
  return { kind: 'execute', sql, into, using, returning }
}

function parseOpen(cursor: Cursor): Bare {
  cursor.next()
  const target = asBlockError(cursor, () => parseReferenceOnly(cursor))
  if (!cursor.acceptWords('FOR')) return { kind: 'open', cursor: target, query: undefined, sql: undefined, using: [] }
  if (cursor.isWord('SELECT', 'WITH')) return { kind: 'open', cursor: target, query: asSqlError(cursor, () => parseEmbeddedQuery(cursor)), sql: undefined, using: [] }
  const sql = valueOf(cursor)
  return { kind: 'open', cursor: target, query: undefined, sql, using: parseUsing(cursor) }
}

function parseFetch(cursor: Cursor): Bare {
  cursor.next()
  const target = asBlockError(cursor, () => parseReferenceOnly(cursor))
  if (!cursor.isWord('INTO', 'BULK')) throw unexpected(cursor, 'into bulk')
  const into = parseTargets(cursor)
  return { kind: 'fetch', cursor: target, into, limit: cursor.acceptWords('LIMIT') ? asBlockError(cursor, () => parseExpression(cursor)) : undefined }
}
