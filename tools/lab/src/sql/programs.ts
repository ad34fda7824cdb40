import type { Instance, ServerSession } from '../engine/instance-api.ts'
import type { SqlType } from './bound.ts'
import type { BindValue, Binds } from './compile-expression.ts'
import type { StoredValue } from './run-query.ts'
import type { StatementHandler } from './statement.ts'

/** A function that a SQL statement calls, with values of the types of its parameters. */
export interface InvokableFunction {
  readonly returns: SqlType
  readonly parameters: readonly SqlType[]
  readonly invoke: (args: readonly StoredValue[]) => Promise<StoredValue>
}

/** What the schema keeps of a stored program. */
export interface ProgramDefinition {
  /** From PROCEDURE, FUNCTION or PACKAGE on, as USER_SOURCE shows it. */
  readonly text: string
  readonly created: number
  readonly errors: readonly { readonly line: number; readonly position: number; readonly text: string }[]
}

export interface BlockResult {
  /** Binds that the block assigned. */
  readonly outs: ReadonlyMap<string, BindValue>
  readonly rowCount: number | undefined
}

/** What SQL wants of PL/SQL, which stands above it. */
export interface Programs {
  /** A stored or supplied function for a call with so many arguments, some of them named; `undefined`: none of that name. @throws OraError 06553, 06572 */
  readonly findFunction: (instance: Instance, session: ServerSession, path: readonly string[], count: number, names: readonly (string | undefined)[]) => InvokableFunction | undefined
  /** Runs an anonymous block. @throws OraError 06550 with its findings, or what the block raises */
  readonly executeBlock: (instance: Instance, session: ServerSession, text: string, binds: Binds) => Promise<BlockResult>
  /** CREATE, DROP and ALTER … COMPILE of stored programs; the cursor stands behind the word for their kind. */
  readonly create: StatementHandler
  readonly drop: StatementHandler
  readonly compile: StatementHandler
}

let provided: Programs | undefined

/** Whoever puts the engine together says here how programs run. */
export function providePrograms(programs: Programs): void {
  provided = programs
}

/** @throws TypeError when the engine was not put together: statements run through `sql-engine.ts` */
export function programs(): Programs {
  if (provided === undefined) throw new TypeError('no PL/SQL was provided')
  return provided
}
