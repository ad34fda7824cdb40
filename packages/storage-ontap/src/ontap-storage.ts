import { hasErrorCode } from '@icb/runtime'
import type { Clock, Logger } from '@icb/runtime'
import { storageErrors } from '@icb/storage-core'
import type { MountSource, SnapshotHolds, SnapshotLabels, SnapshotStorage, StorageCapabilities, VolumeInfo } from '@icb/storage-core'
import { isStorageError } from './answer-errors.ts'
import { findDataAddress, inBrackets, mountOf, needAreaVolumes } from './area-volumes.ts'
import type { AreaNames, AreaVolume } from './area-volumes.ts'
import { registerDiagnosis } from './checks.ts'
import { createClones } from './clones.ts'
import { createConsistencyGroups, groupsSince } from './consistency-group.ts'
import { createAreaVolumes } from './create-volume.ts'
import { longestSnapshotName } from './names.ts'
import type { OntapClient } from './ontap-client.ts'
import type { OntapOptions } from './options.ts'
import { createSnapshots } from './snapshots.ts'
import type { Snapshots } from './snapshots.ts'

export interface OntapStorageParts {
  readonly client: OntapClient
  readonly options: OntapOptions
  readonly names: AreaNames
  readonly database: string
  /** Where hosts mount from when neither the options nor the SVM tell. */
  readonly filerHost: string
  readonly clock: Clock
  readonly logger: Logger
}

export type OntapStorage = SnapshotStorage & SnapshotLabels & Partial<SnapshotHolds>

/** For Oracle's files over NFS version 3: hard, so that an outage stalls and never corrupts. */
const defaultMountOptions = 'rw,bg,hard,nointr,tcp,vers=3,timeo=600,rsize=65536,wsize=65536'

