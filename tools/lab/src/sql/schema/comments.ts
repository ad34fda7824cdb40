import { ora } from '../../engine/ora-error.ts'
import type { SqlResult } from '../../engine/protocol.ts'
import type { Statement } from '../statement.ts'
import { detailsOf, requireTable, requireWritable } from './names.ts'
import { saveDetails } from './table-details.ts'

/** COMMENT ON TABLE name IS 'text', COMMENT ON COLUMN table.column IS 'text' */
export async function comment(statement: Statement): Promise<SqlResult> {
  const { cursor, instance } = statement
  cursor.expectWord('ON', () => ora(969, 'missing ON keyword'))
  const column = cursor.acceptWords('COLUMN')
  if (!column) cursor.expectWord('TABLE')
  const at = cursor.at
  const path = cursor.path(() => ora(903, 'invalid table name'))
  cursor.expectWord('IS')
  const text = cursor.string(() => ora(1780, 'string literal required'))
  cursor.expectEnd()
  requireWritable(instance)
  const table = requireTable(column ? path.slice(0, -1) : path, statement, at)
  const details = detailsOf(instance, table)
  if (!column) await saveDetails(statement, table, { ...details, comment: text })
  else {
    const name = path.at(-1) ?? ''
    if (!table.columns.some((candidate) => candidate.name === name)) throw ora(904, `"${name}": invalid identifier`).at(at)
    await saveDetails(statement, table, { ...details, columnComments: { ...details.columnComments, [name]: text } })
  }
  return { message: 'Comment created.' }
}
