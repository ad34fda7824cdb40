import { randomUUID } from 'node:crypto'
import { mkdir, realpath, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock } from '@icb/runtime'
import { isOurSnapshotName, storageErrors } from '@icb/storage-core'
import type { Clone, Snapshot, SnapshotHolds, SnapshotLabels, SnapshotStorage, StorageCapabilities } from '@icb/storage-core'
import { DateTime } from 'luxon'
import { btrfsMagic } from './btrfs.ts'
import type { Btrfs } from './btrfs.ts'
import { claimVolume, readCloneDocument, readHold, readLabels, readSnapshotDocument, readVolume, writeDocument } from './documents.ts'
import type { CloneDocument, SnapshotDocument } from './documents.ts'
import { asStorageCall, unlessMissing } from './file-errors.ts'
import { documentOf, isSafeName, layoutOf, maxNameLength, treeOf } from './layout.ts'
import type { Mechanism } from './mechanism.ts'
import { createPlaces } from './places.ts'
import type { VolumeCopier } from './volume-copier.ts'

export interface LocalStorageParts {
  readonly database: string
  readonly area: string
  readonly snapshotDirectory: string
  readonly mechanism: Mechanism
  readonly copier: VolumeCopier
  readonly btrfs: Btrfs
  readonly clock: Clock
}

/** The contract over a snapshot directory. Ids are names: both live in one directory per kind. */
export type LocalStorage = SnapshotStorage & SnapshotHolds & SnapshotLabels

const utc = (millis: number): DateTime => DateTime.fromMillis(millis, { zone: 'utc' })

