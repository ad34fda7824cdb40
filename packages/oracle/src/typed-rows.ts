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

/**
 * The query for a driver: each column as a value of its own. A DATE comes as text, because a driver would make a moment of it, in the time
 * zone of this process; a NUMBER is fetched as text by the driver, with all its digits.
 */
export function renderPlainQuery(query: TypedQuery<Columns>, sql: string): string {
  const specs = Object.values(query.columns)
  const names = specs.map((_, index) => `c${String(index + 1)}`)
  const items = specs.map((spec, index) => {
    const type = typeOf(spec)
    return type === 'date' || type === 'timestamptz' ? expression(type, names[index] ?? '') : (names[index] ?? '')
  })
  return `with q (${names.join(', ')}) as (${sql}) select ${items.join(', ')} from q`
}

/** A row of {@link renderPlainQuery}. @throws ICB_ORACLE_PROTOCOL */
export function rowOfTexts<C extends Columns>(query: TypedQuery<C>, texts: readonly (string | null)[]): RowOf<C> {
  const specs = Object.entries(query.columns)
  if (texts.length !== specs.length) throw broken(query.name, `a row has ${String(texts.length)} fields instead of ${String(specs.length)}`, texts.join('|'))
  return Object.fromEntries(specs.map(([name, spec], index) => [name, valueOf(query.name, name, spec, texts[index] ?? null)])) as RowOf<C>
}

/** @throws ICB_ORACLE_PROTOCOL for a text that the type cannot have, and for null where it must not be */
function valueOf(query: string, name: string, spec: ColumnSpec, text: string | null): unknown {
  if (text === null) {
    if (spec.endsWith('!')) throw broken(query, `column ${name} is null`, '')
    return null
  }
  switch (typeOf(spec)) {
    case 'number': {
      const value = Number(text)
      if (text.trim() === '' || !Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) throw broken(query, `column ${name} is no number that fits`, text)
      return value
    }
    case 'scn':
      if (!/^\d{1,20}$/.test(text) || BigInt(text) > 0xffff_ffff_ffff_ffffn) throw broken(query, `column ${name} is no unsigned 64-bit number`, text)
      return BigInt(text)
    case 'date':
      if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text)) throw broken(query, `column ${name} is no date`, text)
      return text
    case 'timestamptz':
      if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.,]\d{3}[+-]\d\d:\d\d$/.test(text)) throw broken(query, `column ${name} is no time with a zone`, text)
      return text.replace(',', '.')
    case 'yesno':
      if (/^(yes|true)$/i.test(text)) return true
      if (/^(no|false)$/i.test(text)) return false
      throw broken(query, `column ${name} is neither YES nor NO`, text)
    case 'text':
      return text
  }
}

function broken(query: string, what: string, text: string, rowsBefore?: number): Error {
  return oracleErrors.PROTOCOL(`${query}: ${what}`, { details: { query, text: text.slice(0, 200), ...(rowsBefore === undefined ? {} : { rowsBefore }) } })
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
    if (field === '~') return valueOf(this.#query.name, name, spec, null)
    if (!field.startsWith('=')) throw this.#broken(`column ${name} cannot be read`, field)
    const text = field.slice(1)
    if (typeOf(spec) !== 'text') return valueOf(this.#query.name, name, spec, text)
    return text.replace(/\\(.?)/g, (_, char: string) => {
      const plain = unescaped[char]
      if (plain === undefined) throw this.#broken(`column ${name} has an unknown escape`, field)
      return plain
    })
  }

  #broken(what: string, text: string): Error {
    return broken(this.#query.name, what, text, this.rows.length)
  }
}
