import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createFileOnce, proveWritable } from '@icb/runtime'
import type { Clock, Logger } from '@icb/runtime'
import { ledgerErrors } from './errors.ts'
import { databaseDirectories, databaseDirectory, encodeEntry, entryFileName, isProblem, readDirectory, readEntry } from './ledger-files.ts'
import type { EntryKind, LedgerProblem } from './ledger-files.ts'
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

  const read = async (database?: string): Promise<{ readonly entries: readonly LedgerEntry[]; readonly problems: readonly LedgerProblem[] }> => {
    try {
      // A shared directory that is not mounted has no rows to tell; an empty list would pass for "never tested".
      if (options.shared) await stat(directory)
      const folders = database === undefined ? await databaseDirectories(directory) : [databaseDirectory(directory, database)]
      const all: (LedgerEntry | LedgerProblem)[] = []
      for (const folder of folders) all.push(...(await readDirectory(folder)))
      return { entries: all.filter((each): each is LedgerEntry => !isProblem(each)), problems: all.filter(isProblem) }
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
      const { entries, problems } = await read(filter.database)
      for (const problem of problems) logger.warn({ ...problem }, 'a row of the ledger cannot be used and is skipped')
      const since = filter.since === undefined ? undefined : Date.parse(filter.since)
      const rows = entries
        .filter((entry) => (filter.database === undefined || entry.database === filter.database) && (filter.snapshot === undefined || entry.snapshot === filter.snapshot) && (since === undefined || Date.parse(entry.startedAt) >= since))
        .sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt) || (a.runId < b.runId ? 1 : -1))
      return filter.limit === undefined ? rows : rows.slice(0, filter.limit)
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
      const { entries, problems } = await read()
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