export function createLocalStorage({ database, area, snapshotDirectory, mechanism, copier, btrfs, clock }: LocalStorageParts): LocalStorage {
  const layout = layoutOf(snapshotDirectory)
  const places = createPlaces(layout, btrfs, clock)
  const capabilities: StorageCapabilities = {
    atomic: mechanism.kind === 'btrfs',
    atomicGroup: false,
    clones: true,
    thinClones: mechanism.kind !== 'copy',
    spaceAccounting: true,
    holds: true,
    labels: true,
    maxNameLength,
  }

  /** The id of this volume, or `undefined` before the first snapshot. @throws ICB_STORAGE_FOREIGN when the directory belongs to another volume. */
  const knownVolumeId = async (): Promise<string | undefined> => {
    const volume = await readVolume(layout.volumeFile)
    if (volume === undefined) return undefined
    if (volume.database !== database || volume.directory !== area) {
      throw storageErrors.FOREIGN(`${snapshotDirectory} keeps the snapshots of ${volume.directory} (database ${volume.database}), not of ${area} (database ${database})`, {
        hint: `Give each database its own snapshotDirectory. If the area was moved, change "directory" in ${layout.volumeFile}.`,
      })
    }
    return volume.volumeId
  }

  const volumeId = async (): Promise<string> => {
    const known = await knownVolumeId()
    if (known !== undefined) return known
    await mkdir(snapshotDirectory, { recursive: true })
    await claimVolume(layout.volumeFile, { v: 1, volumeId: randomUUID(), database, directory: area })
    return (await knownVolumeId()) ?? ''
  }

  /** The snapshot's document if this volume's storage wrote it under this very name. */
  const markOfSnapshot = async (name: string, volume: string | undefined): Promise<SnapshotDocument | undefined> => {
    const document = await readSnapshotDocument(layout.place('snapshots', name))
    return document !== undefined && document.volumeId === volume && document.name === name ? document : undefined
  }

  const markOfClone = async (name: string, volume: string | undefined): Promise<CloneDocument | undefined> => {
    const document = await readCloneDocument(layout.place('clones', name))
    return document !== undefined && document.volumeId === volume && document.name === name ? document : undefined
  }

  const marksOfClones = async (volume: string | undefined): Promise<readonly CloneDocument[]> => {
    const found: CloneDocument[] = []
    for (const name of await places.names('clones')) {
      const document = await markOfClone(name, volume)
      if (document !== undefined) found.push(document)
    }
    return found.sort((a, b) => a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1))
  }

  const viewSnapshot = async (name: string, volume: string | undefined, cloned: ReadonlySet<string>): Promise<Snapshot | undefined> => {
    const place = layout.place('snapshots', name)
    const document = await markOfSnapshot(name, volume)
    if (document === undefined) {
      const stats = await unlessMissing(stat(place))
      return stats === undefined ? undefined : { id: name, name, createdAt: utc(Math.trunc(stats.birthtimeMs || stats.mtimeMs)), ours: false, hasClones: undefined }
    }
    const hold = await readHold(place)
    const bytes = BigInt(document.bytes)
    return {
      id: name,
      name,
      createdAt: utc(document.createdAt),
      ours: isOurSnapshotName(name, database),
      spaceTotal: bytes,
      ...(document.mechanism === 'copy' ? { spaceUnique: bytes } : {}),
      hasClones: cloned.has(name),
      ...(hold?.until === undefined ? {} : { lockedUntil: utc(hold.until) }),
      labels: await readLabels(place),
    }
  }

  const viewClone = ({ name, snapshot, createdAt }: CloneDocument): Clone => ({
    id: name,
    name,
    snapshot,
    createdAt: utc(createdAt),
    mounts: [{ kind: 'path', path: treeOf(layout.place('clones', name)) }],
  })

  const checkName = (name: string): void => {
    if (!isSafeName(name)) throw storageErrors.UNSUPPORTED(`"${name}" cannot be a name here`, { hint: `Use letters, digits and _ . : - (at most ${maxNameLength}), beginning with a letter or digit.` })
  }

  /** The place of one of our snapshots. @throws ICB_STORAGE_NOT_FOUND, ICB_STORAGE_FOREIGN */
  const ourPlace = async (id: string): Promise<string> => {
    if (!isSafeName(id) || !(await places.exists('snapshots', id))) throw storageErrors.NOT_FOUND(`there is no snapshot ${id}`)
    const volume = await knownVolumeId()
    if ((await markOfSnapshot(id, volume)) === undefined || !isOurSnapshotName(id, database)) throw storageErrors.FOREIGN(`snapshot ${id} was not made by this tool for ${area}`)
    return layout.place('snapshots', id)
  }

  const refuseCloned = async (id: string): Promise<void> => {
    const names = (await marksOfClones(await knownVolumeId())).filter(({ snapshot }) => snapshot === id).map(({ name }) => name)
    if (names.length > 0) throw storageErrors.HAS_CLONES(`snapshot ${id} has clones: ${names.join(', ')}`, { hint: 'Delete the clones first.', details: { clones: names } })
  }

  const needArea = async (): Promise<void> => {
    if (mechanism.problem !== undefined) throw mechanism.problem
    if ((await unlessMissing(stat(area))) === undefined) throw storageErrors.NOT_FOUND(`the backup area ${area} does not exist`, { hint: 'Mount or create it.' })
  }

  return {
    capabilities,

    createSnapshot: (name, options) =>
      asStorageCall(`creating snapshot ${name}`, options?.signal, async () => {
        checkName(name)
        await needArea()
        const volume = await volumeId()
        if (!(await places.exists('snapshots', name))) {
          // It would never be recognised as ours, so nobody could delete it again.
          if (!isOurSnapshotName(name, database)) throw storageErrors.UNSUPPORTED(`"${name}" is no snapshot name of ${database}`, { hint: 'Make names with snapshotName().' })
          await places.make('snapshots', name, async (place) => {
            const createdAt = clock.now()
            const captured = await copier.capture(area, treeOf(place), options?.omit ?? [], options?.signal)
            if (options?.labels !== undefined) await writeDocument(join(place, 'labels.json'), options.labels)
            const { bytes, ...rest } = captured
            const document: SnapshotDocument = { v: 1, volumeId: volume, database, name, createdAt, mechanism: mechanism.kind, bytes: String(bytes), ...rest }
            await writeDocument(documentOf('snapshots', place), document)
          })
        }
        if ((await markOfSnapshot(name, volume)) === undefined) throw storageErrors.EXISTS(`${layout.place('snapshots', name)} exists and was not made by this tool`)
        const cloned = new Set((await marksOfClones(volume)).map(({ snapshot }) => snapshot))
        const made = await viewSnapshot(name, volume, cloned)
        if (made === undefined) throw storageErrors.BUSY(`snapshot ${name} was deleted while it was being made`)
        return made
      }),

    listSnapshots: async function* (options) {
      const what = 'listing snapshots'
      const found = await asStorageCall(what, options?.signal, async () => {
        const volume = await knownVolumeId()
        const cloned = new Set((await marksOfClones(volume)).map(({ snapshot }) => snapshot))
        const snapshots: Snapshot[] = []
        for (const name of await places.names('snapshots')) {
          options?.signal?.throwIfAborted()
          const snapshot = await viewSnapshot(name, volume, cloned)
          if (snapshot !== undefined) snapshots.push(snapshot)
        }
        return snapshots
      })
      yield* found.sort((a, b) => a.createdAt.toMillis() - b.createdAt.toMillis() || (a.name < b.name ? -1 : 1))
    },

    deleteSnapshot: (id, options) =>
      asStorageCall(`deleting snapshot ${id}`, options?.signal, async () => {
        if (!isSafeName(id) || !(await places.exists('snapshots', id))) return
        const place = await ourPlace(id).catch(async (error: unknown) => {
          // Another caller may have deleted it since.
          if (await places.exists('snapshots', id)) throw error
          return undefined
        })
        if (place === undefined) return
        const hold = await readHold(place)
        if (hold !== undefined && (hold.until === undefined || hold.until > clock.now())) {
          throw storageErrors.LOCKED(`snapshot ${id} is held: ${hold.reason}`, { hint: hold.until === undefined ? 'Release the hold first.' : `The hold ends at ${utc(hold.until).toISO() ?? ''}.` })
        }
        await refuseCloned(id)
        // Asked again with the snapshot out of sight: createClone looks for it after its clone has appeared, so one of the two notices.
        await places.remove('snapshots', id, () => refuseCloned(id))
      }),

    createClone: (id, name, options) =>
      asStorageCall(`creating clone ${name}`, options?.signal, async () => {
        checkName(name)
        const volume = await knownVolumeId()
        const origin = isSafeName(id) ? await markOfSnapshot(id, volume) : undefined
        if (volume === undefined || origin === undefined) throw storageErrors.NOT_FOUND(`there is no snapshot ${id} of this volume`)
        if (!(await places.exists('clones', name))) {
          const made = await places.make('clones', name, async (place) => {
            await copier.unfold(treeOf(layout.place('snapshots', id)), treeOf(place), origin.modes, options?.signal)
            const document: CloneDocument = { v: 1, volumeId: volume, database, name, snapshot: id, createdAt: clock.now() }
            await writeDocument(documentOf('clones', place), document)
          })
          if (made && !(await places.exists('snapshots', id))) {
            await places.remove('clones', name, async () => undefined)
            throw storageErrors.NOT_FOUND(`snapshot ${id} was deleted while it was being cloned`)
          }
        }
        const document = await markOfClone(name, volume)
        if (document === undefined) throw storageErrors.EXISTS(`${layout.place('clones', name)} exists and is no clone that this tool made`)
        if (document.snapshot !== id) throw storageErrors.EXISTS(`the clone ${name} belongs to snapshot ${document.snapshot}`, { details: { snapshot: document.snapshot } })
        return viewClone(document)
      }),

    listClones: async function* (options) {
      yield* (await asStorageCall('listing clones', options?.signal, async () => marksOfClones(await knownVolumeId()))).map(viewClone)
    },

    deleteClone: (id, options) =>
      asStorageCall(`deleting clone ${id}`, options?.signal, async () => {
        if (!isSafeName(id) || !(await places.exists('clones', id))) return
        if ((await markOfClone(id, await knownVolumeId())) === undefined) {
          if (!(await places.exists('clones', id))) return
          throw storageErrors.FOREIGN(`${layout.place('clones', id)} is no clone that this tool made of ${area}`)
        }
        await places.remove('clones', id, async () => undefined)
      }),

    createVolume: (spec, options) =>
      asStorageCall(`creating volume ${spec.name}`, options?.signal, async () => {
        if (spec.name !== database) throw storageErrors.UNSUPPORTED(`this storage has one volume, ${database} at ${area}`)
        if ((await unlessMissing(stat(area))) === undefined) {
          await mkdir(dirname(area), { recursive: true })
          if ((await statfs(dirname(area))).type === btrfsMagic && (await btrfs.available())) await btrfs.createSubvolume(area)
          else await mkdir(area)
        }
        return { id: area, name: database, mounts: [{ kind: 'path', path: area }] }
      }),

    describe: (options) =>
      asStorageCall(`describing ${area}`, options?.signal, async () => {
        await needArea()
        const { blocks, bavail, bsize } = await statfs(area, { bigint: true })
        return { name: database, mounts: [{ kind: 'path', path: await realpath(area) }], sizeBytes: blocks * bsize, freeBytes: bavail * bsize, mechanism: mechanism.label, warnings: mechanism.warnings }
      }),

    removeLeftovers: (options) => asStorageCall('removing leftovers', options?.signal, () => places.sweep()),

    hold: async (id, { reason, until, signal }) =>
      asStorageCall(`holding snapshot ${id}`, signal, async () => writeDocument(join(await ourPlace(id), 'hold.json'), { reason, ...(until === undefined ? {} : { until: until.toMillis() }) })),

    releaseHold: (id, options) =>
      asStorageCall(`releasing snapshot ${id}`, options?.signal, async () => {
        if (isSafeName(id) && (await places.exists('snapshots', id))) await rm(join(await ourPlace(id), 'hold.json'), { force: true })
      }),

    setLabels: (id, labels, options) =>
      asStorageCall(`labelling snapshot ${id}`, options?.signal, async () => {
        const place = await ourPlace(id)
        await writeDocument(join(place, 'labels.json'), { ...(await readLabels(place)), ...labels })
      }),
  }
}

