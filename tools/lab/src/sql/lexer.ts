import { ora } from '../engine/ora-error.ts'

export type TokenKind = 'word' | 'quoted' | 'string' | 'number' | 'operator' | 'bind' | 'end'

export interface Token {
  readonly kind: TokenKind
  /** Words in upper case, quoted identifiers and strings without their quotes, operators as written. */
  readonly value: string
  /** Where the token starts and ends in the statement. */
  readonly start: number
  readonly end: number
}

const space = /\s+/y
const lineComment = /--[^\n]*/y
const word = /[A-Za-z][A-Za-z0-9_$#]*/y
const number = /(?:\d+(?:\.(?!\.)\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y
const operator = /\(\+\)|\|\||<>|!=|\^=|<=|>=|=>|:=|[-+*/=<>(),.;@]/y
const bind = /:[A-Za-z][A-Za-z0-9_$#]*|:\d+/y
const identifierLimit = 128
const closing: Readonly<Record<string, string>> = { '[': ']', '(': ')', '{': '}', '<': '>' }

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

function stringLiteral(text: string, start: number): { value: string; end: number } {
  let value = ''
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] !== "'") value += text[at] ?? ''
    else if (text[at + 1] === "'") {
      value += "'"
      at++
    } else return { value, end: at + 1 }
  }
  throw ora(1756, 'quoted string not properly terminated')
}

/** `q'[it's]'`: any character closes itself, brackets close with their partner. */
function alternativeQuote(text: string, start: number): { value: string; end: number } {
  const opener = text[start + 2]
  if (opener === undefined) throw ora(1756, 'quoted string not properly terminated')
  const end = text.indexOf(`${closing[opener] ?? opener}'`, start + 3)
  if (end < 0) throw ora(1756, 'quoted string not properly terminated')
  return { value: text.slice(start + 3, end), end: end + 2 }
}

/**
 * Oracle's lexical rules: comments, '' and q'' strings, quoted identifiers, `:name` binds.
 * @throws OraError 00911, 00972, 00996, 01740, 01741, 01742, 01756
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  const add = (kind: TokenKind, value: string, end: number): void => {
    if ((kind === 'word' || kind === 'quoted') && value.length > identifierLimit) throw ora(972, 'identifier is too long').at(at)
    tokens.push({ kind, value, start: at, end })
    at = end
  }
  while (at < text.length) {
    const skipped = matchAt(space, text, at) ?? matchAt(lineComment, text, at)
    if (skipped !== undefined) {
      at += skipped.length
      continue
    }
    if (text.startsWith('/*', at)) {
      const end = text.indexOf('*/', at + 2)
      if (end < 0) throw ora(1742, 'comment not terminated properly').at(at)
      at = end + 2
      continue
    }
    const char = text[at] ?? ''
    if (char === "'") {
      const literal = stringLiteral(text, at)
      add('string', literal.value, literal.end)
      continue
    }
    if ((char === 'q' || char === 'Q') && text[at + 1] === "'") {
      const literal = alternativeQuote(text, at)
      add('string', literal.value, literal.end)
      continue
    }
    if (char === '"') {
      const end = text.indexOf('"', at + 1)
      if (end < 0) throw ora(1740, 'missing double quote in identifier').at(at)
      if (end === at + 1) throw ora(1741, 'illegal zero-length identifier').at(at)
      add('quoted', text.slice(at + 1, end), end + 1)
      continue
    }
    const bare = matchAt(word, text, at)
    if (bare !== undefined) {
      add('word', bare.toUpperCase(), at + bare.length)
      continue
    }
    const digits = matchAt(number, text, at)
    if (digits !== undefined) {
      add('number', digits, at + digits.length)
      continue
    }
    const variable = matchAt(bind, text, at)
    if (variable !== undefined) {
      add('bind', variable.slice(1).toUpperCase(), at + variable.length)
      continue
    }
    const symbol = matchAt(operator, text, at)
    if (symbol === undefined || symbol === ';') {
      throw (char === '|' ? ora(996, 'the concatenate operator is ||, not |') : ora(911, 'invalid character')).at(at)
    }
    add('operator', symbol, at + symbol.length)
  }
  tokens.push({ kind: 'end', value: '', start: text.length, end: text.length })
  return tokens
}

/** Words that Oracle does not accept as a name of a table, column or alias. */
export const reservedWords: ReadonlySet<string> = new Set(
  (
    'ACCESS ADD ALL ALTER AND ANY AS ASC AUDIT BETWEEN BY CASE CHAR CHECK CLUSTER COLUMN COMMENT COMPRESS CONNECT CREATE CURRENT DATE DECIMAL DEFAULT DELETE DESC DISTINCT DROP ELSE ' +
    'EXCLUSIVE EXISTS FILE FLOAT FOR FROM GRANT GROUP HAVING IDENTIFIED IMMEDIATE IN INCREMENT INDEX INITIAL INSERT INTEGER INTERSECT INTO IS LEVEL LIKE LOCK LONG MAXEXTENTS MINUS ' +
    'MLSLABEL MODE MODIFY NOAUDIT NOCOMPRESS NOT NOWAIT NULL NUMBER OF OFFLINE ON ONLINE OPTION OR ORDER PCTFREE PRIOR PUBLIC RAW RENAME RESOURCE REVOKE ROW ROWID ROWNUM ROWS SELECT ' +
    'SESSION SET SHARE SIZE SMALLINT START SUCCESSFUL SYNONYM SYSDATE TABLE THEN TO TRIGGER UID UNION UNIQUE UPDATE USER VALIDATE VALUES VARCHAR VARCHAR2 VIEW WHENEVER WHERE WITH'
  ).split(' '),
)
