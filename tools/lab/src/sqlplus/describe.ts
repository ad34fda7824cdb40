import { OraError } from '../engine/ora-error.ts'
import type { ClientSession } from './session.ts'
import { CommandError } from './settings.ts'

const heading = [` ${'Name'.padEnd(41)} ${'Null?'.padEnd(8)} Type`, ` ${'-'.repeat(41)} ${'-'.repeat(8)} ${'-'.repeat(28)}`]
const line = (name: string, nullable: boolean, type: string): string => ` ${name.padEnd(41)} ${(nullable ? '' : 'NOT NULL').padEnd(8)} ${type}`

/** DESCRIBE: a table's columns as they were declared, any other relation's as they come. */
export async function describeLines(session: ClientSession, name: string): Promise<string[]> {
  if (!/^[\w$#."]+$/.test(name)) throw new CommandError('SP2-0565: Illegal identifier.')
  const table = name.slice(name.lastIndexOf('.') + 1)
  const owner = table === name ? undefined : name.slice(0, -table.length - 1)
  const quoted = (text: string): string => `'${(text.startsWith('"') ? text.slice(1, -1) : text.toUpperCase()).replaceAll("'", "''")}'`
  const declared = await rowsOf(session, `select column_name, nullable, data_type, data_length, data_precision, data_scale from all_tab_columns where table_name = ${quoted(table)} and owner = ${owner === undefined ? "sys_context('userenv', 'current_schema')" : quoted(owner)} order by column_id`)
  if (declared.length > 0) return [...heading, ...declared.map(([column, nullable, type, length, precision, scale]) => line(column ?? '', nullable !== 'N', typeText(type ?? '', length, precision, scale))), '']
  const { columns = [] } = await session.sql(`select * from ${name} where 1 = 0`)
  return [...heading, ...columns.map((column) => line(column.name, true, column.type === 'VARCHAR2' ? `VARCHAR2(${String(column.width)})` : column.type === 'TIMESTAMP_TZ' ? 'TIMESTAMP(6) WITH TIME ZONE' : column.type)), '']
}

/** Before the database is open there is no dictionary to ask. */
async function rowsOf(session: ClientSession, query: string): Promise<readonly (readonly (string | null)[])[]> {
  try {
    return (await session.sql(query)).rows ?? []
  } catch (error) {
    if (error instanceof OraError && ['ORA-01219', 'ORA-01507'].includes(error.messages[0]?.code ?? '')) return []
    throw error
  }
}

function typeText(type: string, length: string | null | undefined, precision: string | null | undefined, scale: string | null | undefined): string {
  if (['VARCHAR2', 'CHAR', 'NVARCHAR2', 'NCHAR', 'RAW'].includes(type)) return `${type}(${length ?? ''})`
  if (type === 'NUMBER' && precision !== null && precision !== undefined) return `NUMBER(${precision}${scale === null || scale === undefined || scale === '0' ? '' : `,${scale}`})`
  return type
}

export interface ProgramName {
  readonly type: string
  readonly name: string
}

/** The program that a CREATE makes; `undefined`: it makes none. */
export function programOf(text: string): ProgramName | undefined {
  const [, type = '', name = ''] = /^\s*create\s+(?:or\s+replace\s+)?(?:(?:non)?editionable\s+)?(procedure|function|package\s+body|package)\s+(?:"?\w+"?\.)?"?([\w$#]+)"?/i.exec(text) ?? []
  return type === '' ? undefined : { type: type.toUpperCase().replace(/\s+/g, ' '), name: name.toUpperCase() }
}

/** SHOW ERRORS [type name]. */
export async function programErrors(session: ClientSession, words: readonly string[], last: ProgramName | undefined): Promise<readonly string[]> {
  const wanted = words.length >= 2 ? { type: words.slice(0, -1).join(' ').toUpperCase(), name: (words.at(-1) ?? '').toUpperCase() } : last
  if (wanted === undefined) return ['No errors.']
  const rows = await rowsOf(session, `select line, position, text from user_errors where name = '${wanted.name.replaceAll("'", "''")}' and type = '${wanted.type.replaceAll("'", "''")}' order by sequence`)
  if (rows.length === 0) return ['No errors.']
  const lines = rows.flatMap(([number, position, text]) => (text ?? '').split('\n').map((part, index) => `${(index === 0 ? `${number ?? ''}/${position ?? ''}` : '').padEnd(8)} ${part}`))
  return [`Errors for ${wanted.type} ${wanted.name}:`, '', 'LINE/COL ERROR', `-------- ${'-'.repeat(65)}`, ...lines]
}
