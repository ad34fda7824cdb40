import { pollUntil } from '@icb/runtime'
import type { Clock } from '@icb/runtime'
import { storageErrors } from '@icb/storage-core'
import type { Clone, CloneId, MountSource, SnapshotId } from '@icb/storage-core'
import { DateTime } from 'luxon'
import { z } from 'zod'
import { isStorageError } from './answer-errors.ts'
import type { AreaVolume } from './area-volumes.ts'
import { readCloneMark, writeCloneMark } from './marks.ts'
import type { CloneMark } from './marks.ts'
import { clonePath, cloneVolumeName, isCloneVolumeName } from './names.ts'
import type { Field, OntapClient } from './ontap-client.ts'
import type { Snapshots } from './snapshots.ts'

export interface ClonesParts {
  readonly client: OntapClient
  readonly database: string
  readonly clock: Clock
  readonly exportPolicy: string | undefined
  readonly area: (signal?: AbortSignal) => Promise<readonly [AreaVolume, ...AreaVolume[]]>
  readonly snapshots: () => Snapshots
  readonly mount: (path: string, svm: string, signal?: AbortSignal) => Promise<MountSource>
}

export interface Clones {
  create(snapshot: SnapshotId, name: string, signal?: AbortSignal): Promise<Clone>
  list(signal?: AbortSignal): AsyncGenerator<Clone, void, undefined>
  delete(id: CloneId, signal?: AbortSignal): Promise<void>
  /** Names of snapshots that clones depend on, ours or not. */
  clonedNames(volumes: readonly AreaVolume[], snapshot: string | undefined, signal?: AbortSignal): Promise<ReadonlySet<string>>
  /** Volumes of clones that were cut off; with `remove` they are gone afterwards. Younger ones may be in the making elsewhere. */
  halves(remove: boolean, signal?: AbortSignal): Promise<readonly string[]>
}

const record = z.object({
  uuid: z.string(),
  name: z.string(),
  create_time: z.string().optional(),
  state: z.string().optional(),
  comment: z.string().optional(),
  nas: z.object({ path: z.string().optional() }).optional(),
  clone: z.object({ parent_volume: z.object({ uuid: z.string().optional(), name: z.string().optional() }).optional(), parent_snapshot: z.object({ uuid: z.string().optional(), name: z.string().optional() }).optional() }).optional(),
})
const fields: readonly Field[] = ['uuid', 'name', 'create_time', 'state', 'comment', 'nas.path', 'clone.parent_volume.uuid', 'clone.parent_volume.name', 'clone.parent_snapshot.uuid', 'clone.parent_snapshot.name']

interface RawClone {
  readonly uuid: string
  readonly name: string
  readonly createdAt: DateTime
  readonly online: boolean
  readonly path: string | undefined
  readonly parent: string | undefined
  readonly snapshot: { readonly uuid: string; readonly name: string } | undefined
  readonly mark: CloneMark | undefined
  readonly commented: boolean
}

/** One volume that a clone consists of. */
interface Part {
  readonly volume: string
  readonly part: number
  readonly of: number
  readonly parent: AreaVolume
  readonly snapshot: { readonly uuid: string; readonly name: string }
  readonly path: string
}

const volumes = '/storage/volumes'
const visibleMs = 60_000
const removalMs = 300_000
const unfinishedAfterMs = 3_600_000

