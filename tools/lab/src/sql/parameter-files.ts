import { ora } from '../engine/ora-error.ts'
import type { SqlResult } from '../engine/protocol.ts'
import type { ParameterFileRequest } from '../engine/instance-api.ts'
import { Cursor } from './cursor.ts'
import type { Statement, StatementHandler } from './statement.ts'

/** `= 'file'`, or nothing. */
function fileName(cursor: Cursor): string | null {
  return cursor.acceptOperator('=') || cursor.token.kind === 'string' ? cursor.string(() => ora(2236, 'invalid file name')) : null
}

/** What stands behind CREATE SPFILE or CREATE PFILE. */
function parse(cursor: Cursor, kind: 'spfile' | 'pfile'): ParameterFileRequest {
  const other = kind === 'spfile' ? 'pfile' : 'spfile'
  const to = fileName(cursor)
  cursor.expectWord('FROM', () => ora(923, 'FROM keyword not found where expected'))
  const memory = cursor.acceptWords('MEMORY')
  if (!memory) cursor.expectWord(other.toUpperCase())
  const from = memory ? 'memory' : { kind: other, path: fileName(cursor) } as const
  cursor.expectEnd()
  return { kind, to, from }
}

async function create({ cursor, instance }: Statement, kind: 'spfile' | 'pfile'): Promise<SqlResult> {
  await instance.writeParameterFile(parse(cursor, kind))
  return created
}

const created: SqlResult = { message: 'File created.' }

/** What SQL*Plus does by itself while no instance runs; `undefined` for every other statement. */
export async function createWithoutInstance(text: string, write: (request: ParameterFileRequest) => Promise<unknown>): Promise<SqlResult | undefined> {
  if (!/^\s*create\s+s?pfile\b/i.test(text)) return undefined
  const cursor = new Cursor(text, () => { throw ora(900, 'invalid SQL statement') })
  cursor.next()
  await write(parse(cursor, cursor.next().value === 'SPFILE' ? 'spfile' : 'pfile'))
  return created
}

/** CREATE SPFILE [= 'file'] FROM PFILE [= 'file'] | MEMORY */
export const createSpfile: StatementHandler = (statement) => create(statement, 'spfile')
/** CREATE PFILE [= 'file'] FROM SPFILE [= 'file'] | MEMORY */
export const createPfile: StatementHandler = (statement) => create(statement, 'pfile')
