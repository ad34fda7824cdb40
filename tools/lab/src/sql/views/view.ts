import { DATE, INTERVAL, NUMBER, TIMESTAMP_TZ, varchar, type SqlType } from '../bound.ts'
import type { Query } from '../ast.ts'
import type { CatalogColumn, CellValue, ViewContext } from '../catalog.ts'

/** Until when a view cannot be read: `started` views answer in NOMOUNT. */
export type Stage = 'started' | 'mounted' | 'open'

export type ViewRow = Readonly<Record<string, CellValue>>

interface ViewColumn extends CatalogColumn {
  /** First release that has the column. */
  readonly since: readonly [number, number] | undefined
}

/** What the rows of a view are made from. */
export interface ViewReader extends ViewContext {
  /** Names and types of a query, for views that show stored views. @throws OraError when it does not compile */
  readonly describe: (query: Query) => readonly { readonly name: string; readonly type: SqlType }[]
}

export interface View {
  readonly name: string
  readonly stage: Stage
  readonly since: readonly [number, number] | undefined
  readonly columns: readonly ViewColumn[]
  readonly rows: (context: ViewReader) => readonly ViewRow[] | Promise<readonly ViewRow[]>
}

const views = new Map<string, View>()

function columnType(code: string): SqlType {
  switch (code[0]) {
    case 'n':
      return NUMBER
    case 'd':
      return DATE
    case 't':
      return TIMESTAMP_TZ
    case 'i':
      return INTERVAL
    default:
      return varchar(Number(code.slice(1)))
  }
}

function release(text: string | undefined): readonly [number, number] | undefined {
  if (text === undefined) return undefined
  const [major = '0', minor = '0'] = text.split('.')
  return [Number(major), Number(minor)]
}

/**
 * Declares a view. `columns` is `NAME:type[@release]` separated by blanks; types are n, d, t (timestamp with time zone), i (interval) and
 * v<length>. Rows are objects by column name, what they lack is null. Every V$ view has CON_ID from 12.1 on.
 */
export function defineView(name: string, stage: Stage, columns: string, rows: View['rows'], since?: string): void {
  const withContainer = name.startsWith('V$') && !/\bCON_ID:/.test(columns) ? `${columns} CON_ID:n@12.1` : columns
  views.set(name, {
    name,
    stage,
    since: release(since),
    columns: withContainer
      .trim()
      .split(/\s+/)
      .map((column) => {
        const [, title = '', type = '', from] = /^([^:]+):([a-z]\d*)(?:@(.+))?$/.exec(column) ?? []
        if (title === '') throw new TypeError(`${name}: ${column} is no column`)
        return { name: title, type: columnType(type), since: release(from) }
      }),
    rows,
  })
}

export function viewNamed(name: string): View | undefined {
  return views.get(name)
}

export function allViews(): readonly View[] {
  return [...views.values()]
}

/** Whether a release has something that came with another. */
export function hasSince(current: string, since: readonly [number, number] | undefined): boolean {
  if (since === undefined) return true
  const [major = 0, minor = 0] = current.split('.').map(Number)
  return major > since[0] || (major === since[0] && minor >= since[1])
}

export const yesNo = (value: boolean): 'YES' | 'NO' => (value ? 'YES' : 'NO')
