import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { answerAccess, answerUser } from './access-service.ts'
import type { Certificate } from './certificate.ts'
import type { StorageEngine } from './engine.ts'
import { FaultDesk } from './faults.ts'
import type { ApplianceFault, LoggedRequest } from './faults.ts'
import type { RestAnswer, RestRequest } from './request.ts'
import { RestError, faultBody, restErrorOf, restErrors } from './rest-error.ts'
import { StorageService } from './storage-service.ts'
import { answerHardware, answerSystem, ServiceDesk } from './system-service.ts'
import { Directory } from './users.ts'
import type { User } from './users.ts'
import type { NodeFacts } from './views.ts'

export interface ApplianceOptions {
  readonly engine: StorageEngine
  readonly certificate: Certificate
  readonly users: readonly User[]
  /** Name of the pool as clients see it. Default `pool-0`. */
  readonly pool?: string
  /** 1 (stand-alone) or 2 (cluster). Default 1. */
  readonly nodes?: 1 | 2
  /** Ports of the nodes; default chosen by the system. */
  readonly ports?: readonly number[]
  /** Default 15 minutes. */
  readonly tokenLifetimeMs?: number
  readonly latencyMs?: number
}

/** Oddities of real firmware that a client has to live with. */
export interface ApplianceQuirks {
  latencyMs: number
  /** Counts and sizes as strings. */
  numericStrings: boolean
  /** Properties that no documentation names. */
  extraProperties: boolean
  /** `start` and `limit` are ignored. */
  noPaging: boolean
  /** Seconds that the appliance's clock (its Date header) is ahead. */
  clockSkewSeconds: number
}

/** A simulated appliance: real HTTPS, real snapshots, faults on demand. */
export interface Appliance extends AsyncDisposable {
  /** One address a node: `https://127.0.0.1:<port>`. */
  readonly urls: readonly string[]
  readonly pool: string
  readonly certificate: Certificate
  readonly engine: StorageEngine
  readonly directory: Directory
  readonly faults: FaultDesk
  readonly quirks: ApplianceQuirks
  addFault(fault: ApplianceFault): void
  /** Requests so far, those of one method and path if asked. */
  requests(match?: RegExp): readonly LoggedRequest[]
  /** The owner dies and its peer takes the pool over. `keepsRunning`: the old owner still answers, without the pool. */
  takeover(options?: { readonly keepsRunning?: boolean }): Promise<void>
  /** The first node runs again and owns the pool. */
  failback(): Promise<void>
  mounts(): Promise<Readonly<Record<string, string>>>
}

const largestBody = 1024 * 1024

