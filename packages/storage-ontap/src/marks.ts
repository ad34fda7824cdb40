import { z } from 'zod'

/** What this adapter writes into the comment of a snapshot: 255 characters at most. */
export interface SnapshotMark {
  /** The same for all snapshots of one attempt to snapshot several volumes one after another. */
  readonly set?: string | undefined
  /** How many volumes the attempt was for. */
  readonly of?: number | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
}

/** What this adapter writes into the comment of a clone's volumes. */
export interface CloneMark {
  readonly clone: string
  readonly database: string
  readonly part: number
  readonly of: number
}

const longestSnapshotComment = 255

const snapshotComment = z.object({ icb: z.literal(1), set: z.string().optional(), of: z.number().optional(), labels: z.record(z.string(), z.string()).optional() })
const cloneComment = z.object({ icb: z.literal(1), clone: z.string(), database: z.string(), part: z.number(), of: z.number() })

/** `undefined`: it does not fit into a comment. */
export function writeSnapshotMark(mark: SnapshotMark): string | undefined {
  const text = JSON.stringify({ icb: 1, ...mark })
  return text.length <= longestSnapshotComment ? text : undefined
}

/** Leaves out the longest labels until the rest fits. */
export function fittingSnapshotMark(mark: SnapshotMark): { readonly comment: string; readonly dropped: readonly string[] } {
  const labels = Object.entries(mark.labels ?? {}).sort((a, b) => a[0].length + a[1].length - b[0].length - b[1].length)
  const dropped: string[] = []
  for (;;) {
    const comment = writeSnapshotMark({ ...mark, ...(labels.length === 0 ? { labels: undefined } : { labels: Object.fromEntries(labels) }) })
    if (comment !== undefined) return { comment, dropped }
    const last = labels.pop()
    if (last === undefined) return { comment: '{"icb":1}', dropped }
    dropped.push(last[0])
  }
}

export function readSnapshotMark(comment: string | undefined): SnapshotMark | undefined {
  return parse(snapshotComment, comment)
}

export function writeCloneMark(mark: CloneMark): string {
  return JSON.stringify({ icb: 1, ...mark })
}

export function readCloneMark(comment: string | undefined): CloneMark | undefined {
  return parse(cloneComment, comment)
}

function parse<T>(schema: z.ZodType<T>, comment: string | undefined): T | undefined {
  if (comment?.startsWith('{') !== true) return undefined
  try {
    return schema.safeParse(JSON.parse(comment)).data
  } catch {
    return undefined
  }
}
