import { subscribe } from 'node:diagnostics_channel'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createProcessRunner, pollUntil, Secret, silentLogger, systemClock } from '@icb/runtime'
import type { Clock, Logger } from '@icb/runtime'
import { createHttpClient } from '@icb/storage-core/http'
import type { HttpClient, HttpMethod } from '@icb/storage-core/http'
import { withRetry } from '@icb/storage-core'
import type { AdapterContext, Clone, SnapshotStorage } from '@icb/storage-core'
import type { ConformanceFault, ConformanceHarness } from '@icb/storage-core/conformance'
import { startOntapFiler } from '@icb/testing'
import type { OntapFiler } from '@icb/testing'
import { adapter } from '../src/index.ts'
import type { OntapOptions } from '../src/index.ts'
import { cloneVolumeName, toSnapshotName } from '../src/names.ts'
import type { OntapStorage } from '../src/ontap-storage.ts'

/** The system's clock, but waiting is a good deal shorter. */
export const impatientClock: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic() * 10,
  sleep: (ms, signal) => systemClock.sleep(ms / 10, signal),
}

interface Record_ {
  readonly uuid: string
  readonly name: string
}

export interface FilerBench {
  readonly filer: OntapFiler
  readonly database: string
  /** Volumes of the area, the first is the root. */
  readonly volumes: readonly string[]
  readonly options: OntapOptions
  open(options?: Partial<OntapOptions>, context?: Partial<AdapterContext>): Promise<OntapStorage>
  /** A request as an administrator makes it. */
  admin(method: HttpMethod, path: string, body?: unknown): Promise<Record<string, unknown>>
  volume(name: string): Promise<Record_>
  snapshotsOf(volume: string, name?: string): Promise<readonly Record_[]>
  /** All volumes of the filer's SVM. */
  volumeNames(): Promise<readonly string[]>
  directory(path: string): Promise<string>
  requests(): Promise<number>
}

let benches = 0

/** Requests that this process has sent, counted where Node sends them. */
let requestsSent = 0
subscribe('http.client.request.start', () => requestsSent++)

const adminClients = new WeakMap<OntapFiler, HttpClient>()

function adminClient(filer: OntapFiler): HttpClient {
  const known = adminClients.get(filer)
  if (known !== undefined) return known
  const made = createHttpClient({ baseUrl: filer.url, name: 'the filer', logger: silentLogger, tls: { caFile: filer.caFile }, basic: { user: 'admin', password: new Secret(filer.password, 'admin') } })
  adminClients.set(filer, made)
  return made
}

export interface BenchOptions {
  readonly volumes?: number
  readonly options?: Partial<OntapOptions>
  /** Default true: the volumes exist. */
  readonly created?: boolean
}

/** A database of its own with its volumes on a filer that is shared by the tests of one file. */
export async function makeFilerBench(filer: OntapFiler, { volumes: count = 1, options = {}, created = true }: BenchOptions = {}): Promise<FilerBench> {
  const database = `db${++benches}`
  const svm = filer.svm
  const suffixes = Array.from({ length: count - 1 }, (_, index) => `_${index + 2}`)
  const allOptions: OntapOptions = {
    filer: filer.url, cacert: filer.caFile, credentials: { user: filer.user, password: new Secret(filer.password, 'password of the filer') }, svm, volumeprefix: 'oc1_', aggregate: 'aggr1',
    owner: '1001:1001', ...(count === 1 ? {} : { additionalvolumesuffixes: suffixes }), ...options,
  }
  const client = adminClient(filer)
  const admin = async (method: HttpMethod, path: string, body?: unknown): Promise<Record<string, unknown>> => {
    const answer = await client.request({ method, path: `/api${path}`, ...(method === 'GET' ? {} : { query: { return_timeout: 30, return_records: true } }), ...(body === undefined ? {} : { body }) })
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return (answer.body ?? {}) as Record<string, unknown>
  }
  const recordsOf = async (path: string): Promise<readonly Record_[]> => (await admin('GET', path))['records'] as readonly Record_[]
  const volume = async (name: string): Promise<Record_> => {
    return soon(`volume ${name}`, async () => (await recordsOf(`/storage/volumes?name=${name}&svm.name=${svm}`))[0])
  }
  const bench: FilerBench = {
    filer,
    database,
    volumes: [`oc1_${database}`, ...suffixes.map((suffix) => `oc1_${database}${suffix}`)],
    options: allOptions,
    open: async (more = {}, context = {}) => (await adapter.open({ ...allOptions, ...more }, contextFor(database, context))) as OntapStorage,
    admin,
    volume,
    snapshotsOf: async (name, snapshot = '*') => recordsOf(`/storage/volumes/${(await volume(name)).uuid}/snapshots?fields=comment&name=${snapshot}`),
    volumeNames: async () => (await recordsOf(`/storage/volumes?svm.name=${svm}`)).map(({ name }) => name),
    directory: async (path) => ((await filer.control({ do: 'directory', svm, path })) as { directory: string }).directory,
    requests: async () => ((await filer.control({ do: 'log' })) as { count: number }).count,
  }
  if (created) {
    const storage = await bench.open()
    await storage.createVolume({ name: database, size: 3n * 1024n ** 3n })
    await storage.close?.()
  }
  return bench
}

