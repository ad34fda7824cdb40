import type { Instance, RowValue, ServerSession } from '../engine/instance-api.ts'
import { offsetAt } from './zone.ts'

/** A change that COMMIT has not yet handed to the engine; the own session sees it. */
export interface PendingChange {
  readonly owner: string
  readonly table: string
  /** Rows to add; or `change`, which gives the new row, null to remove it, undefined to leave it. */
  readonly insert?: readonly (readonly RowValue[])[]
  /** The rows were loaded by direct path: until COMMIT nobody can look at the table, this session neither. */
  readonly direct?: boolean
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
  /** CURRVAL by sequence. */
  readonly currentValues: Map<string, bigint>
  /** ALTER SESSION SET CURRENT_SCHEMA. */
  currentSchema: string | undefined
  /** Variables of packages, by package. */
  readonly packages: Map<string, unknown>
  readonly output: ServerOutput
}

const states = new WeakMap<ServerSession, SessionState>()

export function stateOf(session: ServerSession): SessionState {
  let state = states.get(session)
  if (state === undefined) {
    state = { nlsDateFormat: 'DD-MON-RR', nlsTimestampFormat: 'DD-MON-RR HH.MI.SSXFF AM', nlsTimestampTzFormat: 'DD-MON-RR HH.MI.SSXFF AM TZR', timeZone: undefined, pending: [], savepoints: new Map(), transaction: 0, currentValues: new Map(), currentSchema: undefined, packages: new Map(), output: { enabled: false, lines: [], partial: undefined } }
    states.set(session, state)
  }
  return state
}

const definers = new WeakMap<ServerSession, string>()

/** The session while it runs a program of another owner: names are that owner's, everything else is the session's. */
export function actAs(session: ServerSession, owner: string): ServerSession {
  if (definers.get(session) === owner) return session
  const acting = Object.create(session) as ServerSession
  states.set(acting, stateOf(session))
  definers.set(acting, owner)
  return acting
}

/** The owner of the program that runs; `undefined` outside of stored programs. */
export const definerOf = (session: ServerSession): string | undefined => definers.get(session)

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