export function createClones({ client, database, clock, exportPolicy, area, snapshots, mount }: ClonesParts): Clones {
  const find = async (uuid: string, signal: AbortSignal | undefined): Promise<RawClone | undefined> => {
    const raw = await client.find(`${volumes}/${uuid}`, { what: `looking for the clone ${uuid}`, schema: record, fields, signal })
    return raw === undefined ? undefined : viewOf(raw)
  }
  const named = async (svm: string, names: readonly string[], signal: AbortSignal | undefined): Promise<readonly RawClone[]> =>
    (await client.all(volumes, { what: 'looking for clones', schema: record, fields, query: { name: names.join('|'), 'svm.name': svm }, signal })).map(viewOf)
  const below = async (parents: readonly AreaVolume[], signal: AbortSignal | undefined): Promise<readonly RawClone[]> =>
    (await client.all(volumes, { what: 'listing clones', schema: record, fields, query: { 'clone.parent_volume.uuid': parents.map(({ uuid }) => uuid).join('|') }, signal })).map(viewOf)

  const isOurs = (raw: RawClone, parents: readonly AreaVolume[]): boolean => raw.mark?.database === database && parents[raw.mark.part]?.uuid === raw.parent
  /** Made by us and cut off before it got its mark: never mounted, never commented, and named as only we name. */
  const isUnfinished = (raw: RawClone, parents: readonly AreaVolume[]): boolean =>
    isCloneVolumeName(raw.name) && !raw.commented && raw.path === undefined && parents.some(({ uuid }) => uuid === raw.parent)

  const viewClone = async (parts: readonly RawClone[], svm: string, signal: AbortSignal | undefined): Promise<Clone | undefined> => {
    const [main] = parts
    if (main?.mark === undefined || main.snapshot === undefined || parts.length !== main.mark.of) return undefined
    const mounts: MountSource[] = []
    for (const { path, online } of parts) {
      if (path === undefined || !online) return undefined
      mounts.push(await mount(path, svm, signal))
    }
    return { id: main.uuid, name: main.mark.clone, snapshot: main.snapshot.uuid, createdAt: main.createdAt, mounts }
  }

  const planParts = async (id: SnapshotId, name: string, signal: AbortSignal | undefined): Promise<readonly [Part, ...Part[]]> => {
    const { volumes: parents, set } = await snapshots().need(id, signal)
    const root = clonePath(name)
    const present = parents.flatMap((parent, part) => {
      const snapshot = set.members[part]
      return snapshot === undefined ? [] : [{ volume: cloneVolumeName(name, part), part, parent, snapshot, path: part === 0 ? root : `${root}/${placeBelow(parents[0], parent)}` }]
    })
    const [main, ...others] = present.map((part) => ({ ...part, of: present.length }))
    if (main === undefined) throw storageErrors.NOT_FOUND(`there is no snapshot ${id}`)
    return [main, ...others]
  }

  /** The volume of this part, made if it is missing. `undefined`: not visible yet. */
  const makePart = async (part: Part, name: string, parents: readonly AreaVolume[], signal: AbortSignal | undefined): Promise<RawClone | undefined> => {
    const svm = part.parent.svm
    const [present] = await named(svm, [part.volume], signal)
    if (present !== undefined) {
      const ours = isOurs(present, parents) && present.mark?.clone === name
      if (!ours && !isUnfinished(present, parents)) throw storageErrors.EXISTS(`the volume ${part.volume} exists and is no clone ${name} that this tool made for ${database}`)
      if (present.snapshot?.uuid === part.snapshot.uuid) return present
      if (ours) throw storageErrors.EXISTS(`the clone ${name} belongs to snapshot ${present.snapshot?.name ?? 'unknown'}`, { details: { snapshot: present.snapshot?.uuid } })
      await removeVolume(present.uuid, signal)
    }
    const { uid, gid } = part.parent
    const owner = { ...(uid === undefined || uid === 0 ? {} : { uid }), ...(gid === undefined || gid === 0 ? {} : { gid }) }
    try {
      await client.change({
        method: 'POST', path: volumes, what: `cloning ${part.parent.name} as ${part.volume}`, signal,
        body: {
          name: part.volume, svm: { name: svm }, ...(Object.keys(owner).length === 0 ? {} : { nas: owner }),
          clone: { is_flexclone: true, parent_volume: { name: part.parent.name }, parent_snapshot: { name: part.snapshot.name } },
        },
      })
    } catch (error) {
      if (!isStorageError(error, 'EXISTS', 'BUSY')) throw error
      // Somebody else makes it, or made it, at this moment.
      if (isStorageError(error, 'BUSY') && (await named(svm, [part.volume], signal)).length === 0 && !/13107405/.test(error.message)) throw error
    }
    return undefined
  }

  /** Mark, policies and junction in one change, so that a clone is never mounted with what it inherited. */
  const finishPart = async (raw: RawClone, part: Part, name: string, signal: AbortSignal | undefined): Promise<void> => {
    if (raw.mark !== undefined && raw.path === part.path && raw.online) return
    const what = `mounting the clone ${name}`
    if (!raw.online) await client.change({ method: 'PATCH', path: `${volumes}/${raw.uuid}`, what, body: { state: 'online' }, signal })
    const policy = exportPolicy ?? part.parent.exportPolicy
    const hidden = (await client.release(signal)) >= 913 ? { snapshot_directory_access_enabled: false } : {}
    await client.change({
      method: 'PATCH', path: `${volumes}/${raw.uuid}`, what, returnTimeout: 15, signal,
      body: {
        comment: writeCloneMark({ clone: name, database, part: part.part, of: part.of }), snapshot_policy: { name: 'none' }, ...hidden,
        nas: { path: part.path, ...(policy === undefined ? {} : { export_policy: { name: policy } }) },
      },
    })
  }

  const soon = async <T>(what: string, step: () => Promise<T | undefined>, signal: AbortSignal | undefined): Promise<T> =>
    (await step()) ?? (await step()) ?? pollUntil({ clock, what, deadlineMs: visibleMs, intervalMs: 100, signal }, step)

  const create = async (id: SnapshotId, name: string, signal?: AbortSignal): Promise<Clone> => {
    const parts = await planParts(id, name, signal)
    const parents = await area(signal)
    const svm = parts[0].parent.svm
    const made: RawClone[] = []
    try {
      for (const part of parts) made.push(await soon(`the clone volume ${part.volume}`, () => makePart(part, name, parents, signal), signal))
      for (const [index, part] of parts.entries()) {
        const raw = made[index]
        if (raw !== undefined) await finishPart(raw, part, name, signal)
      }
    } catch (error) {
      // What can be called again is finished then; anything else would leave unmounted volumes behind.
      if (!isStorageError(error, 'UNREACHABLE', 'BUSY') && signal?.aborted !== true) await removeUnfinished(made, parents).catch(() => undefined)
      throw error
    }
    const names = parts.map(({ volume }) => volume)
    return soon(`the clone ${name}`, async () => viewClone(inOrder(await named(svm, names, signal)), svm, signal), signal)
  }

  const removeUnfinished = async (made: readonly RawClone[], parents: readonly AreaVolume[]): Promise<void> => {
    for (const { uuid } of made) {
      const present = await find(uuid, undefined)
      if (present !== undefined && isUnfinished(present, parents)) await removeVolume(uuid, undefined)
    }
  }

  /** Unmount, take offline, delete: each look at the volume tells what comes next, so it can be cut off and repeated anywhere. */
  const removeVolume = async (uuid: string, signal: AbortSignal | undefined): Promise<void> => {
    let refused: unknown
    const step = async (): Promise<boolean | undefined> => {
      const raw = await find(uuid, signal)
      if (raw === undefined) return true
      const path = `${volumes}/${uuid}`
      try {
        if (raw.path !== undefined) await client.change({ method: 'PATCH', path, what: `unmounting the clone ${raw.name}`, body: { nas: { path: '' } }, signal })
        if (raw.online) await client.change({ method: 'PATCH', path, what: `taking the clone ${raw.name} offline`, body: { state: 'offline' }, signal })
        // Past the recovery queue: a queued clone keeps its snapshot locked and its space used.
        await client.change({ method: 'DELETE', path, what: `deleting the clone ${raw.name}`, query: { force: true }, signal })
      } catch (error) {
        if (isStorageError(error, 'NOT_FOUND')) return undefined
        if (!isStorageError(error, 'BUSY')) throw error
        refused = error
      }
      return undefined
    }
    const gone = (await step()) ?? (await step())
    if (gone === true) return
    await pollUntil({ clock, what: `the end of clone volume ${uuid}`, deadlineMs: removalMs, intervalMs: 250, maxIntervalMs: 5000, signal }, step).catch((error: unknown) => {
      signal?.throwIfAborted()
      throw isStorageError(error, 'UNREACHABLE', 'AUTH', 'HAS_CLONES') || refused === undefined ? error : refused
    })
  }

  return {
    create,
    list: async function* (signal) {
      const parents = await area(signal)
      const byName = new Map<string, RawClone[]>()
      for (const raw of await below(parents, signal)) {
        if (raw.mark === undefined || !isOurs(raw, parents)) continue
        byName.set(raw.mark.clone, [...(byName.get(raw.mark.clone) ?? []), raw])
      }
      const clones: Clone[] = []
      for (const parts of byName.values()) {
        const clone = await viewClone(inOrder(parts), parents[0].svm, signal)
        if (clone !== undefined) clones.push(clone)
      }
      yield* clones.sort((a, b) => a.createdAt.toMillis() - b.createdAt.toMillis())
    },
    delete: async (id, signal) => {
      const parents = await area(signal)
      const main = /^[0-9a-f-]{36}$/i.test(id) ? await find(id, signal) : undefined
      if (main === undefined) return
      if (!isOurs(main, parents) || main.mark?.part !== 0) throw storageErrors.FOREIGN(`the volume ${main.name} is no clone that this tool made of ${parents[0].name}`)
      const { clone } = main.mark
      const others = parents.length === 1 ? [] : (await below(parents, signal)).filter((raw) => raw.uuid !== id && isOurs(raw, parents) && raw.mark?.clone === clone)
      // What is mounted below goes first; the first volume last, as its id finds the rest.
      for (const { uuid } of inOrder(others).reverse()) await removeVolume(uuid, signal)
      await removeVolume(id, signal)
    },
    clonedNames: async (parents, snapshot, signal) => {
      const query = { 'clone.parent_volume.uuid': parents.map(({ uuid }) => uuid).join('|'), ...(snapshot === undefined ? {} : { 'clone.parent_snapshot.name': snapshot }) }
      const found = await client.all(volumes, { what: 'looking for clones', schema: record, fields: ['uuid', 'name', 'clone.parent_snapshot.name'], query, signal })
      return new Set(found.flatMap(({ clone }) => clone?.parent_snapshot?.name ?? []))
    },
    halves: async (remove, signal) => {
      const parents = await area(signal)
      const all = await below(parents, signal)
      const whole = new Set<string>()
      for (const raw of all) if (raw.mark !== undefined && isOurs(raw, parents)) whole.add(raw.mark.clone)
      for (const name of whole) {
        const parts = inOrder(all.filter((raw) => raw.mark?.clone === name && isOurs(raw, parents)))
        if ((await viewClone(parts, parents[0].svm, signal)) === undefined) whole.delete(name)
      }
      const old = (raw: RawClone): boolean => clock.now() - raw.createdAt.toMillis() > unfinishedAfterMs
      const halves = all.filter((raw) => old(raw) && (isUnfinished(raw, parents) || (raw.mark !== undefined && isOurs(raw, parents) && !whole.has(raw.mark.clone))))
      if (remove) for (const { uuid } of inOrder(halves).reverse()) await removeVolume(uuid, signal)
      return halves.map(({ name }) => name).sort()
    },
  }
}

function inOrder(parts: readonly RawClone[]): RawClone[] {
  return parts.toSorted((a, b) => (a.mark?.part ?? 0) - (b.mark?.part ?? 0))
}

/** Where a further volume stands below the area's root: as the live one does, else by the last part of its junction. */
function placeBelow(root: AreaVolume, volume: AreaVolume): string {
  if (root.path !== undefined && volume.path?.startsWith(`${root.path}/`) === true) return volume.path.slice(root.path.length + 1)
  return volume.path?.split('/').at(-1) ?? volume.name
}

function viewOf(raw: z.infer<typeof record>): RawClone {
  const { uuid, name } = raw.clone?.parent_snapshot ?? {}
  return {
    uuid: raw.uuid, name: raw.name, createdAt: DateTime.fromISO(raw.create_time ?? '', { setZone: true }).toUTC(), online: raw.state === 'online', path: raw.nas?.path,
    parent: raw.clone?.parent_volume?.uuid, snapshot: uuid === undefined || name === undefined ? undefined : { uuid, name },
    mark: readCloneMark(raw.comment), commented: (raw.comment ?? '') !== '',
  }
}
