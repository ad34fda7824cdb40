import { OraError } from '../engine/ora-error.ts'
import type { Block, Declaration, Handler, Parameter, Subprogram } from './ast.ts'
import { checkAssignable, fit } from './convert.ts'
import { typeNamed } from './declared-types.ts'
import { codeOf, pls, RaisedException, type UserException } from './errors.ts'
import { exceptionNamed } from './exceptions.ts'
import { compileValue } from './expressions.ts'
import { backtrace, leaveUnit, noteLine, type Frame } from './frame.ts'
import { Scope, type Callable, type Execute, type Signal } from './scope.ts'
import { rowOfQuery } from './sql-statements.ts'
import { compileStatements } from './statements.ts'
import { emptyValue, type PlType } from './types.ts'
import { collecting, lineOf, type Unit } from './unit.ts'

type Prepare = (frame: Frame) => Promise<void>

/** A block as a step: declarations, body, handlers. */
export function compileBlock(block: Block, parent: Scope, unit: Unit, label?: string, own?: Scope): Execute {
  const scope = own ?? new Scope(parent, { label })
  const prepare = compileDeclarations(block.declarations, scope, unit)
  const body = compileStatements(block.body, scope, unit)
  const handlers = block.handlers.map((handler) => compileHandler(handler, scope, unit))
  return async (frame) => {
    for (const step of prepare) await step(frame)
    if (handlers.length === 0) return body(frame)
    try {
      return await body(frame)
    } catch (error) {
      if (!(error instanceof OraError) || frame.run.session.abort.aborted) throw error
      const handler = handlers.find((candidate) => candidate.catches(error))
      if (handler === undefined) throw error
      leaveHandled(error)
      frame.run.handling.push(error)
      try {
        return await handler.body(frame)
      } finally {
        frame.run.handling.pop()
      }
    }
  }
}

/** FORMAT_ERROR_BACKTRACE of a handled error begins with the line that raised it. */
function leaveHandled(error: OraError): void {
  if (backtrace(error).length === 0) leaveUnit(error, '')
}

function compileHandler(handler: Handler, scope: Scope, unit: Unit): { readonly catches: (error: OraError) => boolean; readonly body: Execute } {
  const wanted = handler.exceptions?.map(({ path, at }) => collecting(unit, () => exceptionNamed(path, at, scope, unit)))
  return {
    catches: (error) => wanted === undefined || wanted.some((exception) => exception !== undefined && matches(exception, error)),
    body: compileStatements(handler.body, scope, unit),
  }
}

function matches(exception: UserException | number, error: OraError): boolean {
  if (typeof exception === 'number') return codeOf(error) === exception
  return (error instanceof RaisedException && error.exception === exception) || (exception.code !== undefined && codeOf(error) === exception.code)
}

/** Puts names into the scope; gives what runs when the block is entered. */
export function compileDeclarations(declarations: readonly Declaration[], scope: Scope, unit: Unit, specification = false): Prepare[] {
  const prepare: Prepare[] = []
  for (const declaration of declarations) {
    const step = collecting(unit, () => compileDeclaration(declaration, scope, unit))
    if (step !== undefined) {
      const line = lineOf(unit, declaration.at)
      prepare.push(async (frame) => {
        try {
          await step(frame)
        } catch (error) {
          noteLine(error, line)
          throw error
        }
      })
    }
  }
  for (const [name, found] of specification ? [] : scope.names) {
    if (found.kind === 'subprograms' && unit.errors.length === 0 && found.overloads.some((callable) => callable.body === undefined)) {
      const at = declarations.find((declaration) => declaration.kind === 'subprogram' && declaration.subprogram.name === name)?.at ?? 0
      unit.errors.push(homes.has(scope) ? pls(323, `subprogram or cursor '${name}' is declared in a package specification and must be defined in the package body`, at) : pls(313, `'${name}' not declared in this scope`, at))
    }
  }
  return prepare
}

function declareOnce(scope: Scope, name: string, at: number): void {
  if (scope.names.has(name)) throw pls(371, `at most one declaration for '${name}' is permitted`, at)
}

function compileDeclaration(declaration: Declaration, scope: Scope, unit: Unit): Prepare | undefined {
  switch (declaration.kind) {
    case 'variable':
      return compileVariable(declaration, scope, unit)
    case 'exception':
      declareOnce(scope, declaration.name, declaration.at)
      scope.names.set(declaration.name, { kind: 'exception', exception: { name: declaration.name, code: undefined } })
      return undefined
    case 'exception-init': {
      const found = scope.names.get(declaration.name)
      if (found?.kind !== 'exception') throw pls(109, `unknown exception name '${declaration.name}' in PRAGMA EXCEPTION_INIT`, declaration.at)
      found.exception.code = declaration.code === -1403 ? 100 : declaration.code
      return undefined
    }
    case 'autonomous':
      return undefined
    case 'type':
      declareOnce(scope, declaration.name, declaration.at)
      scope.names.set(declaration.name, { kind: 'type', type: compileType(declaration, scope, unit) })
      return undefined
    case 'cursor':
      return compileCursor(declaration, scope, unit)
    case 'subprogram':
      compileSubprogram(declaration.subprogram, scope, unit, homes.get(scope) ?? { unit: unit.name })
      return undefined
  }
}

