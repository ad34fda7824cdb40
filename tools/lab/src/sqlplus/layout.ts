import type { OraError } from '../engine/ora-error.ts'
import type { SqlColumn, SqlResult } from '../engine/protocol.ts'
import { digitsOf, formatNumber, numberText, parseNumber, roundNumber } from '../sql/number.ts'
import type { ReportLine } from './breaks.ts'
import type { Settings } from './settings.ts'

/** What COLUMN set for a column, by its name in upper case. */
export interface ColumnFormat {
  readonly format?: string | undefined
  readonly heading?: string | undefined
  readonly print?: boolean | undefined
  readonly wrap?: boolean | undefined
  readonly newValue?: string | undefined
}

interface DisplayColumn {
  readonly index: number
  /** From top to bottom. */
  readonly heading: readonly string[]
  readonly width: number
  readonly rightAligned: boolean
  readonly wrap: boolean
  readonly text: (value: string | null) => string
}

/** A NUMBER within a width: rounded when it has a fraction, with an exponent when the whole part is too wide. */
export function fitNumber(text: string, width: number): string {
  if (text.length <= width) return text
  const value = parseNumber(text)
  const { negative, whole, fraction } = digitsOf(value)
  const wholeWidth = (whole === '0' && fraction !== '' ? 0 : whole.length) + (negative ? 1 : 0)
  if (wholeWidth <= width && fraction !== '') return numberText(roundNumber(value, Math.max(0, width - wholeWidth - 1)))
  const digits = width - (negative ? 7 : 6)
  if (digits < 0) return '#'.repeat(width)
  return Number(value)
    .toExponential(digits)
    .replace(/e([+-])(\d)$/, 'E$10$2')
    .replace('e', 'E')
}

/** A heading of COLUMN's in its lines. */
function headingParts(heading: string, format: ColumnFormat | undefined, { headsep }: Settings): string[] {
  return headsep === undefined || format?.heading === undefined ? [heading] : heading.split(headsep)
}

function displayColumn(column: SqlColumn, index: number, settings: Settings, format: ColumnFormat | undefined): DisplayColumn {
  const heading = format?.heading ?? column.name
  const nullText = settings.null
  const wrap = format?.wrap ?? settings.wrap
  if (column.type === 'NUMBER') {
    const model = format?.format
    const width = Math.max(model === undefined || model === '' ? settings.numwidth : model.length + 1, ...headingParts(heading, format, settings).map((part) => part.length))
    return { index, heading: headingParts(heading, format, settings), width, rightAligned: true, wrap, text: (value) => (value === null ? nullText : model === undefined || model === '' ? fitNumber(value, settings.numwidth) : formatNumber(parseNumber(value), model)) }
  }
  const asked = /^a(\d+)$/i.exec(format?.format ?? '')?.[1]
  const natural = column.type === 'CLOB' ? Math.min(settings.long, settings.longchunksize) : column.width
  const width = Math.max(1, Math.min(asked === undefined ? natural : Number(asked), settings.linesize))
  const text = (value: string | null): string => value ?? nullText
  return { index, heading: headingParts(heading, format, settings), width, rightAligned: false, wrap, text: column.type === 'CLOB' ? (value) => text(value).slice(0, settings.long) : text }
}

/** Columns that stand beside each other; what does not fit into the line begins a new one. */
function linesOf(columns: readonly DisplayColumn[], settings: Settings): DisplayColumn[][] {
  const lines: DisplayColumn[][] = []
  let used = 0
  for (const column of columns) {
    const line = lines.at(-1)
    const needed = column.width + (line === undefined ? 0 : settings.colsep.length)
    if (line === undefined || used + needed > settings.linesize) {
      lines.push([column])
      used = column.width
    } else {
      line.push(column)
      used += needed
    }
  }
  return lines
}

const place = (text: string, column: DisplayColumn): string => (column.rightAligned ? text.padStart(column.width) : text.padEnd(column.width))

/** A value in pieces of the column's width; line ends in the value begin new pieces. */
function pieces(text: string, column: DisplayColumn): string[] {
  if (column.rightAligned) return [text]
  const parts: string[] = []
  for (const line of text.split('\n')) {
    const characters = Array.from(line)
    for (let at = 0; at === 0 || at < characters.length; at += column.width) {
      parts.push(characters.slice(at, at + column.width).join(''))
      if (!column.wrap) return parts
    }
  }
  return parts
}

function rowLines(row: readonly (string | null)[], lines: readonly (readonly DisplayColumn[])[], settings: Settings): string[] {
  return lines.flatMap((line) => {
    const cells = line.map((column) => pieces(column.text(row[column.index] ?? null), column))
    const height = Math.max(...cells.map((cell) => cell.length))
    return Array.from({ length: height }, (_, level) => line.map((column, index) => place(cells[index]?.[level] ?? '', column)).join(settings.colsep))
  })
}

