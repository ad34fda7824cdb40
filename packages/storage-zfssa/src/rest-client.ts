import type { Agent } from 'node:https'
import { Secret, redact } from '@icb/runtime'
import type { Clock, Logger } from '@icb/runtime'
import { storageErrors } from '@icb/storage-core'
import axios from 'axios'
import type { AxiosInstance } from 'axios'
import { codeOf, errorOfConnection, errorOfFault, faultOf, wasNotSent } from './appliance-errors.ts'
import type { RestAnswer } from './appliance-errors.ts'
import { parseExactly } from './exact-json.ts'

export interface RestClientOptions {
  /** Management addresses; the first one is asked until it is not there or does not own the pool. */
  readonly urls: readonly string[]
  readonly agent: Agent
  readonly user: string
  readonly password: Secret
  readonly login: 'basic' | 'token'
  readonly apiVersion: 1 | 2 | 'auto'
  readonly timeoutMs: number
  readonly clock: Clock
  readonly logger: Logger
}

export interface RestCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Service, then the parts of the path; each is encoded. */
  readonly path: readonly string[]
  readonly query?: Readonly<Record<string, string | number>>
  readonly body?: Readonly<Record<string, unknown>>
  readonly signal?: AbortSignal | undefined
}

/** REST to a stand-alone appliance or a cluster. */
export interface RestClient {
  /** The answer, whatever its status. @throws ICB_STORAGE_UNREACHABLE, TLS, AUTH (second 401 of a session), PROTOCOL; the signal's reason */
  send(what: string, call: RestCall): Promise<RestAnswer>
  /** Turns to the other node. False when there is none. */
  turnToPeer(): boolean
  readonly host: string
  readonly version: () => Promise<1 | 2>
  close(): Promise<void>
}

interface RawAnswer {
  readonly status: number
  readonly text: string
  readonly headers: Readonly<Record<string, unknown>>
}

const largestAnswer = 256 * 1024 * 1024

