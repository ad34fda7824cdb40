import { readFile } from 'node:fs/promises'
import { redact } from '@icb/runtime'
import type { Logger, Secret } from '@icb/runtime'
import axios from 'axios'
import type { AxiosInstance, AxiosResponse } from 'axios'
import { storageErrors } from '../errors.ts'
import { createTlsAgent } from './tls-agent.ts'
import { transportError } from './transport-error.ts'
import type { TlsOptions } from './tls-options.ts'

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD'

export interface HttpClientOptions {
  /** `https://host:port`, without a path. */
  readonly baseUrl: string
  /** For messages: `the filer 10.10.10.11`. */
  readonly name: string
  readonly logger: Logger
  readonly tls?: TlsOptions
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>
  /** HTTP Basic, in UTF-8. */
  readonly basic?: { readonly user: string; readonly password: Secret }
  /** For one request, connecting included; milliseconds. Default 60000. */
  readonly timeoutMs?: number
  /** Requests at the same time; further ones wait. Default 4. */
  readonly concurrency?: number
  /** Longer answers are an error. Default 64 MiB. */
  readonly maxBodyBytes?: number
}

export interface HttpRequest {
  readonly method: HttpMethod
  /** Path with its query, from `/`. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | boolean>>
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as an HTML form would be; instead of `body`. */
  readonly form?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
  readonly signal?: AbortSignal | undefined
}

export interface HttpAnswer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Parsed when it is JSON, `undefined` when empty, else the text. */
  readonly body: unknown
}

export interface HttpClient {
  /**
   * One request; any status is an answer. Nothing is followed or repeated.
   * @throws ICB_STORAGE_UNREACHABLE (no answer), ICB_STORAGE_TLS, ICB_STORAGE_PROTOCOL (answer too long), the signal's reason.
   */
  request(request: HttpRequest): Promise<HttpAnswer>
  /** Requests sent so far. */
  readonly sent: number
  close(): void
}

/** An HTTPS client for one storage system. It connects with the first request. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { baseUrl, name, logger, tls = {}, basic, timeoutMs = 60_000, concurrency = 4, maxBodyBytes = 64 * 1024 * 1024 } = options
  if (tls.insecure === true) logger.warn({ server: baseUrl }, `the certificate of ${name} is not verified because the configuration says so (insecure)`)

  let opened: Promise<{ readonly http: AxiosInstance; readonly destroy: () => void }> | undefined
  const open = async (): Promise<{ readonly http: AxiosInstance; readonly destroy: () => void }> => {
    const agent = await createTlsAgent(tls, concurrency, (path) => readPem(path, name))
    const http = axios.create({
      adapter: 'http',
      baseURL: baseUrl,
      httpsAgent: agent,
      // The environment's proxies are for the Internet; credentials must not go through them.
      proxy: false,
      maxRedirects: 0,
      maxContentLength: maxBodyBytes,
      responseType: 'text',
      transformResponse: (data: unknown) => data,
      validateStatus: () => true,
      headers: {
        Accept: 'application/json',
        ...options.headers,
        ...(basic === undefined ? {} : { Authorization: `Basic ${Buffer.from(`${basic.user}:${basic.password.reveal()}`, 'utf8').toString('base64')}` }),
      },
    })
    return { http, destroy: () => { agent.destroy() } }
  }

  const slots = createSlots(concurrency)
  let sent = 0
  const send = async (request: HttpRequest): Promise<HttpAnswer> => {
    const { method, path, query, signal } = request
    const content = contentOf(request)
    opened ??= open()
    const { http } = await opened.catch((error: unknown) => {
      opened = undefined
      throw error
    })
    signal?.throwIfAborted()
    sent++
    const limit = request.timeoutMs ?? timeoutMs
    // axios' own timeout does not cover connecting; the signal does.
    const timer = AbortSignal.timeout(limit)
    try {
      const answer = await http.request<string>({
        method,
        url: path,
        ...(query === undefined ? {} : { params: query, paramsSerializer: { serialize } }),
        ...(content === undefined ? {} : { data: content.data, headers: { 'Content-Type': content.type, ...request.headers } }),
        ...(content === undefined && request.headers !== undefined ? { headers: request.headers } : {}),
        signal: signal === undefined ? timer : AbortSignal.any([timer, signal]),
      })
      logger.trace({ method, path: redact(path), status: answer.status }, `${method} ${redact(path)}: ${answer.status}`)
      return answerOf(answer)
    } catch (error) {
      signal?.throwIfAborted()
      throw transportError(error, { name, request: `${method} ${redact(path)}`, timedOutAfterMs: timer.aborted ? limit : undefined })
    }
  }

  return {
    request: async (request) => {
      request.signal?.throwIfAborted()
      const release = await slots(request.signal)
      try {
        return await send(request)
      } finally {
        release()
      }
    },
    get sent() {
      return sent
    },
    close: () => {
      void opened?.then(({ destroy }) => { destroy() }, () => undefined)
      opened = undefined
    },
  }
}

function contentOf({ body, form }: HttpRequest): { readonly data: string; readonly type: string } | undefined {
  if (form !== undefined) return { data: new URLSearchParams(form).toString(), type: 'application/x-www-form-urlencoded' }
  return body === undefined ? undefined : { data: JSON.stringify(body), type: 'application/json' }
}

function answerOf(answer: AxiosResponse<string>): HttpAnswer {
  const headers: Record<string, string> = {}
  for (const [key, value] of Object.entries(answer.headers)) headers[key.toLowerCase()] = Array.isArray(value) ? value.join(', ') : String(value)
  const text = typeof answer.data === 'string' ? answer.data : ''
  return { status: answer.status, headers, body: parsed(text) }
}

function parsed(text: string): unknown {
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

/** Spaces as %20: some arrays do not read a plus sign as one. */
function serialize(query: Record<string, unknown>): string {
  return Object.entries(query)
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(String(value))}`)
    .join('&')
}

async function readPem(path: string, name: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw storageErrors.TLS(`the file ${path} for ${name} cannot be read`, { hint: 'It must be a PEM file that the user who runs icb can read.', cause })
  }
}

/** At most `count` holders; the others wait in order. */
function createSlots(count: number): (signal: AbortSignal | undefined) => Promise<() => void> {
  let free = count
  const waiting: (() => void)[] = []
  const release = (): void => {
    const next = waiting.shift()
    if (next === undefined) free++
    else next()
  }
  return async (signal) => {
    if (free > 0) {
      free--
      return release
    }
    await new Promise<void>((resolve, reject) => {
      const turn = (): void => {
        signal?.removeEventListener('abort', leave)
        resolve()
      }
      const leave = (): void => {
        waiting.splice(waiting.indexOf(turn), 1)
        reject(signal?.reason as Error)
      }
      waiting.push(turn)
      signal?.addEventListener('abort', leave, { once: true })
    })
    return release
  }
}
