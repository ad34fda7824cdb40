import type { Clock, Logger } from '@icb/runtime'
import type { OpenZfsOptions } from './options.ts'
import type { RunZfs } from './zfs-command.ts'

/** What the storage works with. */
export interface OpenZfsParts {
  readonly database: string
  readonly datasets: readonly string[]
  readonly options: OpenZfsOptions
  readonly zfs: RunZfs
  readonly clock: Clock
  readonly logger: Logger
}
