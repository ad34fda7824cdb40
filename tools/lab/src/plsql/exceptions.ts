import { pls, predefinedCode, type UserException } from './errors.ts'
import type { Scope } from './scope.ts'
import type { Unit } from './unit.ts'

/** A declared exception, or the SQLCODE of one of Oracle's. @throws CompileError PLS-00201 */
export function exceptionNamed(path: readonly string[], at: number, scope: Scope, unit: Unit): UserException | number {
  const found = path.length === 2 ? scope.labelled(path[0] ?? '')?.names.get(path[1] ?? '') : scope.find(path[0] ?? '')
  if (found?.kind === 'exception') return found.exception
  const stored = path.length > 1 ? unit.stored(path) : undefined
  if (stored?.kind === 'exception') return stored.exception
  const code = predefinedCode(path.at(-1) ?? '')
  if (code === undefined || (path.length > 1 && path[0] !== 'STANDARD')) throw pls(201, `identifier '${path.join('.')}' must be declared`, at)
  return code
}
