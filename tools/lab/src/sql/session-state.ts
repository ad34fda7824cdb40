import type { Instance, RowValue, ServerSession } from '../engine/instance-api.ts'
import { offsetAt } from './zone.ts'

/** A change that COMMIT has not yet handed to the engine; the own session sees it. */
export interface PendingChange {
  readonly owner: string
  readonly table: string
  /** Rows to add; or `change`, which gives the new row, null to remove it, undefined to leave it. */
  readonly insert?: readonly (readonly RowValue[])[]
  readonly change?: (row: readonly RowValue[]) => readonly RowValue[] | null | undefined
}

/** DBMS_OUTPUT's buffer. */
export interface ServerOutput {
  enabled: boolean
  lines: string[]
  partial: string | undefined
}

/** What a session remembers between statements. */
export interface SessionState {
  nlsDateFormat: string
  nlsTimestampFormat: string
  nlsTimestampTzFormat: string
  /** `undefined`: that of the host. */
  timeZone: string | undefined
  pending: PendingChange[]
  /** By name: how many changes there were. */
  readonly savepoints: Map<string, number>
  /** Counts transactions, so that one can be told from the next. */
  transaction: number
  readonly output: ServerOutput
}

const states = new WeakMap<ServerSession, SessionState>()

export function stateOf(session: ServerSession): SessionState {
  let state = states.get(session)
  if (state === undefined) {
    state = { nlsDateFormat: 'DD-MON-RR', nlsTimestampFormat: 'DD-MON-RR HH.MI.SSXFF AM', nlsTimestampTzFormat: 'DD-MON-RR HH.MI.SSXFF AM TZR', timeZone: undefined, pending: [], savepoints: new Map(), transaction: 0, output: { enabled: false, lines: [], partial: undefined } }
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
