import { spawnSync } from 'node:child_process'
import { accessSync, closeSync, constants, openSync, readFileSync } from 'node:fs'

/** Why no such file system can be made here, or `undefined`. */
export function hungFilesystemLacks(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root'
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK)
    return undefined
  } catch {
    return 'needs /dev/fuse'
  }
}

/**
 * Mounts a file system whose server never answers, as that of a dead NFS server: whoever looks at or below the mount point waits.
 * Undone, those who wait get an error. Never look there in this process.
 */
export function mountHungFilesystem(mountPoint: string): { dispose(): void } {
  const device = openSync('/dev/fuse', 'r+')
  // -i: no helper, which would want a server that answers.
  const { status, stderr } = spawnSync('mount', ['-i', '-n', '-t', 'fuse', '-o', 'fd=3,rootmode=40000,user_id=0,group_id=0,allow_other', 'dead-server:/export', mountPoint], { stdio: ['ignore', 'ignore', 'pipe', device], encoding: 'utf8' })
  if (status !== 0) {
    closeSync(device)
    throw new Error(`mount of a file system that hangs: ${stderr}`)
  }
  const isMounted = (): boolean => readFileSync('/proc/self/mountinfo', 'utf8').split('\n').some((line) => line.split(' ')[4] === mountPoint)
  return {
    dispose() {
      closeSync(device)
      spawnSync('umount', ['-n', '-i', '-l', mountPoint], { stdio: 'ignore' })
      if (isMounted()) throw new Error(`${mountPoint} is still mounted`)
    },
  }
}
