import type { Clock } from './clock.ts'
import type { ProcessIdentity } from './host.ts'
import type { Logger } from './logger.ts'

export interface LeaseOwner extends ProcessIdentity {
  /** `unknown` where the system does not tell. */
  readonly bootId: string
  readonly runId: string
  /** What the owner does: `backup orcl`. */
  readonly purpose: string
}

/** What a lease file says, as `show` prints it. */
export interface LeaseState {
  readonly path: string
  readonly owner: LeaseOwner
  /** Grows by one at each takeover; carried by every record the holder writes. */
  readonly token: number
  /** Grows at each renewal. A contender watches this counter, never the wall clock. */
  readonly heartbeat: number
  readonly ttlMs: number
  /** What the lease protects, e.g. the area id; a copy in a clone of another area is void. */
  readonly boundTo: string
  readonly acquiredAt: string
  readonly released: boolean
}

export interface AcquireLeaseOptions {
  /** The lease file. It is preallocated and rewritten in place, so that a full volume cannot stop a renewal. */
  readonly path: string
  readonly boundTo: string
  readonly runId: string
  readonly purpose: string
  /** Default 60000. */
  readonly ttlMs?: number
  /** How long to wait for another holder. 0 = give up as soon as it proves alive. */
  readonly waitMs: number
  readonly clock: Clock
  readonly logger: Logger
  readonly signal?: AbortSignal | undefined
}

export interface Lease {
  readonly path: string
  readonly token: number
  /** Aborts with ICB_LEASE_LOST when the lease could not be renewed for two thirds of its time, or was taken. */
  readonly signal: AbortSignal
  /** Reads the file back. @throws ICB_LEASE_LOST */
  assertHeld(): Promise<void>
  /** Idempotent; releases only what is still ours. */
  release(): Promise<void>
}
