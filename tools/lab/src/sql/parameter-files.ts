import { ora } from '../engine/ora-error.ts'
import type { SqlResult } from '../engine/protocol.ts'
import type { Cursor } from './cursor.ts'
import type { Statement, StatementHandler } from './statement.ts'

/** `= 'file'`, or nothing. */
function fileName(cursor: Cursor): string | null {
  return cursor.acceptOperator('=') || cursor.token.kind === 'string' ? cursor.string(() => ora(2236, 'invalid file name')) : null
}

async function create({ cursor, instance }: Statement, kind: 'spfile' | 'pfile'): Promise<SqlResult> {
  const other = kind === 'spfile' ? 'pfile' : 'spfile'
  const to = fileName(cursor)
  cursor.expectWord('FROM', () => ora(923, 'FROM keyword not found where expected'))
  const memory = cursor.acceptWords('MEMORY')
  if (!memory) cursor.expectWord(other.toUpperCase())
  const from = memory ? 'memory' : { kind: other, path: fileName(cursor) } as const
  cursor.expectEnd()
  await instance.writeParameterFile({ kind, to, from })
  return { message: 'File created.' }
}

/** CREATE SPFILE [= 'file'] FROM PFILE [= 'file'] | MEMORY */
export const createSpfile: StatementHandler = (statement) => create(statement, 'spfile')
/** CREATE PFILE [= 'file'] FROM SPFILE [= 'file'] | MEMORY */
export const createPfile: StatementHandler = (statement) => create(statement, 'pfile')
