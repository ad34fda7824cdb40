import { ora } from '../engine/ora-error.ts'
import type { SqlResult } from '../engine/protocol.ts'
import type { Statement } from './statement.ts'

/** CREATE RESTORE POINT name [GUARANTEE FLASHBACK DATABASE]. @throws OraError 01507, 38778, 38784 */
export async function createRestorePoint({ cursor, instance }: Statement): Promise<SqlResult> {
  const name = cursor.identifier()
  const guaranteed = cursor.acceptWords('GUARANTEE', 'FLASHBACK', 'DATABASE')
  cursor.expectEnd()
  if (instance.status === 'STARTED') throw ora(1507, 'database not mounted')
  await instance.createRestorePoint(name, guaranteed)
  return { message: 'Restore point created.' }
}

/** DROP RESTORE POINT. @throws OraError 01507, 38780 */
export async function dropRestorePoint({ cursor, instance }: Statement): Promise<SqlResult> {
  const name = cursor.identifier()
  cursor.expectEnd()
  if (instance.status === 'STARTED') throw ora(1507, 'database not mounted')
  await instance.dropRestorePoint(name)
  return { message: 'Restore point dropped.' }
}
