import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, readFile, readdir, realpath, rm } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { isoNow } from './clock.ts'
import type { Clock } from './clock.ts'
import { syncDirectory, writeFileDurably } from './durable-file.ts'
import { hasErrorCode } from './errors.ts'
import type { Journal, JournalEntry, JournalHeader, JournalRecord, JournalRun, JournalStep } from './journal.ts'
import { decodeJournal, encodeRecord, journalErrors, runOf } from './journal-format.ts'
import { sweepTemporaries } from './temporary-files.ts'

export interface OpenJournalOptions {
  readonly clock: Clock
  readonly runId: string
  /** Directories that a journal must not lie in: backup areas and their volumes. A snapshot that is rolled back would take it along. */
  readonly protectedPaths?: readonly string[]
}

const suffix = '.journal'

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** True when `path` is `directory` or lies below it; both real paths. */
function isBelow(path: string, directory: string): boolean {
  const way = relative(directory, path)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`))
}

/** Makes the directory of journals where it may be. @throws ICB_JOURNAL_LOCATION */
export async function prepareJournalDirectory(dir: string, protectedPaths: readonly string[]): Promise<void> {
  const refuse = (path: string): Error =>
    journalErrors.errors.LOCATION(`the journal directory ${dir} lies inside ${path}, which it has to protect`, { hint: 'Set stateDir to a directory on the host itself.', details: { dir, protectedPath: path } })
  // Before it is made: a refused directory must not appear in the area.
  for (const path of protectedPaths) if (isBelow(resolve(dir), resolve(path))) throw refuse(path)
  let real: string
  try {
    const made = await mkdir(dir, { recursive: true, mode: 0o700 })
    if (made !== undefined) await syncDirectory(dirname(made))
    real = await realpath(dir)
  } catch (error) {
    throw journalErrors.errors.LOCATION(`the journal directory ${dir} cannot be used: ${reasonOf(error)}`, { hint: 'Set stateDir to a directory that this user may write.', details: { dir }, cause: error })
  }
  for (const path of protectedPaths) {
    // A protected directory that does not exist protects nothing yet.
    const realProtected = await realpath(path).catch(() => undefined)
    if (realProtected !== undefined && isBelow(real, realProtected)) throw refuse(path)
  }
}

/**
 * Starts the journal of one run: `<dir>/<runId>.journal` with its header, on disk when it resolves.
 * @throws ICB_JOURNAL_LOCATION, ICB_JOURNAL_EXISTS, ICB_JOURNAL_WRITE
 */
export async function openJournal(dir: string, header: JournalHeader, options: OpenJournalOptions): Promise<Journal> {
  await prepareJournalDirectory(dir, options.protectedPaths ?? [])
  if (!/^[\w.-]+$/.test(options.runId)) throw journalErrors.errors.LOCATION(`a run id must be a file name: ${options.runId}`)
  const path = join(dir, `${options.runId}${suffix}`)
  let handle: FileHandle
  try {
    handle = await open(path, 'wx', 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw journalErrors.errors.EXISTS(`there is a journal of run ${options.runId} already`, { details: { path } })
    throw journalErrors.errors.WRITE(`the journal ${path} cannot be created: ${reasonOf(error)}`, { details: { path }, cause: error })
  }
  const journal = journalOn(handle, { path, runId: options.runId, clock: options.clock, nextSeq: 0, length: 0 })
  try {
    await journal.append({ kind: 'run', data: header })
    await syncDirectory(dir)
    await sweepTemporaries(dir, options.clock.now())
    return journal
  } catch (error) {
    await journal.close()
    await rm(path, { force: true })
    throw error
  }
}

interface JournalStart {
  readonly path: string
  readonly runId: string
  readonly clock: Clock
  readonly nextSeq: number
  readonly length: number
}

function journalOn(handle: FileHandle, start: JournalStart): Journal {
  let { nextSeq, length } = start
  let broken: unknown
  let closed = false
  let last: Promise<unknown> = Promise.resolve()

  const write = async (entry: JournalEntry): Promise<JournalRecord> => {
    if (closed) throw journalErrors.errors.WRITE(`the journal ${start.path} is closed`, { details: { path: start.path } })
    if (broken !== undefined) throw broken as Error
    const record: JournalRecord = { v: 1, seq: nextSeq, at: isoNow(start.clock), runId: start.runId, ...entry }
    const bytes = Buffer.from(encodeRecord(record))
    try {
      for (let done = 0; done < bytes.length; ) done += (await handle.write(bytes, done, bytes.length - done, length + done)).bytesWritten
      await handle.sync()
    } catch (error) {
      // After a failed sync nobody knows what is on disk: the run must end. Cutting the torn record off is for the next reader only.
      broken = journalErrors.errors.WRITE(`a record of the journal ${start.path} could not be written: ${reasonOf(error)}`, {
        hint: 'Make room in the state directory, or look at its disk.',
        details: { path: start.path },
        cause: error,
      })
      await handle.truncate(length).catch(() => undefined)
      throw broken as Error
    }
    nextSeq += 1
    length += bytes.length
    return record
  }

  return {
    runId: start.runId,
    path: start.path,
    append: (entry) => {
      const result = last.then(() => write(entry))
      last = result.catch(() => undefined)
      return result
    },
    close: async () => {
      await last
      if (closed) return
      closed = true
      await handle.close()
    },
  }
}

async function readRun(path: string): Promise<{ readonly run: JournalRun | undefined; readonly good: Buffer }> {
  const content = await readFile(path)
  const { records, goodBytes } = decodeJournal(content, path)
  return { run: runOf(path, records), good: content.subarray(0, goodBytes) }
}

/**
 * All runs whose journals lie in `dir`, by run id. A missing directory has none; a journal whose header never reached the disk is of
 * a run that did nothing and is left out.
 * @throws ICB_JOURNAL_DAMAGED, unless `onDamaged` takes it: then the other journals are read
 */
export async function readJournals(dir: string, options: ReadJournalsOptions = {}): Promise<JournalRun[]> {
  const runs: JournalRun[] = []
  for await (const run of eachJournal(dir, options)) runs.push(run)
  return runs
}

export interface ReadJournalsOptions {
  readonly onDamaged?: (path: string, error: unknown) => void
}

/** As {@link readJournals}, one at a time: a host of many databases has more of them than belong into memory. */
export async function* eachJournal(dir: string, options: ReadJournalsOptions = {}): AsyncGenerator<JournalRun, void, undefined> {
  let names: string[]
  try {
    names = await readdir(dir)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw journalErrors.errors.LOCATION(`the journal directory ${dir} cannot be read: ${reasonOf(error)}`, { details: { dir }, cause: error })
  }
  for (const name of names.filter((each) => each.endsWith(suffix)).sort()) {
    const path = join(dir, name)
    try {
      const { run } = await readRun(path)
      if (run !== undefined) yield run
    } catch (error) {
      if (options.onDamaged === undefined || !hasErrorCode(error, 'ICB_JOURNAL_DAMAGED')) throw error
      options.onDamaged(path, error)
    }
  }
}

/** The runs of one database (and action) that have no end: crashed, killed, or compensated in part. Ask under the lease: a run that goes on has no end either. */
export async function unfinishedRuns(dir: string, filter: { readonly database: string; readonly action?: string }): Promise<JournalRun[]> {
  const runs = await readJournals(dir)
  return runs.filter((run) => !run.finished && run.header.database === filter.database && (filter.action === undefined || run.header.action === filter.action))
}

/**
 * Opens the journal of an earlier run to go on with it (resume) or to record what became of it. A torn last record is cut off. The
 * file is replaced by a copy: should the run only have stood still and write once more before it notices that its lease is lost, it
 * writes into the old file, which nobody reads.
 * Only under the lease that the run held.
 * @throws ICB_JOURNAL_DAMAGED, ICB_JOURNAL_WRITE
 */
export async function reopenJournal(run: JournalRun, options: { readonly clock: Clock }): Promise<Journal> {
  // Read again: another reconciliation may have written since.
  const current = await readRun(run.path)
  if (current.run === undefined) throw journalErrors.errors.DAMAGED(`the journal ${run.path} lost its header`, { details: { path: run.path } })
  try {
    await writeFileDurably(run.path, current.good, { mode: 0o600 })
    const handle = await open(run.path, 'r+')
    return journalOn(handle, { path: run.path, runId: run.runId, clock: options.clock, nextSeq: current.run.records.length, length: current.good.length })
  } catch (error) {
    throw journalErrors.errors.WRITE(`the journal ${run.path} cannot be opened: ${reasonOf(error)}`, { details: { path: run.path }, cause: error })
  }
}

export interface ReconcileOptions {
  readonly clock: Clock
  /** Token of the lease under which this is done. */
  readonly token?: number
  /**
   * Asks the outside world by name what became of a step that is `open` or `half-done`, repairs it where that is wanted, and answers
   * with data for the record; `undefined`: not known yet, the run stays unfinished.
   */
  answer(step: JournalStep): Promise<unknown>
}

/**
 * Finishes the journal of an earlier run: one `reconciled` record for each open step, then `end`. Each answer is on disk before the
 * next step is asked, so that a crash in between loses none. `true` when the run is finished now.
 * @throws what `answer` throws, ICB_JOURNAL_WRITE
 */
export async function reconcileRun(run: JournalRun, options: ReconcileOptions): Promise<boolean> {
  const token = options.token === undefined ? {} : { token: options.token }
  const journal = await reopenJournal(run, options)
  try {
    let allKnown = true
    // Newest first, as compensation would: later steps stand on earlier ones.
    for (const step of run.steps.toReversed()) {
      if (step.state !== 'open' && step.state !== 'half-done') continue
      const answer = await options.answer(step)
      if (answer === undefined) allKnown = false
      else await journal.append({ kind: 'reconciled', step: step.name, ...token, data: answer })
    }
    if (allKnown && !run.finished) await journal.append({ kind: 'end', ...token, data: { ok: false, reconciled: true } })
    return allKnown
  } finally {
    await journal.close()
  }
}

/**
 * Removes finished journals whose last record is older than `olderThanDays`; unfinished and damaged ones stay. Answers the removed paths.
 */
export async function pruneJournals(dir: string, options: { readonly clock: Clock; readonly olderThanDays: number; /** Runs whose journal is still needed. */ readonly keep?: (run: JournalRun) => boolean }): Promise<string[]> {
  const before = new Date(options.clock.now() - options.olderThanDays * 86_400_000).toISOString()
  const names = await readdir(dir).catch(() => [])
  const removed: string[] = []
  for (const name of names.filter((each) => each.endsWith(suffix)).sort()) {
    const path = join(dir, name)
    const read = await readRun(path).catch(() => undefined)
    const last = read?.run?.records.at(-1)
    if (read?.run?.finished !== true || last === undefined || last.at >= before || options.keep?.(read.run) === true) continue
    await rm(path, { force: true })
    removed.push(path)
  }
  return removed
}
