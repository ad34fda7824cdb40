import type { Cursor } from '../sql/cursor.ts'
import type { Block, Declaration, FieldDefinition, Parameter, Subprogram, TypeDefinition, TypeName } from './ast.ts'
import { pls } from './errors.ts'
import { expect, nameOf, parseEmbeddedQuery, unexpected, valueOf } from './parse-parts.ts'

/** Blocks contain declarations and subprograms contain blocks: this parser is handed the one for what stands from BEGIN on. */
export type ParseBody = (cursor: Cursor, declarations: readonly Declaration[], at: number) => Block

/** Declarations up to BEGIN (or END of a package). */
export function parseDeclarations(cursor: Cursor, parseBody: ParseBody): Declaration[] {
  const declarations: Declaration[] = []
  while (!cursor.isWord('BEGIN', 'END')) {
    declarations.push(parseDeclaration(cursor, parseBody))
  }
  return declarations
}

function parseDeclaration(cursor: Cursor, parseBody: ParseBody): Declaration {
  const at = cursor.at
  if (cursor.isWord('PROCEDURE', 'FUNCTION')) {
    const subprogram = parseSubprogram(cursor, parseBody)
    expect(cursor, ';')
    return { kind: 'subprogram', subprogram, at }
  }
  if (cursor.acceptWords('PRAGMA')) return parsePragma(cursor, at)
  if (cursor.acceptWords('CURSOR')) return parseCursor(cursor, at)
  if (cursor.acceptWords('TYPE')) return parseTypeDeclaration(cursor, at)
  if (cursor.acceptWords('SUBTYPE')) {
    const name = nameOf(cursor)
    expect(cursor, 'IS')
    const type = parseTypeName(cursor)
    expect(cursor, ';')
    return { kind: 'type', name, definition: { kind: 'subtype', type }, at }
  }
  const name = nameOf(cursor)
  if (cursor.acceptWords('EXCEPTION')) {
    expect(cursor, ';')
    return { kind: 'exception', name, at }
  }
  const constant = cursor.acceptWords('CONSTANT')
  const type = parseTypeName(cursor)
  const notNull = cursor.acceptWords('NOT', 'NULL')
  const initial = parseInitial(cursor)
  expect(cursor, ';')
  if (initial === undefined && (constant || notNull)) throw pls(constant ? 322 : 218, constant ? `declaration of a constant '${name}' must contain an initialization assignment` : 'a variable declared NOT NULL must have an initialization assignment', at)
  return { kind: 'variable', name, type, constant, notNull, initial, at }
}

function parseInitial(cursor: Cursor): ReturnType<typeof valueOf> | undefined {
  return cursor.acceptOperator(':=') || cursor.acceptWords('DEFAULT') ? valueOf(cursor) : undefined
}

function parsePragma(cursor: Cursor, at: number): Declaration {
  const pragma = nameOf(cursor)
  if (pragma === 'AUTONOMOUS_TRANSACTION') {
    expect(cursor, ';')
    return { kind: 'autonomous', at }
  }
  if (pragma !== 'EXCEPTION_INIT') throw pls(127, `Pragma ${pragma} is not a supported pragma`, at)
  expect(cursor, '(')
  const name = nameOf(cursor)
  expect(cursor, ',')
  const negative = cursor.acceptOperator('-')
  if (cursor.token.kind !== 'number') throw unexpected(cursor, '<an integer>')
  const code = Number(cursor.next().value) * (negative ? -1 : 1)
  expect(cursor, ')')
  expect(cursor, ';')
  return { kind: 'exception-init', name, code, at }
}

function parseCursor(cursor: Cursor, at: number): Declaration {
  const name = nameOf(cursor)
  const parameters = parseParameters(cursor)
  if (cursor.acceptWords('RETURN')) parseTypeName(cursor)
  expect(cursor, 'IS')
  const query = parseEmbeddedQuery(cursor)
  expect(cursor, ';')
  return { kind: 'cursor', name, parameters, query, at }
}

function parseTypeDeclaration(cursor: Cursor, at: number): Declaration {
  const name = nameOf(cursor)
  expect(cursor, 'IS')
  const definition = parseTypeDefinition(cursor)
  expect(cursor, ';')
  return { kind: 'type', name, definition, at }
}

