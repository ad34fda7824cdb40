import { ora } from '../engine/ora-error.ts'
import type { Expression } from '../sql/ast.ts'
import type { Builtin, BuiltinArguments } from './builtins.ts'
import { assignable, fit } from './convert.ts'
import { pls } from './errors.ts'
import type { Compiled } from './expressions.ts'
import { Frame } from './frame.ts'
import type { Reference } from './references.ts'
import type { Callable, CompiledParameter, Scope } from './scope.ts'
import { copyValue, emptyValue, isScalarValue, scalar, type PlType, type Value } from './types.ts'
import type { Unit } from './unit.ts'
import { runAutonomous } from './autonomous.ts'

export interface CompiledCall {
  readonly returns: PlType | undefined
  readonly run: (frame: Frame) => Promise<Value>
}

const deepest = 400

interface Given {
  readonly value: Compiled
  readonly expression: Expression
}

interface Formal {
  readonly name: string
  readonly mode: 'IN' | 'OUT' | 'IN OUT'
  readonly optional: boolean
  readonly type: PlType | undefined
}

/** Arguments by parameter; `undefined`: they do not fit. */
function match(formals: readonly Formal[], args: readonly Given[], names: readonly (string | undefined)[]): (Given | undefined)[] | undefined {
  if (args.length > formals.length) return undefined
  const matched: (Given | undefined)[] = formals.map(() => undefined)
  for (const [position, given] of args.entries()) {
    const name = names[position]
    const index = name === undefined ? position : formals.findIndex((formal) => formal.name === name)
    const formal = formals[index]
    if (formal === undefined || matched[index] !== undefined) return undefined
    if (formal.type !== undefined && (formal.mode === 'OUT' ? given.value.type !== undefined && !assignable(formal.type, given.value.type) : !assignable(given.value.type, formal.type))) return undefined
    matched[index] = given
  }
  return formals.every((formal, index) => formal.optional || matched[index] !== undefined) ? matched : undefined
}

function compileArguments(args: readonly Expression[], scope: Scope, unit: Unit): Given[] {
  return args.map((expression) => ({ expression, value: unit.parts.value(expression, scope, unit) }))
}

const wrong = (name: string, at: number) => pls(306, `wrong number or types of arguments in call to '${name}'`, at)

/** OUT arguments must be assignable. @throws CompileError PLS-00363 */
function targetOf(given: Given, scope: Scope, unit: Unit): Reference & { set: NonNullable<Reference['set']> } {
  const reference = unit.parts.reference(given.expression, scope, unit)
  if (reference?.set === undefined) {
    const shown = given.expression.kind === 'column' ? given.expression.path.join('.') : unit.text.slice(given.expression.at).split(/[\s,)]/)[0] ?? ''
    throw pls(363, `expression '${shown}' cannot be used as an assignment target`, given.expression.at)
  }
  return reference as Reference & { set: NonNullable<Reference['set']> }
}

const formalOf = (parameter: CompiledParameter): Formal => ({ name: parameter.name, mode: parameter.mode, optional: parameter.initial !== undefined, type: parameter.type })

