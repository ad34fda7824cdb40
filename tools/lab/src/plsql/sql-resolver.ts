import { ora } from '../engine/ora-error.ts'
import type { Expression } from '../sql/ast.ts'
import { NULL, type Bound } from '../sql/bound.ts'
import { literalOf, type NameResolver } from '../sql/compile-expression.ts'
import { pls } from './errors.ts'
import type { Frame } from './frame.ts'
import { resolveReference } from './references.ts'
import type { Scope } from './scope.ts'
import { isScalarValue } from './types.ts'
import type { Unit } from './unit.ts'

/**
 * PL/SQL's names inside of a SQL statement: columns come first, then variables, whose values stand in the statement.
 * Elements and functions are computed before the statement runs: the first compilation asks for them, the next one finds them.
 */
export class SqlNames implements NameResolver {
  readonly #scope: Scope
  readonly #unit: Unit
  /** `undefined` while only types are looked at. */
  readonly #frame: Frame | undefined
  readonly #known = new Map<Expression | string, Bound>()
  readonly #wanted: { readonly key: Expression | string; readonly compute: () => Promise<Bound> }[] = []

  constructor(scope: Scope, unit: Unit, frame: Frame | undefined) {
    this.#scope = scope
    this.#unit = unit
    this.#frame = frame
  }

  /** Computes what the last compilation lacked; false when that was nothing. */
  async settle(): Promise<boolean> {
    const wanted = this.#wanted.splice(0)
    for (const { key, compute } of wanted) this.#known.set(key, await compute())
    return wanted.length > 0
  }

  #resolve(expression: Expression, key: Expression | string): Bound | undefined {
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const reference = resolveReference(expression, this.#scope, this.#unit)
    if (reference === undefined) return undefined
    const { type } = reference
    if (type !== undefined && type.kind !== 'scalar') throw ora(902, 'invalid datatype').at(expression.at)
    const bound = (value: Parameters<typeof literalOf>[0]): Bound => literalOf(value === '' ? null : value, type?.type ?? NULL, expression.at)
    const frame = this.#frame
    if (frame === undefined) return bound(null)
    const value = reference.get(frame)
    if (!(value instanceof Promise)) return bound(isScalarValue(value) ? value : null)
    // The statement may fail before this is waited for.
    value.catch(() => undefined)
    this.#wanted.push({ key, compute: async () => { const settled = await value; return bound(isScalarValue(settled) ? settled : null) } })
    return bound(null)
  }

  name(path: readonly string[], at: number): Bound | undefined {
    return this.#resolve({ kind: 'column', path, outer: false, at }, path.join('.'))
  }

  call(expression: Expression & { kind: 'call' }): Bound | undefined {
    const [first = ''] = expression.name.split('.')
    const found = this.#scope.find(first)
    if (found?.kind === 'subprograms') throw pls(231, `function '${expression.name}' may not be used in SQL`, expression.at)
    // Stored functions are SQL's own business: their arguments may be columns.
    if (found === undefined) return undefined
    return this.#resolve(expression, expression)
  }

  element(expression: Expression & { kind: 'field' | 'element' }): Bound | undefined {
    return this.#resolve(expression, expression)
  }

  bind(name: string, at: number): Bound | undefined {
    return this.#resolve({ kind: 'bind', name, at }, `:${name}`)
  }
}