function headingLines(lines: readonly (readonly DisplayColumn[])[], settings: Settings): string[] {
  return lines.flatMap((line) => {
    const height = Math.max(...line.map((column) => column.heading.length))
    const levels = Array.from({ length: height }, (_, level) => line.map((column) => place((column.heading[level - height + column.heading.length] ?? '').slice(0, column.width), column)).join(settings.colsep))
    return [...levels, line.map((column) => settings.underline.repeat(column.width)).join(settings.colsep)]
  })
}

/** Rules and summaries stand where their columns stand. */
function summaryLines(line: Exclude<ReportLine, { kind: 'row' }>, lines: readonly (readonly DisplayColumn[])[], settings: Settings): string[] {
  const cell = (column: DisplayColumn): string => {
    if (line.kind === 'rule') return (column.index === line.stars ? '*' : line.dashes.includes(column.index) ? '-' : ' ').repeat(column.width)
    if (column.index === line.labelled) return line.label.slice(0, column.width).padEnd(column.width)
    return place(line.cells.has(column.index) ? column.text(line.cells.get(column.index) ?? null) : '', column)
  }
  return lines.filter((columns) => line.kind === 'rule' ? columns.some((column) => line.dashes.includes(column.index)) : columns.some((column) => column.index === line.labelled || line.cells.has(column.index))).map((columns) => columns.map(cell).join(settings.colsep))
}

function csvLine(values: readonly (string | null)[], columns: readonly SqlColumn[] | undefined, csv: NonNullable<Settings['csv']>): string {
  return values.map((value, index) => (csv.quote && columns?.[index]?.type !== 'NUMBER' ? `"${(value ?? '').replaceAll('"', '""')}"` : (value ?? ''))).join(csv.delimiter)
}

/** Lines above and below each page. */
export interface PageTitles {
  readonly top: (page: number) => readonly string[]
  readonly bottom: (page: number) => readonly string[]
}

const untitled: PageTitles = { top: () => [], bottom: () => [] }

/** A result as SQL*Plus prints it: pages with titles and headings, wrapped lines; without the row count. */
export function layoutRows(result: SqlResult, settings: Settings, formats: ReadonlyMap<string, ColumnFormat>, report?: readonly ReportLine[], titles: PageTitles = untitled): string[] {
  const { columns = [], rows = [] } = result
  if (rows.length === 0) return []
  if (settings.csv !== undefined) {
    const { csv } = settings
    const heading = settings.heading && settings.pagesize > 0 ? ['', csvLine(columns.map((column) => column.name), undefined, csv)] : []
    return [...heading, ...rows.map((row) => csvLine(row, columns, csv)), ...(settings.pagesize > 0 ? [''] : [])]
  }
  const shown = columns.flatMap((column, index) => {
    const format = formats.get(column.name.toUpperCase())
    return format?.print === false ? [] : [displayColumn(column, index, settings, format)]
  })
  const lines = linesOf(shown, settings)
  const body = (report ?? rows.map((cells): ReportLine => ({ kind: 'row', cells, skip: 0 }))).map((line) => {
    if (line.kind !== 'row') return summaryLines(line, lines, settings)
    const taken = [...Array.from({ length: line.skip }, () => ''), ...rowLines(line.cells, lines, settings)]
    return settings.recsep === 'each' || (settings.recsep === 'wrapped' && taken.length - line.skip > 1) ? [...taken, ''] : taken
  })
  if (settings.pagesize === 0) return body.flat()
  const heading = settings.heading ? headingLines(lines, settings) : []
  const out: string[] = []
  let left = 0
  let page = 0
  const endPage = (): void => {
    const bottom = page === 0 ? [] : titles.bottom(page)
    if (bottom.length > 0) out.push(...Array.from({ length: Math.max(0, left) }, () => ''), ...bottom)
  }
  for (const row of body) {
    if (left < row.length) {
      endPage()
      page++
      const head = [...Array.from({ length: settings.newpage }, () => ''), ...titles.top(page), ...heading]
      out.push(...head)
      left = Math.max(row.length, settings.pagesize - head.length - titles.bottom(page).length)
    }
    out.push(...row)
    left -= row.length
  }
  endPage()
  return [...out, '']
}

/** `no rows selected`, `3 rows selected.`; empty when the count is not wanted. */
export function rowCountLines(count: number, settings: Settings): string[] {
  if (settings.feedback === 0) return []
  if (count > 0 && count < settings.feedback) return settings.pagesize > 0 ? [] : ['']
  const text = count === 0 ? 'no rows selected' : `${String(count)} row${count === 1 ? '' : 's'} selected.`
  // Pages end with an empty line already.
  return settings.pagesize > 0 && count > 0 ? [text, ''] : ['', text, '']
}

/** An error in a statement: the statement's line with a `*` below the place, then the stack. */
export function errorLines(error: OraError, text: string): string[] {
  const before = text.slice(0, error.offset ?? 0)
  const number = before.split('\n').length
  const column = before.length - (before.lastIndexOf('\n') + 1)
  const line = text.split('\n')[number - 1] ?? ''
  return [line, `${' '.repeat(column)}*`, `ERROR at line ${String(number)}:`, ...error.messages.flatMap((message) => `${message.code}: ${message.text}`.split('\n')), '', '']
}
