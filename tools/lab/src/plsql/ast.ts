import type { Expression, Query } from '../sql/ast.ts'
import type { Dml } from '../sql/dml-ast.ts'

/** A type as it is written: `NUMBER(10,2)`, `t.c%TYPE`, `t%ROWTYPE`, `SYS_REFCURSOR`. */
export interface TypeName {
  readonly path: readonly string[]
  readonly attribute: 'TYPE' | 'ROWTYPE' | undefined
  readonly length: number | undefined
  readonly scale: number | undefined
  readonly at: number
}

export interface Parameter {
  readonly name: string
  readonly mode: 'IN' | 'OUT' | 'IN OUT'
  readonly type: TypeName
  readonly initial: Expression | undefined
  readonly at: number
}

export interface Subprogram {
  readonly name: string
  readonly parameters: readonly Parameter[]
  /** A function's; `undefined`: a procedure. */
  readonly returns: TypeName | undefined
  /** `undefined`: only declared, its body follows. */
  readonly body: Block | undefined
  readonly autonomous: boolean
  readonly at: number
}

export interface FieldDefinition {
  readonly name: string
  readonly type: TypeName
  readonly notNull: boolean
  readonly initial: Expression | undefined
}

export type TypeDefinition =
  | { readonly kind: 'record'; readonly fields: readonly FieldDefinition[] }
  /** `index` of an associative array; without, a nested table or VARRAY. */
  | { readonly kind: 'table'; readonly element: TypeName; readonly index: TypeName | undefined; readonly limit: number | undefined }
  | { readonly kind: 'cursor' }
  | { readonly kind: 'subtype'; readonly type: TypeName }

export type Declaration =
  | { readonly kind: 'variable'; readonly name: string; readonly type: TypeName; readonly constant: boolean; readonly notNull: boolean; readonly initial: Expression | undefined; readonly at: number }
  | { readonly kind: 'exception'; readonly name: string; readonly at: number }
  | { readonly kind: 'exception-init'; readonly name: string; readonly code: number; readonly at: number }
  | { readonly kind: 'autonomous'; readonly at: number }
  | { readonly kind: 'cursor'; readonly name: string; readonly parameters: readonly Parameter[]; readonly query: Query; readonly at: number }
  | { readonly kind: 'type'; readonly name: string; readonly definition: TypeDefinition; readonly at: number }
  | { readonly kind: 'subprogram'; readonly subprogram: Subprogram; readonly at: number }

export interface Handler {
  /** `undefined`: OTHERS. */
  readonly exceptions: readonly { readonly path: readonly string[]; readonly at: number }[] | undefined
  readonly body: readonly Statement[]
}

export interface Block {
  readonly declarations: readonly Declaration[]
  readonly body: readonly Statement[]
  readonly handlers: readonly Handler[]
  readonly at: number
}

export interface IntoTargets {
  readonly targets: readonly Expression[]
  readonly bulk: boolean
}

export interface UsingArgument {
  readonly mode: 'IN' | 'OUT' | 'IN OUT'
  readonly value: Expression
}

export type LoopRange =
  | { readonly kind: 'range'; readonly low: Expression; readonly high: Expression; readonly reverse: boolean }
  | { readonly kind: 'query'; readonly query: Query }
  | { readonly kind: 'cursor'; readonly path: readonly string[]; readonly args: readonly Expression[]; readonly at: number }

export type Statement = { readonly at: number; readonly label?: string } & (
  | { readonly kind: 'null' }
  | { readonly kind: 'assign'; readonly target: Expression; readonly value: Expression }
  | { readonly kind: 'if'; readonly branches: readonly { readonly when: Expression; readonly body: readonly Statement[] }[]; readonly otherwise: readonly Statement[] | undefined }
  | { readonly kind: 'case'; readonly operand: Expression | undefined; readonly branches: readonly { readonly when: Expression; readonly body: readonly Statement[] }[]; readonly otherwise: readonly Statement[] | undefined }
  | { readonly kind: 'loop'; readonly while: Expression | undefined; readonly body: readonly Statement[] }
  | { readonly kind: 'for'; readonly variable: string; readonly range: LoopRange; readonly body: readonly Statement[] }
  | { readonly kind: 'forall'; readonly variable: string; readonly low: Expression; readonly high: Expression; readonly statement: Statement }
  | { readonly kind: 'exit' | 'continue'; readonly target: string | undefined; readonly when: Expression | undefined }
  | { readonly kind: 'block'; readonly block: Block }
  | { readonly kind: 'raise'; readonly path: readonly string[] | undefined }
  | { readonly kind: 'return'; readonly value: Expression | undefined }
  | { readonly kind: 'call'; readonly call: Expression }
  | { readonly kind: 'select'; readonly query: Query; readonly into: IntoTargets }
  | { readonly kind: 'dml'; readonly dml: Dml }
  | { readonly kind: 'transaction'; readonly text: string }
  | { readonly kind: 'execute'; readonly sql: Expression; readonly into: IntoTargets | undefined; readonly using: readonly UsingArgument[]; readonly returning: readonly Expression[] }
  | { readonly kind: 'open'; readonly cursor: Expression; readonly query: Query | undefined; readonly sql: Expression | undefined; readonly using: readonly UsingArgument[] }
  | { readonly kind: 'fetch'; readonly cursor: Expression; readonly into: IntoTargets; readonly limit: Expression | undefined }
  | { readonly kind: 'close'; readonly cursor: Expression }
)
