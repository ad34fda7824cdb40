import type { Instance, ServerSession } from '../engine/instance-api.ts'
import { ora } from '../engine/ora-error.ts'

export interface Sequence {
  readonly owner: string
  readonly name: string
}

const noSequence = () => ora(2289, 'sequence does not exist')

export const sequenceNamed: (instance: Instance, session: ServerSession, path: readonly string[]) => Sequence | undefined = () => undefined
export const nextValue: (instance: Instance, session: ServerSession, sequence: Sequence) => Promise<bigint> = () => Promise.reject(noSequence())
export const currentValue: (session: ServerSession, sequence: Sequence) => bigint = () => { throw noSequence() }
