import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { appendLineDurably, writeFileDurably } from '@icb/runtime'
import type { Logger } from '@icb/runtime'
import { z } from 'zod'
import { readAreaFile, storing } from './area-file.ts'
import { pointErrors } from './errors.ts'
import type { Manifest, PointEntry, RecoveryPoint } from './manifest.ts'
import { describeIssue, pointEntrySchema } from './schema.ts'

const maxBytes = 64 * 1024 * 1024

function pathOf(areaPath: string): string {
  return join(areaPath, '.icb', 'points.jsonl')
}

function encodeLine(entry: PointEntry): string {
  const result = z.safeEncode(pointEntrySchema, entry)
  if (result.success) return JSON.stringify(result.data)
  throw pointErrors.errors.STORE(`the index entry of ${entry.snapshot} is invalid: ${describeIssue(result.error).text}`, { cause: result.error })
}

function decodeLine(line: string): PointEntry | undefined {
  try {
    const result = pointEntrySchema.safeParse(JSON.parse(line))
    return result.success ? result.data : undefined
  } catch {
    return undefined
  }
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(dirname(path)).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  })
}

/** Adds a line to the points index; a later entry of the same snapshot replaces an earlier one. On disk when it resolves; under the area's lease. @throws ICB_POINT_STORE */
export async function appendPoint(areaPath: string, entry: PointEntry): Promise<void> {
  const path = pathOf(areaPath)
  const line = encodeLine(entry)
  await storing(path, 'written', async () => {
    await makeFolder(path)
    await appendLineDurably(path, line)
  })
}

/**
 * The points index: one entry per snapshot, the last one written, in the order of the file. Lines that cannot be read (torn by a crash) are
 * skipped and, with a logger, reported. An area without index has no entries.
 * @throws ICB_POINT_STORE
 */
export async function readPoints(areaPath: string, options: { readonly logger?: Logger } = {}): Promise<PointEntry[]> {
  const path = pathOf(areaPath)
  const content = await readAreaFile(path, maxBytes)
  const entries = new Map<string, PointEntry>()
  const lines = content === undefined ? [] : content.toString('utf8').split('\n')
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue
    const entry = decodeLine(line)
    if (entry === undefined) {
      options.logger?.warn({ path, line: index + 1 }, 'a line of the points index cannot be read and is skipped')
      continue
    }
    entries.delete(entry.snapshot)
    entries.set(entry.snapshot, entry)
  }
  return [...entries.values()]
}

/** Replaces the whole index, for a rebuild from the manifests inside the snapshots. On disk when it resolves; under the area's lease. @throws ICB_POINT_STORE */
export async function rewritePoints(areaPath: string, entries: readonly PointEntry[]): Promise<void> {
  const path = pathOf(areaPath)
  const text = entries.map((entry) => `${encodeLine(entry)}\n`).join('')
  await storing(path, 'written', async () => {
    await makeFolder(path)
    await writeFileDurably(path, text)
  })
}

export interface PointFacts {
  readonly snapshot: string
  /** ISO UTC. */
  readonly createdAt: string
  /** The run that made the snapshot. */
  readonly runId: string
  readonly manifest: Manifest
  readonly digest: string
  /** Why the point is marked; with remarks a refreshed point is `damaged`. */
  readonly remarks?: readonly string[]
}

/** The index entry of a snapshot, from the manifest inside it: for the append at its creation and for a rebuild. */
export function pointEntryOf(facts: PointFacts): PointEntry {
  const { manifest } = facts
  const remarks = facts.remarks ?? []
  const { window } = manifest
  return {
    snapshot: facts.snapshot,
    createdAt: facts.createdAt,
    runId: facts.runId,
    manifestDigest: facts.digest,
    state: manifest.state === 'refreshed' && remarks.length > 0 ? 'damaged' : manifest.state,
    ...(window === undefined
      ? {}
      : {
          redoFrom: window.redoFrom,
          minScn: window.minScn,
          ...(window.lastScn === null ? {} : { lastScn: window.lastScn }),
          ...(window.minTime === undefined ? {} : { minTime: window.minTime }),
          ...(window.lastTime === undefined ? {} : { lastTime: window.lastTime }),
          utcOffset: window.utcOffset,
        }),
    resetlogsId: manifest.database.resetlogsId,
    dbid: manifest.database.dbid,
    ...(remarks.length === 0 ? {} : { remarks }),
  }
}

/** What is needed of a snapshot; `Snapshot` of @icb/storage-core fits. */
export interface ListedSnapshot {
  readonly id: string
  readonly name: string
  readonly createdAt: { toMillis(): number }
}

/** Joins the storage's listing with the index, in the order of the listing. A snapshot without entry is `unknown`; an entry without snapshot is left out. */
export function joinPoints(snapshots: readonly ListedSnapshot[], entries: readonly PointEntry[]): RecoveryPoint[] {
  const byName = new Map(entries.map((entry) => [entry.snapshot, entry]))
  return snapshots.map((snapshot) => {
    const entry = byName.get(snapshot.name)
    const base = { snapshotId: snapshot.id, snapshot: snapshot.name, createdAt: new Date(snapshot.createdAt.toMillis()).toISOString() }
    return entry === undefined ? { ...base, state: 'unknown' } : { ...base, state: entry.state, entry }
  })
}
