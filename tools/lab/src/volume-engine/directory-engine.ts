import { chownSync, constants, copyFileSync, existsSync, lstatSync, lutimesSync, mkdirSync, readdirSync, readlinkSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { VolumeEngine } from './volume-engine.ts'

/**
 * Volumes, snapshots and clones as directories. Copies share their blocks where the file system can (reflink on XFS and btrfs),
 * else they are plain copies. One copy is made without giving way to other work of this process, so that what an appliance itself
 * does is never caught half way; a program that writes to the volume meanwhile is, as on a storage without a write fence.
 */
export function createDirectoryEngine(root: string): VolumeEngine {
  const volume = (id: string): string => join(root, 'volumes', id)
  const snapshotsOf = (id: string): string => join(root, 'snapshots', id)
  /** Copied under another name first: what has its name is whole. */
  const copy = (from: string | undefined, to: string): void => {
    const partial = `${to}.partial`
    rmSync(partial, { recursive: true, force: true })
    mkdirSync(partial, { recursive: true })
    if (from !== undefined) copyDirectory(from, partial)
    renameSync(partial, to)
  }
  return {
    description: `directories, copied ${sharesBlocks(root) ? 'with shared blocks (reflink)' : 'whole'}`,
    volume,
    create: (id) => { copy(undefined, volume(id)) },
    snapshot: (id, snapshot) => { copy(volume(id), join(snapshotsOf(id), snapshot)) },
    clone: (parent, snapshot, id) => { copy(join(snapshotsOf(parent), snapshot), volume(id)) },
    restore: (id, snapshot) => {
      rmSync(volume(id), { recursive: true, force: true })
      copy(join(snapshotsOf(id), snapshot), volume(id))
    },
    removeSnapshot: (id, snapshot) => { rmSync(join(snapshotsOf(id), snapshot), { recursive: true, force: true }) },
    removeVolume: (id) => {
      rmSync(snapshotsOf(id), { recursive: true, force: true })
      rmSync(volume(id), { recursive: true, force: true })
    },
    // A copy depends on nothing.
    split: () => undefined,
    bytes: (id) => [...versionsBelow(volume(id)).values()].reduce((sum, size) => sum + size, 0),
    freedBy: (id, snapshots) => {
      const [gone, kept] = [new Map<string, number>(), new Map(versionsBelow(volume(id)))]
      for (const name of existsSync(snapshotsOf(id)) ? readdirSync(snapshotsOf(id)) : []) {
        for (const [version, size] of versionsBelow(join(snapshotsOf(id), name))) (snapshots.has(name) ? gone : kept).set(version, size)
      }
      return [...gone].reduce((sum, [version, size]) => sum + (kept.has(version) ? 0 : size), 0)
    },
  }
}

/** Whether copies in this directory share their blocks. */
function sharesBlocks(root: string): boolean {
  mkdirSync(root, { recursive: true })
  const [probe, copy] = [join(root, '.reflink-probe'), join(root, '.reflink-probe.copy')]
  try {
    writeFileSync(probe, Buffer.alloc(4096))
    copyFileSync(probe, copy, constants.COPYFILE_FICLONE_FORCE)
    return true
  } catch {
    return false
  } finally {
    for (const path of [probe, copy]) rmSync(path, { force: true })
  }
}

/** The files below a directory, each as its path, size and time, with its size. A copy has the times of its original. */
function versionsBelow(root: string, below = ''): Map<string, number> {
  const found = new Map<string, number>()
  const directory = join(root, below)
  for (const entry of existsSync(directory) ? readdirSync(directory, { withFileTypes: true }) : []) {
    const path = join(below, entry.name)
    if (entry.isDirectory()) for (const [version, size] of versionsBelow(root, path)) found.set(version, size)
    if (!entry.isFile()) continue
    const { size, mtimeMs } = lstatSync(join(root, path))
    found.set(`${path} ${String(size)} ${String(Math.floor(mtimeMs))}`, size)
  }
  return found
}

/** Files with their times and modes, and with their owners where this process may set them. */
function copyDirectory(from: string, to: string): void {
  const privileged = process.getuid?.() === 0
  for (const name of readdirSync(from)) {
    const [source, target] = [join(from, name), join(to, name)]
    const facts = lstatSync(source)
    if (facts.isDirectory()) {
      mkdirSync(target, { mode: facts.mode })
      copyDirectory(source, target)
    } else if (facts.isSymbolicLink()) {
      symlinkSync(readlinkSync(source), target)
      lutimesSync(target, facts.atime, facts.mtime)
      continue
    } else if (facts.isFile()) {
      copyFileSync(source, target, constants.COPYFILE_FICLONE)
      utimesSync(target, facts.atime, facts.mtime)
    } else {
      continue
    }
    if (privileged) chownSync(target, facts.uid, facts.gid)
  }
  if (privileged) {
    const { uid, gid } = lstatSync(from)
    chownSync(to, uid, gid)
  }
}
