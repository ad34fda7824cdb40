import { constants } from 'node:fs'
import { cp, mkdir, readdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError } from './engine.ts'
import type { EngineScan, ProjectFacts, ShareFacts, ShareKey, SnapshotFacts, StorageEngine } from './engine.ts'
import { idOf } from './zfs-engine.ts'

export interface DirectoryEngineOptions {
  readonly directory: string
  /** Seconds since 1970; default the system's clock. */
  readonly now?: () => number
}

interface Share extends ShareKey {
  project: string
  share: string
  readonly number: number
  readonly createdAt: number
  quota: bigint
  reservation: bigint
  readonly origin?: Snapshot
}

interface Snapshot {
  readonly owner: Share
  name: string
  readonly number: number
  readonly createdAt: number
  readonly bytes: bigint
  /** Without files: for listings of many. */
  readonly empty: boolean
}

/** The engine, and a way to have thousands of snapshots at once. */
export interface DirectoryEngine extends StorageEngine {
  /** Adds snapshots without files, one second apart. */
  addEmptySnapshots(key: ShareKey, names: readonly string[]): void
}

/**
 * Shares as directories, snapshots as copies of them (sharing blocks where the file system can). A stand-in for machines
 * without ZFS: contents are right, space figures are sums of file sizes, and a snapshot is not one instant.
 */
