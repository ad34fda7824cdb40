import type { Instance, ServerSession } from '../engine/instance-api.ts'
import type { Named } from './scope.ts'

/** A stored procedure, function or package item by its path; `undefined`: none of that name. */
export const findStored: (instance: Instance, session: ServerSession, path: readonly string[]) => Named | undefined = () => undefined
