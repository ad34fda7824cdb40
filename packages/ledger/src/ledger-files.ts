import { open, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { redact, runIdTime } from '@icb/runtime'
import { ledgerErrors } from './errors.ts'
import { entrySchema } from './schema.ts'
import type { LedgerEntry } from './verdict.ts'

/*
 * <directory>/<database>/<run id>.open.json      written before the test
 * <directory>/<database>/<run id>.verdict.json   written after it, with everything
 *
 * Each file is made once, by link(), and never changed: hosts that share the directory over NFS cannot disturb each other,
 * and a verdict that is there stays what it was.
 */

export type EntryKind = 'open' | 'verdict'

const maxBytes = 4 * 1024 * 1024

/** Run ids and database names become file names; everything else in them is escaped. */
function fileNamePart(text: string): string {
  return encodeURIComponent(text).replace(/^\./, '%2E')
}

export function databaseDirectory(directory: string, database: string): string {
  return join(directory, fileNamePart(database))
}

export function entryFileName(runId: string, kind: EntryKind): string {
  return `${fileNamePart(runId)}.${kind}.json`
}

/** The text of a row; secrets are removed here at the latest. @throws ICB_LEDGER_INVALID */
export function encodeEntry(entry: LedgerEntry): string {
  const result = entrySchema.safeParse(entry)
  if (!result.success) {
    const issue = result.error.issues[0]
    throw ledgerErrors.errors.INVALID(`the ledger row of run ${entry.runId} is invalid: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`, { details: { runId: entry.runId }, cause: result.error })
  }
  return `${JSON.stringify(result.data, (_key, value: unknown) => (typeof value === 'string' ? redact(value) : value), 2)}\n`
}

export interface LedgerProblem {
  readonly path: string
  /** One sentence. */
  readonly text: string
}

/** Reads one row; `undefined` when it is not there; a problem when it is no row. Other errors of the file system are thrown. */
export async function readEntry(path: string): Promise<LedgerEntry | LedgerProblem | undefined> {
  let content: string
  try {
    const handle = await open(path, 'r')
    try {
      const facts = await handle.stat()
      if (!facts.isFile()) return { path, text: 'it is not a file' }
      if (facts.size > maxBytes) return { path, text: `it is larger than ${String(maxBytes)} bytes` }
      content = await handle.readFile('utf8')
    } finally {
      await handle.close()
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    if (code === 'EISDIR' || code === 'EACCES' || code === 'ELOOP') return { path, text: `it cannot be read (${code})` }
    throw error
  }
  try {
    const result = entrySchema.safeParse(JSON.parse(content))
    if (result.success) return result.data
    const issue = result.error.issues[0]
    return { path, text: `it is no ledger row: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}` }
  } catch (error) {
    return { path, text: `it is no JSON (${error instanceof Error ? error.message : String(error)})` }
  }
}

export function isProblem(value: LedgerEntry | LedgerProblem): value is LedgerProblem {
  return 'text' in value
}

async function names(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw error
  }
}

/** Names of the databases' directories. */
export async function databaseDirectories(directory: string): Promise<readonly string[]> {
  return (await names(directory)).filter((each) => !each.startsWith('.')).map((each) => join(directory, each))
}

/** The file of one row, before it is read. */
export interface RowFile {
  readonly path: string
  /** When its run got its id, milliseconds since 1970, by the file's name; absent: the name does not say. */
  readonly runAt?: number
}

/** The rows of one database's directory: the verdict of each run, else its opening. */
export async function rowFiles(directory: string): Promise<readonly RowFile[]> {
  const files = (await names(directory)).filter((each) => !each.startsWith('.') && each.endsWith('.json'))
  const present = new Set(files)
  // One read per run: the verdict says everything that the opening said.
  const rows = files.filter((file) => !file.endsWith('.open.json') || !present.has(file.replace(/\.open\.json$/, '.verdict.json')))
  return rows.map((file) => {
    const runAt = runIdTime(file.replace(/\.(?:open|verdict)\.json$/, ''))
    return { path: join(directory, file), ...(runAt === undefined ? {} : { runAt }) }
  })
}

/** Reads a row that {@link rowFiles} found; `undefined` when it is gone. */
export async function readRow({ path }: RowFile): Promise<LedgerEntry | LedgerProblem | undefined> {
  const entry = await readEntry(path)
  if (entry === undefined || isProblem(entry)) return entry
  return basename(path) === entryFileName(entry.runId, entry.state === 'closed' ? 'verdict' : 'open') ? entry : { path, text: `it says that it is of run ${entry.runId}` }
}
