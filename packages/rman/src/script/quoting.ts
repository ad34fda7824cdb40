import { rmanErrors } from '../errors.ts'

/** RMAN cuts or rejects longer command lines (Backup and Recovery Reference, "command-line"). */
const longestLine = 4000

const unsafeInString = /[\u0000-\u001f\u007f"'&?@]/

/**
 * A text as an RMAN string. RMAN has no reliable escape for a quote, expands `?` (Oracle home) and `@` (SID) and takes `&` for a
 * substitution, so a text with one of them is refused rather than sent as something else.
 * @throws ICB_RMAN_SCRIPT
 */
export function rmanString(text: string, what: string): string {
  if (text.length === 0) throw rmanErrors.SCRIPT(`${what} is empty`)
  if (text.length > 1000) throw rmanErrors.SCRIPT(`${what} is longer than 1000 characters`)
  const found = unsafeInString.exec(text)
  if (found !== null) {
    throw rmanErrors.SCRIPT(`${what} has the character ${JSON.stringify(found[0])}, which cannot be written in an RMAN string`, {
      hint: `rename it so that it has no quotes, control characters, "&", "?" or "@"`,
      details: { what, text },
    })
  }
  return `'${text}'`
}

/**
 * `<directory>/<pattern>` as an RMAN string for FORMAT. A `%` in the directory would be taken for a substitution and is refused.
 * @throws ICB_RMAN_SCRIPT
 */
export function rmanFormat(directory: string, pattern: string, what: string): string {
  if (directory.includes('%')) throw rmanErrors.SCRIPT(`${what} has the character "%", which RMAN expands in a format`, { details: { what, text: directory } })
  return rmanString(`${directory.replace(/\/+$/, '')}/${pattern}`, what)
}

/** A tag as an RMAN string: letters, digits and `_`, at most 30. RMAN stores it in upper case. @throws ICB_RMAN_SCRIPT */
export function rmanTag(tag: string): string {
  if (!/^[A-Za-z]\w{0,29}$/.test(tag)) throw rmanErrors.SCRIPT(`${JSON.stringify(tag)} cannot be a tag`, { hint: 'a tag has at most 30 letters, digits and "_", and begins with a letter' })
  return `'${tag}'`
}

/** A whole number, at least `least`. @throws ICB_RMAN_SCRIPT */
export function rmanInteger(value: number, what: string, least = 1): string {
  if (!Number.isSafeInteger(value) || value < least) throw rmanErrors.SCRIPT(`${what} must be a whole number of at least ${String(least)}, not ${String(value)}`)
  return String(value)
}

/** An SCN: 0 to 2^64-1. @throws ICB_RMAN_SCRIPT */
export function rmanScn(value: bigint, what: string): string {
  if (value < 0n || value > 0xffff_ffff_ffff_ffffn) throw rmanErrors.SCRIPT(`${what} is not an SCN: ${value.toString()}`)
  return value.toString()
}

/** A size such as `32G`. @throws ICB_RMAN_SCRIPT */
export function rmanSize(value: string, what: string): string {
  if (!/^[1-9]\d{0,9}[KMG]$/i.test(value)) throw rmanErrors.SCRIPT(`${what} must be a number with K, M or G, not ${JSON.stringify(value)}`)
  return value.toUpperCase()
}

/** Statements, one a line. @throws ICB_RMAN_SCRIPT for a line that RMAN would cut. */
export function lines(statements: readonly string[]): string {
  const tooLong = statements.find((statement) => statement.length > longestLine)
  if (tooLong !== undefined) throw rmanErrors.SCRIPT(`a command has ${String(tooLong.length)} characters, RMAN takes ${String(longestLine)}`, { details: { command: `${tooLong.slice(0, 80)}…` } })
  return `${statements.join('\n')}\n`
}

/** A RUN block: it stops at its first error, which separate commands on standard input do not. */
export function runBlock(jobs: readonly string[]): string[] {
  return ['RUN {', ...jobs, '}']
}

/** A list, wrapped so that no line comes near the limit. */
export function wrapList(before: string, items: readonly string[], after: string): string {
  const wrapped: string[] = []
  let line = before
  items.forEach((item, index) => {
    const text = index === items.length - 1 ? item : `${item},`
    if (line.length + text.length + 1 > 200) {
      wrapped.push(line)
      line = text
    } else line = `${line} ${text}`
  })
  wrapped.push(`${line}${after}`)
  return wrapped.join('\n')
}
