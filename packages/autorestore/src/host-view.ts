import { readFile, readdir } from 'node:fs/promises'
import { createPathExaminer, parseMountTable } from '@icb/runtime'
import type { Clock, MountedFileSystem, PathProbe } from '@icb/runtime'

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

/** The real host. */
export function systemHostView(options: SystemHostViewOptions): HostView {
  const examiner = createPathExaminer({ clock: options.clock, deadlineMs: options.probeDeadlineMs ?? 5000 })
  return {
    hostname: options.hostname,
    hostId: options.hostId,
    uid: options.uid,
    homeDirectory: options.homeDirectory,
    probe: (path) => examiner.examine(path),
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
