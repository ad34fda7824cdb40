import { resolve } from 'node:path'
import { diskGroupOf } from '@icb/oracle'
import type { DiskGroupRow } from '@icb/oracle'
import type { Logger } from '@icb/runtime'
import type { MountSource, SnapshotStorage } from '@icb/storage-core'
import { autorestoreErrors as errors } from './errors.ts'
import type { HostView } from './host-view.ts'
import { isWithin } from './sandbox.ts'

/** @throws ICB_AUTORESTORE_REFUSED_ROOT */
export function guardNotRoot(host: HostView): void {
  if (host.uid === 0) throw errors.REFUSED_ROOT('restore tests do not run as root', { hint: 'Start it as the operating system user that owns the sandbox Oracle home.' })
}

/** @throws ICB_AUTORESTORE_NO_CLONES where snapshots are never recovered because no clone of them can be made */
export function guardClones({ capabilities }: SnapshotStorage, database: string): void {
  if (capabilities.clones) return
  throw errors.NO_CLONES(`the storage of ${database} makes no clones, so its snapshots cannot be tested or restored from here`, {
    hint: `Use an adapter that makes clones of this storage, or switch restore tests of ${database} off (restoreTest.enabled, autorestoreenabled); docs/storage says what each adapter can do. Restoring in place needs none: icb restore-script ${database}`,
  })
}

/** @throws ICB_AUTORESTORE_SETTINGS unless a SID is 1 to 8 alphanumeric characters, beginning with a letter. */
export function guardSidName(sid: string): void {
  if (!/^[A-Za-z][A-Za-z0-9]{0,7}$/.test(sid)) throw errors.SETTINGS(`"${sid}" cannot be a SID`, { hint: 'A SID is a letter followed by up to seven letters or digits.' })
}

/**
 * Refuses when an instance of this SID runs here, or one whose DBID is the tested one. Instances that cannot be asked are
 * only listed (`unknown`), since a sandbox host may well run others.
 * @throws ICB_AUTORESTORE_REFUSED_INSTANCE
 */
export async function guardInstances(options: {
  readonly host: HostView
  readonly sid: string
  readonly dbid: string
  /** Asks a running instance for its DBID; `undefined`: it does not answer. */
  readonly dbidOf: (sid: string) => Promise<string | undefined>
  readonly logger: Logger
}): Promise<{ readonly others: readonly { readonly sid: string; readonly dbid: string | undefined }[] }> {
  const running = await options.host.runningSids()
  // SIDs differ by case on disk but would share names of memory segments and logs; so no instance of either case.
  if (running.some((sid) => sid.toLowerCase() === options.sid.toLowerCase())) {
    throw errors.REFUSED_INSTANCE(`an instance with SID ${options.sid} already runs on this host`, { hint: 'Choose another SID for the slot, or stop that instance if a former restore test left it.', details: { sid: options.sid } })
  }
  const others: { sid: string; dbid: string | undefined }[] = []
  for (const sid of running.filter((name) => !name.startsWith('+'))) {
    const dbid = await options.dbidOf(sid)
    if (dbid === options.dbid) {
      throw errors.REFUSED_INSTANCE(`instance ${sid} on this host has the database under test open (DBID ${dbid})`, { hint: 'Restore tests must run on a host that does not run the source database.', details: { sid, dbid } })
    }
    others.push({ sid, dbid })
  }
  if (others.length > 0) options.logger.info({ others }, 'other instances run on this host')
  return { others }
}

export interface SourcePath {
  readonly path: string
  /** `data file`, `online log`, `temp file`, `control file`, … for the message. */
  readonly what: string
}

/**
 * Refuses when any path of the source database exists here, under its own name or through a link, or cannot be excluded.
 * `own` are directories of this very test (its scratch, its clone): what really lies in them is not the source's.
 * @throws ICB_AUTORESTORE_REFUSED_PATH
 */
