import { oracleErrors } from './errors.ts'
import type { BindValue } from './sql-session.ts'
import { tokenizeSql } from './sql-tokens.ts'

const controlRuns = /([\u0000-\u001f\u007f]+)/

/** Longest piece of a literal: well below SQL*Plus's line limit of 2499 even when every character is doubled. */
const longestPiece = 500

/** One string literal as Oracle writes it, quotes doubled. No control characters: see {@link sqlString}. @throws ICB_ORACLE_STATEMENT */
export function quoteSqlString(text: string): string {
  if (controlRuns.test(text)) throw oracleErrors.STATEMENT('a text with control characters cannot be a single string literal', { details: { text: text.slice(0, 80) } })
  return `'${text.replaceAll("'", "''")}'`
}

/** A quoted identifier. @throws ICB_ORACLE_STATEMENT for an empty one, a quote or a control character in it, or more than 128 bytes. */
export function quoteIdentifier(name: string): string {
  if (name.length === 0 || Buffer.byteLength(name) > 128 || name.includes('"') || controlRuns.test(name)) throw oracleErrors.STATEMENT(`${JSON.stringify(name)} cannot be an identifier`)
  return `"${name}"`
}

/** A string expression for any text: control characters become `chr(n)`, long texts are concatenated from pieces that fit a line. */
export function sqlString(text: string): string {
  const parts: string[] = []
  for (const run of text.split(controlRuns)) {
    if (controlRuns.test(run)) {
      if (run.includes('\0')) throw oracleErrors.STATEMENT('a text with a NUL character cannot be sent')
      parts.push(...Array.from(run, (char) => `chr(${String(char.charCodeAt(0))})`))
    } else parts.push(...pieces(run).map((piece) => quoteSqlString(piece)))
  }
  if (parts.length === 0) return "''"
  return parts.length === 1 ? (parts[0] ?? "''") : `(${parts.join(' || ')})`
}

/** A bind value as SQL text. @throws ICB_ORACLE_STATEMENT for NaN and infinities. */
export function sqlLiteral(value: BindValue): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return sqlString(value)
  if (typeof value === 'bigint') return value < 0n ? `(${value.toString()})` : value.toString()
  if (!Number.isFinite(value)) throw oracleErrors.STATEMENT(`${String(value)} is no SQL number`)
  return value < 0 ? `(${String(value)})` : String(value)
}

/**
 * Puts values in place of `:name`, outside strings, comments and quoted identifiers.
 * @throws ICB_ORACLE_STATEMENT for a name without value and for a value that is not used.
 */
export function substituteBinds(sql: string, binds: Readonly<Record<string, BindValue>>): string {
  const unused = new Set(Object.keys(binds))
  const text = tokenizeSql(sql)
    .map((token) => {
      if (token.kind !== 'bind') return token.text
      const name = token.text.slice(1)
      if (!Object.hasOwn(binds, name)) throw oracleErrors.STATEMENT(`no value for :${name}`, { details: { sql: sql.slice(0, 200) } })
      unused.delete(name)
      return sqlLiteral(binds[name] ?? null)
    })
    .join('')
  if (unused.size > 0) throw oracleErrors.STATEMENT(`the statement does not use :${[...unused].join(', :')}`, { details: { sql: sql.slice(0, 200) } })
  return text
}

/** Cuts at code points, never inside one. */
function pieces(text: string): string[] {
  if (text.length <= longestPiece) return text.length === 0 ? [] : [text]
  const characters = Array.from(text)
  const result: string[] = []
  for (let at = 0; at < characters.length; at += longestPiece) result.push(characters.slice(at, at + longestPiece).join(''))
  return result
}
