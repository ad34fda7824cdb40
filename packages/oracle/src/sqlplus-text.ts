import { oracleErrors } from './errors.ts'
import type { SqlToken } from './sql-tokens.ts'
import { tokenizeSql } from './sql-tokens.ts'

/** Lines are broken after this many characters; SQL*Plus ignores a line of more than 2499 (SP2-0027). */
const wantedLine = 1000
const longestToken = 2000

/** First words of what may be sent: SQL and PL/SQL, never a command of SQL*Plus such as HOST, SPOOL or @. */
const statementVerbs = new Set(['alter', 'administer', 'analyze', 'audit', 'begin', 'comment', 'commit', 'create', 'declare', 'delete', 'drop', 'flashback', 'grant', 'insert', 'merge', 'purge', 'revoke', 'rollback', 'select', 'set', 'truncate', 'update', 'with'])

/**
 * SQL text as SQL*Plus takes it literally: comments gone, one space where space was, lines broken only before a word and never after
 * `-` (continuation) or `;` (end), so that no line begins with `@ ! / # .` and none is blank. Strings stay as they are.
 * @throws ICB_ORACLE_STATEMENT for a string that spans lines or is too long for one, and for a `;` outside strings (except in PL/SQL).
 */
export function sqlplusText(sql: string, options: { readonly plsql?: boolean } = {}): string {
  const tokens: SqlToken[] = []
  for (const token of tokenizeSql(sql)) {
    if (token.kind === 'space' || token.kind === 'comment') {
      if (tokens.length > 0 && tokens[tokens.length - 1]?.kind !== 'space') tokens.push({ kind: 'space', text: ' ' })
    } else tokens.push(token)
  }
  while (tokens.at(-1)?.kind === 'space' || (options.plsql !== true && tokens.at(-1)?.text === ';')) tokens.pop()
  let text = ''
  let lineLength = 0
  tokens.forEach((token, index) => {
    if (/[\r\n]/.test(token.text)) throw oracleErrors.STATEMENT('a string, quoted name or hint spans lines', { hint: 'use a bind value', details: { sql: sql.slice(0, 200) } })
    if (token.text.length > longestToken) throw oracleErrors.STATEMENT(`a single string or name has ${String(token.text.length)} characters, SQL*Plus takes lines of 2499`, { hint: 'use a bind value' })
    if (token.text === ';' && options.plsql !== true) throw oracleErrors.STATEMENT('a statement has ";" in it', { details: { sql: sql.slice(0, 200) } })
    const next = tokens[index + 1]
    const before = text.at(-1)
    const canBreak = token.kind === 'space' && (next?.kind === 'word' || next?.kind === 'string') && before !== '-' && (options.plsql === true || before !== ';')
    if (canBreak && lineLength + next.text.length > wantedLine) {
      text += '\n'
      lineLength = 0
    } else {
      text += token.text
      lineLength += token.text.length
    }
    if (lineLength > 2400) throw oracleErrors.STATEMENT('a statement has a part of more than 2400 characters without a place to break the line')
  })
  if (text.length === 0) throw oracleErrors.STATEMENT('the statement is empty')
  return text
}

/** First word of a statement, lower case. @throws ICB_ORACLE_STATEMENT for anything that is no SQL or PL/SQL statement. */
function verbOf(sql: string): string {
  const first = tokenizeSql(sql).find((token) => token.kind !== 'space' && token.kind !== 'comment')
  const verb = /^[a-z]+/i.exec(first?.text ?? '')?.[0].toLowerCase() ?? ''
  if (first === undefined) throw oracleErrors.STATEMENT('the statement is empty')
  if (!statementVerbs.has(verb)) throw oracleErrors.STATEMENT(`${JSON.stringify(sql.slice(0, 60))} is no SQL statement`, { details: { verb } })
  return verb
}

/** Whether `;` belongs to the text: a block, or the definition of a stored program. */
function isPlsql(sql: string): boolean {
  const words = tokenizeSql(sql).filter((token) => token.kind === 'word').slice(0, 5).map((token) => token.text.toLowerCase())
  if (words[0] === 'begin' || words[0] === 'declare') return true
  return words[0] === 'create' && /^create (?:or replace )?(?:(?:non)?editionable )?(?:procedure|function|package|trigger|type)\b/.test(words.join(' '))
}
const verbsWithBinds = new Set(['select', 'with', 'insert', 'update', 'delete', 'merge', 'begin', 'declare'])

/** Whether binds may stand in a statement of this kind; a definition takes none. */
export function takesBinds(sql: string): boolean {
  return verbsWithBinds.has(verbOf(sql))
}

/** A statement as a driver takes it: without the `;` behind it, except in PL/SQL. @throws ICB_ORACLE_STATEMENT */
export function plainStatement(sql: string): string {
  const trimmed = sql.trim()
  verbOf(sql)
  if (isPlsql(sql)) return trimmed
  const text = trimmed.replace(/;$/, '')
  if (tokenizeSql(text).some((token) => token.text === ';')) throw oracleErrors.STATEMENT('a statement has ";" in it', { details: { sql: sql.slice(0, 200) } })
  return text
}

/** A statement with what makes SQL*Plus run it. @throws ICB_ORACLE_STATEMENT also for anything that is no SQL or PL/SQL statement. */
export function sqlplusStatement(sql: string): string {
  const verb = verbOf(sql)
  const plsql = isPlsql(sql)
  if (verb === 'set' && !/^\s*set\s+(role|transaction|constraints?)\b/i.test(sql)) throw oracleErrors.STATEMENT('SET is a command of SQL*Plus here', { details: { sql: sql.slice(0, 60) } })
  const text = sqlplusText(sql, { plsql })
  return plsql ? `${text}\n/` : `${text};`
}