export function createRestClient(options: RestClientOptions): RestClient {
  const { urls, agent, user, password, clock, logger } = options
  const http: AxiosInstance = axios.create({
    httpsAgent: agent, proxy: false, maxRedirects: 0, maxContentLength: largestAnswer, responseType: 'text',
    // Statuses are judged, and numbers read exactly, by the caller.
    validateStatus: () => true, transformResponse: (text: unknown) => text,
  })
  let current = 0
  /** Sessions are local to the node that gave them. */
  const sessions = new Map<number, Promise<Secret>>()
  let version: Promise<1 | 2> | undefined

  const raw = async (node: number, method: string, path: string, headers: Readonly<Record<string, string>>, body: string | undefined, signal: AbortSignal | undefined): Promise<RawAnswer> => {
    signal?.throwIfAborted()
    const deadline = new AbortController()
    const done = new AbortController()
    // The whole exchange, also a body that drips, has one deadline.
    clock.sleep(options.timeoutMs, done.signal).then(() => { deadline.abort() }, () => undefined)
    try {
      const answer = await http.request<string>({
        url: `${(urls[node] ?? '').replace(/\/+$/, '')}${path}`, method,
        headers: { Accept: 'application/json', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { data: body }),
        signal: signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, signal]),
      })
      return { status: answer.status, text: typeof answer.data === 'string' ? answer.data : '', headers: answer.headers }
    } catch (error) {
      signal?.throwIfAborted()
      if (deadline.signal.aborted) throw storageErrors.UNREACHABLE(`no whole answer within ${options.timeoutMs / 1000} s`, { details: { code: 'TIMEOUT' } })
      throw plain(error)
    } finally {
      done.abort()
    }
  }

  const basic = (): Record<string, string> => ({ Authorization: `Basic ${Buffer.from(`${user}:${password.reveal()}`).toString('base64')}` })

  const logIn = async (node: number, signal: AbortSignal | undefined): Promise<Secret> => {
    const answer = await raw(node, 'POST', `/api/access/v${await knownVersion(signal)}`, { 'X-Auth-User': user, 'X-Auth-Key': password.reveal() }, undefined, signal)
    const token = answer.headers['x-auth-session']
    if (answer.status !== 201 || typeof token !== 'string') throw errorOfFault('logging in', faultOf(answer.status, readBody(answer, 'logging in').body))
    return new Secret(token, 'session of the appliance')
  }

  const loginHeaders = async (node: number, signal: AbortSignal | undefined): Promise<Record<string, string>> => {
    if (options.login === 'basic') return basic()
    let session = sessions.get(node)
    if (session === undefined) {
      session = logIn(node, signal)
      sessions.set(node, session)
      session.catch(() => sessions.delete(node))
    }
    return { 'X-Auth-Session': (await session).reveal() }
  }

  /** One request to one node; a session that ended is renewed once. 401 means that nothing was done. */
  const exchange = async (node: number, method: string, path: string, body: string | undefined, signal: AbortSignal | undefined): Promise<RawAnswer> => {
    const headers = await loginHeaders(node, signal)
    const answer = await raw(node, method, path, headers, body, signal)
    if (answer.status !== 401 || options.login === 'basic') return answer
    logger.debug({ host: hostOf(urls[node]) }, 'the session of the appliance has ended; logging in again')
    // Another request may have renewed it already.
    const known = await sessions.get(node)?.catch(() => undefined)
    if (known?.reveal() === headers['X-Auth-Session']) sessions.delete(node)
    return raw(node, method, path, await loginHeaders(node, signal), body, signal)
  }

  /** Asks the current node, and the other one when no connection can be made. */
  const anywhere = async (what: string, method: string, path: (version: 1 | 2) => string, body: string | undefined, signal: AbortSignal | undefined): Promise<RawAnswer> => {
    const address = path(await knownVersion(signal))
    const first = current
    try {
      return await exchange(first, method, address, body, signal)
    } catch (error) {
      signal?.throwIfAborted()
      if (!wasNotSent(error) || urls.length < 2) throw errorOfConnection(what, hostOf(urls[first]), error)
      const other = 1 - first
      logger.warn({ from: hostOf(urls[first]), to: hostOf(urls[other]), code: codeOf(error) }, 'no connection to the appliance; asking its peer')
      try {
        const answer = await exchange(other, method, address, body, signal)
        current = other
        return answer
      } catch (second) {
        signal?.throwIfAborted()
        throw errorOfConnection(what, hostOf(urls[other]), second)
      }
    }
  }

  const probeVersion = async (signal: AbortSignal | undefined): Promise<1 | 2> => {
    for (const node of urls.keys()) {
      try {
        const answer = await raw((current + node) % urls.length, 'GET', '/api/access/v2', basic(), undefined, signal)
        return answer.status === 200 && /^\s*\{/.test(answer.text) ? 2 : 1
      } catch (error) {
        signal?.throwIfAborted()
        if (node === urls.length - 1 || !wasNotSent(error)) throw errorOfConnection('asking for the version of the API', hostOf(urls[node]), error)
      }
    }
    return 1
  }

  const knownVersion = async (signal?: AbortSignal): Promise<1 | 2> => {
    if (options.apiVersion !== 'auto') return options.apiVersion
    version ??= probeVersion(signal)
    try {
      return await version
    } catch (error) {
      version = undefined
      throw error
    }
  }

  return {
    send: async (what, { method, path: [service = '', ...parts], query = {}, body, signal }) => {
      signal?.throwIfAborted()
      const search = new URLSearchParams(Object.entries(query).map(([key, value]): [string, string] => [key, String(value)])).toString()
      const address = (v: 1 | 2): string => `/api/${service}/v${v}${parts.map((part) => `/${encodeURIComponent(part)}`).join('')}${search === '' ? '' : `?${search}`}`
      return readBody(await anywhere(what, method, address, body === undefined ? undefined : JSON.stringify(body), signal), what)
    },
    turnToPeer: () => {
      if (urls.length < 2) return false
      current = 1 - current
      return true
    },
    get host() {
      return hostOf(urls[current])
    },
    version: () => knownVersion(),
    close: async () => {
      for (const [node, session] of sessions) {
        const token = await session.catch(() => undefined)
        // Sessions end by themselves; a node that is gone is no reason to fail.
        if (token !== undefined) await raw(node, 'DELETE', `/api/access/v${await knownVersion()}`, { 'X-Auth-Session': token.reveal() }, undefined, undefined).catch(() => undefined)
      }
      sessions.clear()
      agent.destroy()
    },
  }
}

function hostOf(url: string | undefined): string {
  return url === undefined ? '' : new URL(url).host
}

/** An error without axios' request, which has the password in its headers. */
function plain(error: unknown): unknown {
  const { message, code, cause } = error as { message?: unknown; code?: unknown; cause?: unknown }
  const inner = (cause as { code?: unknown } | undefined)?.code
  return Object.assign(new Error(redact(typeof message === 'string' ? message : String(error))), { code: typeof inner === 'string' ? inner : code })
}

/** @throws ICB_STORAGE_UNREACHABLE for a page of a proxy or of a web server that restarts, PROTOCOL for anything else that is no JSON */
function readBody({ status, text, headers }: RawAnswer, what: string): RestAnswer {
  const date = typeof headers['date'] === 'string' ? headers['date'] : undefined
  if (text.trim() === '') return { status, body: undefined, date }
  try {
    return { status, body: parseExactly(text), date }
  } catch (cause) {
    const start = redact(text).slice(0, 500)
    const details = { status, body: start }
    if (/^\s*</.test(text) || String(headers['content-type']).includes('html')) throw storageErrors.UNREACHABLE(`${what}: the answer (${status}) is a web page, not one of the REST service: ${start}`, { hint: 'A proxy in between, or the appliance is starting.', details })
    throw storageErrors.PROTOCOL(`${what}: the answer (${status}) is no JSON: ${start}`, { details, cause })
  }
}
