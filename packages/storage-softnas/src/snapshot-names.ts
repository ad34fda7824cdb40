import { randomBytes } from 'node:crypto'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileDurably } from '@icb/runtime'
import type { Logger } from '@icb/runtime'
import { storageErrors } from '@icb/storage-core'
import { z } from 'zod'
import type { SoftnasSnapshot } from './records.ts'

/** SoftNAS names snapshots by itself. Which of them is which of ours is written in this file of the area, and so into every snapshot too. */
const fileName = 'softnas-snapshots.json'
/** Creations without an answer that nobody asked for again. */
const mostPending = 20

const contentSchema = z.object({
  version: z.literal(1),
  /** `pool/volume` */
  volume: z.string(),
  snapshots: z.array(z.object({ name: z.string(), snapshot: z.string(), seconds: z.number() })),
  pending: z.array(z.object({ name: z.string(), token: z.string() })),
})
type Content = z.infer<typeof contentSchema>

export interface SnapshotNames {
  /** Our names of these snapshots (oldest first), by the server's. */
  of(snapshots: readonly SoftnasSnapshot[]): Promise<ReadonlyMap<string, string>>
  /** To be called right before a snapshot is made: what is written now will be in it, and proves later that it is this one. */
  announce(name: string): Promise<void>
  record(name: string, snapshot: SoftnasSnapshot): Promise<void>
  forget(snapshot: string): Promise<void>
  /** Whether the area is there, so that names can be kept. */
  available(): Promise<boolean>
  /** One at a time, in this process; runs of several processes are kept apart by the lease of the area. */
  alone<T>(work: () => Promise<T>): Promise<T>
}

const queues = new Map<string, Promise<unknown>>()

export function createSnapshotNames(areaPath: string, volume: string, logger: Logger): SnapshotNames {
  const path = join(areaPath, '.icb', fileName)
  const empty: Content = { version: 1, volume, snapshots: [], pending: [] }

  const readAt = async (file: string): Promise<Content | undefined> => {
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
      throw error
    })
    if (text === undefined) return undefined
    const parsed = contentSchema.safeParse(jsonOf(text))
    if (!parsed.success) throw storageErrors.PROTOCOL(`${file} is damaged, so it is not known which snapshots of ${volume} are whose`, { hint: 'Put the file back from a snapshot; without it none of them counts as made by this tool.' })
    return parsed.data
  }

  const read = async (): Promise<Content> => {
    const content = await readAt(path)
    if (content === undefined) return empty
    if (content.volume === volume) return content
    logger.warn({ path, volume: content.volume }, `the names in ${path} are those of ${content.volume}, not of ${volume}; they are not used`)
    return empty
  }

  const write = async (content: Content): Promise<void> => {
    await mkdir(join(areaPath, '.icb')).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw storageErrors.NOT_FOUND(`the area ${areaPath} is not there; SoftNAS names snapshots by itself, and our names are kept in the area`, { hint: 'Mount the volume on this host.' })
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    })
    await writeFileDurably(path, `${JSON.stringify(content)}\n`)
  }

  /** The file as it is inside a snapshot, where the mounted volume shows its snapshots; a volume that does not proves nothing. */
  const announcedIn = async (snapshot: string): Promise<readonly string[]> => {
    const inside = await readAt(join(areaPath, '.zfs', 'snapshot', snapshot, '.icb', fileName)).catch(() => undefined)
    return inside?.volume === volume ? inside.pending.map(({ token }) => token) : []
  }

  return {
    of: async (snapshots) => {
      const content = await read()
      const known = new Map<string, string>()
      const present = new Map(snapshots.map((each) => [each.name, each]))
      for (const { name, snapshot, seconds } of content.snapshots) if (present.get(snapshot)?.seconds === seconds) known.set(snapshot, name)
      if (content.pending.length === 0) return known
      const unproven = new Map(content.pending.map(({ name, token }) => [token, name]))
      const named = new Set(known.values())
      // A snapshot of the server's own schedule may hold the announcement too; its name is of another shape than those that were answered to us.
      const shapes = new Set(content.snapshots.map(({ snapshot }) => shapeOf(snapshot)))
      for (const { name: snapshot } of snapshots) {
        if (known.has(snapshot) || !shapes.has(shapeOf(snapshot))) continue
        // Later snapshots still hold the announcements of earlier ones: the newest is the one that a snapshot was made for, and the oldest such snapshot is it.
        const newest = (await announcedIn(snapshot)).at(-1)
        const name = newest === undefined ? undefined : unproven.get(newest)
        if (name === undefined || named.has(name)) continue
        known.set(snapshot, name)
        named.add(name)
      }
      return known
    },
    announce: async (name) => {
      const content = await read()
      await write({ ...content, pending: [...content.pending.filter((each) => each.name !== name), { name, token: randomBytes(12).toString('hex') }].slice(-mostPending) })
    },
    record: async (name, { name: snapshot, seconds }) => {
      const content = await read()
      await write({
        ...content, pending: content.pending.filter((each) => each.name !== name),
        snapshots: [...content.snapshots.filter((each) => each.name !== name && each.snapshot !== snapshot), { name, snapshot, seconds }],
      })
    },
    forget: async (snapshot) => {
      const content = await read()
      if (content.snapshots.some((each) => each.snapshot === snapshot)) await write({ ...content, snapshots: content.snapshots.filter((each) => each.snapshot !== snapshot) })
    },
    available: async () => stat(areaPath).then((facts) => facts.isDirectory(), () => false),
    alone: async (work) => {
      const before = queues.get(path) ?? Promise.resolve()
      const mine = before.catch(() => undefined).then(work)
      const settled = mine.catch(() => undefined)
      queues.set(path, settled)
      try {
        return await mine
      } finally {
        if (queues.get(path) === settled) queues.delete(path)
      }
    },
  }
}

function shapeOf(name: string): string {
  return name.replace(/\d+/g, '0')
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
