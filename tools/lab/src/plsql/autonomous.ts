import { ora } from '../engine/ora-error.ts'
import { resumeTransaction, takeTransaction } from '../sql/row-locks.ts'
import { stateOf } from '../sql/session-state.ts'
import type { Run } from './frame.ts'

/** PRAGMA AUTONOMOUS_TRANSACTION: changes of its own, which it must commit or roll back. @throws OraError 06519 */
export async function runAutonomous(run: Run, body: () => Promise<void>): Promise<void> {
  const state = stateOf(run.session)
  const outer = state.pending
  const transaction = takeTransaction(run.session)
  state.pending = []
  try {
    await body()
    if (state.pending.length > 0) throw ora(6519, 'active autonomous transaction detected and rolled back')
  } finally {
    takeTransaction(run.session)?.end()
    state.pending = outer
    resumeTransaction(run.session, transaction)
  }
}
