import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { sweepTemporaries, writeFileDurably } from '@icb/runtime'
import type { Clock, Logger } from '@icb/runtime'
import { entryFileName, isProblem, readEntry } from './ledger-files.ts'
import type { LedgerProblem } from './ledger-files.ts'
import type { LedgerEntry } from './verdict.ts'

/** Rows that the ledger did not take, as files on this host. */
export interface Spool {
  /** True when the row is on disk. */
  keep(entry: LedgerEntry, text: string): Promise<boolean>
  /** Hands every row to `store`, the oldest file name first; one that it does not take stays. @throws what the directory's reading throws */
  flush(store: (entry: LedgerEntry) => Promise<void>): Promise<{ readonly stored: number; readonly left: number }>
  /** Rows that wait. */
  waiting(): Promise<readonly LedgerProblem[]>
}

export interface SpoolOptions {
  /** Absent: nothing is kept. */
  readonly directory: string | undefined
  readonly clock: Clock
  readonly logger: Logger
  readonly storeError: (what: string, error: unknown, details: Readonly<Record<string, unknown>>) => Error
}

export function createSpool({ directory, clock, logger, storeError }: SpoolOptions): Spool {
  const files = async (): Promise<readonly string[]> => {
    if (directory === undefined) return []
    try {
      return (await readdir(directory)).filter((each) => !each.startsWith('.') && /\.(?:open|verdict)\.json$/.test(each)).sort().map((each) => join(directory, each))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw storeError(`the spool ${directory} cannot be read`, error, { spoolDir: directory })
    }
  }
  return {
    keep: async (entry, text) => {
      if (directory === undefined) return false
      try {
        await mkdir(directory, { recursive: true, mode: 0o700 })
        await writeFileDurably(join(directory, entryFileName(entry.runId, entry.state === 'closed' ? 'verdict' : 'open')), text)
        // The verdict says everything that the opening said.
        if (entry.state === 'closed') await rm(join(directory, entryFileName(entry.runId, 'open')), { force: true })
        return true
      } catch (error) {
        logger.error({ spoolDir: directory, error }, 'the row could not be spooled either')
        return false
      }
    },
    flush: async (store) => {
      if (directory !== undefined) await sweepTemporaries(directory, clock.now())
      let stored = 0
      let left = 0
      for (const path of await files()) {
        const entry = await readEntry(path)
        try {
          if (entry === undefined) continue
          if (isProblem(entry)) throw new Error(entry.text)
          await store(entry)
          await rm(path, { force: true })
          stored += 1
        } catch (error) {
          left += 1
          logger.warn({ path, error }, 'a spooled row could not be stored yet')
        }
      }
      return { stored, left }
    },
    waiting: async () => (await files()).map((path) => ({ path, text: path.endsWith('.open.json') ? 'this beginning of a test waits in the spool' : 'this verdict waits in the spool' })),
  }
}
