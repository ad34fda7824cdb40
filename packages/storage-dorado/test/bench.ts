import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Secret, createProcessRunner, silentLogger, systemClock } from '@icb/runtime'
import { escapeName, validateAdapterOptions } from '@icb/storage-core'
import type { AdapterContext, Clone, SnapshotStorage } from '@icb/storage-core'
import type { ConformanceFault, ConformanceHarness } from '@icb/storage-core/conformance'
import { makeCertificate } from '../../../tools/lab/src/appliance-zfssa/certificate.ts'
import { DoradoArray } from '../../../tools/lab/src/array-dorado/array.ts'
import { startDorado } from '../../../tools/lab/src/array-dorado/server.ts'
import type { RunningDorado } from '../../../tools/lab/src/array-dorado/server.ts'
import { createDirectoryEngine } from '../../../tools/lab/src/volume-engine/directory-engine.ts'
import { adapter } from '../src/index.ts'

export const password = 'dorado-4711'
export const vstore = 'backup'

export interface Site extends AsyncDisposable {
  readonly dorado: RunningDorado
  readonly caFile: string
  /** Turns the array's clock one step on. */
  tick(): void
}

export async function makeSite(): Promise<Site> {
  const directory = await mkdtemp(join(tmpdir(), 'icb-dorado-test-'))
  const certificate = await makeCertificate(directory, ['localhost'])
  let seconds = 1_772_402_400
  const array = new DoradoArray({ engine: createDirectoryEngine(join(directory, 'files')), users: new Map([['icb', password]]), vstore, now: () => seconds })
  const dorado = await startDorado(array, { certificate })
  return {
    dorado, caFile: certificate.caFile, tick: () => { seconds += 1 },
    [Symbol.asyncDispose]: async () => {
      await dorado[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

export function contextFor(database = 'orcl', now: () => number = () => systemClock.now()): AdapterContext {
  const clock = { ...systemClock, now }
  return {
    database, areaPath: `/nfs/backup/${database}`, baseDir: '/', clock, logger: silentLogger, runProcess: createProcessRunner({ clock, logger: silentLogger }),
    resolveSecret: async (reference, label) => new Secret(String(reference), label),
  }
}

export async function openOn({ dorado, caFile }: Site, more: Readonly<Record<string, unknown>> = {}, context: AdapterContext = contextFor()): Promise<SnapshotStorage> {
  const options = { url: dorado.url, vstore, mounthost: 'dorado-nfs', restorenfsclient: '10.0.0.5', ca: caFile, credentials: { user: 'icb', password }, timeoutSeconds: 20, ...more }
  return adapter.open(validateAdapterOptions(adapter, options), context)
}

export async function collect<T>(elements: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const element of elements) found.push(element)
  return found
}

const requestOf: Readonly<Record<ConformanceFault['operation'], RegExp>> = {
  createSnapshot: /^POST .*\/FSSNAPSHOT$/, deleteSnapshot: /^DELETE .*\/FSSNAPSHOT\//, createClone: /^POST .*\/filesystem$/, deleteClone: /^DELETE .*\/filesystem\//,
}

let fileSystems = 0

/** A file system of its own on the array, and everything that the kit may do to it from outside. */
export async function doradoHarness(site: Site): Promise<ConformanceHarness> {
  const { array, faults } = site.dorado
  const filesystem = `orcl${String(++fileSystems)}`
  const storage = await openOn(site, { filesystem })
  await storage.createVolume({ name: filesystem, size: 1024n ** 3n })
  const live = [...array.fileSystems.values()].find(({ name }) => name === filesystem)!
  const sessions: SnapshotStorage[] = []
  const areaPath = array.engine.volume(live.id)
  const cloneRoot = (clone: Clone): string => array.engine.volume(clone.id)
  return {
    storage,
    database: 'orcl',
    reopen: async () => {
      const session = await openOn(site, { filesystem })
      sessions.push(session)
      return session
    },
    makeForeignSnapshot: async (name) => array.createSnapshot(live.id, escapeName(name), '').id,
    makeForeignClone: async (snapshot, name) => array.cloneFileSystem(live.id, snapshot, { name, vstore: '1', description: '' }).id,
    files: {
      write: (path, text) => writeBelow(areaPath, path, text),
      read: (path) => readFile(join(areaPath, path), 'utf8'),
      writeInClone: (clone, path, text) => writeBelow(cloneRoot(clone), path, text),
      readInClone: (clone, path) => readFile(join(cloneRoot(clone), path), 'utf8'),
    },
    injectFault: async ({ operation, when }) => { faults.add({ match: requestOf[operation], when, effect: fileSystems % 2 === 0 ? 'reset' : 'html' }) },
    clearFaults: async () => { faults.clear() },
    requestCount: () => faults.log.length,
    tick: async () => { site.tick() },
    disposable: true,
    destroy: async () => {
      faults.clear()
      for (const session of sessions) await session.close?.()
      for (const share of [...array.shares.values()]) array.shares.delete(share.id)
      for (const each of [...array.fileSystems.values()].reverse()) if (each.parent?.fileSystem === live.id) array.removeFileSystem(each.id)
      array.removeFileSystem(live.id)
    },
  }
}

async function writeBelow(root: string, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), text)
}