/** A call of a subprogram of the block or of a stored one. @throws CompileError PLS-00306, 00307, 00363 */
export function compileCall(overloads: readonly Callable[], args: readonly Expression[], names: readonly (string | undefined)[], at: number, scope: Scope, unit: Unit): CompiledCall {
  const given = compileArguments(args, scope, unit)
  const fitting = overloads.flatMap((callable) => {
    const matched = match(callable.parameters.map(formalOf), given, names)
    return matched === undefined ? [] : [{ callable, matched }]
  })
  const chosen = fitting[0]
  if (chosen === undefined) throw wrong(overloads[0]?.name ?? '', at)
  const { callable, matched } = chosen
  const targets = callable.parameters.map((parameter, index) => {
    const argument = matched[index]
    return parameter.mode === 'IN' || argument === undefined ? undefined : targetOf(argument, scope, unit)
  })
  const hops = scope.depth - (callable.depth - 1)
  return {
    returns: callable.returns,
    run: async (frame) => {
      const { run } = frame
      const home = callable.home !== undefined ? await callable.home(frame) : callable.enter !== undefined ? undefined : frame.out(hops)
      const inner = new Frame(callable.enter?.(run) ?? run, home)
      for (const [index, parameter] of callable.parameters.entries()) {
        const argument = matched[index]
        inner.values[parameter.index] = parameter.mode === 'OUT' ? emptyValue(parameter.type) : argument === undefined ? ((await parameter.initial?.(inner)) ?? null) : fit(run.instance, run.session, await argument.value.get(frame), argument.value.type, parameter.type)
      }
      if (++run.depth > deepest) throw ora(36, `maximum number of recursive SQL levels (${String(deepest)}) exceeded`)
      let result: Value = null
      try {
        const execute = async (): Promise<void> => {
          const signal = await callable.body?.(inner)
          if (signal?.kind === 'return') result = signal.value
          else if (callable.returns !== undefined) throw ora(6503, 'PL/SQL: Function returned without value')
        }
        await (callable.autonomous ? runAutonomous(run, execute) : execute())
      } finally {
        run.depth--
      }
      for (const [index, parameter] of callable.parameters.entries()) {
        const target = targets[index]
        if (target !== undefined) await target.set(frame, target.type === undefined ? copyValue(inner.values[parameter.index] ?? null) : fit(run.instance, run.session, inner.values[parameter.index] ?? null, parameter.type, target.type))
      }
      return result
    },
  }
}

/** A call of a supplied package. */
export function compileBuiltinCall(builtin: Builtin, args: readonly Expression[], names: readonly (string | undefined)[], at: number, scope: Scope, unit: Unit): CompiledCall {
  const given = compileArguments(args, scope, unit)
  const formals = builtin.parameters.map((parameter): Formal => ({ name: parameter.name, mode: parameter.mode, optional: parameter.optional, type: parameter.type === undefined ? undefined : scalar(parameter.type) }))
  const matched = match(formals, given, names)
  if (matched === undefined) throw wrong(builtin.name.split('.').at(-1) ?? '', at)
  const targets = builtin.parameters.map((parameter, index) => {
    const argument = matched[index]
    return parameter.mode === 'IN' || argument === undefined ? undefined : targetOf(argument, scope, unit)
  })
  return {
    returns: builtin.returns === undefined ? undefined : scalar(builtin.returns),
    run: async (frame) => {
      const { instance, session } = frame.run
      const values: Value[] = []
      for (const [index, parameter] of builtin.parameters.entries()) {
        const argument = matched[index]
        if (argument === undefined || parameter.mode === 'OUT') values.push(null)
        else {
          const value = await argument.value.get(frame)
          values.push(parameter.type === undefined || !isScalarValue(value) ? value : fit(instance, session, value, argument.value.type, scalar(parameter.type)))
        }
      }
      const outs = new Map<number, Value>()
      const position = (name: string): number => builtin.parameters.findIndex((parameter) => parameter.name === name)
      const call: BuiltinArguments = {
        run: frame.run,
        given: (name) => matched[position(name)] !== undefined,
        value: (name) => values[position(name)] ?? null,
        text: (name) => { const value = values[position(name)] ?? null; return value === null || !isScalarValue(value) ? null : String(value) },
        number: (name) => { const value = values[position(name)] ?? null; return value === null || !isScalarValue(value) ? null : Number(value) },
        out: (name, value) => { outs.set(position(name), value) },
      }
      const result = await builtin.run(call)
      for (const [index, value] of outs) {
        const target = targets[index]
        const type = builtin.parameters[index]?.type
        if (target !== undefined) await target.set(frame, target.type === undefined || type === undefined ? value : fit(instance, session, value, scalar(type), target.type))
      }
      return result ?? null
    },
  }
}
