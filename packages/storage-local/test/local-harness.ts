import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createProcessRunner, silentLogger, systemClock } from '@icb/runtime'
import type { Clock, ProcessRunner } from '@icb/runtime'
import { storageErrors } from '@icb/storage-core'
import type { AdapterContext, Clone, SnapshotHolds, SnapshotLabels, SnapshotStorage } from '@icb/storage-core'
import type { ConformanceFault, ConformanceHarness } from '@icb/storage-core/conformance'
import { adapter } from '../src/index.ts'
import type { LocalOptions } from '../src/index.ts'
import { createBtrfs } from '../src/btrfs.ts'
import { removeTree } from '../src/remove-tree.ts'

export type LocalStorage = SnapshotStorage & SnapshotHolds & SnapshotLabels

export interface Bench {
  readonly base: string
  readonly area: string
  readonly snapshotDirectory: string
  readonly context: AdapterContext
  /** Programs run so far. */
  programCount(): number
  open(options?: LocalOptions): Promise<LocalStorage>
  destroy(): Promise<void>
}

/** The system's clock, but every look at it is a millisecond later than the one before. */
function strictlyRisingClock(): Clock {
  let last = 0
  return { ...systemClock, now: () => (last = Math.max(last + 1, systemClock.now())) }
}

/** A place with an empty backup area of the database `orcl`, below `parent`. */
export async function makeBench({ parent = tmpdir(), options = {}, database = 'orcl' }: { readonly parent?: string; readonly options?: LocalOptions; readonly database?: string } = {}): Promise<Bench> {
  const base = await mkdtemp(join(parent, 'icb-local-'))
  const area = join(base, database)
  const clock = strictlyRisingClock()
  const runner = createProcessRunner({ clock, logger: silentLogger })
  let programs = 0
  const runProcess: ProcessRunner = (spec, runOptions) => {
    programs++
    return runner(spec, runOptions)
  }
  const context: AdapterContext = {
    database,
    areaPath: area,
    baseDir: base,
    clock,
    logger: silentLogger,
    runProcess,
    resolveSecret: async () => {
      throw new Error('the local adapter has no secrets')
    },
  }
  const open = async (more: LocalOptions = {}): Promise<LocalStorage> => (await adapter.open({ ...options, ...more }, context)) as LocalStorage
  await (await open({ mode: 'auto' })).createVolume({ name: database })
  const btrfs = createBtrfs(runProcess)
  const snapshotDirectory = join(base, '.icb-snapshots', database)
  return {
    base,
    area,
    snapshotDirectory,
    context,
    programCount: () => programs,
    open,
    destroy: async () => {
      const storage = await open()
      for await (const clone of storage.listClones()) await storage.deleteClone(clone.id)
      for await (const snapshot of storage.listSnapshots()) {
        if (!snapshot.ours) continue
        await storage.releaseHold(snapshot.id)
        await storage.deleteSnapshot(snapshot.id)
      }
      await storage.removeLeftovers?.()
      await btrfs.remove(area)
      await removeTree(base)
    },
  }
}

export async function localHarness(parent: string, options: LocalOptions): Promise<ConformanceHarness> {
  const bench = await makeBench({ parent, options })
  const pending: ConformanceFault[] = []
  const storage = await bench.open()
  const faulty = <T>(operation: ConformanceFault['operation'], call: () => Promise<T>): Promise<T> => withFault(pending, operation, call)
  return {
    storage: {
      ...storage,
      createSnapshot: (name, callOptions) => faulty('createSnapshot', () => storage.createSnapshot(name, callOptions)),
      deleteSnapshot: (id, callOptions) => faulty('deleteSnapshot', () => storage.deleteSnapshot(id, callOptions)),
      createClone: (id, name, callOptions) => faulty('createClone', () => storage.createClone(id, name, callOptions)),
      deleteClone: (id, callOptions) => faulty('deleteClone', () => storage.deleteClone(id, callOptions)),
    },
    database: 'orcl',
    reopen: () => bench.open(),
    makeForeignSnapshot: async (name) => {
      await mkdir(join(bench.snapshotDirectory, 'snapshots', name), { recursive: true })
      await writeFile(join(bench.snapshotDirectory, 'snapshots', name, 'by-hand'), '')
      return name
    },
    makeForeignClone: async (_snapshot, name) => {
      await mkdir(join(bench.snapshotDirectory, 'clones', name, 'tree'), { recursive: true })
      return name
    },
    makeHalfSnapshot: async (name) => {
      const half = join(bench.snapshotDirectory, 'snapshots', `.partial-${name}-0123abcd`, 'tree')
      await mkdir(half, { recursive: true })
      await writeFile(join(half, 'data'), 'ha')
    },
    files: {
      write: (path, text) => writeBelow(bench.area, path, text),
      read: (path) => readFile(join(bench.area, path), 'utf8'),
      writeInClone: (clone, path, text) => writeBelow(rootOf(clone), path, text),
      readInClone: (clone, path) => readFile(join(rootOf(clone), path), 'utf8'),
    },
    injectFault: async (fault) => {
      pending.push(fault)
    },
    clearFaults: async () => {
      pending.length = 0
    },
    requestCount: () => bench.programCount(),
    tick: async () => undefined,
    destroy: () => bench.destroy(),
  }
}

/** Loses the answer (or the request) between the caller and the adapter, as a killed process does. */
async function withFault<T>(pending: ConformanceFault[], operation: ConformanceFault['operation'], call: () => Promise<T>): Promise<T> {
  const index = pending.findIndex((fault) => fault.operation === operation)
  const [fault] = index < 0 ? [] : pending.splice(index, 1)
  if (fault?.when === 'before') throw storageErrors.UNREACHABLE('injected before the call')
  const answer = await call()
  if (fault !== undefined) throw storageErrors.UNREACHABLE('injected after the call')
  return answer
}

async function writeBelow(root: string, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), text)
}

export function rootOf(clone: Clone): string {
  const [mount] = clone.mounts
  if (mount?.kind !== 'path') throw new Error('a local clone is a path')
  return mount.path
}

