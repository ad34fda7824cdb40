import type { SqlColumn, SqlResult } from '../../engine/protocol.ts'
import { OraError } from '../../engine/ora-error.ts'
import { executeSql } from '../../sql-engine.ts'
import type { Work } from './work.ts'

/** A query's rows as RMAN prints them: headings, a rule, one line a row. */
export function rowLines(columns: readonly SqlColumn[], rows: readonly (readonly (string | null)[])[]): string[] {
  const width = (column: SqlColumn): number => Math.max(column.width, column.name.length)
  const cell = (text: string, column: SqlColumn): string => (column.type === 'NUMBER' ? text.padStart(width(column)) : text.padEnd(width(column)))
  return [
    columns.map((column) => cell(column.name, column)).join(' '),
    columns.map((column) => '-'.repeat(width(column))).join(' '),
    ...rows.map((row) => columns.map((column, at) => cell(row[at] ?? '', column)).join(' ')),
  ].map((line) => line.trimEnd())
}

function print(work: Work, result: SqlResult): void {
  for (const line of result.output ?? []) work.emit(line)
  if (result.columns === undefined) {
    work.emit('Statement processed')
    return
  }
  const rows = result.rows ?? []
  if (rows.length === 0) {
    work.emit('no rows selected')
    return
  }
  for (const line of rowLines(result.columns, rows)) work.emit(line)
}

/** SQL "…" (all releases) and a statement by itself (from 12.1). */
export async function executeStatement(work: Work, text: string, form: 'quoted' | 'direct'): Promise<void> {
  const { instance, session, emit } = work
  if (form === 'direct') {
    print(work, await executeSql(instance, session, text))
    return
  }
  // A quote inside the string is written twice.
  const statement = text.replaceAll("''", "'")
  emit(`sql statement: ${statement}`)
  try {
    await executeSql(instance, session, statement)
  } catch (error) {
    if (!(error instanceof OraError)) throw error
    throw new OraError([{ code: 'RMAN-11003', text: `failure during parse/execution of SQL statement: ${statement}` }, ...error.messages])
  }
}
