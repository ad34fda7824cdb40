import { oracleErrors } from './errors.ts'

/** The parts of an SQL text that matter for rewriting it; everything else is `other`. */
export interface SqlToken {
  readonly kind: 'space' | 'comment' | 'hint' | 'string' | 'quoted' | 'bind' | 'word' | 'other'
  readonly text: string
}

const closers: Readonly<Record<string, string>> = { '[': ']', '{': '}', '<': '>', '(': ')' }

/**
 * Cuts an SQL text into tokens by Oracle's lexical rules: doubled quotes, `q'[…]'`, quoted identifiers, both kinds of comments.
 * @throws ICB_ORACLE_STATEMENT for a string, identifier or comment that does not end.
 */
export function tokenizeSql(sql: string): SqlToken[] {
  const tokens: SqlToken[] = []
  let at = 0
  const take = (kind: SqlToken['kind'], end: number): void => {
    tokens.push({ kind, text: sql.slice(at, end) })
    at = end
  }
  const find = (needle: string, from: number, what: string): number => {
    const index = sql.indexOf(needle, from)
    if (index < 0) throw oracleErrors.STATEMENT(`${what} does not end`, { details: { sql: sql.slice(at, at + 80) } })
    return index + needle.length
  }
  while (at < sql.length) {
    const rest = sql.slice(at, at + 3)
    const space = matchAt(/\s+/y, sql, at)
    const alternative = matchAt(/n?q'/iy, sql, at)
    if (space > 0) take('space', at + space)
    else if (rest.startsWith('--')) {
      const end = sql.indexOf('\n', at)
      take('comment', end < 0 ? sql.length : end)
    } else if (rest.startsWith('/*')) take(rest === '/*+' ? 'hint' : 'comment', find('*/', at + 2, 'a comment'))
    else if (alternative > 0) {
      const opener = sql[at + alternative] ?? ''
      take('string', find(`${closers[opener] ?? opener}'`, at + alternative + 1, 'a string'))
    } else if (rest.startsWith("'") || /^n'/i.test(rest)) take('string', endOfQuoted(sql, sql.indexOf("'", at), "'"))
    else if (rest.startsWith('"')) take('quoted', endOfQuoted(sql, at, '"'))
    else {
      const bind = matchAt(/:[a-z]\w*/iy, sql, at)
      // The # and $ of dictionary names belong to the word.
      const word = matchAt(/[\p{L}\d_][\p{L}\d_$#.]*/uy, sql, at)
      if (bind > 0) take('bind', at + bind)
      else if (word > 0) take('word', at + word)
      else take('other', at + 1)
    }
  }
  return tokens
}

function matchAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0].length ?? 0
}

function endOfQuoted(sql: string, open: number, quote: string): number {
  let at = open + 1
  for (;;) {
    const close = sql.indexOf(quote, at)
    if (close < 0) throw oracleErrors.STATEMENT(`${quote === '"' ? 'a quoted identifier' : 'a string'} does not end`, { details: { sql: sql.slice(open, open + 80) } })
    if (sql[close + 1] !== quote) return close + 1
    at = close + 2
  }
}
