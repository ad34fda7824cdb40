import { parseDate } from '../nls-date.ts'
import type { Work } from './work.ts'

/** A date of a command in milliseconds UTC: `sysdate-2`, `sysdate - 1/24`, `to_date('…', '…')` or a literal in NLS_DATE_FORMAT. */
export function evaluateDate(work: Work, expression: string): number {
  const { host } = work.instance
  const sysdate = /^\s*sysdate\s*(?:([+-])\s*(\d+(?:\.\d+)?)((?:\s*[*/]\s*\d+(?:\.\d+)?)*))?\s*$/i.exec(expression)
  if (sysdate !== null) {
    let days = Number(sysdate[2] ?? 0)
    for (const [, operator, number] of (sysdate[3] ?? '').matchAll(/([*/])\s*(\d+(?:\.\d+)?)/g)) days = operator === '/' ? days / Number(number) : days * Number(number)
    return Math.floor(host.now() / 1000) * 1000 + (sysdate[1] === '-' ? -1 : 1) * days * 86_400_000
  }
  const call = /^\s*to_date\s*\(\s*'([^']*)'\s*(?:,\s*'([^']*)'\s*)?\)\s*$/i.exec(expression)
  if (call !== null) return parseDate(call[1] ?? '', call[2] ?? work.environment.dateFormat, host.timeZone, host.now())
  return parseDate(expression, work.environment.dateFormat, host.timeZone, host.now())
}