/** The contract over the volumes of one backup area. */
export function createOntapStorage({ client, options, names, database, filerHost, clock, logger }: OntapStorageParts): OntapStorage {
  const several = names.volumes.length > 1
  const keepsHolds = options.holds === true || options.holds === 'tamperproof'
  const inGroups = (): boolean => several && (client.knownRelease ?? 0) >= groupsSince
  // Getters, as what the release allows is known after the first call only.
  const capabilities: StorageCapabilities = {
    get atomic() {
      return !several || inGroups()
    },
    get atomicGroup() {
      return inGroups()
    },
    get spaceAccounting() {
      return (client.knownRelease ?? 0) >= 909
    },
    clones: true,
    thinClones: true,
    holds: keepsHolds,
    labels: true,
    maxNameLength: longestSnapshotName,
  }

  let found: readonly [AreaVolume, ...AreaVolume[]] | undefined
  const area = async (signal?: AbortSignal): Promise<readonly [AreaVolume, ...AreaVolume[]]> => (found ??= await needAreaVolumes(client, names, signal))
  const noted = (error: unknown): unknown => {
    if (isStorageError(error, 'NOT_FOUND')) found = undefined
    if (!hasErrorCode(error, 'ICB_DEADLINE_EXPIRED')) return error
    return storageErrors.BUSY(`the filer did not get done: ${error.message}`, { hint: 'Call again: what was done so far is found by name.', cause: error })
  }
  /** Runs a call; volumes that are gone or new are looked up again by the next one. */
  const run = async <T>(signal: AbortSignal | undefined, call: () => Promise<T>): Promise<T> => {
    signal?.throwIfAborted()
    try {
      return await call()
    } catch (error) {
      throw noted(error)
    }
  }
  const running = async function* <T>(signal: AbortSignal | undefined, records: () => AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    signal?.throwIfAborted()
    try {
      yield* records()
    } catch (error) {
      throw noted(error)
    }
  }

  registerDiagnosis(capabilities, { client, area })

  let server: string | undefined
  const mount = async (path: string, svm: string, signal?: AbortSignal): Promise<MountSource> => {
    server ??= options.mounthost ?? (await findDataAddress(client, svm, signal)) ?? filerHost
    return mountOf(inBrackets(server), path, options.mountOptions ?? defaultMountOptions)
  }

  const groups = createConsistencyGroups(client, options.consistencyGroup ?? `${names.volumes[0]}_cg`)
  const clones = createClones({ client, database, clock, exportPolicy: options.exportPolicy, area, snapshots: (): Snapshots => snapshots, mount })
  const snapshots: Snapshots = createSnapshots({ client, groups, database, holds: options.holds ?? false, clock, logger, area, clonedNames: (volumes, snapshot, signal) => clones.clonedNames(volumes, snapshot, signal) })

  const describe = async (signal?: AbortSignal): Promise<VolumeInfo> => {
    found = await needAreaVolumes(client, names, signal)
    const release = await client.release(signal)
    const mounts: MountSource[] = []
    for (const { path, svm } of found) if (path !== undefined) mounts.push(await mount(path, svm, signal))
    if (mounts.length === 0) throw storageErrors.NOT_FOUND(`the volume ${found[0].name} is not mounted in the namespace of ${found[0].svm}`, { hint: 'Give it a junction path (volume mount).' })
    const free = found.map(({ available }) => available)
    return {
      name: found[0].name,
      mounts,
      sizeBytes: BigInt(found.reduce((sum, { size }) => sum + size, 0)),
      ...(free.every((bytes) => bytes !== undefined) ? { freeBytes: BigInt(free.reduce((sum, bytes) => sum + bytes, 0)) } : {}),
      mechanism: `ONTAP ${Math.floor(release / 100)}.${release % 100}: ${found.length === 1 ? 'volume snapshots' : release >= groupsSince ? `consistency group of ${found.length} volumes` : `snapshots of ${found.length} volumes one after another`}`,
      warnings: [...found.flatMap(warningsOf), ...(several && release < groupsSince ? ['snapshots of several volumes are not of one instant before ONTAP 9.10.1'] : []), ...(await leftovers(signal))],
    }
  }

  /** For `doctor`: what was cut off and is waiting for the next run. */
  const leftovers = async (signal: AbortSignal | undefined): Promise<readonly string[]> => [
    ...(await snapshots.halves(false, signal)).map((name) => `the snapshot ${name} is incomplete: not all volumes have it`),
    ...(await clones.halves(false, signal)).map((name) => `the clone volume ${name} was left over`),
  ]

  const volumeOf = async (volumes: readonly AreaVolume[], signal: AbortSignal | undefined): Promise<readonly MountSource[]> => {
    const mounts: MountSource[] = []
    for (const { path, svm } of volumes) if (path !== undefined) mounts.push(await mount(path, svm, signal))
    return mounts
  }

  const holds: SnapshotHolds = {
    hold: (id, { until, signal }) => run(signal, () => snapshots.hold(id, until, signal)),
    releaseHold: (id, { signal } = {}) => run(signal, () => snapshots.releaseHold(id, signal)),
  }

  return {
    capabilities,
    createSnapshot: (name, { labels, signal } = {}) => run(signal, () => snapshots.create(name, labels, signal)),
    listSnapshots: ({ signal } = {}) => running(signal, () => snapshots.list(signal)),
    deleteSnapshot: (id, { signal } = {}) => run(signal, () => snapshots.delete(id, signal)),
    createClone: (id, name, { signal } = {}) => run(signal, () => clones.create(id, name, signal)),
    listClones: ({ signal } = {}) => running(signal, () => clones.list(signal)),
    deleteClone: (id, { signal } = {}) => run(signal, () => clones.delete(id, signal)),
    createVolume: (spec, { signal } = {}) =>
      run(signal, async () => {
        if (spec.name !== database && spec.name !== names.volumes[0]) throw storageErrors.UNSUPPORTED(`these options are for the volume ${names.volumes[0]} of ${database}, not for ${spec.name}`)
        const volumes = await createAreaVolumes({ client, clock, options, names, logger }, spec, signal)
        found = undefined
        return { id: volumes[0]?.uuid ?? '', name: names.volumes[0], mounts: await volumeOf(volumes, signal) }
      }),
    describe: ({ signal } = {}) => run(signal, () => describe(signal)),
    listLeftovers: ({ signal } = {}) => run(signal, async () => [...(await snapshots.halves(false, signal)), ...(await clones.halves(false, signal))]),
    removeLeftovers: ({ signal } = {}) => run(signal, async () => [...(await snapshots.halves(true, signal)), ...(await clones.halves(true, signal))]),
    setLabels: (id, labels, { signal } = {}) => run(signal, () => snapshots.setLabels(id, labels, signal)),
    ...(keepsHolds ? holds : {}),
    close: async () => { client.close() },
  }
}

function warningsOf(volume: AreaVolume): readonly string[] {
  return [
    ...(volume.state === 'online' ? [] : [`the volume ${volume.name} is ${volume.state}`]),
    ...(volume.path === undefined ? [`the volume ${volume.name} is not mounted in the namespace`] : []),
    ...(volume.snapshotPolicy === undefined || volume.snapshotPolicy === 'none' ? [] : [`the volume ${volume.name} has the snapshot policy ${volume.snapshotPolicy}: snapshots that nobody manages fill it; set it to none`]),
    ...(volume.snapshotDirectory === true ? [`the volume ${volume.name} shows its snapshot directory to hosts`] : []),
  ]
}
