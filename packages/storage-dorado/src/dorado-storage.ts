import { createHash } from 'node:crypto'
import type { Clock } from '@icb/runtime'
import { escapeName, isOurSnapshotName, storageErrors, unescapeName } from '@icb/storage-core'
import type { Clone, MountSource, Snapshot, SnapshotStorage, StorageCapabilities, VolumeInfo } from '@icb/storage-core'
import { DateTime } from 'luxon'
import { isStorageError } from './array-errors.ts'
import type { DoradoOptions } from './options.ts'
import { fileSystemRecord, readCloneMark, sectorBytes, snapshotRecord, vstoreRecord, writeCloneMark } from './records.ts'
import type { FileSystem, FsSnapshot } from './records.ts'
import type { DoradoClient } from './rest-client.ts'
import { createShares } from './shares.ts'

export interface DoradoStorageParts {
  readonly client: DoradoClient
  readonly options: DoradoOptions
  readonly database: string
  readonly clock: Clock
}

/** Longest name that the array takes for snapshots and file systems. */
const longestName = 255
/** For Oracle's files over NFS version 3: hard, so that an outage stalls and never corrupts. */
const defaultMountOptions = 'rw,bg,hard,nointr,tcp,vers=3,timeo=600,rsize=262144,wsize=262144'
/** How long a clone may be without a share before it counts as cut off. */
const unfinishedAfterSeconds = 3600

