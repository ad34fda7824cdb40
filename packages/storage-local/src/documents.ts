import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createFileOnce, writeFileDurably } from '@icb/runtime'
import type { ProcessIdentity } from '@icb/runtime'
import { storageErrors } from '@icb/storage-core'
import { z } from 'zod'
import { isMissing, unlessMissing } from './file-errors.ts'

/** `volume.json`: what the snapshot directory belongs to. */
export interface VolumeDocument {
  readonly v: 1
  readonly volumeId: string
  readonly database: string
  readonly directory: string
}

export interface SnapshotDocument {
  readonly v: 1
  readonly volumeId: string
  readonly database: string
  readonly name: string
  /** Milliseconds since 1970-01-01 UTC. */
  readonly createdAt: number
  readonly mechanism: 'btrfs' | 'reflink' | 'copy'
  /** Decimal. */
  readonly bytes: string
  readonly files: number
  readonly omitted: readonly string[]
  /** Original permission bits by relative path, where they are not the kept ones plus `writable by the owner`. */
  readonly modes: Readonly<Record<string, number>>
}

export interface CloneDocument {
  readonly v: 1
  readonly volumeId: string
  readonly database: string
  readonly name: string
  readonly snapshot: string
  readonly createdAt: number
}

export interface HoldDocument {
  readonly reason: string
  readonly until?: number | undefined
}

/** Who is making a partial directory. */
export interface OwnerDocument extends ProcessIdentity {
  readonly startedAt: number
}

const volumeSchema: z.ZodType<VolumeDocument> = z.object({ v: z.literal(1), volumeId: z.string(), database: z.string(), directory: z.string() })
const snapshotSchema: z.ZodType<SnapshotDocument> = z.object({
  v: z.literal(1),
  volumeId: z.string(),
  database: z.string(),
  name: z.string(),
  createdAt: z.number(),
  mechanism: z.enum(['btrfs', 'reflink', 'copy']),
  bytes: z.string().regex(/^\d+$/),
  files: z.number(),
  omitted: z.array(z.string()),
  modes: z.record(z.string(), z.number()),
})
const cloneSchema: z.ZodType<CloneDocument> = z.object({ v: z.literal(1), volumeId: z.string(), database: z.string(), name: z.string(), snapshot: z.string(), createdAt: z.number() })
const holdSchema: z.ZodType<HoldDocument> = z.object({ reason: z.string(), until: z.number().optional() })
const labelsSchema: z.ZodType<Readonly<Record<string, string>>> = z.record(z.string(), z.string())
const ownerSchema: z.ZodType<OwnerDocument> = z.object({
  host: z.string(), pid: z.number(), startedAt: z.number(), startTicks: z.string().optional(), bootId: z.string().optional(), pidNamespace: z.string().optional(),
})

/** A file that is not there, is no JSON or has another shape was not written by this adapter: `undefined`. */
async function readDocument<T>(schema: z.ZodType<T>, path: string): Promise<T | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  try {
    const parsed = schema.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}

export const readSnapshotDocument = (place: string): Promise<SnapshotDocument | undefined> => readDocument(snapshotSchema, join(place, 'snapshot.json'))
export const readCloneDocument = (place: string): Promise<CloneDocument | undefined> => readDocument(cloneSchema, join(place, 'clone.json'))
export const readHold = (place: string): Promise<HoldDocument | undefined> => readDocument(holdSchema, join(place, 'hold.json'))
export const readLabels = async (place: string): Promise<Readonly<Record<string, string>>> => (await readDocument(labelsSchema, join(place, 'labels.json'))) ?? {}
export const readOwner = (place: string): Promise<OwnerDocument | undefined> => readDocument(ownerSchema, join(place, 'owner.json'))

const encoded = (content: unknown): string => `${JSON.stringify(content, undefined, 2)}\n`

/** Replaces a document at once. */
export async function writeDocument(path: string, content: unknown): Promise<void> {
  await writeFileDurably(path, encoded(content))
}

/** @throws ICB_STORAGE_PROTOCOL when the file is there but damaged: guessing could mix up two databases. */
export async function readVolume(path: string): Promise<VolumeDocument | undefined> {
  const found = await readDocument(volumeSchema, path)
  if (found === undefined && (await unlessMissing(stat(path))) !== undefined) {
    throw storageErrors.PROTOCOL(`${path} is damaged`, { hint: 'Restore this small file, or move the snapshot directory away and start a new one.' })
  }
  return found
}

/** Creates the document unless another process was faster. */
export async function claimVolume(path: string, content: VolumeDocument): Promise<VolumeDocument> {
  await createFileOnce(path, encoded(content))
  return (await readVolume(path)) ?? content
}