export async function startAppliance(options: ApplianceOptions): Promise<Appliance> {
  const { engine, certificate } = options
  const pool = options.pool ?? 'pool-0'
  const nodes: NodeFacts[] = Array.from({ length: options.nodes ?? 1 }, (_, index) => ({ nodename: `zfs-${String.fromCharCode(97 + index)}`, asn: `c79d8f07-4146-4ca8-d0a1-ef0d2bcea21${String(index)}` }))
  let owner = 0
  const directory = new Directory(options.users, options.tokenLifetimeMs ?? 15 * 60_000)
  const faults = new FaultDesk()
  const quirks: ApplianceQuirks = { latencyMs: options.latencyMs ?? 0, numericStrings: false, extraProperties: false, noPaging: false, clockSkewSeconds: 0 }
  const services = new ServiceDesk()
  const storage = new StorageService({ engine, pool, owner: () => owner, nodes })
  /** Changes happen one after another, as on a share of the real one. */
  let changes: Promise<unknown> = Promise.resolve()

  const serve = async (request: RestRequest, service: string): Promise<RestAnswer> => {
    switch (service) {
      case 'storage': {
        if (quirks.noPaging) for (const name of ['start', 'limit']) request.query.delete(name)
        if (request.method === 'GET') return storage.answer(request)
        const turn = changes.then(() => storage.answer(request))
        changes = turn.catch(() => undefined)
        return turn
      }
      case 'system':
        return answerSystem(request, nodes, engine)
      case 'hardware':
        return answerHardware(request, nodes, owner, pool, running)
      case 'service':
        return services.answer(request)
      case 'user':
        return answerUser(request, directory)
      default:
        throw restErrors.notFound(service)
    }
  }

  const handle = async (node: number, incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const method = incoming.method ?? 'GET'
    const address = incoming.url ?? '/'
    const fault = faults.take(`${method} ${address}`)
    let user: string | undefined
    const log = (status: number | undefined): void => {
      faults.note({ at: Date.now(), node, method, path: address, ...(user === undefined ? {} : { user }), ...(status === undefined ? {} : { status }), ...(fault === undefined ? {} : { fault: `${fault.when} ${String(fault.effect)}` }) })
    }
    const bodyText = await readBody(incoming)
    if (quirks.latencyMs > 0) await delay(quirks.latencyMs)
    if (fault?.effect === 'slow') await delay(1000)
    if (fault?.when === 'before' && fault.effect !== 'slow') {
      log(typeof fault.effect === 'number' ? fault.effect : undefined)
      await spoil(fault, incoming.socket, response, undefined)
      return
    }
    const answer = await (async (): Promise<RestAnswer> => {
      const parsed = parseAddress(address)
      const base = { method, version: parsed.version, path: parsed.path, query: parsed.query, node }
      if (parsed.service === 'access') {
        const body = parseBody(incoming, bodyText)
        const answered = answerAccess({ ...base, body }, incoming.headers, directory)
        user = answered.user
        return answered
      }
      const login = authenticate(incoming, directory, node)
      user = login.name
      return serve({ ...base, body: parseBody(incoming, bodyText), user: login }, parsed.service)
    })().catch((error: unknown): RestAnswer => {
      const failure = restErrorOf(error)
      return { status: failure.status, body: faultBody(failure) }
    })
    log(answer.status)
    const send = { ...answer, headers: { ...versionHeaders(address), Date: new Date(Date.now() + quirks.clockSkewSeconds * 1000).toUTCString(), ...answer.headers } }
    if (fault !== undefined && fault.effect !== 'slow') await spoil(fault, incoming.socket, response, render(answer.body, quirks))
    else write(response, send, render(answer.body, quirks))
  }

  const servers = nodes.map((_, node) => {
    const server = createServer({ key: certificate.key, cert: certificate.cert, minVersion: 'TLSv1.2' }, (incoming, response) => {
      handle(node, incoming, response).catch(() => { incoming.socket.destroy() })
    })
    const sockets = new Set<Socket>()
    server.on('connection', (socket: Socket) => {
      sockets.add(socket)
      socket.once('close', () => { sockets.delete(socket) })
    })
    return { server, sockets }
  })
  const running = nodes.map(() => true)
  const listen = ({ server }: (typeof servers)[number], port: number): Promise<number> =>
    new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', () => { resolve((server.address() as AddressInfo).port) })
    })
  const ports: number[] = []
  for (const [index, entry] of servers.entries()) ports.push(await listen(entry, options.ports?.[index] ?? 0))
  const stop = async (node: number): Promise<void> => {
    const entry = servers[node]
    if (entry === undefined || running[node] !== true) return
    running[node] = false
    const closed = new Promise<void>((resolve) => { entry.server.close(() => { resolve() }) })
    for (const socket of entry.sockets) socket.destroy()
    await closed
  }

  const appliance: Appliance = {
    urls: ports.map((port) => `https://127.0.0.1:${String(port)}`),
    pool, certificate, engine, directory, faults, quirks,
    addFault: (fault) => { faults.add(fault) },
    requests: (match) => (match === undefined ? faults.log : faults.log.filter(({ method, path }) => match.test(`${method} ${path}`))),
    takeover: async ({ keepsRunning = false } = {}) => {
      if (nodes.length < 2) throw new Error('a stand-alone appliance has no peer')
      const old = owner
      if (!keepsRunning) await stop(old)
      owner = 1 - old
    },
    failback: async () => {
      const entry = servers[0]
      if (entry !== undefined && running[0] !== true) {
        await listen(entry, ports[0] ?? 0)
        running[0] = true
      }
      owner = 0
    },
    mounts: () => storage.mounts(),
    [Symbol.asyncDispose]: async () => {
      for (const node of nodes.keys()) await stop(node)
    },
  }
  return appliance
}