function parseTypeDefinition(cursor: Cursor): TypeDefinition {
  if (cursor.acceptWords('RECORD')) {
    expect(cursor, '(')
    const fields: FieldDefinition[] = []
    do fields.push({ name: nameOf(cursor), type: parseTypeName(cursor), notNull: cursor.acceptWords('NOT', 'NULL'), initial: parseInitial(cursor) })
    while (cursor.acceptOperator(','))
    expect(cursor, ')')
    return { kind: 'record', fields }
  }
  if (cursor.acceptWords('REF')) {
    expect(cursor, 'CURSOR')
    if (cursor.acceptWords('RETURN')) parseTypeName(cursor)
    return { kind: 'cursor' }
  }
  let limit: number | undefined
  if (cursor.acceptWords('VARRAY') || cursor.acceptWords('VARYING', 'ARRAY')) {
    expect(cursor, '(')
    limit = Number(cursor.next().value)
    expect(cursor, ')')
  } else expect(cursor, 'TABLE')
  expect(cursor, 'OF')
  const element = parseTypeName(cursor)
  cursor.acceptWords('NOT', 'NULL')
  const index = cursor.acceptWords('INDEX', 'BY') ? parseTypeName(cursor) : undefined
  return { kind: 'table', element, index, limit }
}

/** A type with its length or attribute. Words of types may be reserved in SQL, not here. */
export function parseTypeName(cursor: Cursor): TypeName {
  const at = cursor.at
  const path = [nameOf(cursor)]
  while (cursor.isOperator('.')) {
    cursor.next()
    path.push(nameOf(cursor))
  }
  if (cursor.acceptOperator('%')) {
    const attribute = cursor.isWord('TYPE', 'ROWTYPE') ? (cursor.next().value as 'TYPE' | 'ROWTYPE') : undefined
    if (attribute === undefined) throw unexpected(cursor, 'type rowtype')
    return { path, attribute, length: undefined, scale: undefined, at }
  }
  let length: number | undefined
  let scale: number | undefined
  if (cursor.acceptOperator('(')) {
    length = cursor.acceptOperator('*') ? undefined : wholeNumber(cursor)
    if (cursor.acceptOperator(',')) scale = cursor.acceptOperator('-') ? -wholeNumber(cursor) : wholeNumber(cursor)
    if (!cursor.acceptWords('CHAR')) cursor.acceptWords('BYTE')
    expect(cursor, ')')
  }
  const [name] = path
  if (path.length === 1 && name !== undefined) {
    if (name === 'TIMESTAMP' && cursor.acceptWords('WITH')) {
      cursor.acceptWords('LOCAL')
      expect(cursor, 'TIME')
      expect(cursor, 'ZONE')
    }
    if (name === 'INTERVAL') {
      for (const word of ['DAY', 'SECOND']) {
        expect(cursor, word)
        if (cursor.acceptOperator('(')) {
          cursor.next()
          expect(cursor, ')')
        }
        if (word === 'DAY') expect(cursor, 'TO')
      }
    }
    if (name === 'LONG') cursor.acceptWords('RAW')
    if (name === 'DOUBLE') cursor.acceptWords('PRECISION')
  }
  return { path, attribute: undefined, length, scale, at }
}

function wholeNumber(cursor: Cursor): number {
  if (cursor.token.kind !== 'number') throw unexpected(cursor, '<an integer>')
  return Number(cursor.next().value)
}

function parseParameters(cursor: Cursor): Parameter[] {
  const parameters: Parameter[] = []
  if (!cursor.acceptOperator('(')) return parameters
  do {
    const at = cursor.at
    const name = nameOf(cursor)
    const reads = cursor.acceptWords('IN')
    const writes = cursor.acceptWords('OUT')
    cursor.acceptWords('NOCOPY')
    const type = parseTypeName(cursor)
    parameters.push({ name, mode: writes ? (reads ? 'IN OUT' : 'OUT') : 'IN', type, initial: parseInitial(cursor), at })
  } while (cursor.acceptOperator(','))
  expect(cursor, ')')
  return parameters
}

/** PROCEDURE or FUNCTION with or without its body, up to the `;` behind it. */
export function parseSubprogram(cursor: Cursor, parseBody: ParseBody): Subprogram {
  const at = cursor.at
  const isFunction = cursor.next().value === 'FUNCTION'
  let name = nameOf(cursor)
  while (cursor.acceptOperator('.')) name = nameOf(cursor)
  const parameters = parseParameters(cursor)
  let returns: TypeName | undefined
  if (isFunction) {
    expect(cursor, 'RETURN')
    returns = parseTypeName(cursor)
  }
  for (;;) {
    if (cursor.acceptWords('DETERMINISTIC') || cursor.acceptWords('PARALLEL_ENABLE') || cursor.acceptWords('RESULT_CACHE')) continue
    if (cursor.acceptWords('AUTHID')) {
      cursor.next()
      continue
    }
    break
  }
  if (!cursor.acceptWords('IS') && !cursor.acceptWords('AS')) {
    if (!cursor.isOperator(';')) throw unexpected(cursor, '( ; is with authid as cluster order using external')
    return { name, parameters, returns, body: undefined, autonomous: false, at }
  }
  const declarations = parseDeclarations(cursor, parseBody)
  const body = parseBody(cursor, declarations, at)
  return { name, parameters, returns, body, autonomous: declarations.some((declaration) => declaration.kind === 'autonomous'), at }
}