export function createDirectoryEngine({ directory, now = () => Math.floor(Date.now() / 1000) }: DirectoryEngineOptions): DirectoryEngine {
  let numbers = 0
  const projects = new Map<string, ProjectFacts>()
  let shares: Share[] = []
  let snapshots: Snapshot[] = []
  const placeOf = (thing: Share | Snapshot): string => join(directory, 'share' in thing ? 'shares' : 'snapshots', String(thing.number))

  const find = (key: ShareKey): Share => {
    const found = shares.find(({ project, share }) => project === key.project && share === key.share)
    if (found === undefined) throw new EngineError('missing', `cannot open '${key.project}/${key.share}': dataset does not exist`)
    return found
  }
  const findSnapshot = (key: ShareKey, name: string): Snapshot => {
    const owner = find(key)
    const found = snapshots.find((each) => each.owner === owner && each.name === name)
    if (found === undefined) throw new EngineError('missing', `cannot open '${key.project}/${key.share}@${name}': dataset does not exist`)
    return found
  }
  const refuseExisting = (key: ShareKey): void => {
    if (shares.some(({ project, share }) => project === key.project && share === key.share)) throw new EngineError('exists', `cannot create '${key.project}/${key.share}': dataset already exists`)
    if (!projects.has(key.project)) throw new EngineError('missing', `cannot create '${key.project}/${key.share}': parent does not exist`)
  }
  const clonesOf = (snapshot: Snapshot): Share[] => shares.filter(({ origin }) => origin === snapshot)

  const copy = async (from: string, to: string): Promise<void> => {
    await mkdir(join(directory, 'shares'), { recursive: true })
    await mkdir(join(directory, 'snapshots'), { recursive: true })
    await cp(from, to, { recursive: true, preserveTimestamps: true, mode: constants.COPYFILE_FICLONE, verbatimSymlinks: true })
  }
  const dropSnapshot = async (snapshot: Snapshot): Promise<void> => {
    snapshots = snapshots.filter((each) => each !== snapshot)
    await rm(placeOf(snapshot), { recursive: true, force: true })
  }
  const dropShare = async (share: Share): Promise<void> => {
    for (const snapshot of snapshots.filter(({ owner }) => owner === share)) {
      for (const clone of clonesOf(snapshot)) await dropShare(clone)
      await dropSnapshot(snapshot)
    }
    shares = shares.filter((each) => each !== share)
    await rm(placeOf(share), { recursive: true, force: true })
  }

  const scan = async (): Promise<EngineScan> => {
    await mkdir(directory, { recursive: true })
    const { bsize, blocks, bavail } = await statfs(directory, { bigint: true })
    const clones = new Map<Snapshot, number>()
    for (const { origin } of shares) if (origin !== undefined) clones.set(origin, (clones.get(origin) ?? 0) + 1)
    const facts: ShareFacts[] = []
    for (const share of shares) {
      const spaceData = await bytesBelow(placeOf(share))
      const spaceSnapshots = snapshots.filter(({ owner }) => owner === share).reduce((sum, { bytes }) => sum + bytes, 0n)
      const spaceTotal = spaceData + spaceSnapshots
      const free = share.quota === 0n ? bavail * bsize : share.quota - spaceTotal
      facts.push({
        project: share.project, share: share.share, id: idOf(String(share.number)), createdAt: share.createdAt,
        spaceData, spaceSnapshots, spaceTotal, spaceAvailable: free < 0n ? 0n : free, quota: share.quota, reservation: share.reservation, compressratio: 100,
        ...(share.origin === undefined ? {} : { origin: { project: share.origin.owner.project, share: share.origin.owner.share, snapshot: share.origin.name } }),
      })
    }
    return {
      pool: { total: blocks * bsize, used: (blocks - bavail) * bsize, available: bavail * bsize },
      projects: [...projects.values()],
      shares: facts,
      snapshots: snapshots.map((snapshot): SnapshotFacts => ({
        project: snapshot.owner.project, share: snapshot.owner.share, name: snapshot.name, id: idOf(String(snapshot.number)), createdAt: snapshot.createdAt,
        spaceData: snapshot.bytes, spaceUnique: snapshot.bytes, clones: clones.get(snapshot) ?? 0,
      })),
    }
  }

  return {
    description: 'copies of directories (no ZFS on this machine)',
    now,
    scan,
    createProject: async (project) => {
      if (projects.has(project)) throw new EngineError('exists', `cannot create '${project}': dataset already exists`)
      projects.set(project, { project, id: idOf(String(++numbers)), createdAt: now() })
    },
    destroyProject: async (project) => {
      for (const share of shares.filter((each) => each.project === project)) await dropShare(share)
      if (!projects.delete(project)) throw new EngineError('missing', `cannot open '${project}': dataset does not exist`)
    },
    createShare: async (key) => {
      refuseExisting(key)
      const share: Share = { ...key, number: ++numbers, createdAt: now(), quota: 0n, reservation: 0n }
      shares.push(share)
      await mkdir(placeOf(share), { recursive: true })
    },
    setLimits: async (key, limits) => { Object.assign(find(key), limits) },
    renameShare: async (from, to) => {
      refuseExisting(to)
      Object.assign(find(from), { project: to.project, share: to.share })
    },
    destroyShare: async (key) => {
      const share = find(key)
      if (snapshots.some((snapshot) => snapshot.owner === share && clonesOf(snapshot).length > 0)) throw new EngineError('has-clones', `cannot destroy '${key.share}': filesystem has dependent clones`)
      await dropShare(share)
    },
    createSnapshot: async (key, name) => {
      const owner = find(key)
      const taken = (): boolean => snapshots.some((each) => each.owner === owner && each.name === name)
      if (taken()) throw new EngineError('exists', `cannot create snapshot '${key.share}@${name}': dataset already exists`)
      const number = ++numbers
      const place = join(directory, 'snapshots', String(number))
      await copy(placeOf(owner), `${place}.part`)
      await rename(`${place}.part`, place)
      const bytes = await bytesBelow(place)
      if (taken()) {
        await rm(place, { recursive: true, force: true })
        throw new EngineError('exists', `cannot create snapshot '${key.share}@${name}': dataset already exists`)
      }
      snapshots.push({ owner, name, number, createdAt: now(), bytes, empty: false })
    },
    renameSnapshot: async (key, name, newName) => {
      const snapshot = findSnapshot(key, name)
      if (snapshots.some((each) => each.owner === snapshot.owner && each.name === newName)) throw new EngineError('exists', `cannot rename to '${newName}': dataset already exists`)
      snapshot.name = newName
    },
    destroySnapshot: async (key, name, { withClones }) => {
      const snapshot = findSnapshot(key, name)
      const clones = clonesOf(snapshot)
      if (clones.length > 0 && !withClones) throw new EngineError('has-clones', `cannot destroy '${key.share}@${name}': snapshot has dependent clones`)
      for (const clone of clones) await dropShare(clone)
      await dropSnapshot(snapshot)
    },
    clone: async (key, name, target) => {
      const origin = findSnapshot(key, name)
      refuseExisting(target)
      const share: Share = { ...target, number: ++numbers, createdAt: now(), quota: 0n, reservation: 0n, origin }
      shares.push(share)
      if (origin.empty) await mkdir(placeOf(share), { recursive: true })
      else await copy(placeOf(origin), placeOf(share))
    },
    rollback: async (key, name, { withNewer }) => {
      const snapshot = findSnapshot(key, name)
      const newer = snapshots.slice(snapshots.indexOf(snapshot) + 1).filter(({ owner }) => owner === snapshot.owner)
      if (newer.length > 0 && !withNewer) throw new EngineError('newer-snapshots', `cannot rollback to '${key.share}@${name}': more recent snapshots exist`)
      for (const each of newer) {
        for (const clone of clonesOf(each)) await dropShare(clone)
        await dropSnapshot(each)
      }
      await rm(placeOf(snapshot.owner), { recursive: true, force: true })
      await copy(placeOf(snapshot), placeOf(snapshot.owner))
    },
    pathOf: async (key) => placeOf(find(key)),
    addEmptySnapshots: (key, names) => {
      const owner = find(key)
      const start = now()
      snapshots = [...snapshots, ...names.map((name, index): Snapshot => ({ owner, name, number: ++numbers, createdAt: start + index, bytes: 0n, empty: true }))]
    },
  }
}

async function bytesBelow(path: string): Promise<bigint> {
  let sum = 0n
  for (const entry of await readdir(path, { withFileTypes: true }).catch(() => [])) {
    const inside = join(path, entry.name)
    if (entry.isDirectory()) sum += await bytesBelow(inside)
    else if (entry.isFile()) sum += (await stat(inside, { bigint: true }).catch(() => ({ size: 0n }))).size
  }
  return sum
}