export function contextFor(database: string, context: Partial<AdapterContext> = {}): AdapterContext {
  const logger: Logger = silentLogger
  return {
    database, areaPath: `/nfs/backup/${database}`, baseDir: '/', clock: impatientClock, logger, runProcess: createProcessRunner({ clock: systemClock, logger }),
    resolveSecret: async (reference, label) => new Secret(String(reference), label), ...context,
  }
}

const faultPaths = {
  createSnapshot: { method: 'POST', path: '/snapshots\\?' },
  deleteSnapshot: { method: 'DELETE', path: '/snapshots/' },
  createClone: { method: 'POST', path: '^/api/storage/volumes\\?' },
  deleteClone: { method: 'DELETE', path: '^/api/storage/volumes/[^/]+\\?' },
} as const

/** What the conformance kit works with. */
export async function filerHarness(filer: OntapFiler, benchOptions: BenchOptions & { readonly chaos?: number } = {}): Promise<ConformanceHarness> {
  const bench = await makeFilerBench(filer, benchOptions)
  const { database, volumes, options } = bench
  const { chaos } = benchOptions
  // With faults by chance the storage is used as the product uses it: what can be called again is.
  const wrap = (storage: OntapStorage): SnapshotStorage => (chaos === undefined ? storage : withRetry(storage, { clock: impatientClock, attempts: 12 }))
  if (chaos !== undefined) await filer.control({ do: 'chaos', chaos: { seed: benches, probability: chaos, limit: 1000 } })
  const plain = await bench.open()
  const storage = wrap(plain)
  const sessions = [plain]
  const rootOf = async (clone: Clone): Promise<string> => bench.directory(clone.mounts[0]!.path)
  const snapshotByHand = async (name: string, on: readonly string[], comment?: string): Promise<string> => {
    for (const volume of on) await bench.admin('POST', `/storage/volumes/${(await bench.volume(volume)).uuid}/snapshots`, { name: toSnapshotName(name), ...(comment === undefined ? {} : { comment }) })
    const found = on.map(async (volume) => soon(`snapshot ${name}`, async () => (await bench.snapshotsOf(volume, toSnapshotName(name)))[0]))
    return (await Promise.all(found))[0]!.uuid
  }
  const several = volumes.length > 1
  return {
    storage,
    database,
    reopen: async () => {
      const opened = await bench.open()
      sessions.push(opened)
      return wrap(opened)
    },
    makeForeignSnapshot: (name) => snapshotByHand(name, volumes),
    makeForeignClone: async (snapshot, name) => {
      const parent = await bench.volume(volumes[0]!)
      const origin = (await bench.snapshotsOf(volumes[0]!)).find(({ uuid }) => uuid === snapshot)!
      const volume = cloneVolumeName(name, 0)
      await bench.admin('POST', '/storage/volumes', { name: volume, svm: { name: options.svm }, clone: { is_flexclone: true, parent_volume: { name: parent.name }, parent_snapshot: { name: origin.name } }, nas: { path: `/by_hand_${volume}` } })
      return (await bench.volume(volume)).uuid
    },
    ...(several ? { makeHalfSnapshot: async (name: string) => { await snapshotByHand(name, volumes.slice(0, -1), `{"icb":1,"set":"cutoff","of":${volumes.length}}`) } } : {}),
    files: {
      write: async (path, text) => writeBelow(await bench.directory(`/${volumes[0]!}`), path, text),
      read: async (path) => readFile(join(await bench.directory(`/${volumes[0]!}`), path), 'utf8'),
      writeInClone: async (clone, path, text) => writeBelow(await rootOf(clone), path, text),
      readInClone: async (clone, path) => readFile(join(await rootOf(clone), path), 'utf8'),
    },
    ...(chaos === undefined ? { injectFault: async ({ operation, when }: ConformanceFault) => { await filer.control({ do: 'fault', fault: { kind: when, ...faultPaths[operation] } }) } } : {}),
    clearFaults: async () => { await filer.control({ do: 'clear-faults' }) },
    ...(chaos === undefined ? { requestCount: () => requestsSent } : {}),
    tick: async () => undefined,
    destroy: async () => {
      await filer.control({ do: 'clear-faults' })
      for (const opened of sessions) await opened.close?.()
      await filer.control({ do: 'remove-volumes', svm: filer.svm, names: volumes })
    },
  }
}

/** The filer shows a change a moment after it was made. */
function soon<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  return pollUntil({ clock: systemClock, what, deadlineMs: 5000, intervalMs: 5 }, look)
}

async function writeBelow(root: string, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), text)
}

/** One filer for the tests of a file, started with the first use. */
export function sharedFiler(options: Parameters<typeof startOntapFiler>[0]): { readonly get: () => Promise<OntapFiler>; readonly dispose: () => Promise<void> } {
  let started: Promise<OntapFiler> | undefined
  return { get: () => (started ??= startOntapFiler(options)), dispose: async () => { await (await started)?.dispose() } }
}
