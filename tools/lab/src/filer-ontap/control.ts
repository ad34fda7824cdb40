import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import type { FilerUser } from './access.ts'
import { addSvm, volumeNamed } from './cluster.ts'
import type { FilerSettings } from './cluster.ts'
import type { Chaos, Fault } from './faults.ts'
import { removeVolume } from './resources/volumes.ts'
import type { FilerParts } from './server.ts'

/** What a test may ask of the filer beside its API: no part of ONTAP, plain HTTP on this machine only. */
export type ControlRequest =
  | { readonly do: 'settings'; readonly settings: Partial<FilerSettings> }
  | { readonly do: 'svm'; readonly name: string; readonly address?: string }
  | { readonly do: 'user'; readonly user: FilerUser }
  | { readonly do: 'fault'; readonly fault: Fault }
  | { readonly do: 'job-failure'; readonly pattern: string; readonly code: string; readonly message: string; readonly times?: number }
  | { readonly do: 'chaos'; readonly chaos: Chaos | null }
  | { readonly do: 'clear-faults' }
  | { readonly do: 'log'; readonly lines?: boolean }
  /** Makes snapshots without files, for long listings. */
  | { readonly do: 'seed-snapshots'; readonly svm: string; readonly volume: string; readonly names: readonly string[] }
  | { readonly do: 'compliance-clock'; readonly advanceMs: number }
  /** Removes volumes of these names and what was cloned from them, with their groups. */
  | { readonly do: 'remove-volumes'; readonly svm: string; readonly names: readonly string[] }
  /** Where the files of what is mounted at this junction path are, and of what is mounted below it. */
  | { readonly do: 'exports'; readonly svm: string; readonly path: string }
  /** Where the files of what is mounted at this junction path are. */
  | { readonly do: 'directory'; readonly svm: string; readonly path: string }

/** The second door. */
export function createControlServer(parts: FilerParts & { readonly users: Map<string, FilerUser> }): Server {
  return createServer((request, response) => {
    void readText(request)
      .then((text) => perform(parts, JSON.parse(text) as ControlRequest))
      .then(
        (result) => { response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(result ?? {})) },
        (error: unknown) => { response.writeHead(400).end(String(error)) },
      )
  })
}

function perform({ cluster, users, faults, log }: FilerParts & { readonly users: Map<string, FilerUser> }, request: ControlRequest): unknown {
  switch (request.do) {
    case 'settings': return Object.assign(cluster.settings, request.settings)
    case 'svm': return addSvm(cluster, request.name, request.address ?? '127.0.0.1')
    case 'user': return void users.set(request.user.name, request.user)
    case 'fault': faults.add(request.fault); return undefined
    case 'job-failure': cluster.jobs.failures.push({ pattern: request.pattern, code: request.code, message: request.message, times: request.times ?? 1 }); return undefined
    case 'chaos': faults.chaos(request.chaos ?? undefined); return undefined
    case 'clear-faults': {
      faults.clear()
      cluster.jobs.failures.length = 0
      return undefined
    }
    case 'log': return { count: log.count, injected: faults.injected, ...(request.lines === true ? { lines: log.lines } : {}) }
    case 'seed-snapshots': {
      const volume = volumeNamed(cluster, request.svm, request.volume)
      if (volume === undefined) throw new Error(`no volume ${request.volume}`)
      for (const [index, name] of request.names.entries()) {
        const createdAt = cluster.now() - (request.names.length - index) * 1000
        const uuid = randomUUID()
        volume.snapshots.set(uuid, { uuid, name, sequence: cluster.nextSequence(), createdAt, visibleAt: createdAt, size: 122_880, comment: undefined, label: undefined, expiry: undefined, snaplockExpiry: undefined })
      }
      return undefined
    }
    case 'remove-volumes': {
      const gone = [...cluster.volumes.values()].filter(({ svm, name }) => svm === request.svm && request.names.includes(name))
      const ids = new Set(gone.map(({ uuid }) => uuid))
      // Clones first: a file system may know what depends on what.
      for (const volume of [...cluster.volumes.values()].filter(({ uuid, parent }) => ids.has(uuid) || ids.has(parent?.volume ?? '')).sort((a, b) => b.sequence - a.sequence)) removeVolume(cluster, volume)
      for (const group of [...cluster.groups.values()]) if (group.volumes.some((uuid) => ids.has(uuid))) cluster.groups.delete(group.uuid)
      return undefined
    }
    case 'compliance-clock': {
      cluster.complianceOffset += request.advanceMs
      return undefined
    }
    case 'exports': {
      const mounted = [...cluster.volumes.values()].filter(({ svm, queued }) => svm === request.svm && !queued)
      const exports = mounted.flatMap(({ uuid, path }) => (path === request.path || path?.startsWith(`${request.path}/`) === true ? [{ path, directory: cluster.engine.volume(uuid) }] : []))
      return { exports: exports.sort((a, b) => (a.path < b.path ? -1 : 1)) }
    }
    case 'directory': {
      const volume = [...cluster.volumes.values()].find(({ svm, path }) => svm === request.svm && path === request.path)
      if (volume === undefined) throw new Error(`nothing is mounted at ${request.path}`)
      return { directory: cluster.engine.volume(volume.uuid) }
    }
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
