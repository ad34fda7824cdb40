import type { Host } from '../host/host.ts'
import type { Archiver } from './archiver.ts'
import type { BufferCache } from './buffer-cache.ts'
import type { ChangeTracker } from './change-tracker.ts'
import type { Checkpointer } from './checkpointer.ts'
import type { ControlStore } from './control-store.ts'
import type { History } from './history.ts'
import type { Keystore } from './keystore.ts'
import type { LogWriter } from './log-writer.ts'
import type { OpenFiles } from './open-files.ts'
import type { Parameters } from './parameters.ts'
import type { RedoThread } from './redo-thread.ts'
import type { ScnClock } from './scn-clock.ts'
import type { Transactions } from './transactions.ts'

/** What the parts of an instance know of each other. */
export interface Kernel {
  readonly host: Host
  readonly sid: string
  readonly parameters: Parameters
  readonly control: ControlStore
  readonly keystore: Keystore
  readonly scn: ScnClock
  readonly files: OpenFiles
  readonly cache: BufferCache
  readonly logWriter: LogWriter
  readonly thread: RedoThread
  readonly archiver: Archiver
  readonly checkpointer: Checkpointer
  readonly tracker: ChangeTracker
  readonly transactions: Transactions
  readonly history: History
  /** Instances that have this database open, this one among them once it is: each has a redo thread of its own. */
  readonly members: Kernel[]
  /** Number of this instance's redo thread. */
  readonly threadNumber: number
  /** Aborts when the instance goes down. */
  readonly down: AbortSignal
  /** A line in the alert log. */
  alert(text: string): void
}
