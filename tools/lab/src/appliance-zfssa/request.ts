import type { User } from './users.ts'

/** One REST request after its login was checked. */
export interface RestRequest {
  readonly method: string
  readonly version: 1 | 2
  /** Decoded parts of the path behind `/api/<service>/v<n>/`. */
  readonly path: readonly string[]
  readonly query: URLSearchParams
  readonly body: Readonly<Record<string, unknown>>
  readonly user: User
  /** Index of the cluster node that was asked. */
  readonly node: number
}

export interface RestAnswer {
  readonly status: number
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
}
