import type { Readable, Writable } from 'node:stream'
import type { Host } from '../host/host.ts'

/** What a program of the home is run with. */
export interface ProgramContext {
  readonly host: Host
  readonly stdin: Readable
  readonly stdout: Writable
  readonly env: Readonly<Record<string, string | undefined>>
}
