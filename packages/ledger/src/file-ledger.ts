import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createFileOnce, proveWritable } from '@icb/runtime'
import type { Clock, Logger } from '@icb/runtime'
import { ledgerErrors } from './errors.ts'
import { databaseDirectories, databaseDirectory, encodeEntry, entryFileName, isProblem, readEntry, readRow, rowFiles } from './ledger-files.ts'
import type { EntryKind, LedgerProblem, RowFile } from './ledger-files.ts'
import { neverEnded, neverEndedText } from './kept-ledger.ts'
import type { KeptLedger } from './kept-ledger.ts'
import { createSpool } from './spool.ts'
import type { LedgerEntry, LedgerFilter, Verdict } from './verdict.ts'

export interface FileLedgerOptions {
  /** Outside every backup area. When `shared`, it must exist already: a mount that is missing must not be replaced by a local directory. */
  readonly directory: string
  /** The hosts that run backups and retention see the same directory. */
  readonly shared: boolean
  /** Where a verdict goes that the ledger does not take; on this host. Without it such a verdict is only in the error and the log. */
  readonly spoolDir?: string
  readonly clock: Clock
  readonly logger: Logger
}

function storeError(what: string, error: unknown, details: Readonly<Record<string, unknown>>): Error {
  return ledgerErrors.errors.STORE(`${what}: ${error instanceof Error ? error.message : String(error)}`, {
    hint: 'Check that the directory of the ledger is mounted, has room and may be written by this user.',
    details,
    cause: error,
  })
}

/** A run begins its row at most so long after it got its id: it waits for a lease, a slot, a person's word. */
const longestWaitMs = 7 * 86_400_000

function newestFirst(entries: LedgerEntry[]): LedgerEntry[] {
  return entries.sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt) || (a.runId < b.runId ? 1 : -1))
}

/** A proof ledger in a directory of small files, safe when several hosts write to it over NFS. */
export function createFileLedger(options: FileLedgerOptions): KeptLedger {
  const { directory, spoolDir, clock, logger } = options

  const prepare = async (path: string): Promise<void> => {
    if (options.shared) await stat(directory)
    await mkdir(path, { recursive: true })
  }

  /** Stores a row once; the same row again is fine, another one of the same run is not. */
  const store = async (entry: LedgerEntry, kind: EntryKind, text: string): Promise<void> => {
    const folder = databaseDirectory(directory, entry.database)
    const path = join(folder, entryFileName(entry.runId, kind))
    try {
      await prepare(folder)
      if (await createFileOnce(path, text)) return
      const present = await readEntry(path)
      if (present === undefined || isProblem(present) || encodeEntry(present) !== text) throw new Error(`${path} holds another row of this run`)
    } catch (error) {
      throw storeError(`the ledger in ${directory} did not take the row of run ${entry.runId}`, error, { runId: entry.runId, path })
    }
  }

  const isStored = async ({ database, runId }: LedgerEntry): Promise<boolean> => (await readEntry(join(databaseDirectory(directory, database), entryFileName(runId, 'verdict'))).catch(() => undefined)) !== undefined

  const spool = createSpool({ directory: spoolDir, clock, logger, storeError })

  /** The rows that the filter lets through, newest first; what their names show to be too old for it is not read. */
  const read = async (filter: LedgerFilter): Promise<{ readonly entries: readonly LedgerEntry[]; readonly problems: readonly LedgerProblem[] }> => {
    try {
      // A shared directory that is not mounted has no rows to tell; an empty list would pass for "never tested".
      if (options.shared) await stat(directory)
      const folders = filter.database === undefined ? await databaseDirectories(directory) : [databaseDirectory(directory, filter.database)]
      const files: RowFile[] = []
      for (const folder of folders) files.push(...(await rowFiles(folder)))
      files.sort((a, b) => (b.runAt ?? Infinity) - (a.runAt ?? Infinity))
      const since = filter.since === undefined ? -Infinity : Date.parse(filter.since)
      const entries: LedgerEntry[] = []
      const problems: LedgerProblem[] = []
      let enough = -Infinity
      for (const file of files) {
        if ((file.runAt ?? Infinity) + longestWaitMs < Math.max(since, enough)) break
        const row = await readRow(file)
        if (row === undefined) continue
        if (isProblem(row)) {
          problems.push(row)
          continue
        }
        if ((filter.database !== undefined && row.database !== filter.database) || (filter.snapshot !== undefined && row.snapshot !== filter.snapshot) || Date.parse(row.startedAt) < since) continue
        entries.push(row)
        if (filter.limit !== undefined && entries.length >= filter.limit) {
          newestFirst(entries).splice(filter.limit)
          enough = Date.parse(entries.at(-1)?.startedAt ?? '')
        }
      }
      return { entries: newestFirst(entries), problems }
    } catch (error) {
      throw storeError(`the ledger in ${directory} cannot be read`, error, { directory })
    }
  }

  return {
    description: `files in ${directory}${options.shared ? ' (shared)' : ''}`,
    shared: options.shared,

    open: async (opening) => {
      const entry: LedgerEntry = { ...opening, state: 'running' }
      await store(entry, 'open', encodeEntry(entry))
    },

    close: async (verdict: Verdict) => {
      const { runId, database, snapshot, startedAt, host } = verdict
      const entry: LedgerEntry = { runId, database, ...(snapshot === undefined ? {} : { snapshot }), startedAt, host, state: 'closed', verdict }
      const text = encodeEntry(entry)
      try {
        await store(entry, 'verdict', text)
      } catch (error) {
        // Where another verdict of the run is in place, this one would wait for ever.
        const kept = !(await isStored(entry)) && (await spool.keep(entry, text))
        logger.error({ runId, database, outcome: verdict.outcome, spooled: kept, error }, 'a verdict could not be stored')
        throw error
      }
    },

    list: async (filter: LedgerFilter = {}) => {
      const { entries, problems } = await read(filter)
      for (const problem of problems) logger.warn({ ...problem }, 'a row of the ledger cannot be used and is skipped')
      return entries
    },

    find: async (runId) => {
      try {
        for (const kind of ['verdict', 'open'] as const) {
          for (const folder of await databaseDirectories(directory)) {
            const entry = await readEntry(join(folder, entryFileName(runId, kind)))
            if (entry !== undefined && !isProblem(entry)) return entry
          }
        }
        return undefined
      } catch (error) {
        throw storeError(`the ledger in ${directory} cannot be read`, error, { directory })
      }
    },

    flushSpool: () => spool.flush((entry) => store(entry, entry.state === 'closed' ? 'verdict' : 'open', encodeEntry(entry))),

    problems: async () => {
      const { entries, problems } = await read({})
      const stale = neverEnded(entries, clock.now()).map((entry) => ({ path: join(databaseDirectory(directory, entry.database), entryFileName(entry.runId, 'open')), text: neverEndedText(entry) }))
      return [...problems, ...stale, ...(await spool.waiting())]
    },

    probe: async () => {
      try {
        await prepare(directory)
        await proveWritable(directory)
      } catch (error) {
        throw storeError(`the ledger in ${directory} cannot be written`, error, { directory })
      }
    },
  }
}
