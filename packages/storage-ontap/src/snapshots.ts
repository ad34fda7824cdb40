import { randomUUID } from 'node:crypto'
import { pollUntil } from '@icb/runtime'
import type { Clock, Logger } from '@icb/runtime'
import { isOurSnapshotName, storageErrors } from '@icb/storage-core'
import type { Snapshot, SnapshotId } from '@icb/storage-core'
import type { DateTime } from 'luxon'
import { isStorageError } from './answer-errors.ts'
import type { AreaVolume } from './area-volumes.ts'
import { groupsSince } from './consistency-group.ts'
import type { ConsistencyGroups } from './consistency-group.ts'
import { fittingSnapshotMark, writeSnapshotMark } from './marks.ts'
import type { SnapshotMark } from './marks.ts'
import { fromSnapshotName, longestSnapshotName, toSnapshotName } from './names.ts'
import type { OntapClient } from './ontap-client.ts'
import { holdForEver, snapshotFields, snapshotRecord, stateOf, viewSet } from './snapshot-set.ts'
import type { RawSnapshot, SnapshotSet } from './snapshot-set.ts'

export interface SnapshotsParts {
  readonly client: OntapClient
  readonly groups: ConsistencyGroups
  readonly database: string
  /** How pins are kept. */
  readonly holds: boolean | 'tamperproof'
  readonly clock: Clock
  readonly logger: Logger
  readonly area: (signal?: AbortSignal) => Promise<readonly [AreaVolume, ...AreaVolume[]]>
  /** Names of snapshots, on any of the volumes, that clones depend on. */
  readonly clonedNames: (volumes: readonly AreaVolume[], snapshot: string | undefined, signal?: AbortSignal) => Promise<ReadonlySet<string>>
}

