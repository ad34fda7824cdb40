import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from './clock.ts'

/** Short id of a host: eight hex digits of a hash, e.g. of `/etc/machine-id`. */
export function hostIdOf(machineId: string): string {
  return createHash('sha256').update(machineId).digest('hex').slice(0, 8)
}

/** When {@link newRunId} made this id, milliseconds since 1970; `undefined` for a name of another make. */
export function runIdTime(runId: string): number | undefined {
  const digits = /^[0-9a-f]{8}-([0-9a-z]{8,9})[0-9a-f]{4}$/.exec(runId)?.[1]
  return digits === undefined ? undefined : Number.parseInt(digits, 36)
}

/** A run id: `<host id>-<base36 milliseconds><random>`; sorts by time on one host, fits RMAN's 30-character command id. */
export function newRunId(clock: Clock, hostId: string): string {
  return `${hostId}-${clock.now().toString(36)}${randomBytes(2).toString('hex')}`
}