export async function guardSourcePaths(paths: readonly SourcePath[], options: { readonly host: HostView; readonly own: readonly string[] }): Promise<number> {
  const seen = new Map<string, SourcePath>()
  for (const entry of paths) if (!seen.has(entry.path)) seen.set(entry.path, entry)
  for (const { path, what } of seen.values()) {
    if (path.startsWith('+')) {
      if ((await options.host.runningSids()).some((sid) => sid.startsWith('+'))) {
        throw errors.REFUSED_PATH(`${what} ${path} is in a disk group and an ASM instance runs on this host`, { hint: 'Run restore tests on a host without ASM, or one whose ASM cannot see the disks of production.', details: { path } })
      }
      continue
    }
    const probe = await options.host.probe(path)
    if (probe.state === 'absent') continue
    if (probe.state === 'unknown') {
      throw errors.REFUSED_PATH(`it cannot be told whether ${what} ${path} exists on this host: ${probe.reason}`, { hint: 'A path that cannot be excluded counts as present. Make the directory readable, or unmount what does not answer.', details: { path } })
    }
    if (options.own.some((directory) => isWithin(probe.facts.realPath, directory))) continue
    const real = probe.facts.realPath === path ? '' : ` (really ${probe.facts.realPath})`
    throw errors.REFUSED_PATH(`${what} ${path} of the source database exists on this host${real}`, { hint: 'This host can reach production files, so nothing was started. Use a host that cannot.', details: { path, realPath: probe.facts.realPath, device: String(probe.facts.device), inode: String(probe.facts.inode) } })
  }
  return seen.size
}

/**
 * Refuses when the instance could open files in a disk group that the source uses: ASM of another host serves groups as well (Flex ASM), and
 * then no ASM process runs here. Group names are compared, not files: a database instance cannot ask for those.
 * @throws ICB_AUTORESTORE_REFUSED_PATH
 */
export function guardDiskGroups(paths: readonly SourcePath[], reachable: readonly Pick<DiskGroupRow, 'name' | 'state'>[]): void {
  for (const { path, what } of paths) {
    const group = reachable.find((each) => each.name.toUpperCase() === diskGroupOf(path))
    if (group !== undefined) throw errors.REFUSED_PATH(`${what} ${path} is in disk group ${group.name}, which this host can use (${group.state.toLowerCase()})`, { hint: 'Run restore tests on a host whose ASM has no disk group of that name, or on one without ASM.', details: { path, diskGroup: group.name } })
  }
}

/**
 * The database's live area, links resolved; where it is not on this host, as it is configured.
 * @throws ICB_AUTORESTORE_REFUSED_PATH when its file system does not answer: everything that looks there would wait with it
 */
export async function resolveLiveArea(areaPath: string, host: HostView): Promise<string> {
  const probe = await host.probe(areaPath)
  if (probe.state === 'unknown' && probe.hangs === true) throw errors.REFUSED_PATH(`the backup area ${areaPath} is on a file system that does not answer`, { hint: 'Unmount it here; a restore test needs only the clone.', details: { path: areaPath } })
  return probe.state === 'present' ? probe.facts.realPath : resolve(areaPath)
}

/** By export path only: one server has many names and addresses, and refusing too much is the safe side. */
function sameNfsSource(source: string, mount: MountSource): boolean {
  return mount.kind === 'nfs' && source.endsWith(`:${mount.path}`)
}

/**
 * Refuses when the database's live area is mounted writable from the network here.
 * @throws ICB_AUTORESTORE_REFUSED_AREA_MOUNTED
 */
export async function guardAreaNotMounted(areaMounts: readonly MountSource[], host: HostView): Promise<void> {
  if (areaMounts.every((mount) => mount.kind !== 'nfs')) return
  for (const entry of await host.mounts()) {
    if (!entry.writable) continue
    if (areaMounts.some((mount) => sameNfsSource(entry.source, mount))) {
      throw errors.REFUSED_AREA_MOUNTED(`the live backup area ${entry.source} is mounted writable at ${entry.mountPoint}`, { hint: 'Unmount it, or mount it read only; a restore test needs only the clone.', details: { source: entry.source, mountPoint: entry.mountPoint } })
    }
  }
}

/**
 * Proves that every path lies in one of the test's own directories (both resolved) and not in the live area. A file that
 * does not exist yet, such as a tempfile, is judged by its name.
 * @throws ICB_AUTORESTORE_REFUSED_LIVE_AREA
 */
export async function guardWithin(paths: readonly SourcePath[], options: { readonly host: HostView; readonly own: readonly string[]; readonly area: string }): Promise<void> {
  for (const { path, what } of paths) {
    if (path.startsWith('+')) throw errors.REFUSED_LIVE_AREA(`${what} ${path} is in a disk group, not in the clone or the scratch directory`, { hint: 'Going on could write to files of the source. The test instance is stopped.', details: { path } })
    const probe = await options.host.probe(path)
    const real = probe.state === 'present' ? probe.facts.realPath : resolve(path)
    if (probe.state === 'unknown' || isWithin(real, options.area) || !options.own.some((directory) => isWithin(real, directory))) {
      throw errors.REFUSED_LIVE_AREA(`${what} ${path} is not in the clone or the scratch directory`, { hint: 'Going on could write to files of the source. The test instance is stopped.', details: { path, realPath: real } })
    }
  }
}