export interface Snapshots {
  create(name: string, labels: Readonly<Record<string, string>> | undefined, signal?: AbortSignal): Promise<Snapshot>
  list(signal?: AbortSignal): AsyncGenerator<Snapshot, void, undefined>
  delete(id: SnapshotId, signal?: AbortSignal): Promise<void>
  /** The raw name and, per volume, the snapshot of a whole set. @throws ICB_STORAGE_NOT_FOUND */
  need(id: SnapshotId, signal?: AbortSignal): Promise<{ readonly volumes: readonly [AreaVolume, ...AreaVolume[]]; readonly raw: string; readonly set: SnapshotSet }>
  setLabels(id: SnapshotId, labels: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<void>
  hold(id: SnapshotId, until: DateTime | undefined, signal?: AbortSignal): Promise<void>
  releaseHold(id: SnapshotId, signal?: AbortSignal): Promise<void>
  /** Names of sets that were cut off; with `remove` they are gone afterwards. */
  halves(remove: boolean, signal?: AbortSignal): Promise<readonly string[]>
}

/** How long a set that somebody else is making may stay incomplete before it counts as cut off. */
const graceMs = 20_000
/** How long a change may stay invisible after it succeeded. */
const visibleMs = 60_000

const timeText = (time: DateTime): string => time.toUTC().toISO({ suppressMilliseconds: true }) ?? ''
const snapshotsOf = (volume: AreaVolume): string => `/storage/volumes/${volume.uuid}/snapshots`

export function createSnapshots({ client, groups, database, holds, clock, logger, area, clonedNames }: SnapshotsParts): Snapshots {
  /** Attempts of this process that failed: nobody works on them any more. */
  const abandoned = new Set<string>()
  /** When an incomplete set was seen first, by its attempts. */
  const seenHalf = new Map<string, number>()

  const named = async (volume: AreaVolume, raw: string, signal: AbortSignal | undefined): Promise<RawSnapshot | undefined> => {
    const [found] = await client.all(snapshotsOf(volume), { what: `looking for snapshot ${raw} of ${volume.name}`, schema: snapshotRecord, fields: snapshotFields, query: { name: raw }, signal })
    return found
  }

  const groupOf = async (volumes: readonly AreaVolume[], signal: AbortSignal | undefined): Promise<string | undefined> =>
    volumes.length > 1 && (await client.release(signal)) >= groupsSince ? groups.find(volumes, signal) : undefined

  const readSet = async (volumes: readonly AreaVolume[], raw: string, signal: AbortSignal | undefined): Promise<SnapshotSet> => {
    const group = await groupOf(volumes, signal)
    const inGroup = group === undefined ? undefined : await groups.findSnapshot(group, raw, signal)
    const members: (RawSnapshot | undefined)[] = []
    for (const volume of volumes) members.push(await named(volume, raw, signal))
    return { members, ...(inGroup === undefined ? {} : { group: inGroup }) }
  }

  const view = (set: SnapshotSet, cloned: boolean): Snapshot => {
    const [main] = set.members
    if (main === undefined) throw storageErrors.BUSY('the snapshot was deleted while it was being made')
    return viewSet(main, set, { database, cloned, nowMs: clock.now() })
  }

  /** Deletes one volume's snapshot; a missing one is fine. */
  const drop = async (volume: AreaVolume, snapshot: RawSnapshot, signal: AbortSignal | undefined): Promise<void> => {
    try {
      await client.change({ method: 'DELETE', path: `${snapshotsOf(volume)}/${snapshot.uuid}`, what: `deleting snapshot ${snapshot.name} of ${volume.name}`, returnTimeout: 15, signal })
    } catch (error) {
      if (!isStorageError(error, 'NOT_FOUND')) throw error
    }
  }

  const rollBack = async (volumes: readonly AreaVolume[], raw: string, attempt: string | undefined, signal: AbortSignal | undefined): Promise<void> => {
    for (const volume of volumes) {
      const member = await named(volume, raw, signal)
      if (member?.mark?.set !== undefined && (attempt === undefined || member.mark.set === attempt)) await drop(volume, member, signal)
    }
  }

  /** One volume: the filer's own answer decides. */
  const createOne = async (volume: AreaVolume, raw: string, comment: string, signal: AbortSignal | undefined): Promise<void> => {
    await client.change({ method: 'POST', path: snapshotsOf(volume), what: `creating snapshot ${raw} of ${volume.name}`, body: { name: raw, comment }, returnTimeout: 15, signal })
  }

  /** One after another, all or nothing: who makes the first volume's snapshot owns the attempt. */
  const createOneByOne = async (volumes: readonly AreaVolume[], raw: string, mark: SnapshotMark, signal: AbortSignal | undefined): Promise<void> => {
    const attempt = randomUUID().slice(0, 8)
    const { comment } = fittingSnapshotMark({ ...mark, set: attempt, of: volumes.length })
    const plain = fittingSnapshotMark({ set: attempt, of: volumes.length }).comment
    try {
      for (const [index, volume] of volumes.entries()) await createOne(volume, raw, index === 0 ? comment : plain, signal)
    } catch (error) {
      abandoned.add(attempt)
      // Without the caller's signal: an abort must not leave the half set, and where it does, it is never listed.
      await rollBack(volumes, raw, attempt, undefined).catch((cause: unknown) => { logger.warn({ snapshot: raw, cause: String(cause) }, `the half snapshot ${raw} could not be removed; it is not listed and goes with the next run`) })
      throw error
    }
  }

  const createInGroup = async (volumes: readonly AreaVolume[], raw: string, comment: string, signal: AbortSignal | undefined): Promise<void> => {
    const group = await groups.ensure(volumes, signal)
    await groups.createSnapshot(group, raw, comment, signal)
    if (!(await groups.isPartial(group, raw, signal))) return
    const made = await groups.findSnapshot(group, raw, signal)
    if (made !== undefined) await groups.deleteSnapshot(group, made, signal)
    throw storageErrors.PROTOCOL(`the consistency group's snapshot ${raw} lacks volumes and was removed`, { hint: 'Check that all volumes of the group are online.' })
  }

  const create = async (name: string, labels: Readonly<Record<string, string>> | undefined, signal?: AbortSignal): Promise<Snapshot> => {
    const raw = toSnapshotName(name)
    if (raw.length > longestSnapshotName) throw storageErrors.UNSUPPORTED(`"${name}" is too long for a snapshot name`)
    const volumes = await area(signal)
    const [main] = volumes
    const mark: SnapshotMark = labels === undefined || Object.keys(labels).length === 0 ? {} : { labels }
    const { comment, dropped } = fittingSnapshotMark(mark)
    if (dropped.length > 0) logger.warn({ snapshot: name, dropped }, `the labels ${dropped.join(', ')} do not fit into the comment of snapshot ${name}`)

    const step = async (): Promise<Snapshot | undefined> => {
      let set = await readSet(volumes, raw, signal)
      // A set that appeared between two of these looks seems foreign; a second look has all of it.
      if (stateOf(set, database) === 'foreign' && volumes.length > 1) set = await readSet(volumes, raw, signal)
      const state = stateOf(set, database)
      if (state === 'whole') {
        const found = set.members[0]
        if (found !== undefined && mark.labels !== undefined && found.mark === undefined && set.group !== undefined) await writeMark(main, found, { ...mark, of: volumes.length }, signal)
        return view(set, (await clonedNames(volumes, raw, signal)).has(raw))
      }
      if (state === 'foreign') throw storageErrors.EXISTS(`a snapshot ${name} that this tool did not make exists`)
      if (state === 'half') {
        const attempts = set.members.flatMap((member) => member?.mark?.set ?? [])
        const key = attempts.join()
        const since = seenHalf.get(key) ?? clock.monotonic()
        seenHalf.set(key, since)
        if (set.group !== undefined || attempts.every((attempt) => abandoned.has(attempt)) || clock.monotonic() - since > graceMs) {
          seenHalf.delete(key)
          await removeHalf(volumes, raw, set, signal)
        }
        return undefined
      }
      // It would never be recognised as ours, so nobody could delete it again.
      if (!isOurSnapshotName(name, database)) throw storageErrors.UNSUPPORTED(`"${name}" is no snapshot name of ${database}`, { hint: 'Make names with snapshotName().' })
      try {
        if (volumes.length === 1) await createOne(main, raw, comment, signal)
        else if ((await client.release(signal)) >= groupsSince) await createInGroup(volumes, raw, fittingSnapshotMark({ ...mark, of: volumes.length }).comment, signal)
        else await createOneByOne(volumes, raw, mark, signal)
      } catch (error) {
        // Another caller was faster: what there is now decides.
        if (!isStorageError(error, 'EXISTS')) throw error
      }
      return undefined
    }
    return untilVisible(`snapshot ${name}`, step, signal)
  }

  const untilVisible = async <T>(what: string, step: () => Promise<T | undefined>, signal: AbortSignal | undefined): Promise<T> => {
    // Straight on after the first look, which in most cases made what the second one finds.
    const first = (await step()) ?? (await step())
    return first ?? pollUntil({ clock, what, deadlineMs: visibleMs, intervalMs: 100, signal }, step)
  }

  const removeHalf = async (volumes: readonly AreaVolume[], raw: string, set: SnapshotSet, signal: AbortSignal | undefined): Promise<void> => {
    const group = set.group === undefined ? undefined : await groupOf(volumes, signal)
    if (group !== undefined && set.group !== undefined) await groups.deleteSnapshot(group, set.group, signal)
    else await rollBack(volumes, raw, undefined, signal)
  }

  const writeMark = (volume: AreaVolume, { uuid, name }: RawSnapshot, mark: SnapshotMark, signal: AbortSignal | undefined): Promise<void> => {
    const comment = writeSnapshotMark(mark)
    if (comment === undefined) throw storageErrors.UNSUPPORTED(`the labels of snapshot ${name} do not fit into its comment of 255 characters`)
    return client.change({ method: 'PATCH', path: `${snapshotsOf(volume)}/${uuid}`, what: `labelling snapshot ${name}`, body: { comment }, returnTimeout: 15, signal })
  }

  /** What the further volumes and the group have, by raw name. */
  const readOthers = async (volumes: readonly AreaVolume[], signal: AbortSignal | undefined): Promise<(main: RawSnapshot | undefined, raw: string) => SnapshotSet> => {
    const group = await groupOf(volumes, signal)
    const inGroup = group === undefined ? undefined : await groups.snapshots(group, signal)
    const others: ReadonlyMap<string, RawSnapshot>[] = []
    for (const volume of volumes.slice(1)) {
      const snapshots = await client.all(snapshotsOf(volume), { what: `listing snapshots of ${volume.name}`, schema: snapshotRecord, fields: snapshotFields, signal })
      others.push(new Map(snapshots.map((snapshot) => [snapshot.name, snapshot])))
    }
    return (main, raw) => {
      const members = [main, ...others.map((snapshots) => snapshots.get(raw))]
      const groupSnapshot = inGroup?.get(raw)
      return { members, ...(groupSnapshot === undefined ? {} : { group: groupSnapshot }) }
    }
  }

  const find = async (id: SnapshotId, signal: AbortSignal | undefined): Promise<{ readonly volumes: readonly [AreaVolume, ...AreaVolume[]]; readonly main: RawSnapshot } | undefined> => {
    const volumes = await area(signal)
    const main = /^[0-9a-f-]{36}$/i.test(id) ? await client.find(`${snapshotsOf(volumes[0])}/${id}`, { what: `looking for snapshot ${id}`, schema: snapshotRecord, fields: snapshotFields, signal }) : undefined
    return main === undefined ? undefined : { volumes, main }
  }

  const findOurs = async (id: SnapshotId, signal: AbortSignal | undefined): Promise<Awaited<ReturnType<typeof find>>> => {
    const found = await find(id, signal)
    if (found !== undefined && !isOurSnapshotName(fromSnapshotName(found.main.name), database)) {
      throw storageErrors.FOREIGN(`snapshot ${found.main.name} of ${found.volumes[0].name} was not made by this tool for ${database}`)
    }
    return found
  }

  const needOurs = async (id: SnapshotId, signal: AbortSignal | undefined): Promise<NonNullable<Awaited<ReturnType<typeof find>>>> => {
    const found = await findOurs(id, signal)
    if (found === undefined) throw storageErrors.NOT_FOUND(`there is no snapshot ${id}`)
    return found
  }

  const refuseKept = async (volumes: readonly AreaVolume[], set: SnapshotSet, raw: string, signal: AbortSignal | undefined): Promise<void> => {
    if ((await clonedNames(volumes, raw, signal)).has(raw)) throw storageErrors.HAS_CLONES(`snapshot ${raw} has clones`, { hint: 'Delete the clones first; `icb clone list` shows ours.' })
    const locked = set.members.find((member) => (member?.expiry?.toMillis() ?? 0) > clock.now())
    if (locked?.expiry === undefined) return
    throw storageErrors.LOCKED(`snapshot ${raw} is locked ${locked.expiry >= holdForEver ? 'until it is released' : `until ${locked.expiry.toISO() ?? ''}`}`, { hint: 'A hold can be released; a lock of SnapLock ends by itself only.' })
  }

  const deleteSet = async (id: SnapshotId, signal?: AbortSignal): Promise<void> => {
    const found = await findOurs(id, signal)
    if (found === undefined) return
    const { volumes, main } = found
    const raw = main.name
    // All of it is looked at before any of it goes.
    const set = volumes.length === 1 ? { members: [main] } : await readSet(volumes, raw, signal)
    await refuseKept(volumes, set, raw, signal)
    try {
      const group = set.group === undefined ? undefined : await groupOf(volumes, signal)
      if (group !== undefined && set.group !== undefined) await groups.deleteSnapshot(group, set.group, signal)
      // The first volume's last: as long as it is there, its id still finds the rest.
      for (const [index, volume] of [...volumes.entries()].reverse()) {
        const member = set.members[index]
        if (member !== undefined && (group === undefined || (await named(volume, raw, signal))?.uuid === member.uuid)) await drop(volume, member, signal)
      }
    } catch (error) {
      if (!isStorageError(error, 'LOCKED')) throw error
      await refuseKept(volumes, await readSet(volumes, raw, signal), raw, signal)
      throw storageErrors.LOCKED(`snapshot ${raw} cannot be deleted yet: ${error.message}`, {
        hint: 'Something else holds it: SnapMirror, SnapLock, or a deleted clone that waits in the recovery queue (see docs/storage/ontap.md).', cause: error,
      })
    }
    await untilVisible(`the end of snapshot ${raw}`, async () => ((await find(id, signal)) === undefined ? true : undefined), signal)
  }

  /** Changes the expiry of each volume's snapshot; what `bodyOf` leaves out stays as it is. */
  const setExpiry = async (id: SnapshotId, bodyOf: (member: RawSnapshot) => object | undefined, signal: AbortSignal | undefined): Promise<void> => {
    const { volumes, main } = await needOurs(id, signal)
    for (const volume of volumes) {
      const member = volume === volumes[0] ? main : await named(volume, main.name, signal)
      const body = member === undefined ? undefined : bodyOf(member)
      if (member === undefined || body === undefined) continue
      await client.change({ method: 'PATCH', path: `${snapshotsOf(volume)}/${member.uuid}`, what: `setting the expiry time of snapshot ${main.name}`, body: { ...body }, returnTimeout: 15, signal })
    }
  }

  return {
    create,
    list: async function* (signal) {
      const volumes = await area(signal)
      const [main] = volumes
      const cloned = await clonedNames(volumes, undefined, signal)
      const setOf = await readOthers(volumes, signal)
      const listing = client.list(snapshotsOf(main), { what: `listing snapshots of ${main.name}`, schema: snapshotRecord, fields: snapshotFields, query: { order_by: 'create_time' }, signal })
      for await (const snapshot of listing) {
        const set = setOf(snapshot, snapshot.name)
        const state = stateOf(set, database)
        const ours = isOurSnapshotName(fromSnapshotName(snapshot.name), database)
        // A name of ours that not all volumes have and that has no mark: nobody can restore it.
        if (state === 'half' || (state === 'foreign' && ours)) continue
        yield viewSet(snapshot, set, { database, cloned: cloned.has(snapshot.name), nowMs: clock.now() })
      }
    },
    delete: deleteSet,
    need: async (id, signal) => {
      const found = await find(id, signal)
      if (found === undefined) throw storageErrors.NOT_FOUND(`there is no snapshot ${id}`)
      const { volumes, main } = found
      const set = volumes.length === 1 ? { members: [main] } : await readSet(volumes, main.name, signal)
      if (stateOf(set, database) === 'half') throw storageErrors.NOT_FOUND(`snapshot ${main.name} is incomplete: not all volumes have it`)
      return { volumes, raw: main.name, set }
    },
    setLabels: async (id, labels, signal) => {
      const { volumes, main } = await needOurs(id, signal)
      await writeMark(volumes[0], main, { ...main.mark, labels: { ...main.mark?.labels, ...labels } }, signal)
    },
    hold: async (id, until, signal) => {
      if (holds !== 'tamperproof') return setExpiry(id, () => ({ expiry_time: timeText(until ?? holdForEver) }), signal)
      if (until === undefined) throw storageErrors.UNSUPPORTED('a tamper-proof snapshot needs an end, as nobody can release it before', { hint: 'Give `icb snapshot pin` an end with --until.' })
      const without = (await area(signal)).find(({ snapshotLocking }) => !snapshotLocking)
      if (without !== undefined) {
        throw storageErrors.UNSUPPORTED(`the volume ${without.name} has no snapshot locking`, { hint: 'Switch it on (volume modify -snapshot-locking-enabled true; needs the SnapLock licence, 9.12.1 or later), or set "holds" to true for holds that can be released.' })
      }
      const time = timeText(until)
      const body = (await client.release(signal)) >= 914 ? { snaplock: { expiry_time: time } } : { snaplock_expiry_time: time }
      // A lock can be prolonged only.
      return setExpiry(id, (member) => ((member.tamperproofUntil ?? until) > until ? undefined : body), signal)
    },
    releaseHold: async (id, signal) => {
      const found = await findOurs(id, signal)
      if (found === undefined) return
      const locked = found.main.tamperproofUntil
      if (locked !== undefined && locked.toMillis() > clock.now()) throw storageErrors.LOCKED(`snapshot ${found.main.name} is tamper-proof until ${timeText(locked)}`, { hint: 'Nobody can take this lock back; it ends by itself.' })
      // The API has no way to take an expiry time away; its own creation is a time that has passed.
      await setExpiry(id, (member) => ({ expiry_time: timeText(member.createdAt) }), signal)
    },
    halves: async (remove, signal) => {
      const volumes = await area(signal)
      if (volumes.length === 1) return []
      const setOf = await readOthers(volumes, signal)
      const mains = new Map((await client.all(snapshotsOf(volumes[0]), { what: `listing snapshots of ${volumes[0].name}`, schema: snapshotRecord, fields: snapshotFields, signal })).map((snapshot) => [snapshot.name, snapshot]))
      const names = new Set(mains.keys())
      for (const volume of volumes.slice(1)) {
        for await (const { name } of client.list(snapshotsOf(volume), { what: `listing snapshots of ${volume.name}`, schema: snapshotRecord, fields: snapshotFields, signal })) names.add(name)
      }
      const halves: string[] = []
      for (const raw of names) {
        const set = setOf(mains.get(raw), raw)
        if (!isOurSnapshotName(fromSnapshotName(raw), database) || stateOf(set, database) !== 'half') continue
        // A group's snapshot is made at once: where a part of it lacks, a person took it away, who may want to look at the rest.
        if (remove && set.group !== undefined) continue
        halves.push(fromSnapshotName(raw))
        if (remove) await removeHalf(volumes, raw, await readSet(volumes, raw, signal), signal)
      }
      return halves.sort()
    },
  }
}
