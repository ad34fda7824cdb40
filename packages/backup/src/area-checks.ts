import { lstat, readFile, readdir, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readDnfsServers } from '@icb/oracle'
import type { DnfsServerRow, SqlSession } from '@icb/oracle'
import { hasErrorCode } from '@icb/runtime'
import type { Check, CheckResult, Clock } from '@icb/runtime'
import { mountOf, mountOptions, remotePath } from './mount-of.ts'

export interface AreaCheckDependencies {
  readonly areaPath: string
  readonly clock: Clock
  /** Absent: the database cannot be asked from this host. */
  readonly sql?: SqlSession
  /** Text of the mount table; default: `/proc/self/mountinfo`. */
  readonly mountTable?: string
}

/** How the area's file system is mounted. */
export interface AreaMount {
  readonly type: string
  readonly source: string
  /** Of the mount and of its file system: `rw`, `hard`, `rsize=1048576`. */
  readonly options: readonly string[]
}

/** Oracle asks for at least so many bytes a request on NFS. */
const leastTransfer = 32_768
/** The age of snapshots and logs is wrong by as much as the clocks differ. */
const largestSkewSeconds = 120

/**
 * Whether Oracle takes the mount (ORA-27054), and what a storage that does not answer would do to the database. `directNfs`: the database
 * reads and writes this export by Direct NFS; `undefined`: not known.
 */
export function judgeNfsMount({ type, options }: AreaMount, directNfs: boolean | undefined): CheckResult {
  if (!/^nfs4?$/.test(type)) return { status: 'ok', summary: `the area lies on ${type}, not on NFS` }
  const value = (name: string): string | undefined => options.find((option) => option.startsWith(`${name}=`))?.slice(name.length + 1)
  const summary = options.filter((option) => /^(?:r[ow]|hard|soft|vers=|rsize=|wsize=|timeo=|proto=|noac|actimeo=)/.test(option)).join(',')
  const failed = (what: string, advice: string): CheckResult => ({ status: 'failed', summary: `${what} (${summary})`, advice, remedy: 'fix' })
  if (options.includes('ro')) return failed('the area is mounted read only', 'Mount it rw.')
  for (const name of ['rsize', 'wsize']) {
    const size = Number(value(name) ?? leastTransfer)
    if (size < leastTransfer) return failed(`${name} is ${String(size)}, Oracle wants at least ${String(leastTransfer)} (ORA-27054)`, `Mount with rsize=${String(leastTransfer)},wsize=${String(leastTransfer)} or more.`)
  }
  if (value('proto') === 'udp') return failed('NFS goes over UDP', 'Mount with tcp.')
  const soft = options.includes('soft')
  if (soft && directNfs === false) return failed('the mount is soft and Direct NFS is not in use: Oracle refuses such files (ORA-27054)', 'Switch Direct NFS on (make -f ins_rdbms.mk dnfs_on in rdbms/lib, restart the database), or mount hard.')
  if (soft) return { status: 'ok', summary: directNfs === true ? `soft with Direct NFS: a storage that does not answer gives errors and hangs nothing (${summary})` : `soft, which is right with Direct NFS only (${summary})` }
  return {
    status: 'warning', remedy: 'operator',
    summary: `the mount is hard: a storage that does not answer can hang archiving, and then the database (${summary})`,
    advice: directNfs === true ? 'Direct NFS is in use: mount soft with timeo=600.' : 'Switch Direct NFS on (make -f ins_rdbms.mk dnfs_on in rdbms/lib, restart the database) and mount soft with timeo=600.',
  }
}

/** Whether an export is among those that Direct NFS serves. */
export function servedByDirectNfs(rows: readonly DnfsServerRow[], exported: { readonly path: string }): boolean {
  return rows.some(({ directory }) => exported.path === directory || exported.path.startsWith(`${directory.replace(/\/+$/, '')}/`))
}

async function mountOfArea(deps: AreaCheckDependencies): Promise<(AreaMount & { readonly exported?: { readonly server: string; readonly path: string } }) | undefined> {
  const table = deps.mountTable ?? (await readFile('/proc/self/mountinfo', 'utf8'))
  const path = await realpath(deps.areaPath)
  const mount = mountOf(table, path)
  if (mount === undefined) return undefined
  const exported = remotePath(mount, path)
  return { type: mount.type, source: mount.source, options: mountOptions(table, mount.mountPoint), ...(exported === undefined ? {} : { exported }) }
}

