import { ora } from '../engine/ora-error.ts'
import type { HeapTable, RowValue } from '../engine/instance-api.ts'
import { numberText, parseNumber, roundNumber } from './number.ts'

const microDigits = 6

/** A stored timestamp with so many digits behind its seconds. */
function roundSeconds(text: string, digits: number): string {
  const [, second = '', fraction = '', zone = ''] = /^(.{19})\.(\d+)(.*)$/.exec(text) ?? []
  if (fraction.length <= digits) return text
  const unit = 10 ** (microDigits - digits)
  const micros = Math.round(Number(fraction.padEnd(microDigits, '0').slice(0, microDigits)) / unit) * unit
  const start = new Date(Date.parse(`${second.replace(' ', 'T')}Z`) + (micros >= 10 ** microDigits ? 1000 : 0)).toISOString().slice(0, 19).replace('T', ' ')
  return `${start}.${String(micros % 10 ** microDigits).padStart(microDigits, '0')}${zone}`
}

/** Bytes as text in hexadecimal. @throws OraError 01465, 12899 */
function fitBytes({ owner, name }: HeapTable, column: HeapTable['columns'][number], text: string): string {
  const hex = text.length % 2 === 0 ? text : `0${text}`
  if (!/^[0-9a-f]*$/i.test(hex)) throw ora(1465, 'invalid hex number')
  if (column.declared === 'RAW' && hex.length > (column.length ?? 4000)) throw ora(12899, `value too large for column "${owner}"."${name}"."${column.name}" (actual: ${String(hex.length / 2)}, maximum: ${String((column.length ?? 4000) / 2)})`)
  return hex.toUpperCase()
}

/** A value as its column keeps it: numbers and fractions of seconds rounded, CHAR padded. @throws OraError 01438, 12899 */
export function fitColumn(table: HeapTable, index: number, value: RowValue): RowValue {
  const column = table.columns[index]
  if (column === undefined || value === null) return null
  if (column.type === 'NUMBER' && column.precision !== undefined) {
    const scale = column.scale ?? 0
    const number = roundNumber(parseNumber(String(value)), scale)
    if (Math.abs(Number(number)) >= 10 ** (column.precision - scale)) throw ora(1438, 'value larger than specified precision allowed for this column')
    return typeof number === 'bigint' && (number > BigInt(Number.MAX_SAFE_INTEGER) || number < -BigInt(Number.MAX_SAFE_INTEGER)) ? numberText(number) : Number(number)
  }
  if ((column.declared === 'RAW' || column.declared === 'BLOB') && typeof value === 'string') return fitBytes(table, column, value)
  if (column.type === 'VARCHAR2' && column.length !== undefined && typeof value === 'string') {
    const size = Buffer.byteLength(value, 'utf8')
    if (size > column.length) throw ora(12899, `value too large for column "${table.owner}"."${table.name}"."${column.name}" (actual: ${String(size)}, maximum: ${String(column.length)})`)
    return column.fixed === true ? value.padEnd(column.length) : value
  }
  const digits = column.type === 'TIMESTAMP' ? /^TIMESTAMP\((\d)\)/.exec(column.declared ?? '')?.[1] : undefined
  return digits !== undefined && typeof value === 'string' ? roundSeconds(value, Number(digits)) : value
}