function compileVariable(declaration: Declaration & { kind: 'variable' }, scope: Scope, unit: Unit): Prepare {
  declareOnce(scope, declaration.name, declaration.at)
  const named = typeNamed(declaration.type, scope, unit)
  const type: PlType = declaration.notNull && named.kind === 'scalar' ? { ...named, notNull: true } : named
  const initial = declaration.initial === undefined ? undefined : compileValue(declaration.initial, scope, unit)
  if (initial !== undefined) checkAssignable(initial.type, type, declaration.initial?.at ?? declaration.at)
  const { index } = scope.variable(declaration.name, type, declaration.constant)
  return async (frame) => {
    frame.values[index] = initial === undefined ? emptyValue(type) : fit(frame.run.instance, frame.run.session, await initial.get(frame), initial.type, type)
  }
}

function compileType(declaration: Declaration & { kind: 'type' }, scope: Scope, unit: Unit): PlType {
  const { definition } = declaration
  switch (definition.kind) {
    case 'record':
      return { kind: 'record', fields: definition.fields.map((field) => ({ name: field.name, type: typeNamed(field.type, scope, unit) })) }
    case 'cursor':
      return { kind: 'cursor' }
    case 'subtype':
      return typeNamed(definition.type, scope, unit)
    case 'table': {
      const index = definition.index === undefined ? undefined : typeNamed(definition.index, scope, unit)
      return { kind: 'table', element: typeNamed(definition.element, scope, unit), index: index?.kind === 'scalar' && index.type.kind === 'VARCHAR2' ? 'text' : 'number', associative: index !== undefined, limit: definition.limit }
    }
  }
}

/** A cursor's arguments live beside the variables of its block. */
function compileCursor(declaration: Declaration & { kind: 'cursor' }, scope: Scope, unit: Unit): Prepare {
  declareOnce(scope, declaration.name, declaration.at)
  const inner = new Scope(scope)
  const given = declaration.parameters.map((parameter) => inner.variable(parameter.name, typeNamed(parameter.type, scope, unit)))
  const index = scope.slots.count++
  const row = rowOfQuery(declaration.query, inner, unit, declaration.at)
  scope.names.set(declaration.name, { kind: 'cursor', query: declaration.query, parameters: declaration.parameters, row, scope: inner, depth: scope.depth, index, arguments: given })
  return (frame) => {
    frame.values[index] = null
    return Promise.resolve()
  }
}

export interface SubprogramHome {
  /** For ORA-06512. */
  readonly unit: string
  readonly home?: Callable['home']
  readonly enter?: Callable['enter']
}

const homes = new WeakMap<Scope, SubprogramHome>()

/** What the subprograms declared in a scope belong to: a package. */
export function setSubprogramHome(scope: Scope, home: SubprogramHome): void {
  homes.set(scope, home)
}

function compileParameters(parameters: readonly Parameter[], outer: Scope, scope: Scope, unit: Unit): Callable['parameters'] {
  return parameters.map((parameter) => {
    const type = typeNamed(parameter.type, outer, unit)
    const initial = parameter.initial === undefined ? undefined : compileValue(parameter.initial, scope, unit)
    const variable = scope.variable(parameter.name, type, parameter.mode === 'IN')
    return { name: parameter.name, mode: parameter.mode, type, initial: initial === undefined ? undefined : async (frame: Frame) => fit(frame.run.instance, frame.run.session, await initial.get(frame), initial.type, type), index: variable.index }
  })
}

/** A procedure or function; a body fills what an earlier declaration left open. */
export function compileSubprogram(subprogram: Subprogram, outer: Scope, unit: Unit, home: SubprogramHome): Callable {
  const returns = subprogram.returns === undefined ? undefined : typeNamed(subprogram.returns, outer, unit)
  const scope = new Scope(outer, { subprogram: true, label: subprogram.name, returns: returns ?? 'procedure' })
  const parameters = compileParameters(subprogram.parameters, outer, scope, unit)
  const named = outer.names.get(subprogram.name)
  if (named !== undefined && named.kind !== 'subprograms') throw pls(371, `at most one declaration for '${subprogram.name}' is permitted`, subprogram.at)
  const overloads = named?.overloads ?? []
  const open = overloads.find((candidate) => candidate.body === undefined && candidate.parameters.length === parameters.length && candidate.parameters.every((parameter, index) => parameter.name === parameters[index]?.name))
  const callable: Callable = open ?? { kind: 'subprogram', name: subprogram.name, unit: home.unit, depth: scope.depth, parameters, returns, autonomous: subprogram.autonomous, body: undefined, home: home.home, enter: home.enter }
  if (open === undefined) overloads.push(callable)
  else {
    // The defaults may stand in the declaration only.
    callable.parameters.splice(0, callable.parameters.length, ...parameters.map((parameter, index) => ({ ...parameter, initial: parameter.initial ?? callable.parameters[index]?.initial })))
    Object.assign(callable, { autonomous: subprogram.autonomous })
  }
  if (named === undefined) outer.names.set(subprogram.name, { kind: 'subprograms', overloads })
  if (subprogram.body === undefined) return callable
  // Known while its own body is compiled, so that it can call itself.
  const pending: { execute: Execute | undefined } = { execute: undefined }
  callable.body = async (frame) => {
    try {
      const signal: Signal | undefined = await pending.execute?.(frame)
      if (signal?.kind === 'return' && returns !== undefined) return { kind: 'return', value: signal.value }
      return signal
    } catch (error) {
      leaveUnit(error, home.unit)
      throw error
    }
  }
  pending.execute = compileBlock(subprogram.body, outer, unit, undefined, scope)
  return callable
}
