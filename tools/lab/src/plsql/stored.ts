import type { Instance, ServerSession } from '../engine/instance-api.ts'
import type { Named } from './scope.ts'

/** A stored procedure, function or package item by its path; `undefined`: none of that name. */
export function findStored(_instance: Instance, _session: ServerSession, _path: readonly string[]): Named | undefined {
  return undefined
}
