import { isOurSnapshotName } from '@icb/storage-core'
import type { Snapshot } from '@icb/storage-core'
import { DateTime } from 'luxon'
import { z } from 'zod'
import type { GroupSnapshot } from './consistency-group.ts'
import { readSnapshotMark } from './marks.ts'
import type { SnapshotMark } from './marks.ts'
import { fromSnapshotName } from './names.ts'
import type { Field } from './ontap-client.ts'

/** One volume's snapshot as the filer has it. */
export interface RawSnapshot {
  readonly uuid: string
  readonly name: string
  readonly createdAt: DateTime
  readonly mark: SnapshotMark | undefined
  readonly size: number | undefined
  /** The later one of its expiry times. */
  readonly expiry: DateTime | undefined
  /** The end of SnapLock's lock. */
  readonly tamperproofUntil: DateTime | undefined
  readonly cloned: boolean
}

export const snapshotFields: readonly Field[] = ['name', 'uuid', 'create_time', 'comment', 'expiry_time', 'snaplock_expiry_time', ['owners', 907], ['size', 909], ['snaplock.expiry_time', 914]]

const time = z.string().transform((text, context) => {
  const parsed = DateTime.fromISO(text, { setZone: true }).toUTC()
  if (!parsed.isValid) context.addIssue(`"${text}" is no time`)
  return parsed
})

export const snapshotRecord: z.ZodType<RawSnapshot> = z
  .object({
    uuid: z.string(),
    name: z.string(),
    create_time: time,
    comment: z.string().optional(),
    expiry_time: time.optional(),
    snaplock_expiry_time: time.optional(),
    snaplock: z.object({ expiry_time: time.optional() }).optional(),
    owners: z.array(z.string()).optional(),
    size: z.number().optional(),
  })
  .transform((raw) => ({
    uuid: raw.uuid,
    name: raw.name,
    createdAt: raw.create_time,
    mark: readSnapshotMark(raw.comment),
    size: raw.size,
    expiry: latest([raw.expiry_time, raw.snaplock_expiry_time, raw.snaplock?.expiry_time]),
    tamperproofUntil: latest([raw.snaplock_expiry_time, raw.snaplock?.expiry_time]),
    cloned: raw.owners?.includes('volume_clone') === true,
  }))

/** What the filer has under one name: per volume of the area, and the consistency group's own record of it. */
export interface SnapshotSet {
  /** In the order of the area's volumes; `undefined` where a volume has none. */
  readonly members: readonly (RawSnapshot | undefined)[]
  /** It was taken at one instant, of so many volumes. */
  readonly group?: GroupSnapshot | undefined
}

/** `whole`: a recovery point; `half`: an attempt of ours that was cut off or is going on; `foreign`: neither. */
export type SetState = 'none' | 'whole' | 'half' | 'foreign'

/**
 * A set is whole when the consistency group vouches for it, when all snapshots of one attempt are there, or, without a mark
 * (the original scripts wrote none), when every volume has it. Volumes that the area got later do not make older sets half.
 */
export function stateOf({ members, group }: SnapshotSet, database: string): SetState {
  const present = members.filter((member) => member !== undefined)
  const [first] = present
  if (first === undefined) return 'none'
  const ours = isOurSnapshotName(fromSnapshotName(first.name), database)
  if (group !== undefined) return present.length >= (group.of ?? members.length) && members[0] !== undefined ? 'whole' : group.of === undefined ? 'foreign' : 'half'
  if (members.length === 1) return ours ? 'whole' : 'foreign'
  const marked = present.find(({ mark }) => mark?.set !== undefined)?.mark
  if (marked !== undefined) {
    const sameAttempt = present.filter(({ mark }) => mark?.set === marked.set)
    return members[0]?.mark?.set === marked.set && sameAttempt.length === present.length && present.length === (marked.of ?? members.length) ? 'whole' : 'half'
  }
  return ours && present.length === members.length ? 'whole' : 'foreign'
}

/** An expiry that stands for a hold without an end. */
export const holdForEver: DateTime = DateTime.fromISO('2286-11-20T00:00:00Z', { zone: 'utc' })

/** The set as the contract shows it; it has the first volume's snapshot. */
export function viewSet(main: RawSnapshot, set: SnapshotSet, options: { readonly database: string; readonly cloned: boolean; readonly nowMs: number; readonly ours?: boolean }): Snapshot {
  const name = fromSnapshotName(main.name)
  const present = set.members.filter((member) => member !== undefined)
  const sizes = present.flatMap(({ size }) => (size === undefined ? [] : [BigInt(size)]))
  const lockedUntil = latest(present.map(({ expiry }) => expiry))
  return {
    id: main.uuid,
    name,
    createdAt: main.createdAt,
    ours: options.ours ?? isOurSnapshotName(name, options.database),
    hasClones: options.cloned || present.some(({ cloned }) => cloned),
    ...(sizes.length === present.length ? { spaceTotal: sizes.reduce((sum, size) => sum + size, 0n) } : {}),
    ...(lockedUntil !== undefined && lockedUntil.toMillis() > options.nowMs && lockedUntil < holdForEver ? { lockedUntil } : {}),
    labels: main.mark?.labels ?? {},
  }
}

function latest(times: readonly (DateTime | undefined)[]): DateTime | undefined {
  return times.reduce((best, each) => (each !== undefined && (best === undefined || each > best) ? each : best), undefined)
}
