import type { SqlResult } from '../engine/protocol.ts'
import type { ColumnFormat } from './layout.ts'
import type { ClientSession } from './session.ts'
import { CommandError, splitWords } from './settings.ts'

/** COLUMN's settings. */
export class ColumnFormats {
  readonly #formats = new Map<string, ColumnFormat>()

  get formats(): ReadonlyMap<string, ColumnFormat> {
    return this.#formats
  }

  clear(): void {
    this.#formats.clear()
  }

  /** `COLUMN name [FORMAT f] [HEADING h] [NOPRINT|PRINT] [WRAP|TRUNC] [NEW_VALUE v] [CLEAR]`. @throws CommandError SP2-0158, SP2-0246 */
  apply(text: string): void {
    const [name = '', ...words] = splitWords(text)
    const key = name.toUpperCase()
    let format = this.#formats.get(key) ?? {}
    const value = (): string => words.shift() ?? ''
    for (let word = words.shift(); word !== undefined; word = words.shift()) {
      const lower = word.toLowerCase()
      const is = (full: string, shortest: string): boolean => full.startsWith(lower) && lower.startsWith(shortest)
      if (is('format', 'for')) {
        const model = value()
        if (!/^(a\d+|[$fmb09,.dgsxeilpru]+)$/i.test(model)) throw new CommandError(`SP2-0246: Illegal FORMAT string "${model}"`)
        format = { ...format, format: model }
      } else if (is('heading', 'hea')) format = { ...format, heading: value() }
      else if (is('noprint', 'nopri')) format = { ...format, print: false }
      else if (is('print', 'pri')) format = { ...format, print: true }
      else if (is('wrapped', 'wra') || is('word_wrapped', 'wor')) format = { ...format, wrap: true }
      else if (is('truncated', 'tru')) format = { ...format, wrap: false }
      else if (is('new_value', 'new_v')) format = { ...format, newValue: value() }
      else if (is('justify', 'jus')) value()
      else if (is('clear', 'cle')) format = {}
      else if (lower === 'on' || lower === 'off') continue
      else throw new CommandError(`SP2-0158: unknown COLUMN option "${word}"`)
    }
    this.#formats.set(key, format)
  }

  /** Values for the variables of NEW_VALUE columns: those of the last row. */
  newValues(result: SqlResult): (readonly [string, string])[] {
    const last = result.rows?.at(-1)
    if (last === undefined) return []
    return (result.columns ?? []).flatMap((column, index) => {
      const variable = this.#formats.get(column.name.toUpperCase())?.newValue
      return variable === undefined ? [] : [[variable, last[index] ?? ''] as const]
    })
  }
}

const parameterTypes: Readonly<Record<string, string>> = { 1: 'boolean', 2: 'string', 3: 'integer', 6: 'big integer' }

/** SHOW PARAMETER [text]: all whose name has the text in it. */
export async function parameterLines(session: ClientSession, text: string | undefined): Promise<string[]> {
  const wanted = (text ?? '').toLowerCase().replaceAll("'", "''")
  const { rows = [] } = await session.sql(`select name, type, display_value from v$parameter where instr(name, '${wanted === '' ? '_' : wanted}') > 0 or '${wanted}' is null order by name`)
  const lines = rows.flatMap(([name, type, value]) => {
    const pieces = (value ?? '').match(/[^]{1,30}/g) ?? ['']
    return pieces.map((piece, index) => `${(index === 0 ? (name ?? '') : '').padEnd(36)} ${(index === 0 ? (parameterTypes[type ?? ''] ?? 'string') : '').padEnd(11)} ${piece}`)
  })
  return lines.length === 0 ? [] : ['', `${'NAME'.padEnd(36)} ${'TYPE'.padEnd(11)} VALUE`, `${'-'.repeat(36)} ${'-'.repeat(11)} ${'-'.repeat(30)}`, ...lines]
}

/** DESCRIBE table. */
export async function describeLines(session: ClientSession, name: string): Promise<string[]> {
  if (!/^[\w$#."]+$/.test(name)) throw new CommandError('SP2-0565: Illegal identifier.')
  const { columns = [] } = await session.sql(`select * from ${name} where 1 = 0`)
  const type = (column: (typeof columns)[number]): string => (column.type === 'VARCHAR2' ? `VARCHAR2(${String(column.width)})` : column.type === 'TIMESTAMP_TZ' ? 'TIMESTAMP WITH TIME ZONE' : column.type)
  return [` ${'Name'.padEnd(41)} ${'Null?'.padEnd(8)} Type`, ` ${'-'.repeat(41)} ${'-'.repeat(8)} ${'-'.repeat(28)}`, ...columns.map((column) => ` ${column.name.padEnd(41)} ${' '.repeat(8)} ${type(column)}`), '']
}
