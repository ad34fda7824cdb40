import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Secret, createProcessRunner, silentLogger, systemClock } from '@icb/runtime'
import type { Logger } from '@icb/runtime'
import { validateAdapterOptions } from '@icb/storage-core'
import type { AdapterContext, SnapshotStorage } from '@icb/storage-core'
import type { ConformanceFault, ConformanceHarness } from '@icb/storage-core/conformance'
import { makeCertificate } from '../../../tools/lab/src/appliance-zfssa/certificate.ts'
import { SoftnasArray } from '../../../tools/lab/src/array-softnas/array.ts'
import { startSoftnas } from '../../../tools/lab/src/array-softnas/server.ts'
import type { RunningSoftnas } from '../../../tools/lab/src/array-softnas/server.ts'
import { createDirectoryEngine } from '../../../tools/lab/src/volume-engine/directory-engine.ts'
import { adapter } from '../src/index.ts'

export const password = 'softnas-4711'

export interface Site extends AsyncDisposable {
  readonly softnas: RunningSoftnas
  readonly caFile: string
  /** Turns the server's clock one second on. */
  tick(): void
  /** Mounts a volume as hosts do that see its snapshots below `.zfs`. */
  showSnapshots(volume: string): Promise<void>
}

export async function makeSite(): Promise<Site> {
  const directory = await mkdtemp(join(tmpdir(), 'icb-softnas-test-'))
  const certificate = await makeCertificate(directory, ['localhost'])
  let seconds = 1_772_402_400
  const array = new SoftnasArray({ engine: createDirectoryEngine(join(directory, 'files')), users: new Map([['softnas', password]]), pool: 'pool1', now: () => seconds })
  const softnas = await startSoftnas(array, { certificate })
  return {
    softnas, caFile: certificate.caFile, tick: () => { seconds += 1 },
    showSnapshots: async (volume) => {
      const shown = join(directory, 'shown', volume)
      await mkdir(shown, { recursive: true })
      await symlink(join(directory, 'files', 'snapshots', volume), join(shown, 'snapshot'))
      await symlink(shown, join(array.engine.volume(volume), '.zfs'))
    },
    [Symbol.asyncDispose]: async () => {
      await softnas[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

export interface OpenOptions {
  readonly areaPath?: string
  readonly logger?: Logger
}

/** The adapter's pauses turn the server's clock on instead of taking time. */
export function contextFor(site: Site, volume: string, { areaPath, logger = silentLogger }: OpenOptions = {}): AdapterContext {
  const clock = { ...systemClock, sleep: async (_ms: number, signal?: AbortSignal): Promise<void> => {
    signal?.throwIfAborted()
    site.tick()
  } }
  return {
    database: 'orcl', areaPath: areaPath ?? site.softnas.array.engine.volume(volume), baseDir: '/', clock, logger, runProcess: createProcessRunner({ clock, logger }),
    resolveSecret: async (reference, label) => new Secret(String(reference), label),
  }
}

export async function openOn(site: Site, volume: string, more: Readonly<Record<string, unknown>> = {}, options: OpenOptions = {}): Promise<SnapshotStorage> {
  const values = { serveraddress: site.softnas.address, pool: 'pool1', volume, mounthost: 'softnas-nfs', ca: site.caFile, credentials: { user: 'softnas', password }, timeoutSeconds: 20, ...more }
  return adapter.open(validateAdapterOptions(adapter, values), contextFor(site, volume, options))
}

export async function collect<T>(elements: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const element of elements) found.push(element)
  return found
}

const requestOf: Readonly<Partial<Record<ConformanceFault['operation'], RegExp>>> = { createSnapshot: /^POST .*command=create/, deleteSnapshot: /^POST .*command=delete/ }

let volumes = 0

/** A volume of its own on the server, and everything that the kit may do to it from outside. */
export async function softnasHarness(site: Site): Promise<ConformanceHarness> {
  const { array, faults } = site.softnas
  const volume = `orcl${String(++volumes)}`
  const storage = await openOn(site, volume)
  await storage.createVolume({ name: volume })
  const sessions: SnapshotStorage[] = []
  const areaPath = array.engine.volume(volume)
  const number = volumes
  return {
    storage,
    database: 'orcl',
    reopen: async () => {
      const session = await openOn(site, volume)
      sessions.push(session)
      return session
    },
    makeForeignSnapshot: async (name) => array.createSnapshot(volume, name).name,
    files: {
      write: async (path, text) => {
        await mkdir(dirname(join(areaPath, path)), { recursive: true })
        await writeFile(join(areaPath, path), text)
      },
      read: (path) => readFile(join(areaPath, path), 'utf8'),
      writeInClone: async () => { throw new Error('there are no clones') },
      readInClone: async () => { throw new Error('there are no clones') },
    },
    injectFault: async ({ operation, when }) => {
      const match = requestOf[operation]
      if (match !== undefined) faults.add({ match, when, effect: number % 2 === 0 ? 'reset' : 'html' })
    },
    clearFaults: async () => { faults.clear() },
    requestCount: () => faults.log.length,
    tick: async () => { site.tick() },
    disposable: true,
    destroy: async () => {
      faults.clear()
      for (const session of sessions) await session.close?.()
      array.removeVolume(volume)
    },
  }
}
