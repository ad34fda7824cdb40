import type { Instance, ServerSession } from '../engine/instance-api.ts'

export interface Sequence {
  readonly owner: string
  readonly name: string
}

export function sequenceNamed(_instance: Instance, _session: ServerSession, _path: readonly string[]): Sequence | undefined {
  return undefined
}

export async function nextValue(_instance: Instance, _session: ServerSession, _sequence: Sequence): Promise<bigint> {
  return Promise.resolve(0n)
}

export function currentValue(_session: ServerSession, _sequence: Sequence): bigint {
  return 0n
}
