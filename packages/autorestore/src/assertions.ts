import type { TypedQuery } from '@icb/oracle'

/** A query of a restore test and what it must answer: `=`, `!=`, `<`, `<=`, `>`, `>=` and a value, or `rows`, or `no rows`. */
export interface Assertion {
  readonly name: string
  readonly expect: string
  readonly sql: string
}

const comparison = /^(=|!=|<=|<|>=|>)\s*(\S.*)$/

/** The query of an assertion. Only the first column of the first row counts. The text is the DBA's own. */
export function assertionQuery(assertion: Assertion): TypedQuery<{ readonly value: 'text' }> {
  return { name: `assertion ${assertion.name}`, sql: assertion.sql.trim().replace(/;\s*$/, ''), columns: { value: 'text' } }
}

/** Numbers are compared as numbers, everything else (dates arrive as `yyyy-mm-dd hh:mm:ss`) as text. */
function compare(found: string, wanted: string): number {
  const numeric = /^[+-]?\d+(?:\.\d+)?$/
  if (/^\d+$/.test(found) && /^\d+$/.test(wanted)) return BigInt(found) < BigInt(wanted) ? -1 : BigInt(found) > BigInt(wanted) ? 1 : 0
  if (numeric.test(found) && numeric.test(wanted)) return Number(found) - Number(wanted)
  return found < wanted ? -1 : found > wanted ? 1 : 0
}

/** One sentence about what is wrong with an answer; `undefined`: it is as expected. An expectation that cannot be read is never met. */
export function judgeAssertion(assertion: Assertion, rows: readonly { readonly value: string | null }[]): string | undefined {
  const expect = assertion.expect.trim()
  if (expect === 'rows') return rows.length > 0 ? undefined : `${assertion.name}: expected rows, found none`
  if (expect === 'no rows') return rows.length === 0 ? undefined : `${assertion.name}: expected no rows, found ${rows[0]?.value ?? 'one'}`
  const [, operator, wanted] = comparison.exec(expect) ?? []
  if (operator === undefined || wanted === undefined) return `${assertion.name}: "${expect}" is no expectation`
  const found = rows[0]?.value
  if (found === undefined || found === null) return `${assertion.name}: expected ${expect}, found ${rows.length === 0 ? 'no rows' : 'null'}`
  const order = compare(found, wanted)
  const met = { '=': order === 0, '!=': order !== 0, '<': order < 0, '<=': order <= 0, '>': order > 0, '>=': order >= 0 }[operator] ?? false
  return met ? undefined : `${assertion.name}: expected ${expect}, found ${found}`
}
