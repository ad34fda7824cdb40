import { lstat, mkdir, readdir, rename } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, join } from 'node:path'
import { findTemporaries, ownProcess, processStartTicks, syncDirectory } from '@icb/runtime'
import type { Clock } from '@icb/runtime'
import type { Btrfs } from './btrfs.ts'
import { readOwner, writeDocument } from './documents.ts'
import type { OwnerDocument } from './documents.ts'
import { isMissing, systemCode, unlessMissing } from './file-errors.ts'
import { documentOf, isProbe, makingName, parseMakingName, parsePassingName, passingName, treeOf } from './layout.ts'
import type { Kind, Layout } from './layout.ts'
import { assertNothingMounted, removeTree } from './remove-tree.ts'

/** What another host makes, or nobody knows who, is taken for abandoned after this time: its process cannot be asked. */
const unansweredMs = 24 * 3_600_000

/** Directories of snapshots and clones that come and go as a whole: made under a hidden name and renamed into place last. */
export interface Places {
  /** Names that are there, whoever made them. */
  names(kind: Kind): Promise<readonly string[]>
  exists(kind: Kind, name: string): Promise<boolean>
  /** Calls `fill` with a fresh hidden directory and renames that into place. False: somebody else was faster, ours is gone again. */
  make(kind: Kind, name: string, fill: (place: string) => Promise<void>): Promise<boolean>
  /** Renames away, asks `confirm` and removes; puts it back when `confirm` throws. A missing one is fine. */
  remove(kind: Kind, name: string, confirm: () => Promise<void>): Promise<void>
  /** Names of what nobody works on any more. */
  abandoned(): Promise<readonly string[]>
  /** Removes it; names of what it was. */
  sweep(): Promise<readonly string[]>
}

export function createPlaces(layout: Layout, btrfs: Btrfs, clock: Clock): Places {
  const destroy = async (place: string): Promise<void> => {
    await assertNothingMounted(place)
    const tree = treeOf(place)
    if ((await unlessMissing(lstat(tree))) !== undefined) await btrfs.remove(tree)
    await removeTree(place)
  }

  const names = async (kind: Kind): Promise<readonly string[]> => {
    const entries = (await unlessMissing(readdir(layout.directory(kind), { withFileTypes: true }))) ?? []
    return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name)
  }

  const isAbandoned = async (place: string): Promise<boolean> => {
    const owner = await readOwner(place)
    if (owner === undefined) return true
    return hasEnded(owner) ?? clock.now() - owner.startedAt > unansweredMs
  }

  const abandoned = async function* (): AsyncGenerator<{ readonly name: string; readonly place: string }> {
    for (const kind of ['snapshots', 'clones'] as const) {
      for (const entry of (await unlessMissing(readdir(layout.directory(kind)))) ?? []) {
        const passing = parsePassingName(entry)
        const place = layout.place(kind, entry)
        if (passing !== undefined && (passing.state !== 'partial' || (await isAbandoned(place)))) yield { name: passing.name, place }
      }
    }
    yield* momentary()
  }

  /** Files that were cut off while they were written, and probes. */
  const momentary = async function* (): AsyncGenerator<{ readonly name: string; readonly place: string }> {
    const root = (await unlessMissing(readdir(layout.root))) ?? []
    for (const name of root.filter(isProbe)) {
      const place = join(layout.root, name)
      const stats = await unlessMissing(lstat(place))
      if (stats?.isFile() === true && clock.now() - stats.mtimeMs > unansweredMs) yield { name, place }
    }
    for (const name of root) {
      const making = parseMakingName(name, hostname())
      if (making === undefined) continue
      const place = join(layout.root, name)
      const stats = await unlessMissing(lstat(place))
      const ended = making.pid !== undefined && !isRunning(making.pid)
      if (stats?.isDirectory() === true && (ended || clock.now() - stats.mtimeMs > unansweredMs)) yield { name, place }
    }
    const directories = root.length === 0 ? [] : [layout.root]
    for (const kind of ['snapshots', 'clones'] as const) {
      for (const name of await names(kind)) {
        const place = layout.place(kind, name)
        // What others keep there is not looked at.
        if ((await unlessMissing(lstat(documentOf(kind, place)))) !== undefined) directories.push(place)
      }
    }
    for (const directory of directories) {
      for (const { path, abandoned } of (await unlessMissing(findTemporaries(directory, clock.now()))) ?? []) if (abandoned) yield { name: basename(path), place: path }
    }
  }

  return {
    names,

    exists: async (kind, name) => (await unlessMissing(lstat(layout.place(kind, name)))) !== undefined,

    make: async (kind, name, fill) => {
      const directory = layout.directory(kind)
      await mkdir(directory, { recursive: true })
      const making = join(layout.root, makingName(hostname(), process.pid))
      const partial = join(directory, passingName('partial', name))
      await mkdir(making)
      try {
        // In its place only with its owner: a sweep would take it for nobody's.
        await writeDocument(join(making, 'owner.json'), { ...ownProcess(), startedAt: clock.now() } satisfies OwnerDocument)
        await rename(making, partial)
      } catch (error) {
        await destroy(making)
        throw error
      }
      try {
        await fill(partial)
        await syncDirectory(partial)
      } catch (error) {
        await destroy(partial)
        throw error
      }
      try {
        // Renaming onto a directory that is not empty fails: of two callers exactly one wins.
        await rename(partial, layout.place(kind, name))
      } catch (error) {
        await destroy(partial)
        if (systemCode(error) === 'ENOTEMPTY' || systemCode(error) === 'EEXIST') return false
        throw error
      }
      await syncDirectory(directory)
      return true
    },

    remove: async (kind, name, confirm) => {
      const place = layout.place(kind, name)
      await assertNothingMounted(place)
      const away = join(layout.directory(kind), passingName('deleting', name))
      try {
        await rename(place, away)
      } catch (error) {
        if (isMissing(error)) return
        throw error
      }
      try {
        await confirm()
      } catch (error) {
        await rename(away, place)
        throw error
      }
      await syncDirectory(layout.directory(kind))
      await destroy(away)
    },

    abandoned: async () => {
      const found = new Set<string>()
      for await (const { name } of abandoned()) found.add(name)
      return [...found]
    },

    sweep: async () => {
      const swept = new Set<string>()
      for await (const { name, place } of abandoned()) {
        await destroy(place)
        swept.add(name)
      }
      return [...swept]
    },
  }
}

/** Undefined: its process cannot be asked from here. */
function hasEnded(owner: OwnerDocument): boolean | undefined {
  const here = ownProcess()
  if (owner.host !== here.host) return undefined
  if (owner.startTicks === undefined) return !isRunning(owner.pid)
  if (owner.bootId !== here.bootId) return true
  return owner.pidNamespace === here.pidNamespace ? processStartTicks(owner.pid) !== owner.startTicks : undefined
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
}
