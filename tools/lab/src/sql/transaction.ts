import type { Instance, ServerSession } from '../engine/instance-api.ts'
import { stateOf } from './session-state.ts'

/** Hands a session's changes to the engine, in order; each statement is one transaction there. */
export async function commit(instance: Instance, session: ServerSession): Promise<void> {
  const state = stateOf(session)
  const changes = state.pending
  state.pending = []
  for (const change of changes) await change.commit(instance)
}

/** Forgets a session's changes. */
export function rollback(session: ServerSession): void {
  stateOf(session).pending = []
}