/** Each service tells its own version. */
function versionHeaders(address: string): Readonly<Record<string, string>> {
  const [, service = '', version = '1'] = /^\/api\/([a-z]+)\/v(\d)/.exec(address) ?? []
  if (service === '') return { 'X-Zfssa-Api': '1.0' }
  return { 'X-Zfssa-Api': '1.0', [`X-Zfssa-${service[0]?.toUpperCase() ?? ''}${service.slice(1)}-Api`]: version === '2' ? '2.0' : service === 'storage' ? '1.1' : '1.0' }
}

function parseAddress(address: string): { readonly service: string; readonly version: 1 | 2; readonly path: readonly string[]; readonly query: URLSearchParams } {
  const { pathname, searchParams } = new URL(address, 'https://appliance')
  const match = /^\/api\/([a-z]+)\/v([12])(?:\.[01])?(\/.*)?$/.exec(pathname)
  if (match === null) throw restErrors.notFound(pathname)
  try {
    return { service: match[1] ?? '', version: match[2] === '2' ? 2 : 1, path: (match[3] ?? '').split('/').filter((part) => part !== '').map(decodeURIComponent), query: searchParams }
  } catch {
    throw restErrors.invalid('malformed URI')
  }
}

function authenticate({ headers }: IncomingMessage, directory: Directory, node: number): User {
  const session = headers['x-auth-session']
  if (typeof session === 'string') return directory.checkSession(session, node, Date.now())
  const [name, key] = [headers['x-auth-user'], headers['x-auth-key']]
  if (typeof name === 'string' && typeof key === 'string') return directory.checkPassword(name, key)
  const basic = /^Basic ([A-Za-z0-9+/=]+)$/.exec(headers.authorization ?? '')?.[1]
  if (basic === undefined) throw restErrors.unauthorized()
  const text = Buffer.from(basic, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return directory.checkPassword(text.slice(0, colon), text.slice(colon + 1))
}

async function readBody(incoming: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= largestBody) chunks.push(chunk)
  }
  return size > largestBody ? undefined : Buffer.concat(chunks).toString('utf8')
}

function parseBody({ headers }: IncomingMessage, text: string | undefined): Readonly<Record<string, unknown>> {
  if (text === undefined) throw restErrors.tooLarge()
  if (text === '') return {}
  if (!/^application\/json\b/i.test(headers['content-type'] ?? '')) throw restErrors.mediaType()
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Record<string, unknown>
  } catch {
    // Said below.
  }
  throw restErrors.invalid('request body is not a JSON object')
}

/** JSON with exact integers, and the quirks that were asked for. */
function render(body: object | undefined, quirks: ApplianceQuirks): string | undefined {
  if (body === undefined) return undefined
  const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => unknown }
  return JSON.stringify(body, (key, value: unknown) => {
    if (typeof value === 'bigint') return quirks.numericStrings ? String(value) : rawJSON(String(value))
    if (typeof value === 'number' && quirks.numericStrings && key !== 'code') return String(value)
    if (quirks.extraProperties && key === 'source') return { ...(value as object), future: 'inherited' }
    return value
  })
}

function write(response: ServerResponse, { status, headers }: RestAnswer, text: string | undefined): void {
  response.writeHead(status, { ...headers, ...(text === undefined ? {} : { 'Content-Type': 'application/json; charset=utf-8' }) })
  response.end(text)
}

async function spoil({ effect }: ApplianceFault, socket: Socket, response: ServerResponse, text: string | undefined): Promise<void> {
  if (typeof effect === 'number') {
    const failure = effect === 503 ? restErrors.busy() : effect === 401 ? restErrors.unauthorized() : new RestError(effect, effect === 500 ? 'ERR_INTERNAL' : 'ERR_UNKNOWN', 'injected fault')
    write(response, { status: effect }, JSON.stringify(faultBody(failure)))
    return
  }
  switch (effect) {
    case 'reset':
      socket.destroy()
      return
    case 'html':
      response.writeHead(502, { 'Content-Type': 'text/html' })
      response.end('<html><body><h1>502 Bad Gateway</h1></body></html>')
      return
    case 'garbage':
      response.writeHead(200, { 'Content-Type': 'application/json' })
      response.end('{"snapshot":{"na')
      return
    case 'hang':
    case 'slow':
      return
    case 'slow-body': {
      response.writeHead(200, { 'Content-Type': 'application/json' })
      for (const character of text ?? '{}') {
        if (response.destroyed || socket.destroyed) return
        response.write(character)
        await delay(20)
      }
      response.end()
    }
  }
}
