import { oracleErrors } from './errors.ts'
import type { ColumnSpec, ColumnType, RowOf, TypedQuery } from './sql-session.ts'

/** Begins a row. Inside a field `|` is escaped and fields begin with `=` or `~`, so nothing else can look like it. */
const rowMark = 'ICB|'

type Columns = Readonly<Record<string, ColumnSpec>>

/** The type without `!`. */
function typeOf(spec: ColumnSpec): ColumnType {
  return (spec.endsWith('!') ? spec.slice(0, -1) : spec) as ColumnType
}

/**
 * A query that answers each row as `ICB|` and one field per column: `=value|`, or `~|` for NULL. Every field is a select item of its own,
 * so Oracle's 4000 bytes limit one field and not the row, and SQL*Plus may pad fields and fold a row over lines without harm.
 * The columns are named by position (`with q (c1, c2) as …`, 11.2+), so the query needs no aliases.
 */
export function renderTypedQuery(query: TypedQuery<Columns>, sql: string): string {
  const specs = Object.values(query.columns)
  const names = specs.map((_, index) => `c${String(index + 1)}`)
  const fields = specs.map((spec, index) => `nvl2(${names[index] ?? ''}, '=' || ${expression(typeOf(spec), names[index] ?? '')}, '~') || '|'`)
  return `with q (${names.join(', ')}) as (${sql}) select '${rowMark}', ${fields.join(', ')} from q`
}

function expression(type: ColumnType, name: string): string {
  switch (type) {
    case 'number':
    case 'scn':
      // TM9: the shortest exact decimal text, without exponent up to 64 characters.
      return `to_char(${name}, 'TM9')`
    case 'date':
      return `to_char(${name}, 'yyyy-mm-dd hh24:mi:ss')`
    case 'timestamptz':
      return `to_char(${name}, 'yyyy-mm-dd"T"hh24:mi:ss.ff3tzh:tzm')`
    case 'yesno':
      return name
    case 'text':
      return escapes.reduce((inner, [char, escaped]) => `replace(${inner}, ${char}, '${escaped}')`, name)
  }
}

/** In this order: the backslash first. */
const escapes: readonly (readonly [string, string])[] = [
  ["'\\'", '\\\\'],
  ["'|'", '\\p'],
  ['chr(10)', '\\n'],
  ['chr(13)', '\\r'],
  ['chr(9)', '\\t'],
]

const unescaped: Readonly<Record<string, string>> = { '\\': '\\', p: '|', n: '\n', r: '\r', t: '\t' }

/** Collects the rows of one typed query from output lines. */
export class TypedRowReader<C extends Columns> {
  readonly rows: RowOf<C>[] = []
  readonly #query: TypedQuery<C>
  readonly #columns: readonly [string, ColumnSpec][]
  #pending: string | undefined

  constructor(query: TypedQuery<C>) {
    this.#query = query
    this.#columns = Object.entries(query.columns)
  }

  /** True when the line belongs to a row. @throws ICB_ORACLE_PROTOCOL */
  push(line: string): boolean {
    if (line.startsWith(rowMark)) {
      if (this.#pending !== undefined) throw this.#broken('a row has too few fields', this.#pending)
      this.#pending = line.slice(rowMark.length)
    } else {
      if (this.#pending === undefined) return false
      this.#pending += line
    }
    this.#finishRow()
    return true
  }

  /** @throws ICB_ORACLE_PROTOCOL when a row is incomplete. */
  end(): readonly RowOf<C>[] {
    if (this.#pending !== undefined) throw this.#broken('the output ends within a row', this.#pending)
    return this.rows
  }

  #finishRow(): void {
    const text = this.#pending ?? ''
    const fields: string[] = []
    let at = 0
    while (fields.length < this.#columns.length) {
      while (text[at] === ' ' || text[at] === '\t') at++
      const end = text.indexOf('|', at)
      if (end < 0) return
      fields.push(text.slice(at, end))
      at = end + 1
    }
    if (text.slice(at).trim() !== '') throw this.#broken('a row has too many fields', text)
    this.#pending = undefined
    const row: Record<string, unknown> = {}
    this.#columns.forEach(([name, spec], index) => (row[name] = this.#value(name, spec, fields[index] ?? '')))
    this.rows.push(row as RowOf<C>)
  }

  #value(name: string, spec: ColumnSpec, field: string): unknown {
    if (field === '~') {
      if (spec.endsWith('!')) throw this.#broken(`column ${name} is null`, field)
      return null
    }
    if (!field.startsWith('=')) throw this.#broken(`column ${name} cannot be read`, field)
    const text = field.slice(1)
    switch (typeOf(spec)) {
      case 'number': {
        const value = Number(text)
        if (text.trim() === '' || !Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) throw this.#broken(`column ${name} is no number that fits`, field)
        return value
      }
      case 'scn':
        if (!/^\d{1,20}$/.test(text) || BigInt(text) > 0xffff_ffff_ffff_ffffn) throw this.#broken(`column ${name} is no unsigned 64-bit number`, field)
        return BigInt(text)
      case 'date':
        if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text)) throw this.#broken(`column ${name} is no date`, field)
        return text
      case 'timestamptz':
        if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.,]\d{3}[+-]\d\d:\d\d$/.test(text)) throw this.#broken(`column ${name} is no time with a zone`, field)
        return text.replace(',', '.')
      case 'yesno':
        if (/^(yes|true)$/i.test(text)) return true
        if (/^(no|false)$/i.test(text)) return false
        throw this.#broken(`column ${name} is neither YES nor NO`, field)
      case 'text':
        return text.replace(/\\(.?)/g, (_, char: string) => {
          const plain = unescaped[char]
          if (plain === undefined) throw this.#broken(`column ${name} has an unknown escape`, field)
          return plain
        })
    }
  }

  #broken(what: string, text: string): Error {
    return oracleErrors.PROTOCOL(`${this.#query.name}: ${what}`, { details: { query: this.#query.name, text: text.slice(0, 200), rowsBefore: this.rows.length } })
  }
}
