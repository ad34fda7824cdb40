import { ora } from '../engine/ora-error.ts'
import type { Instance, ServerSession } from '../engine/instance-api.ts'
import type { Expression } from './ast.ts'
import { derive, quote, type Bound } from './bound.ts'
import type { ExpressionCompiler } from './compile-expression.ts'
import { programs, type InvokableFunction } from './programs.ts'
import type { StoredValue } from './run-query.ts'
import type { Scope } from './scope.ts'

/**
 * PL/SQL functions inside of a SQL statement. SQLite calls back at once, PL/SQL takes its time: the first run of the statement
 * notes the calls it meets, they are made, and the statement runs again, until it meets no new ones.
 */
export class StoredCalls {
  readonly #instance: Instance
  readonly #session: ServerSession
  readonly #functions: InvokableFunction[] = []
  readonly #known = new Map<string, StoredValue>()
  readonly #wanted = new Map<string, { readonly invoke: InvokableFunction['invoke']; readonly args: readonly StoredValue[] }>()

  constructor(instance: Instance, session: ServerSession) {
    this.#instance = instance
    this.#session = session
  }

  get used(): boolean {
    return this.#functions.length > 0
  }

  /** A call of a stored function; `undefined`: there is none of that name. @throws OraError 06553, 06572 */
  bind(expression: Expression & { kind: 'call' }, compiler: ExpressionCompiler, scope: Scope): Bound | undefined {
    const found = programs().findFunction(this.#instance, this.#session, expression.name.split('.'), expression.args.length, expression.names ?? [])
    if (found === undefined) return undefined
    const args = expression.args.map((argument, index) => {
      const bound = compiler.value(argument, scope)
      const type = found.parameters[index]
      return type === undefined ? bound : compiler.to(type.kind, bound)
    })
    this.#functions.push(found)
    const list = [String(this.#functions.length - 1), ...args.map((argument) => argument.sql)]
    return derive(`o_stored(${list.join(', ')})`, found.returns, args, expression.at)
  }

  /** What SQLite gets for a call: its value when it is known already. */
  lookup(id: number, args: readonly StoredValue[]): StoredValue {
    const called = this.#functions[id]
    if (called === undefined) throw ora(904, `${quote(String(id))}: invalid identifier`)
    const key = JSON.stringify([id, ...args.map((value) => (typeof value === 'bigint' ? `${value.toString()}n` : value))])
    const value = this.#known.get(key)
    if (value === undefined) this.#wanted.set(key, { invoke: called.invoke, args })
    return value ?? null
  }

  /** Makes the calls that were met; false when there were none. */
  async settle(): Promise<boolean> {
    const wanted = [...this.#wanted]
    this.#wanted.clear()
    for (const [key, { invoke, args }] of wanted) this.#known.set(key, await invoke(args))
    return wanted.length > 0
  }
}
