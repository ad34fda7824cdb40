import { execFile, execFileSync } from 'node:child_process'
import { accessSync, constants, readdirSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export type LoopFilesystemType = 'xfs' | 'btrfs'

export interface LoopFilesystem {
  /** Where it is mounted. */
  readonly path: string
  /** Unmounts and removes it; idempotent. */
  dispose(): Promise<void>
}

const makers = {
  xfs: { program: 'mkfs.xfs', args: ['-q', '-f', '-m', 'reflink=1'], options: 'loop', smallest: 320 * 1024 * 1024 },
  btrfs: { program: 'mkfs.btrfs', args: ['-q', '-f'], options: 'loop,user_subvol_rm_allowed', smallest: 256 * 1024 * 1024 },
} as const

const prefix = 'icb-loop-'

/** Why no such file system can be made here (for the name of a skipped suite), or `undefined`. */
export function loopFilesystemLacks(type: LoopFilesystemType): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root'
  if (findProgram(makers[type].program) === undefined) return `needs ${makers[type].program}`
  try {
    accessSync('/dev/loop-control', constants.R_OK)
    return undefined
  } catch {
    return 'needs loop devices'
  }
}

/**
 * Makes a file system of its own in a sparse image below the temporary directory and mounts it.
 * The mount is undone when the process exits without `dispose`; what a killed process left is swept by the next call.
 */
export async function makeLoopFilesystem({ type, sizeBytes }: { readonly type: LoopFilesystemType; readonly sizeBytes?: number }): Promise<LoopFilesystem> {
  sweepAbandoned()
  const { program, args, options, smallest } = makers[type]
  const directory = await mkdtemp(join(tmpdir(), `${prefix}${String(process.pid)}-`))
  const [image, path] = [join(directory, 'image'), join(directory, 'mount')]
  const onExit = (): void => {
    unmountNow(directory)
  }
  process.once('exit', onExit)
  try {
    await mkdir(path)
    const handle = await open(image, 'wx')
    try {
      await handle.truncate(Math.max(sizeBytes ?? 0, smallest))
    } finally {
      await handle.close()
    }
    await run(findProgram(program) ?? program, [...args, image])
    // The loop device is attached with autoclear: unmounting frees it.
    await run('mount', ['-o', options, image, path])
  } catch (error) {
    process.off('exit', onExit)
    unmountNow(directory)
    throw error
  }
  let disposed = false
  return {
    path,
    dispose: async () => {
      if (disposed) return
      disposed = true
      process.off('exit', onExit)
      await run('umount', [path]).catch(() => run('umount', ['-l', path]))
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function findProgram(name: string): string | undefined {
  return ['/usr/sbin', '/sbin', '/usr/bin', '/bin'].map((directory) => join(directory, name)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function unmountNow(directory: string): void {
  try {
    execFileSync('umount', ['-l', join(directory, 'mount')], { stdio: 'ignore' })
  } catch {
    // It was not mounted.
  }
  try {
    rmSync(directory, { recursive: true, force: true })
  } catch {
    // Still mounted; the next sweep tries again.
  }
}

function sweepAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1]
    if (pid === undefined || isRunning(Number(pid))) continue
    unmountNow(join(tmpdir(), name))
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
