import type { Instance, ServerSession } from '../engine/instance-api.ts'
import type { Binds } from '../sql/compile-expression.ts'
import { findings, placeOf, type CompileError } from './errors.ts'
import type { Named } from './scope.ts'

/** One text that is compiled: an anonymous block or a stored program. */
export interface Unit {
  readonly text: string
  /** `SYS.P`; empty for a block. */
  readonly name: string
  /** Where line 1 begins in {@link text}. */
  readonly start: number
  readonly instance: Instance
  readonly session: ServerSession
  readonly errors: CompileError[]
  /** Values of binds as they are at compile time; `undefined`: no binds here (PLS-00049). */
  readonly binds: Binds | undefined
  /** Stored programs and packages by path. */
  readonly stored: (path: readonly string[]) => Named | undefined
}

export const lineOf = (unit: Unit, at: number): number => placeOf(unit.text, at).line - placeOf(unit.text, unit.start).line + 1

/** Compiles a part; what it finds is noted, and the next part is compiled as well. */
export function collecting<T>(unit: Unit, compile: () => T, statementAt?: number): T | undefined {
  try {
    return compile()
  } catch (error) {
    unit.errors.push(...findings(error, statementAt))
    return undefined
  }
}
