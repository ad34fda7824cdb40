import type { Expression } from '../sql/ast.ts'
import type { Cursor } from '../sql/cursor.ts'
import { parseValue } from '../sql/parse-expression.ts'
import { parseQuery, withForUpdate } from '../sql/parse-query.ts'
import { pls } from './errors.ts'

/** PLS-00103 at the token where the grammar stops. */
export function unexpected(cursor: Cursor, wanted: string): ReturnType<typeof pls> {
  const { token } = cursor
  const shown = token.kind === 'end' ? 'end-of-file' : token.kind === 'string' ? token.value : cursor.text.slice(token.start, token.end).toUpperCase()
  return pls(103, `Encountered the symbol "${shown}" when expecting one of the following:\n\n   ${wanted}\n`, token.start)
}

export function expect(cursor: Cursor, word: string): void {
  const found = /^\w+$/.test(word) ? cursor.acceptWords(word) : cursor.acceptOperator(word)
  if (!found) throw unexpected(cursor, word.toLowerCase())
}

export function nameOf(cursor: Cursor): string {
  if (!cursor.isIdentifier) throw unexpected(cursor, '<an identifier> <a double-quoted delimited-identifier>')
  return cursor.next().value
}

export function pathOf(cursor: Cursor): string[] {
  const path = [nameOf(cursor)]
  while (cursor.isOperator('.')) {
    cursor.next()
    path.push(nameOf(cursor))
  }
  return path
}

/** Any value of PL/SQL; SQL's syntax errors become PLS-00103. */
export function valueOf(cursor: Cursor): Expression {
  return asBlockError(cursor, () => parseValue(cursor))
}

export function asBlockError<T>(cursor: Cursor, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'OraError') throw error
    throw unexpected(cursor, '( - + case mod new not null <an identifier> <a double-quoted delimited-identifier> <a bind variable>')
  }
}

/** `<<label>>` */
export function parseLabel(cursor: Cursor): string | undefined {
  if (!cursor.acceptOperator('<<')) return undefined
  const label = nameOf(cursor)
  expect(cursor, '>>')
  return label
}

/** A query with SQL's own words. */
export function parseEmbeddedQuery(cursor: Cursor): ReturnType<typeof parseQuery> {
  cursor.procedural = false
  try {
    return withForUpdate(cursor, parseQuery(cursor))
  } finally {
    cursor.procedural = true
  }
}
