import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { createProcessRunner, silentLogger, systemClock } from '@icb/runtime'
import type { ProcessRunner } from '@icb/runtime'
import { validateAdapterOptions } from '@icb/storage-core'
import type { AdapterContext, Clone, SnapshotHolds, SnapshotLabels, SnapshotStorage } from '@icb/storage-core'
import type { ConformanceFault, ConformanceHarness } from '@icb/storage-core/conformance'
import type { ZfsPool } from '@icb/testing'
import { adapter } from '../src/index.ts'

const run = promisify(execFile)

export type OpenZfs = SnapshotStorage & SnapshotHolds & SnapshotLabels

/** What loses answers between the adapter and `zfs`: the command is refused before it runs, or runs and its answer is lost. */
export interface LossyRunner {
  readonly runProcess: ProcessRunner
  readonly commands: readonly (readonly string[])[]
  /** `readBack`: the question that follows is lost too, so that the caller sees the failure. */
  lose(fault: { readonly verb: string; readonly when: 'before' | 'after'; readonly readBack?: boolean }): void
  clear(): void
}

export function lossyRunner(): LossyRunner {
  const inner = createProcessRunner({ clock: systemClock, logger: silentLogger })
  const commands: (readonly string[])[] = []
  let faults: { verb: string; when: 'before' | 'after'; readBack: boolean }[] = []
  return {
    commands,
    runProcess: async (spec, options) => {
      commands.push(spec.args)
      const words = [...spec.args, ...(spec.args.at(-1) ?? '').split(' ')]
      const fault = faults.find(({ verb }) => words.includes(verb))
      if (fault === undefined) return inner(spec, options)
      faults = faults.filter((other) => other !== fault)
      if (fault.readBack) faults.push({ verb: 'get', when: 'before', readBack: false })
      if (fault.when === 'after') await inner({ ...spec, onLine: () => undefined }, options)
      return { exitCode: null, signal: null, timedOut: true, canceled: false, durationMs: 0, tail: [], lineCount: 0, cutLines: 0 }
    },
    lose: ({ verb, when, readBack = false }) => {
      faults.push({ verb, when, readBack })
    },
    clear: () => {
      faults = []
    },
  }
}

export function contextWith(runProcess: ProcessRunner, database = 'orcl'): AdapterContext {
  return {
    database,
    areaPath: `/backup/${database}`,
    baseDir: '/',
    clock: systemClock,
    logger: silentLogger,
    runProcess,
    resolveSecret: async () => {
      throw new Error('this adapter has no secrets')
    },
  }
}

export async function openOn(options: Readonly<Record<string, unknown>>, runProcess: ProcessRunner, database = 'orcl'): Promise<OpenZfs> {
  return (await adapter.open(validateAdapterOptions(adapter, options), contextWith(runProcess, database))) as OpenZfs
}

let benches = 0
const verbs = { createSnapshot: 'snapshot', deleteSnapshot: 'destroy', createClone: 'clone', deleteClone: 'destroy' } as const

/** A dataset of its own in the pool, and everything that the kit may do to it from outside. */
export async function openZfsHarness(pool: ZfsPool, more: Readonly<Record<string, unknown>> = {}): Promise<ConformanceHarness & { readonly storage: OpenZfs; readonly runner: LossyRunner; readonly dataset: string }> {
  const parent = `${pool.name}/area${String(++benches)}`
  const dataset = `${parent}/orcl`
  const runner = lossyRunner()
  const zfs = async (...args: string[]): Promise<string> => (await run(pool.zfs, args)).stdout
  await zfs('create', parent)
  const open = (): Promise<OpenZfs> => openOn({ dataset, zfs: pool.zfs, ...more }, runner.runProcess)
  const storage = await open()
  await storage.createVolume({ name: dataset })
  const base = pool.pathOf((await zfs('get', '-H', '-p', '-o', 'value', 'mountpoint', dataset)).trim())
  const rootOf = (clone: Clone): string => pool.pathOf(clone.mounts[0]?.path ?? '')
  return {
    storage,
    runner,
    dataset,
    database: 'orcl',
    reopen: open,
    makeForeignSnapshot: async (name) => {
      await zfs('snapshot', `${dataset}@${name}`)
      return name
    },
    makeForeignClone: async (snapshot, name) => {
      await zfs('clone', `${dataset}@${snapshot}`, `${parent}/${name}`)
      return name
    },
    files: {
      write: (path, text) => writeBelow(base, path, text),
      read: (path) => readFile(join(base, path), 'utf8'),
      writeInClone: (clone, path, text) => writeBelow(rootOf(clone), path, text),
      readInClone: (clone, path) => readFile(join(rootOf(clone), path), 'utf8'),
    },
    injectFault: async ({ operation, when }: ConformanceFault) => {
      runner.lose({ verb: verbs[operation], when, readBack: when === 'after' && operation.startsWith('create') })
    },
    clearFaults: async () => {
      runner.clear()
    },
    requestCount: () => runner.commands.length,
    // The pool goes as a whole.
    destroy: async () => undefined,
  }
}

async function writeBelow(root: string, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), text)
}

/** A program that looks like ssh: it gives its last argument to a shell, as sshd does. */
export async function fakeSsh(): Promise<{ readonly path: string; dispose(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'icb-fake-ssh-'))
  const path = join(directory, 'ssh')
  await writeFile(path, '#!/bin/sh\nfor last; do :; done\nexec /bin/sh -c "$last"\n', { mode: 0o755 })
  return { path, dispose: () => rm(directory, { recursive: true, force: true }) }
}

export async function collect<T>(elements: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const element of elements) found.push(element)
  return found
}
