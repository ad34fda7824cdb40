import type { Instance, ServerSession } from '../engine/instance-api.ts'
import type { Binds } from '../sql/compile-expression.ts'
import type { Expression } from '../sql/ast.ts'
import type { Block, Statement } from './ast.ts'
import { findings, placeOf, type CompileError } from './errors.ts'
import type { Compiled } from './expressions.ts'
import type { Reference } from './references.ts'
import type { Execute, Named, Scope } from './scope.ts'

/** The compilers of the parts of a program, which contain one another: each finds the others at the unit. */
export interface PartCompilers {
  /** Any value. @throws CompileError PLS-00201, 00306, 00382 … */
  readonly value: (expression: Expression, scope: Scope, unit: Unit) => Compiled
  /** A name, element, field or call; `undefined`: one of SQL's own functions and pseudocolumns. */
  readonly reference: (expression: Expression, scope: Scope, unit: Unit) => Reference | undefined
  readonly statements: (statements: readonly Statement[], scope: Scope, unit: Unit) => Execute
  readonly block: (block: Block, scope: Scope, unit: Unit, label: string | undefined) => Execute
}

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
  readonly parts: PartCompilers
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
