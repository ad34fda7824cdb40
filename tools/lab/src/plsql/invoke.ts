import type { Instance, ServerSession } from '../engine/instance-api.ts'
import { NUMBER } from '../sql/bound.ts'
import type { StoredValue } from '../sql/run-query.ts'
import type { InvokableFunction } from '../sql/programs.ts'
import { builtinNamed, type Builtin } from './builtins.ts'
import { fit } from './convert.ts'
import { Frame, withBacktrace, type Run } from './frame.ts'
import type { Callable } from './scope.ts'
import { findStored } from './stored.ts'
import { isScalarValue, scalar } from './types.ts'
import { ora, OraError } from '../engine/ora-error.ts'

export function newRun(instance: Instance, session: ServerSession): Run {
  return { instance, session, binds: new Map(), assigned: new Set(), handling: [], rowCount: undefined, steps: 0, depth: 0 }
}

/** A stored or supplied function by its name; `undefined`: none. @throws OraError 06553, 06572 */
export function storedFunction(instance: Instance, session: ServerSession, path: readonly string[], count: number, names: readonly (string | undefined)[]): InvokableFunction | undefined {
  const builtin = builtinNamed(path)
  if (builtin !== undefined) return builtin.kind === 'subprogram' ? builtinFunction(builtin, instance, session, count) : undefined
  const named = findStored(instance, session, path)
  if (named?.kind !== 'subprograms') return undefined
  if (names.length > 0) throw ora(3001, 'unimplemented feature')
  const callable = named.overloads.find((candidate) => candidate.returns !== undefined && count <= candidate.parameters.length && candidate.parameters.slice(count).every((parameter) => parameter.initial !== undefined))
  if (callable === undefined) throw ora(6553, `PLS-306: wrong number or types of arguments in call to '${path.at(-1) ?? ''}'`)
  if (callable.parameters.some((parameter) => parameter.mode !== 'IN')) throw ora(6572, `Function ${callable.name} has out arguments`)
  return callableFunction(callable, instance, session)
}

function callableFunction(callable: Callable, instance: Instance, session: ServerSession): InvokableFunction {
  const { returns } = callable
  if (returns?.kind !== 'scalar' || returns.type.kind === 'BOOLEAN' || callable.parameters.some((parameter) => parameter.type.kind !== 'scalar' || parameter.type.type.kind === 'BOOLEAN')) throw ora(902, 'invalid datatype')
  return {
    returns: returns.type,
    parameters: callable.parameters.flatMap((parameter) => (parameter.type.kind === 'scalar' ? [parameter.type.type] : [])),
    invoke: async (args) => {
      const run = newRun(instance, session)
      const outer = new Frame(run, undefined)
      const home = callable.home === undefined ? undefined : await callable.home(outer)
      const frame = new Frame(callable.enter?.(run) ?? run, home)
      for (const [index, parameter] of callable.parameters.entries()) {
        frame.values[parameter.index] = index < args.length ? fit(instance, session, args[index] ?? null, parameter.type, parameter.type) : ((await parameter.initial?.(frame)) ?? null)
      }
      try {
        const signal = await callable.body?.(frame)
        if (signal?.kind !== 'return') throw ora(6503, 'PL/SQL: Function returned without value')
        return isScalarValue(signal.value) ? signal.value : null
      } catch (error) {
        // NO_DATA_FOUND inside of a function is a NULL for SQL.
        if (error instanceof OraError && error.messages[0]?.code === 'ORA-01403') return null
        throw error instanceof OraError ? withBacktrace(error) : error
      }
    },
  }
}

function builtinFunction(builtin: Builtin, instance: Instance, session: ServerSession, count: number): InvokableFunction | undefined {
  const { returns, parameters } = builtin
  if (returns === undefined || parameters.some((parameter) => parameter.mode !== 'IN')) return undefined
  if (count > parameters.length || parameters.slice(count).some((parameter) => !parameter.optional)) throw ora(6553, `PLS-306: wrong number or types of arguments in call to '${builtin.name.split('.').at(-1) ?? ''}'`)
  return {
    returns,
    parameters: parameters.map((parameter) => parameter.type ?? NUMBER),
    invoke: async (args) => {
      const value = (name: string): StoredValue => args[parameters.findIndex((parameter) => parameter.name === name)] ?? null
      const result = await builtin.run({
        run: newRun(instance, session),
        given: (name) => parameters.findIndex((parameter) => parameter.name === name) < args.length,
        value,
        text: (name) => { const found = value(name); return found === null ? null : String(found) },
        number: (name) => { const found = value(name); return found === null ? null : Number(found) },
        out: () => undefined,
      })
      return result === undefined || !isScalarValue(result) ? null : isScalarValue(fit(instance, session, result, scalar(returns), scalar(returns))) ? result : null
    },
  }
}
