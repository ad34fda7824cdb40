import type { Block, Parameter, Subprogram } from './ast.ts'
import type { Query } from '../sql/ast.ts'
import type { UserException } from './errors.ts'
import type { Frame, Run } from './frame.ts'
import type { PlType, Value } from './types.ts'

export interface Variable {
  readonly kind: 'variable'
  readonly type: PlType
  /** Neither assignable nor an OUT argument. */
  readonly constant: boolean
  readonly depth: number
  readonly index: number
}

/** A variable of a package. */
export interface GlobalVariable {
  readonly kind: 'global'
  readonly type: PlType
  readonly get: (frame: Frame) => Promise<Value>
  readonly set: ((frame: Frame, value: Value) => Promise<void>) | undefined
}

export interface CursorVariable {
  readonly kind: 'cursor'
  readonly query: Query
  readonly parameters: readonly Parameter[]
  readonly row: PlType
  readonly scope: Scope
  readonly depth: number
  readonly index: number
  /** Where its arguments live. */
  readonly arguments: readonly Variable[]
}

export interface CompiledParameter {
  readonly name: string
  readonly mode: 'IN' | 'OUT' | 'IN OUT'
  readonly type: PlType
  readonly initial: ((frame: Frame) => Value | Promise<Value>) | undefined
  readonly index: number
}

export type Signal = { readonly kind: 'exit' | 'continue'; readonly label: string | undefined } | { readonly kind: 'return'; readonly value: Value }
export type Execute = (frame: Frame) => Promise<Signal | undefined>

export interface Callable {
  readonly kind: 'subprogram'
  readonly name: string
  /** For ORA-06512: `SYS.P`, empty inside of an anonymous block. */
  readonly unit: string
  readonly depth: number
  readonly parameters: CompiledParameter[]
  returns: PlType | undefined
  readonly autonomous: boolean
  body: Execute | undefined
  /** The frame around it when it is stored; `undefined`: that of the caller. */
  readonly home: ((frame: Frame) => Promise<Frame>) | undefined
  /** Stored programs run with the names of their owner. */
  readonly enter: ((run: Run) => Run) | undefined
}

export type Named = Variable | CursorVariable | { readonly kind: 'type'; readonly type: PlType } | { readonly kind: 'exception'; readonly exception: UserException } | { readonly kind: 'subprograms'; readonly overloads: Callable[] } | GlobalVariable

/** The names of a block, inside those of the block around it. */
export class Scope {
  readonly parent: Scope | undefined
  readonly label: string | undefined
  readonly depth: number
  readonly names: Map<string, Named> = new Map()
  /** Slots of the frame, shared by the blocks of one subprogram. */
  readonly slots: { count: number }
  readonly #returns: PlType | 'procedure' | undefined

  constructor(parent: Scope | undefined, options: { readonly label?: string | undefined; readonly subprogram?: boolean; readonly returns?: PlType | 'procedure' } = {}) {
    this.parent = parent
    this.#returns = options.returns
    this.label = options.label
    const own = parent === undefined || options.subprogram === true
    this.depth = parent === undefined ? 0 : parent.depth + (options.subprogram === true ? 1 : 0)
    this.slots = own ? { count: 0 } : parent.slots
  }

  /** What RETURN gives here: a function's type, `procedure` without value, or `block`. */
  returns(): PlType | 'procedure' | 'block' {
    return this.#returns ?? this.parent?.returns() ?? 'block'
  }

  find(name: string): Named | undefined {
    return this.names.get(name) ?? this.parent?.find(name)
  }

  /** The block or subprogram with this label. */
  labelled(name: string): Scope | undefined {
    return this.label === name ? this : this.parent?.labelled(name)
  }

  variable(name: string | undefined, type: PlType, constant = false): Variable {
    const variable: Variable = { kind: 'variable', type, constant, depth: this.depth, index: this.slots.count++ }
    if (name !== undefined) this.names.set(name, variable)
    return variable
  }
}

export type { Block, Subprogram }
