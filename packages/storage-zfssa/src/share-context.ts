import type { MountSource } from '@icb/storage-core'
import type { ApplianceFault } from './appliance-errors.ts'
import type { ZfssaOptions } from './options.ts'
import type { PoolCalls } from './pool-owner.ts'
import type { RestCall } from './rest-client.ts'
import type { Properties, Shares } from './shares.ts'

/** What calls of one storage share. */
export interface ShareContext {
  readonly options: ZfssaOptions
  readonly share: string
  readonly calls: PoolCalls
  readonly shares: Shares
  readonly mountOf: (filesystem: Properties) => MountSource
  readonly change: <T>(what: string, call: RestCall, outcome: ChangeOutcome<T>) => Promise<T>
}

export interface ChangeOutcome<T> {
  /** Reads the element of a success; empty for 204. */
  readonly done: (element: Properties) => T | Promise<T>
  /** Body key of the answer's element; absent for 204. */
  readonly kind?: string
  /** The state wanted, if it is there: asked when the answer was lost or says that it exists. */
  readonly lookUp: () => Promise<T | undefined>
  /** Statuses and faults that have a meaning of their own here. */
  readonly refused?: (fault: ApplianceFault) => Promise<T> | T | undefined
}