async function directNfs(deps: AreaCheckDependencies, exported: { readonly path: string } | undefined, signal: AbortSignal): Promise<boolean | undefined> {
  if (deps.sql === undefined || exported === undefined) return undefined
  try {
    return servedByDirectNfs(await readDnfsServers(deps.sql, { signal }), exported)
  } catch (error) {
    // That the database does not answer is told by a check of its own.
    if (hasErrorCode(error, 'ICB_ORACLE_CONNECT')) return undefined
    throw error
  }
}

/** Directories in which storages show their snapshots. */
const snapshotDirectories: readonly string[] = ['.snapshot', '.zfs']

async function checkSnapshotDirectory(areaPath: string): Promise<CheckResult> {
  const listed = (await readdir(areaPath)).filter((name) => snapshotDirectories.includes(name))
  if (listed.length > 0) {
    return { status: 'warning', summary: `${listed.join(' and ')} is visible in the area: programs that walk through it find every file once for each snapshot`, advice: 'Hide it: on ONTAP volume modify -snapdir-access false, on ZFS zfs set snapdir=hidden, on the ZFS Storage Appliance .zfs/snapshot visibility Hidden.', remedy: 'fix' }
  }
  const reached = (await Promise.all(snapshotDirectories.map((name) => lstat(join(areaPath, name)).then(() => [name], () => [])))).flat()
  return { status: 'ok', summary: reached.length === 0 ? 'no snapshot directory is visible' : `${reached.join(' and ')} can be reached by name and is not listed` }
}

/** What time the storage gives a file that is made now. */
async function checkStorageClock({ areaPath, clock }: AreaCheckDependencies): Promise<CheckResult> {
  const directory = join(areaPath, '.icb')
  if (!(await stat(directory).then((facts) => facts.isDirectory(), () => false))) return { status: 'skipped', summary: 'the area is not used yet', advice: 'Ask again after the first backup.' }
  const probe = join(directory, `.clock-${String(process.pid)}`)
  try {
    const before = clock.now()
    await writeFile(probe, 'clock')
    const { mtimeMs } = await stat(probe)
    const after = clock.now()
    const skew = Math.round((mtimeMs < before ? mtimeMs - before : mtimeMs > after ? mtimeMs - after : 0) / 1000)
    if (Math.abs(skew) <= largestSkewSeconds) return { status: 'ok', summary: `the clocks of host and storage differ by ${String(Math.abs(skew))} s`, details: { skewSeconds: skew } }
    return { status: 'warning', summary: `the clock of the storage is ${String(Math.abs(skew))} s ${skew > 0 ? 'ahead of' : 'behind'} this host`, advice: 'Let host, database and storage use NTP: the age of snapshots and logs is wrong by as much.', remedy: 'fix', details: { skewSeconds: skew } }
  } finally {
    await rm(probe, { force: true })
  }
}

/** Questions for `doctor` about where the area lies: how it is mounted, Direct NFS, the snapshot directory, the storage's clock. */
export function areaChecks(deps: AreaCheckDependencies): readonly Check[] {
  return [
    {
      id: 'backup.nfs-options', title: 'mount options of the area', needs: ['backup.area'],
      run: async ({ signal }) => {
        const mount = await mountOfArea(deps)
        if (mount === undefined) return { status: 'skipped', summary: 'the mount of the area is not in the mount table', advice: 'Compare /proc/self/mountinfo by hand.' }
        return judgeNfsMount(mount, await directNfs(deps, mount.exported, signal))
      },
    },
    {
      id: 'backup.direct-nfs', title: 'Direct NFS', needs: ['backup.area', 'oracle.connect'],
      run: async ({ signal }) => {
        const mount = await mountOfArea(deps)
        if (mount?.exported === undefined || !/^nfs4?$/.test(mount.type)) return { status: 'ok', summary: 'not needed: the area is not on NFS' }
        const used = await directNfs(deps, mount.exported, signal)
        if (used === undefined) return { status: 'skipped', summary: 'the database cannot be asked', advice: 'Ask V$DNFS_SERVERS by hand.' }
        return used
          ? { status: 'ok', summary: `in use for ${mount.source}` }
          : { status: 'warning', summary: `V$DNFS_SERVERS does not list ${mount.source}: the kernel's NFS is used`, advice: 'Switch it on: make -f ins_rdbms.mk dnfs_on in $ORACLE_HOME/rdbms/lib, restart the database; with several paths also oranfstab. It is listed once the database has opened a file there.', remedy: 'operator' }
      },
    },
    { id: 'backup.snapshot-directory', title: 'snapshot directory', needs: ['backup.area'], run: () => checkSnapshotDirectory(deps.areaPath) },
    { id: 'backup.storage-clock', title: 'clocks of host and storage', needs: ['backup.area'], run: () => checkStorageClock(deps) },
  ]
}
