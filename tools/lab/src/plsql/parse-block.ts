import type { Cursor } from '../sql/cursor.ts'
import type { Block, Handler, Statement } from './ast.ts'
import { parseDeclarations } from './parse-declarations.ts'
import { expect, pathOf, unexpected } from './parse-parts.ts'
import { parseStatement } from './parse-statement.ts'

/** `[DECLARE …] BEGIN … [EXCEPTION …] END [name]`, the cursor on DECLARE or BEGIN. */
export function parseBlock(cursor: Cursor): Block {
  const at = cursor.at
  const declarations = cursor.acceptWords('DECLARE') ? parseDeclarations(cursor, parseBody) : []
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
  do statements.push(parseStatement(cursor, { parseBlock, parseStatements }))
  while (!cursor.isWord(...until))
  return statements
}
