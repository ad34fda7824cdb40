import { ora } from '../../engine/ora-error.ts'
import { fromLocal } from '../nls-date.ts'
import type { Work } from './work.ts'

const monthNames = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const elements: Readonly<Record<string, string>> = { YYYY: '(\\d{4})', RRRR: '(\\d{4})', YY: '(\\d{2})', RR: '(\\d{2})', MM: '(\\d{1,2})', MON: '([A-Za-z]{3})', DD: '(\\d{1,2})', HH24: '(\\d{1,2})', MI: '(\\d{1,2})', SS: '(\\d{1,2})' }

/** TO_DATE for the formats that occur in backup scripts; local to the host. */
function parseDate(text: string, format: string, timeZone: string): number {
  const order: string[] = []
  const pattern = format.replace(/YYYY|RRRR|YY|RR|MM|MON|DD|HH24|MI|SS|[^A-Za-z0-9]|[A-Za-z0-9]+/gi, (part) => {
    const group = elements[part.toUpperCase()]
    if (group === undefined) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    order.push(part.toUpperCase())
    return group
  })
  const match = new RegExp(`^\\s*${pattern}\\s*$`).exec(text)
  if (match === null) throw ora(1861, 'literal does not match format string')
  const value = (names: readonly string[], fallback: number): number => {
    const at = order.findIndex((name) => names.includes(name))
    if (at < 0) return fallback
    const found = match[at + 1] ?? ''
    if (order[at] === 'MON') return monthNames.indexOf(found.toUpperCase()) + 1
    return order[at]?.length === 2 && (order[at] === 'YY' || order[at] === 'RR') ? 2000 + Number(found) : Number(found)
  }
  return fromLocal(value(['YYYY', 'RRRR', 'YY', 'RR'], 1970), value(['MM', 'MON'], 1), value(['DD'], 1), value(['HH24'], 0), value(['MI'], 0), value(['SS'], 0), timeZone)
}

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
  if (call !== null) return parseDate(call[1] ?? '', call[2] ?? work.environment.dateFormat, host.timeZone)
  return parseDate(expression, work.environment.dateFormat, host.timeZone)
}
