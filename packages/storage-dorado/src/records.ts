import { DateTime } from 'luxon'
import { z } from 'zod'

/** Numbers come as text. */
const count = z.union([z.string().regex(/^\d+$/), z.number().int().nonnegative()]).transform((value) => BigInt(value))
const truth = z.union([z.boolean(), z.string()]).transform((value) => String(value) === 'true')

/** Capacities are counted in sectors. */
export const sectorBytes = 512n

export const vstoreRecord: z.ZodType<{ readonly ID: string; readonly NAME: string }> = z.object({ ID: z.string(), NAME: z.string() })

/** One file system as the array has it. */
export interface FileSystem {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly sizeBytes: bigint | undefined
  readonly freeBytes: bigint | undefined
  /** Normal and online. */
  readonly healthy: boolean
  readonly isClone: boolean
  readonly parent: string | undefined
  readonly snapshot: string | undefined
}

export const fileSystemRecord: z.ZodType<FileSystem> = z
  .object({
    ID: z.string(), NAME: z.string(), DESCRIPTION: z.string().optional(), CAPACITY: count.optional(), AVAILABLECAPCITY: count.optional(), HEALTHSTATUS: z.string().optional(), RUNNINGSTATUS: z.string().optional(),
    ISCLONEFS: truth.optional(), PARENTFILESYSTEMID: z.string().optional(), PARENTSNAPSHOTID: z.string().optional(),
  })
  .transform((raw) => ({
    id: raw.ID, name: raw.NAME, description: raw.DESCRIPTION ?? '', isClone: raw.ISCLONEFS === true, parent: raw.PARENTFILESYSTEMID, snapshot: raw.PARENTSNAPSHOTID,
    sizeBytes: raw.CAPACITY === undefined ? undefined : raw.CAPACITY * sectorBytes, freeBytes: raw.AVAILABLECAPCITY === undefined ? undefined : raw.AVAILABLECAPCITY * sectorBytes,
    healthy: (raw.HEALTHSTATUS ?? '1') === '1' && (raw.RUNNINGSTATUS ?? '27') === '27',
  }))

export interface FsSnapshot {
  readonly id: string
  readonly name: string
  readonly parent: string
  readonly createdAt: DateTime
}

export const snapshotRecord: z.ZodType<FsSnapshot> = z
  .object({ ID: z.string(), NAME: z.string(), PARENTID: z.string(), utcTimeStamp: count.optional(), TIMESTAMP: count })
  .transform((raw) => ({ id: raw.ID, name: raw.NAME, parent: raw.PARENTID, createdAt: DateTime.fromSeconds(Number(raw.utcTimeStamp ?? raw.TIMESTAMP), { zone: 'utc' }) }))

export const shareRecord: z.ZodType<{ readonly ID: string; readonly FSID: string; readonly SHAREPATH: string }> = z.object({ ID: z.string(), FSID: z.string(), SHAREPATH: z.string() })
export const clientRecord: z.ZodType<{ readonly ID: string; readonly NAME: string }> = z.object({ ID: z.string(), NAME: z.string() })

/** What this tool writes into the description of a clone. */
export interface CloneMark {
  readonly clone: string
  readonly database: string
  /** Seconds since 1970: the array tells no time of creation of a file system. */
  readonly at: number
}

const mark = z.object({ icb: z.literal(1), clone: z.string(), database: z.string(), at: z.number() })

export function writeCloneMark(value: CloneMark): string {
  return JSON.stringify({ icb: 1, ...value })
}

export function readCloneMark(description: string): CloneMark | undefined {
  if (!description.startsWith('{')) return undefined
  try {
    return mark.safeParse(JSON.parse(description)).data
  } catch {
    return undefined
  }
}
