import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Secret, createProcessRunner, silentLogger, systemClock } from '@icb/runtime'
import type { Logger } from '@icb/runtime'
import { validateAdapterOptions, withRetry } from '@icb/storage-core'
import type { AdapterContext, Clone, SnapshotStorage } from '@icb/storage-core'
import type { ConformanceFault, ConformanceHarness } from '@icb/storage-core/conformance'
import { createDirectoryEngine, makeCertificate, startAppliance } from '../../../tools/lab/src/appliance-zfssa/index.ts'
import type { Appliance, ApplianceOptions, Certificate, Right, StorageEngine } from '../../../tools/lab/src/appliance-zfssa/index.ts'
import { adapter } from '../src/index.ts'

/** What the documentation asks for in the role of the service user. */
export const leastRights: readonly Right[] = ['takeSnap', 'destroySnap', 'clone', 'destroy', 'createShare', 'changeGeneralProps', 'changeSpaceProps']

export const password = 'geheim-4711'

export interface Site extends AsyncDisposable {
  readonly directory: string
  readonly certificate: Certificate
  /** An appliance with the project `backup` in the pool `pool-0`. */
  start(options?: Partial<ApplianceOptions> & { readonly now?: () => number }): Promise<Appliance>
}

/** A directory and a certificate; what was started ends with it. */
export async function makeSite(): Promise<Site> {
  const directory = await mkdtemp(join(tmpdir(), 'icb-zfssa-'))
  const certificate = await makeCertificate(directory, ['zfssa.example.com', 'localhost'])
  const started: Appliance[] = []
  return {
    directory,
    certificate,
    start: async ({ now, ...options } = {}) => {
      const engine: StorageEngine = options.engine ?? createDirectoryEngine({ directory: join(directory, `engine-${String(started.length)}`), ...(now === undefined ? {} : { now }) })
      await engine.createProject('backup').catch(() => undefined)
      const appliance = await startAppliance({ certificate, users: [{ name: 'icb', password, rights: leastRights }, { name: 'admin', password: 'admin-0815', rights: 'all' }, { name: 'viewer', password, rights: [] }], ...options, engine })
      started.push(appliance)
      return appliance
    },
    [Symbol.asyncDispose]: async () => {
      for (const appliance of started) await appliance[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

export function contextFor(database = 'orcl', logger: Logger = silentLogger): AdapterContext {
  return {
    database,
    areaPath: `/nfs/backup/${database}`,
    baseDir: '/',
    clock: systemClock,
    logger,
    runProcess: createProcessRunner({ clock: systemClock, logger }),
    resolveSecret: async (reference, label) => new Secret((reference as { literal: string }).literal, label),
  }
}

export function optionsFor(appliance: Appliance, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { url: appliance.urls[0], pool: appliance.pool, project: 'backup', ca: appliance.certificate.caFile, credentials: { user: 'icb', password: { literal: password } }, timeoutSeconds: 20, connectTimeoutSeconds: 3, ...more }
}

export async function openOn(appliance: Appliance, more: Readonly<Record<string, unknown>> = {}, context: AdapterContext = contextFor()): Promise<SnapshotStorage> {
  return adapter.open(validateAdapterOptions(adapter, optionsFor(appliance, more)), context)
}

/** As the product uses it: calls that may be repeated are repeated, here after short pauses. */
export async function openWithRetry(appliance: Appliance, more: Readonly<Record<string, unknown>> = {}): Promise<SnapshotStorage> {
  return withRetry(await openOn(appliance, more), { clock: systemClock, attempts: 4, firstDelayMs: 2, maxDelayMs: 10 })
}

export async function collect<T>(elements: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const element of elements) found.push(element)
  return found
}

const requestOf: Readonly<Record<ConformanceFault['operation'], RegExp>> = {
  createSnapshot: /^POST .*\/snapshots$/,
  deleteSnapshot: /^DELETE .*\/snapshots\//,
  createClone: /^PUT .*\/clone$/,
  deleteClone: /^DELETE .*\/filesystems\/[^/]+$/,
}

let shares = 0

export interface HarnessOptions {
  readonly options?: Readonly<Record<string, unknown>>
  /** How a lost answer looks. */
  readonly effect?: 'reset' | 'html' | 'garbage' | 500 | 503
  readonly tick?: () => void
}

/** A share of its own on the appliance, and everything that the kit may do to it from outside. */
export async function zfssaHarness(appliance: Appliance, { options = {}, effect = 'reset', tick }: HarnessOptions = {}): Promise<ConformanceHarness> {
  const share = `orcl${String(++shares)}`
  const more = { share, ...options }
  const storage = await openOn(appliance, more)
  await storage.createVolume({ name: share })
  const key = { project: 'backup', share }
  const areaPath = await appliance.engine.pathOf(key)
  const rootOf = (clone: Clone): Promise<string> => appliance.engine.pathOf({ project: 'backup', share: clone.name })
  const sessions: SnapshotStorage[] = []
  return {
    storage,
    database: 'orcl',
    reopen: async () => {
      const session = await openOn(appliance, more)
      sessions.push(session)
      return session
    },
    makeForeignSnapshot: async (name) => {
      await appliance.engine.createSnapshot(key, name)
      return name
    },
    ...('markProperty' in options
      ? {
          makeForeignClone: async (snapshot: string, name: string) => {
            await appliance.engine.clone(key, snapshot, { project: 'backup', share: name })
            return name
          },
        }
      : {}),
    files: {
      write: (path, text) => writeBelow(areaPath, path, text),
      read: (path) => readFile(join(areaPath, path), 'utf8'),
      writeInClone: async (clone, path, text) => writeBelow(await rootOf(clone), path, text),
      readInClone: async (clone, path) => readFile(join(await rootOf(clone), path), 'utf8'),
    },
    injectFault: async ({ operation, when }) => {
      appliance.addFault({ match: requestOf[operation], when, effect: when === 'before' ? 'reset' : effect })
      // The question that follows is lost too; otherwise the adapter would find what it made and have nothing to report.
      appliance.addFault({ match: operation === 'createSnapshot' || operation === 'deleteSnapshot' ? /^GET .*\/snapshots\// : /^GET .*\/filesystems\/[^/]+$/, when: 'before', effect: 'reset', skip: operation.startsWith('delete') ? 1 : 0 })
    },
    clearFaults: async () => {
      appliance.faults.clear()
    },
    requestCount: () => appliance.requests().length,
    ...(tick === undefined ? {} : { tick: async () => { tick() } }),
    destroy: async () => {
      appliance.faults.clear()
      for (const session of sessions) await session.close?.()
    },
  }
}

async function writeBelow(root: string, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), text)
}
