import type { Expression } from '../sql/ast.ts'
import type { Cursor } from '../sql/cursor.ts'
import type { Block, Handler, Statement } from './ast.ts'
import { parseDeclarations } from './parse-declarations.ts'
import { parseStatement } from './parse-statement.ts'
import { pls } from './errors.ts'
import { parseValue } from '../sql/parse-expression.ts'

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

/** `[DECLARE …] BEGIN … [EXCEPTION …] END [name]`, the cursor on DECLARE or BEGIN. */
export function parseBlock(cursor: Cursor): Block {
  const at = cursor.at
  const declarations = cursor.acceptWords('DECLARE') ? parseDeclarations(cursor) : []
  return parseBody(cursor, declarations, at)
}

/** From BEGIN on. */
export function parseBody(cursor: Cursor, declarations: Block['declarations'], at: number): Block {
  if (!cursor.acceptWords('BEGIN')) throw unexpected(cursor, 'begin function pragma procedure subtype type <an identifier> current cursor delete exists prior')
  const body = parseStatements(cursor, ['END', 'EXCEPTION'])
  const handlers: Handler[] = []
  if (cursor.acceptWords('EXCEPTION')) {
    do handlers.push(parseHandler(cursor))
    while (cursor.isWord('WHEN'))
  }
  expect(cursor, 'END')
  if (cursor.isIdentifier) cursor.next()
  return { declarations, body, handlers, at }
}

function parseHandler(cursor: Cursor): Handler {
  expect(cursor, 'WHEN')
  let exceptions: { path: string[]; at: number }[] | undefined
  if (!cursor.acceptWords('OTHERS')) {
    exceptions = []
    do exceptions.push({ at: cursor.at, path: pathOf(cursor) })
    while (cursor.acceptWords('OR'))
  }
  expect(cursor, 'THEN')
  return { exceptions, body: parseStatements(cursor, ['WHEN', 'END']) }
}

/** At least one statement, up to one of the words. */
export function parseStatements(cursor: Cursor, until: readonly string[]): Statement[] {
  const statements: Statement[] = []
  do statements.push(parseStatement(cursor))
  while (!cursor.isWord(...until))
  return statements
}
