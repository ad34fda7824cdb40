import type { Instance, RowValue, ServerSession } from '../engine/instance-api.ts'
import { offsetAt } from './zone.ts'

/** A change that COMMIT has not yet handed to the engine; the own session sees it. */
export interface PendingChange {
  readonly owner: string
  readonly table: string
  readonly apply: (rows: readonly (readonly RowValue[])[]) => readonly (readonly RowValue[])[]
  readonly commit: (instance: Instance) => Promise<unknown>
}

/** What a session remembers between statements. */
export interface SessionState {
  nlsDateFormat: string
  nlsTimestampFormat: string
  nlsTimestampTzFormat: string
  /** `undefined`: that of the host. */
  timeZone: string | undefined
  pending: PendingChange[]
}

const states = new WeakMap<ServerSession, SessionState>()

export function stateOf(session: ServerSession): SessionState {
  let state = states.get(session)
  if (state === undefined) {
    state = { nlsDateFormat: 'DD-MON-RR', nlsTimestampFormat: 'DD-MON-RR HH.MI.SSXFF AM', nlsTimestampTzFormat: 'DD-MON-RR HH.MI.SSXFF AM TZR', timeZone: undefined, pending: [] }
    states.set(session, state)
  }
  return state
}

/** What one statement sees of its session: formats, zones and a time that stands still. */
export interface StatementContext {
  readonly nls: Readonly<SessionState>
  /** Milliseconds UTC. */
  readonly now: number
  readonly databaseZone: string
  readonly sessionZone: string
  readonly databaseOffset: number
  readonly sessionOffset: number
}

export function statementContext(instance: Instance, session: ServerSession): StatementContext {
  const nls = stateOf(session)
  const now = instance.host.now()
  const databaseZone = instance.host.timeZone
  const sessionZone = nls.timeZone ?? databaseZone
  return { nls, now, databaseZone, sessionZone, databaseOffset: offsetAt(now, databaseZone), sessionOffset: offsetAt(now, sessionZone) }
}
