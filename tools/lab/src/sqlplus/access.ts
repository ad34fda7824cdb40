import type { Request, SqlResult } from '../engine/protocol.ts'

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never
export type CallRequest = WithoutId<Request>

/** One open connection to an instance. */
export interface Connection {
  /** Rejects with OraError. */
  call(request: CallRequest): Promise<unknown>
  close(): void
}

/** How the client reaches and starts instances; the lab's host and network stand behind it. */
export interface DatabaseAccess {
  /** Release of the home, for the banner. */
  readonly release: string
  /** Where a path as Oracle knows it really is. */
  real(path: string): string
  /** The local instance; `undefined` when it does not run. */
  local(sid: string): Promise<Connection | undefined>
  /** `/@alias`, or of a user who will show a password. @throws OraError 12154, 12541, 12514, 01017 */
  remote(alias: string, user?: string): Promise<{ readonly connection: Connection; readonly user: string; readonly service: string }>
  /** A statement that needs no running instance; `undefined` when this one does. Rejects with OraError. */
  withoutInstance(sid: string, text: string): Promise<SqlResult | undefined>
  /** Starts the local instance without mounting. @throws OraError 01078 … */
  start(sid: string, options: { readonly pfile: string | undefined }): Promise<Connection>
}
