import { lstat, readFile, readdir, realpath, stat } from 'node:fs/promises'
import { parseMountTable } from '@icb/runtime'
import type { Clock, MountedFileSystem } from '@icb/runtime'

export interface PathFacts {
  /** The path with every link resolved. */
  readonly realPath: string
  readonly device: bigint
  readonly inode: bigint
  readonly isDirectory: boolean
  readonly isLink: boolean
  readonly ownerUid: number
}

/** What `probe` found out. `unknown`: it could not be told (no permission, or the file system does not answer). */
export type PathProbe = { readonly state: 'absent' } | { readonly state: 'present'; readonly facts: PathFacts } | { readonly state: 'unknown'; readonly reason: string }

/** This host, as the guards ask about it. */
export interface HostView {
  readonly hostname: string
  readonly hostId: string
  /** Effective user id. */
  readonly uid: number
  readonly homeDirectory: string
  /** Never hangs: a file system that does not answer within the deadline is `unknown`. */
  probe(path: string): Promise<PathProbe>
  mounts(): Promise<readonly MountedFileSystem[]>
  /** SIDs of all instances that run here, by their `ora_pmon_<SID>` process. */
  runningSids(): Promise<readonly string[]>
}

export interface SystemHostViewOptions {
  readonly hostname: string
  readonly hostId: string
  readonly uid: number
  readonly homeDirectory: string
  readonly clock: Clock
  /** Default 5000. */
  readonly probeDeadlineMs?: number
}

function errorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown error'
}

async function look(path: string): Promise<PathProbe> {
  try {
    const own = await lstat(path, { bigint: true })
    // A dangling link is there, too: creating the file through it would reach whatever it points to.
    if (own.isSymbolicLink()) {
      const target = await realpath(path).catch(() => path)
      const facts = await stat(path, { bigint: true }).catch(() => own)
      return { state: 'present', facts: { realPath: target, device: facts.dev, inode: facts.ino, isDirectory: facts.isDirectory(), isLink: true, ownerUid: Number(own.uid) } }
    }
    return { state: 'present', facts: { realPath: await realpath(path), device: own.dev, inode: own.ino, isDirectory: own.isDirectory(), isLink: false, ownerUid: Number(own.uid) } }
  } catch (error) {
    const code = errorCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return { state: 'absent' }
    return { state: 'unknown', reason: code }
  }
}

/** The real host. */
export function systemHostView(options: SystemHostViewOptions): HostView {
  const { clock } = options
  return {
    hostname: options.hostname,
    hostId: options.hostId,
    uid: options.uid,
    homeDirectory: options.homeDirectory,
    async probe(path) {
      const stop = new AbortController()
      const tooLate = clock.sleep(options.probeDeadlineMs ?? 5000, stop.signal).then(
        (): PathProbe => ({ state: 'unknown', reason: 'the file system does not answer' }),
        (): PathProbe => ({ state: 'unknown', reason: 'stopped' }),
      )
      const answer = await Promise.race([look(path), tooLate])
      stop.abort()
      return answer
    },
    async mounts() {
      return parseMountTable(await readFile('/proc/self/mountinfo', 'utf8'))
    },
    async runningSids() {
      const sids = new Set<string>()
      for (const pid of await readdir('/proc')) {
        if (!/^\d+$/.test(pid)) continue
        // A process that ends between the two calls is not running.
        const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
        const sid = /^(?:ora|asm|mdb)_pmon_(\S+)$/.exec(commandLine.split('\0')[0] ?? '')?.[1]
        if (sid !== undefined) sids.add(sid)
      }
      return [...sids].sort()
    },
  }
}
