import type { Instance, ServerSession, TableChange } from '../engine/instance-api.ts'
import { ora } from '../engine/ora-error.ts'
import type { SqlResult } from '../engine/protocol.ts'
import { takeTransaction } from './row-locks.ts'
import { stateOf } from './session-state.ts'
import type { Statement } from './statement.ts'

/** Hands a session's changes to the engine as one transaction. */
export async function commit(instance: Instance, session: ServerSession): Promise<void> {
  const state = stateOf(session)
  const changes = state.pending
  const transaction = takeTransaction(session)
  forget(session)
  try {
    if (changes.length > 0) await instance.applyChanges(changes.map((change): TableChange => ({ owner: change.owner, name: change.table, ...(change.insert === undefined ? { change: change.change } : { insert: change.insert, direct: change.direct }) })))
  } finally {
    transaction?.end()
  }
}

/** Forgets a session's changes. */
export function rollback(session: ServerSession): void {
  forget(session)
  takeTransaction(session)?.end()
}

function forget(session: ServerSession): void {
  const state = stateOf(session)
  state.pending = []
  state.savepoints.clear()
  state.transaction++
}

/** COMMIT [WORK] [COMMENT 'text'] */
export async function commitStatement({ cursor, instance, session }: Statement): Promise<SqlResult> {
  cursor.acceptWords('WORK')
  if (cursor.acceptWords('COMMENT')) cursor.string(() => ora(1780, 'string literal required'))
  else if (cursor.acceptWords('WRITE')) while (cursor.isWord('WAIT', 'NOWAIT', 'IMMEDIATE', 'BATCH')) cursor.next()
  cursor.expectEnd(() => ora(2185, 'a token other than WORK follows COMMIT'))
  await commit(instance, session)
  return { message: 'Commit complete.' }
}

/** ROLLBACK [WORK] [TO [SAVEPOINT] name] */
export async function rollbackStatement({ cursor, session }: Statement): Promise<SqlResult> {
  cursor.acceptWords('WORK')
  if (cursor.acceptWords('TO')) {
    cursor.acceptWords('SAVEPOINT')
    const name = cursor.identifier()
    cursor.expectEnd(() => ora(2181, 'invalid option to ROLLBACK WORK'))
    const state = stateOf(session)
    const place = state.savepoints.get(name)
    if (place === undefined) throw ora(1086, `savepoint '${name}' never established in this session or is invalid`)
    state.pending.splice(place)
    for (const [other, at] of state.savepoints) if (at > place) state.savepoints.delete(other)
  } else {
    cursor.expectEnd(() => ora(2181, 'invalid option to ROLLBACK WORK'))
    rollback(session)
  }
  return Promise.resolve({ message: 'Rollback complete.' })
}

/** SAVEPOINT name */
export async function savepointStatement({ cursor, session }: Statement): Promise<SqlResult> {
  const name = cursor.identifier(() => ora(3001, 'unimplemented feature'))
  cursor.expectEnd()
  const state = stateOf(session)
  state.savepoints.delete(name)
  state.savepoints.set(name, state.pending.length)
  return Promise.resolve({ message: 'Savepoint created.' })
}
