import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { Server } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { authorize, logIn } from './access.ts'
import type { FilerUser } from './access.ts'
import { returnTimeout, unfold } from './call.ts'
import type { Answer } from './call.ts'
import type { Certificates } from './certificates.ts'
import type { Cluster } from './cluster.ts'
import type { Faults } from './faults.ts'
import { pause } from './jobs.ts'
import { OntapError, unsupported } from './ontap-error.ts'
import { withoutLinks } from './query.ts'
import type { Json } from './query.ts'
import { findRoute } from './router.ts'

export interface RequestLine {
  readonly method: string
  readonly path: string
  readonly user: string | undefined
  /** `cut`: the connection was cut instead of an answer. */
  readonly status: number | 'cut'
}

export interface RequestLog {
  count: number
  /** The last ones. */
  readonly lines: RequestLine[]
}

const longestLog = 20_000
const longestBody = 4 * 1024 * 1024

export interface FilerParts {
  readonly cluster: Cluster
  readonly users: ReadonlyMap<string, FilerUser>
  readonly faults: Faults
  readonly log: RequestLog
  readonly certificates: Certificates
}

/** The HTTPS server of the REST API. */
export function createFilerServer({ cluster, users, faults, log, certificates }: FilerParts): Server {
  const note = (line: RequestLine): void => {
    log.count++
    log.lines.push(line)
    if (log.lines.length > longestLog) log.lines.splice(0, longestLog / 2)
  }

  const answer = async (request: IncomingMessage, url: URL, seen: { user?: string }): Promise<Answer> => {
    const method = request.method ?? 'GET'
    const user = logIn(users, request.headers.authorization, clientName(request))
    seen.user = user.name
    const route = findRoute(url.pathname, cluster.settings.release)
    if (route === undefined) throw unsupported(url.pathname)
    authorize(user, method, url.pathname)
    const handler = route.methods[method]
    if (handler === undefined) throw new OntapError(405, 8, `The method ${method} is not allowed here.`)
    const body = await readBody(request)
    if (method !== 'GET') returnTimeout(url.searchParams)
    return handler({ cluster, method, parameters: route.parameters, query: url.searchParams, body, svm: scopeOf(request, user, cluster) })
  }

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const method = request.method ?? 'GET'
    const path = request.url ?? '/'
    const fault = faults.take(method, path, request.headers['x-dot-client-app'] !== undefined)
    const seen: { user?: string } = {}
    const cut = (): void => {
      note({ method, path, user: seen.user, status: 'cut' })
      request.socket.destroy()
    }
    if (fault?.kind === 'before') {
      cut()
      return
    }
    if (fault?.kind === 'html') {
      note({ method, path, user: seen.user, status: 502 })
      response.writeHead(502, { 'Content-Type': 'text/html' }).end('<html><body><h1>502 Bad Gateway</h1></body></html>')
      return
    }
    let result: Answer
    if (fault?.kind === 'status') {
      const error = new OntapError(fault.status ?? 500, fault.code ?? '0', fault.message ?? 'injected by the simulator')
      result = { status: error.status, body: fault.code === undefined ? {} : error.body, ...(fault.retryAfter === undefined ? {} : { headers: { 'Retry-After': String(fault.retryAfter) } }) }
    } else {
      try {
        result = await answer(request, new URL(path, 'https://filer'), seen)
      } catch (error) {
        const known = error instanceof OntapError ? error : new OntapError(500, 0, String(error))
        result = { status: known.status, body: known.body }
      }
    }
    if (fault?.kind === 'after') {
      cut()
      return
    }
    if (fault?.kind === 'slow') await pause(fault.delayMs ?? 1000)
    note({ method, path, user: seen.user, status: result.status })
    const accepted = request.headers.accept ?? ''
    const plain = accepted.includes('application/json') && !accepted.includes('application/hal+json')
    const text = JSON.stringify(plain ? keepJobLink(result.body) : result.body)
    response.writeHead(result.status, { 'Content-Type': plain ? 'application/json' : 'application/hal+json', ...(result.status === 401 ? { 'WWW-Authenticate': 'Basic realm="Lab filer"' } : {}), ...result.headers }).end(text)
  }

  return createServer(
    { key: readFileSync(certificates.keyFile), cert: readFileSync(certificates.certFile), ca: readFileSync(certificates.caFile), requestCert: true, rejectUnauthorized: false, keepAliveTimeout: 60_000 },
    (request, response) => { void handle(request, response) },
  )
}

/** Without HAL only the link to the next page is left; that of a job is answered all the same. */
function keepJobLink(body: Json): unknown {
  const plain = withoutLinks(body) as Record<string, unknown>
  return { ...plain, ...(body['job'] === undefined ? {} : { job: body['job'] }), ...(body['jobs'] === undefined ? {} : { jobs: body['jobs'] }) }
}

function clientName(request: IncomingMessage): string | undefined {
  const socket = request.socket as unknown as Pick<TLSSocket, 'authorized' | 'getPeerCertificate'>
  if (!socket.authorized) return undefined
  const name: string | string[] | undefined = socket.getPeerCertificate().subject.CN
  return typeof name === 'string' ? name : name?.[0]
}

/** The SVM a request is confined to: the login's own, or the one of the tunnel header. */
function scopeOf(request: IncomingMessage, user: FilerUser, cluster: Cluster): string | undefined {
  const header = (name: string): string | undefined => {
    const value = request.headers[name]
    return Array.isArray(value) ? value[0] : value
  }
  const [name, uuid] = [header('x-dot-svm-name'), header('x-dot-svm-uuid')]
  if (name === undefined && uuid === undefined) return user.svm
  if (user.svm !== undefined) throw new OntapError(400, 6, 'An SVM-scoped login must not send X-Dot-SVM-Name or X-Dot-SVM-UUID.')
  const svm = [...cluster.svms.values()].find((each) => (name === undefined || each.name === name) && (uuid === undefined || each.uuid === uuid))
  if (svm === undefined) throw new OntapError(404, 2621462, `The SVM "${name ?? uuid ?? ''}" does not exist.`)
  return svm.name
}

async function readBody(request: IncomingMessage): Promise<Json> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > longestBody) throw new OntapError(400, 2, 'The body is too long.')
    chunks.push(chunk)
  }
  const text = Buffer.concat(chunks).toString('utf8')
  if (text.trim() === '') return {}
  try {
    return unfold(JSON.parse(text) as Json)
  } catch {
    throw new OntapError(400, 262198, 'The body is not valid JSON.')
  }
}
