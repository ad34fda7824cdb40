import { execFile, spawn } from 'node:child_process'
import { accessSync, closeSync, constants, existsSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A real ZFS pool in a file, served by a zfs-fuse daemon of its own. */
export interface ZfsPool {
  /** Name of the pool. */
  readonly name: string
  /** A program that is `zfs` of this pool; it takes the same arguments. */
  readonly zfs: string
  readonly zpool: string
  /** Path for this process (root) of a file system that ZFS mounted at `mountpoint`. */
  pathOf(mountpoint: string): string
  /** Ends the daemon and removes everything; idempotent. */
  dispose(): Promise<void>
}

export interface ZfsPoolOptions {
  /** Default 256 MiB; the file is sparse. */
  readonly sizeBytes?: number
  /** Keep the file in memory, which saves waiting for the disk. Default true up to 256 MiB. */
  readonly inMemory?: boolean
  /** Default `tank`. Pools of different daemons may have the same name. */
  readonly name?: string
  /** Mount where every process of the machine sees it. Only one such daemon can run. Default false. */
  readonly visible?: boolean
}

const prefix = 'icb-zfs-'
const smallPool = 256 * 1024 * 1024
const programs = { 'zfs-fuse': '/sbin/zfs-fuse', zfs: '/sbin/zfs', zpool: '/sbin/zpool', nsenter: '/usr/bin/nsenter', unshare: '/usr/bin/unshare', setpriv: '/usr/bin/setpriv' }

/** Why no pool can be made here (for the name of a skipped suite), or `undefined`. */
export function zfsPoolLacks(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root'
  const missing = Object.entries(programs).find(([, path]) => !existsSync(path))
  if (missing !== undefined) return `needs ${missing[0]}`
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK)
    return undefined
  } catch {
    return 'needs /dev/fuse'
  }
}

/**
 * Starts zfs-fuse in a mount namespace of its own, so that any number of daemons run side by side, and makes a pool in a file.
 * The daemon dies with the process that made it, even when that one is killed, and its mounts vanish with their namespace.
 */
export async function makeZfsPool(options: ZfsPoolOptions = {}): Promise<ZfsPool> {
  const lacking = zfsPoolLacks()
  if (lacking !== undefined) throw new Error(`no ZFS pool here: ${lacking}`)
  sweepAbandoned()
  const name = options.name ?? (options.visible === true ? `icb${String(process.pid)}` : 'tank')
  const directory = await mkdtemp(join(tmpdir(), `${prefix}${String(process.pid)}-`))
  const removeNow = (): void => { rmSync(directory, { recursive: true, force: true }) }
  process.once('exit', removeNow)

  const visible = options.visible === true
  const start = join(directory, 'start.sh')
  // Socket, lock and cache of zfs-fuse have fixed paths: each daemon gets its own /run and /var/lib.
  const own = visible ? [] : ['mount --make-rprivate /', 'mount -t tmpfs tmpfs /run', 'mount -t tmpfs tmpfs /var/lib']
  if (visible && existsSync('/run/zfs/zfs_socket')) throw new Error('zfs-fuse runs on this machine already (/run/zfs/zfs_socket)')
  await writeFile(start, ['set -e', ...own, 'mkdir -p /run/lock /run/zfs /var/lib/zfs', `exec ${programs['zfs-fuse']} --no-daemon --no-kstat-mount --max-arc-size 32`, ''].join('\n'))
  const log = openSync(join(directory, 'log'), 'w')
  const daemon = spawn(programs.setpriv, ['--pdeathsig', 'KILL', ...(visible ? [] : [programs.unshare, '--mount']), '/bin/sh', start], { stdio: ['ignore', log, log] })
  closeSync(log)
  const ended = new Promise<void>((resolve) => { daemon.once('close', () => { resolve() }) })
  // A forgotten pool does not keep its process alive.
  daemon.unref()
  let disposed = false
  const dispose = async (): Promise<void> => {
    if (disposed) return
    disposed = true
    daemon.ref()
    daemon.kill('SIGKILL')
    await ended
    if (visible) await removeVisible(name, directory)
    process.off('exit', removeNow)
    await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  }
  try {
    const inside = `/proc/${String(daemon.pid)}/root`
    const deadline = performance.now() + 10_000
    while (!existsSync(join(inside, 'run/zfs/zfs_socket'))) {
      if (daemon.exitCode !== null || performance.now() > deadline) throw new Error(`zfs-fuse did not start: ${readFileSync(join(directory, 'log'), 'utf8').slice(-2000)}`)
      await delay(10)
    }
    const wrapper = async (program: 'zfs' | 'zpool'): Promise<string> => {
      const path = join(directory, program)
      await writeFile(path, `#!/bin/sh\nexec ${programs.nsenter} --target ${String(daemon.pid)} --mount ${programs[program]} "$@"\n`, { mode: 0o755 })
      return path
    }
    const [zfs, zpool] = [await wrapper('zfs'), await wrapper('zpool')]
    const size = options.sizeBytes ?? smallPool
    // The daemon's own /run is memory, and goes with it.
    const image = (options.inMemory ?? (!visible && size <= smallPool)) ? '/run/pool' : join(directory, 'pool')
    const mountpoint = join(directory, 'mnt')
    await mkdir(mountpoint)
    const file = await open(join(inside, image), 'wx')
    await file.truncate(size)
    await file.close()
    await run(zpool, ['create', '-o', 'cachefile=none', '-m', mountpoint, name, image])
    return { name, zfs, zpool, pathOf: (path) => join(inside, path), dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** Mounts of a daemon that is gone stay in the machine's namespace; so does its socket. */
async function removeVisible(name: string, directory: string): Promise<void> {
  const table = await readFile('/proc/self/mounts', 'utf8')
  const mounted = table.split('\n').map((line) => line.split(' ')).filter(([dataset = '', , type = '']) => type.startsWith('fuse') && (dataset === name || dataset.startsWith(`${name}/`))).map(([, path = '']) => path)
  for (const path of mounted.reverse()) await run('umount', ['-l', path]).catch(() => undefined)
  await rm('/run/zfs', { recursive: true, force: true })
  await rm(join(directory, 'mnt'), { recursive: true, force: true })
}

/** Removes what a killed process left: its daemon is gone, its directory is not. */
function sweepAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1]
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
}