/** The contract over one file system of an OceanStor Dorado. */
export function createDoradoStorage({ client, options, database, clock }: DoradoStorageParts): SnapshotStorage {
  const name = options.filesystem ?? database
  const server = options.mounthost ?? new URL(options.url).hostname
  const capabilities: StorageCapabilities = { atomic: true, atomicGroup: false, clones: true, thinClones: true, spaceAccounting: false, holds: false, labels: false, maxNameLength: longestName }

  let vstore: Promise<Readonly<Record<string, string>>> | undefined
  const findVstore = async (signal: AbortSignal | undefined): Promise<Readonly<Record<string, string>>> => {
    if (options.vstore === undefined) return {}
    const found = await client.list(vstoreRecord, { what: 'looking for the vStore', path: '/vstore', signal })
    const { vstore: wanted } = options
    const known = found.find(({ NAME }) => NAME.toUpperCase() === wanted.toUpperCase())
    if (known === undefined) throw storageErrors.NOT_FOUND(`there is no vStore ${wanted}, or this user may not see it`, { hint: 'Correct "vstore".' })
    return { vstoreId: known.ID }
  }
  /** Members of queries and bodies that name the vStore. */
  const scope = async (signal?: AbortSignal): Promise<Readonly<Record<string, string>>> => {
    vstore ??= findVstore(signal)
    try {
      return await vstore
    } catch (error) {
      vstore = undefined
      throw error
    }
  }
  const shares = createShares(client, scope)

  const named = async (wanted: string, signal: AbortSignal | undefined): Promise<FileSystem | undefined> => {
    // The array's filter may match in part.
    const found = await client.list(fileSystemRecord, { what: `looking for file system ${wanted}`, path: '/filesystem', query: { filter: `NAME::${wanted}`, ...(await scope(signal)) }, signal })
    return found.find((each) => each.name === wanted)
  }
  const fileSystems = async (signal: AbortSignal | undefined): Promise<readonly FileSystem[]> => client.list(fileSystemRecord, { what: 'listing file systems', path: '/filesystem', query: await scope(signal), signal })

  let area: string | undefined
  const need = async (signal: AbortSignal | undefined): Promise<FileSystem> => {
    const found = await named(name, signal)
    if (found === undefined) throw storageErrors.NOT_FOUND(`there is no file system ${name}${options.vstore === undefined ? '' : ` in the vStore ${options.vstore}`}`, { hint: 'Correct "filesystem" and "vstore", or make it with `icb volume create`.' })
    area = found.id
    return found
  }
  const areaId = async (signal: AbortSignal | undefined): Promise<string> => area ?? (await need(signal)).id

  const snapshots = async (signal: AbortSignal | undefined, wanted?: string): Promise<readonly FsSnapshot[]> => {
    const parent = await areaId(signal)
    const query = { PARENTID: parent, ...(wanted === undefined ? {} : { filter: `NAME::${wanted}` }), ...(await scope(signal)) }
    try {
      const found = await client.list(snapshotRecord, { what: `listing snapshots of ${name}`, path: '/FSSNAPSHOT', query, signal })
      return found.filter((each) => each.parent === parent && (wanted === undefined || each.name === wanted))
    } catch (error) {
      if (isStorageError(error, 'NOT_FOUND')) area = undefined
      throw error
    }
  }
  const findSnapshot = async (id: string, signal: AbortSignal | undefined): Promise<FsSnapshot | undefined> => {
    const parent = await areaId(signal)
    try {
      const raw = await client.call({ what: `looking for snapshot ${id}`, method: 'GET', path: `/FSSNAPSHOT/${encodeURIComponent(id)}`, query: await scope(signal), signal })
      const found = snapshotRecord.safeParse(raw)
      return found.success && found.data.parent === parent ? found.data : undefined
    } catch (error) {
      if (isStorageError(error, 'NOT_FOUND')) return undefined
      throw error
    }
  }
  const view = ({ id, name: raw, createdAt }: FsSnapshot, hasClones: boolean): Snapshot => {
    const known = unescapeName(raw)
    return { id, name: known, createdAt, ours: isOurSnapshotName(known, database), hasClones }
  }
  const clonesOf = async (parent: string, signal: AbortSignal | undefined): Promise<readonly FileSystem[]> => (await fileSystems(signal)).filter((each) => each.isClone && each.parent === parent)

  const mountOf = (path: string): MountSource => ({ kind: 'nfs', server, path: path.replace(/(?<=.)\/+$/, ''), options: options.mountOptions ?? defaultMountOptions })
  const cloneView = (raw: FileSystem, path: string | undefined): Clone | undefined => {
    const mark = readCloneMark(raw.description)
    if (mark?.database !== database || raw.snapshot === undefined || path === undefined) return undefined
    return { id: raw.id, name: mark.clone, snapshot: raw.snapshot, createdAt: DateTime.fromSeconds(mark.at, { zone: 'utc' }), mounts: [mountOf(path)] }
  }
  const isOurClone = (raw: FileSystem, parent: string): boolean => raw.isClone && raw.parent === parent && readCloneMark(raw.description)?.database === database

  const removeClone = async (raw: FileSystem, signal: AbortSignal | undefined): Promise<void> => {
    await shares.remove(raw.id, signal)
    try {
      await client.call({ what: `deleting the clone ${raw.name}`, method: 'DELETE', path: `/filesystem/${encodeURIComponent(raw.id)}`, query: await scope(signal), signal })
    } catch (error) {
      if (!isStorageError(error, 'NOT_FOUND')) throw error
    }
  }
  const halves = async (signal: AbortSignal | undefined): Promise<readonly FileSystem[]> => {
    const [all, known] = [await clonesOf(await areaId(signal), signal), await shares.all(signal)]
    const now = clock.now() / 1000
    return all.filter((raw) => readCloneMark(raw.description)?.database === database && !known.has(raw.id) && now - (readCloneMark(raw.description)?.at ?? now) > unfinishedAfterSeconds)
  }

  return {
    capabilities,
    createSnapshot: async (wanted, { signal } = {}) => {
      const raw = escapeName(wanted)
      if (raw.length > longestName) throw storageErrors.UNSUPPORTED(`"${wanted}" is too long for a snapshot name`)
      const look = async (): Promise<Snapshot | undefined> => {
        const [found] = await snapshots(signal, raw)
        if (found === undefined) return undefined
        if (!isOurSnapshotName(wanted, database)) throw storageErrors.EXISTS(`a snapshot ${wanted} that this tool did not make exists`)
        const parent = await areaId(signal)
        return view(found, (await clonesOf(parent, signal)).some(({ snapshot }) => snapshot === found.id))
      }
      const present = await look()
      if (present !== undefined) return present
      if (!isOurSnapshotName(wanted, database)) throw storageErrors.UNSUPPORTED(`"${wanted}" is no snapshot name of ${database}`, { hint: 'Make names with snapshotName().' })
      try {
        await client.call({ what: `creating snapshot ${raw}`, method: 'POST', path: '/FSSNAPSHOT', body: { NAME: raw, PARENTID: await areaId(signal), PARENTTYPE: '40', ...(await scope(signal)) }, signal })
      } catch (error) {
        // Another caller was faster.
        if (!isStorageError(error, 'EXISTS')) throw error
      }
      const made = await look()
      if (made === undefined) throw storageErrors.BUSY(`snapshot ${raw} is not to be seen yet`, { hint: 'Call again.' })
      return made
    },
    listSnapshots: async function* ({ signal } = {}) {
      const parent = await areaId(signal)
      const cloned = new Set((await clonesOf(parent, signal)).map(({ snapshot }) => snapshot))
      const found = await snapshots(signal)
      for (const each of found.toSorted((a, b) => a.createdAt.toMillis() - b.createdAt.toMillis())) yield view(each, cloned.has(each.id))
    },
    deleteSnapshot: async (id, { signal } = {}) => {
      const found = await findSnapshot(id, signal)
      if (found === undefined) return
      if (!isOurSnapshotName(unescapeName(found.name), database)) throw storageErrors.FOREIGN(`snapshot ${found.name} of ${name} was not made by this tool for ${database}`)
      const clones = (await clonesOf(found.parent, signal)).filter(({ snapshot }) => snapshot === id)
      if (clones.length > 0) throw storageErrors.HAS_CLONES(`snapshot ${found.name} has the clones ${clones.map((clone) => clone.name).join(', ')}`, { hint: 'Delete the clones first; `icb clone list` shows ours.' })
      try {
        await client.call({ what: `deleting snapshot ${found.name}`, method: 'DELETE', path: `/FSSNAPSHOT/${encodeURIComponent(id)}`, query: await scope(signal), signal })
      } catch (error) {
        if (!isStorageError(error, 'NOT_FOUND')) throw error
      }
    },
    createClone: async (id, wanted, { signal } = {}) => {
      const fsName = cloneFileSystem(wanted)
      const parent = await areaId(signal)
      if ((await findSnapshot(id, signal)) === undefined) throw storageErrors.NOT_FOUND(`there is no snapshot ${id} of ${name}`)
      const look = async (): Promise<FileSystem | undefined> => {
        const found = await named(fsName, signal)
        if (found !== undefined && (!isOurClone(found, parent) || found.snapshot !== id || readCloneMark(found.description)?.clone !== wanted)) throw storageErrors.EXISTS(`a file system ${fsName} exists that is no clone of this snapshot made by this tool`, { hint: 'Use another name.' })
        return found
      }
      let clone = await look()
      if (clone === undefined) {
        const body = { NAME: fsName, ISCLONEFS: 'true', PARENTFILESYSTEMID: parent, PARENTSNAPSHOTID: id, DESCRIPTION: writeCloneMark({ clone: wanted, database, at: Math.floor(clock.now() / 1000) }), ...(await scope(signal)) }
        try {
          await client.call({ what: `creating the clone ${fsName}`, method: 'POST', path: '/filesystem', body, signal })
        } catch (error) {
          if (!isStorageError(error, 'EXISTS')) throw error
        }
        clone = await look()
      }
      if (clone === undefined) throw storageErrors.BUSY(`the clone ${fsName} is not to be seen yet`, { hint: 'Call again.' })
      // A clone that was cut off before it was shared is completed here.
      await shares.ensure(clone.id, `/${fsName}/`, options.restorenfsclient === undefined ? [] : [options.restorenfsclient], signal)
      const made = cloneView(clone, (await shares.all(signal)).get(clone.id)?.path)
      if (made === undefined) throw storageErrors.BUSY(`the share of the clone ${fsName} is not to be seen yet`, { hint: 'Call again.' })
      return made
    },
    listClones: async function* ({ signal } = {}) {
      const [all, known] = [await clonesOf(await areaId(signal), signal), await shares.all(signal)]
      const clones = all.flatMap((raw) => cloneView(raw, known.get(raw.id)?.path) ?? [])
      yield* clones.sort((a, b) => a.createdAt.toMillis() - b.createdAt.toMillis())
    },
    deleteClone: async (id, { signal } = {}) => {
      const parent = await areaId(signal)
      const found = (await fileSystems(signal)).find((each) => each.id === id)
      if (found === undefined) return
      if (!isOurClone(found, parent)) throw storageErrors.FOREIGN(`the file system ${found.name} is no clone that this tool made of ${name}`)
      await removeClone(found, signal)
    },
    createVolume: async (spec, { signal } = {}) => {
      if (spec.name !== name && spec.name !== database) throw storageErrors.UNSUPPORTED(`these options are for the file system ${name} of ${database}, not for ${spec.name}`)
      if ((await named(name, signal)) === undefined) {
        if (spec.size === undefined) throw storageErrors.OPTIONS('no size is given for the new file system')
        const body = { NAME: name, CAPACITY: String((spec.size + sectorBytes - 1n) / sectorBytes), SECTORSIZE: 8192, ALLOCTYPE: 1, ENABLECOMPRESSION: 'true', unixPermissions: '770', ISSHOWSNAPDIR: 'false', ...(await poolOf(signal)), ...(await scope(signal)) }
        await client.call({ what: `creating the file system ${name}`, method: 'POST', path: '/filesystem', body, signal }).catch((error: unknown) => {
          if (!isStorageError(error, 'EXISTS')) throw error
        })
      }
      const { id } = await need(signal)
      await shares.ensure(id, `/${name}/`, options.nfsClients ?? (options.restorenfsclient === undefined ? [] : [options.restorenfsclient]), signal)
      const path = (await shares.all(signal)).get(id)?.path
      return { id, name, mounts: path === undefined ? [] : [mountOf(path)] }
    },
    describe: async ({ signal } = {}): Promise<VolumeInfo> => {
      const found = await need(signal)
      const path = (await shares.all(signal)).get(found.id)?.path
      if (path === undefined) throw storageErrors.NOT_FOUND(`the file system ${name} has no NFS share`, { hint: 'Share it on the array, or run `icb volume create`.' })
      return {
        name, mounts: [mountOf(path)], mechanism: `file system of the OceanStor Dorado ${new URL(options.url).host}${options.vstore === undefined ? '' : `, vStore ${options.vstore}`}`,
        ...(found.sizeBytes === undefined ? {} : { sizeBytes: found.sizeBytes }), ...(found.freeBytes === undefined ? {} : { freeBytes: found.freeBytes }),
        warnings: [
          ...(found.healthy ? [] : [`the file system ${name} is not healthy or not online`]),
          ...(options.restorenfsclient === undefined ? ['"restorenfsclient" is not set: nobody may mount the clones of restore tests'] : []),
          ...(await halves(signal)).map((each) => `the clone ${each.name} was left over`),
        ],
      }
    },
    listLeftovers: async ({ signal } = {}) => (await halves(signal)).map((each) => each.name),
    removeLeftovers: async ({ signal } = {}) => {
      const found = await halves(signal)
      for (const each of found) await removeClone(each, signal)
      return found.map((each) => each.name)
    },
    close: () => client.close(),
  }

  async function poolOf(signal: AbortSignal | undefined): Promise<Readonly<Record<string, string>>> {
    if (options.pool === undefined) return {}
    const pools = await client.list(vstoreRecord, { what: 'looking for the storage pool', path: '/storagepool', signal })
    const found = pools.find(({ NAME }) => NAME === options.pool)
    if (found === undefined) throw storageErrors.NOT_FOUND(`there is no storage pool ${options.pool}`, { hint: 'Correct "pool".' })
    return { PARENTID: found.ID, PARENTTYPE: '216' }
  }
}

/** A name that had to be changed or cut gets a digest of the original, so that two names never become one. */
function cloneFileSystem(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9_.-]/g, '_')
  if (plain === name && name.length <= longestName && /^[A-Za-z0-9_]/.test(name)) return name
  return `c_${plain.slice(0, longestName - 11)}_${createHash('sha256').update(name).digest('hex').slice(0, 8)}`
}
