import type { Instance, ServerSession } from '../engine/instance-api.ts'
import { OraError } from '../engine/ora-error.ts'
import type { BindValue } from '../sql/compile-expression.ts'
import { actAs } from '../sql/session-state.ts'
import type { Value } from './types.ts'

/** One call of the server that runs PL/SQL. */
export interface Run {
  readonly instance: Instance
  readonly session: ServerSession
  /** In and out, by name in upper case. */
  readonly binds: Map<string, BindValue>
  readonly assigned: Set<string>
  /** Errors whose handlers run now; SQLCODE is that of the last. */
  readonly handling: OraError[]
  /** SQL%ROWCOUNT; `undefined` before any statement. */
  rowCount: number | undefined
  steps: number
  depth: number
}

/** Names inside of a stored program are those of its owner. */
export const runAs = (owner: string) => (run: Run): Run => Object.assign(Object.create(run) as Run, { session: actAs(run.session, owner) })

/** The variables of one call of a subprogram. */
export class Frame {
  readonly run: Run
  readonly parent: Frame | undefined
  readonly values: Value[] = []

  constructor(run: Run, parent: Frame | undefined) {
    this.run = run
    this.parent = parent
  }

  /** The frame `hops` subprograms further out. */
  out(hops: number): Frame {
    if (hops <= 0) return this
    if (this.parent === undefined) throw new RangeError('no such frame')
    return this.parent.out(hops - 1)
  }
}

interface Trace {
  readonly lines: string[]
  line: number | undefined
}

const traces = new WeakMap<OraError, Trace>()

function traceOf(error: OraError): Trace {
  const known = traces.get(error)
  if (known !== undefined) return known
  const trace: Trace = { lines: [], line: undefined }
  traces.set(error, trace)
  return trace
}

/** The innermost statement that an error came through says its line. */
export function noteLine(error: unknown, line: number): void {
  if (error instanceof OraError) traceOf(error).line ??= line
}

/** An error leaves a unit: `"SYS.P", ` or nothing for a block. */
export function leaveUnit(error: unknown, unit: string): void {
  if (!(error instanceof OraError)) return
  const trace = traceOf(error)
  if (trace.line === undefined) return
  trace.lines.push(`at ${unit === '' ? '' : `"${unit}", `}line ${String(trace.line)}`)
  trace.line = undefined
}

/** The ORA-06512 lines. */
export function backtrace(error: OraError): readonly string[] {
  return traceOf(error).lines
}

/** The error with its ORA-06512 lines, for a client. */
export function withBacktrace(error: OraError): OraError {
  const complete = new OraError([...error.messages, ...backtrace(error).map((text) => ({ code: 'ORA-06512', text }))])
  complete.offset = 0
  return complete
}
