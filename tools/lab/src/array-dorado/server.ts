import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Certificate } from '../appliance-zfssa/certificate.ts'
import { FaultDesk } from '../appliance-zfssa/faults.ts'
import type { ApplianceFault } from '../appliance-zfssa/faults.ts'
import { DoradoError, doradoErrors } from './array.ts'
import type { DoradoArray } from './array.ts'
import { answerRest } from './rest.ts'

/** A simulated OceanStor Dorado that answers over HTTPS. */
export interface RunningDorado extends AsyncDisposable {
  /** `https://127.0.0.1:<port>`. */
  readonly url: string
  readonly array: DoradoArray
  readonly faults: FaultDesk
}

interface Answer {
  readonly data?: unknown
  readonly code: number
  readonly description: string
  readonly cookie?: string
}

const root = /^\/deviceManager\/rest\/([^/]+)\/(.+)$/
const longestBody = 1024 * 1024

export async function startDorado(array: DoradoArray, { certificate, port = 0 }: { readonly certificate: Certificate; readonly port?: number }): Promise<RunningDorado> {
  const faults = new FaultDesk()

  const answer = (incoming: IncomingMessage, body: Readonly<Record<string, unknown>>): Answer => {
    const { pathname, searchParams } = new URL(incoming.url ?? '/', 'https://array')
    const [, device = '', path = ''] = root.exec(pathname) ?? []
    const method = incoming.method ?? 'GET'
    const token = incoming.headers['ibasetoken']
    const known = typeof token === 'string' ? token : undefined
    if (method === 'POST' && path === 'sessions') {
      const session = array.logIn(textOf(body['username']), textOf(body['password']))
      return { code: 0, description: '0', cookie: session.cookie, data: { deviceid: array.deviceId, iBaseToken: session.token, username: textOf(body['username']), userid: textOf(body['username']), level: '3', accountstate: 1, usersource: '0', userscope: textOf(body['scope']) } }
    }
    array.checkSession(known, incoming.headers.cookie)
    if (decodeURIComponent(device) !== array.deviceId) throw doradoErrors.parameter('URL')
    if (method === 'DELETE' && path === 'sessions') {
      array.endSession(known)
      return { code: 0, description: '0', data: {} }
    }
    const data = answerRest(array, { method, path: path.split('/').map(decodeURIComponent), query: searchParams, body })
    return { code: 0, description: '0', data }
  }

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [method, path] = [incoming.method ?? 'GET', incoming.url ?? '/']
    const fault = faults.take(`${method} ${path}`)
    const note = (status?: number): void => { faults.note({ at: Date.now(), node: 0, method, path, ...(status === undefined ? {} : { status }), ...(fault === undefined ? {} : { fault: `${fault.when} ${String(fault.effect)}` }) }) }
    const body = await readBody(incoming)
    if (fault?.when === 'before' && fault.effect !== 'slow') {
      note(typeof fault.effect === 'number' ? fault.effect : undefined)
      await spoil(fault, incoming, response)
      return
    }
    let result: Answer
    try {
      if (body === undefined) throw doradoErrors.parameter('body')
      result = answer(incoming, body)
    } catch (error) {
      result = error instanceof DoradoError ? { code: error.code, description: error.message, data: {} } : { code: -1, description: String(error), data: {} }
    }
    note(200)
    if (fault?.effect === 'slow') await delay(1000)
    else if (fault !== undefined) {
      await spoil(fault, incoming, response)
      return
    }
    // Errors come with status 200, too.
    response.writeHead(200, { 'Content-Type': 'application/json;charset=UTF-8', ...(result.cookie === undefined ? {} : { 'Set-Cookie': `session=${result.cookie}; path=/; secure; HttpOnly` }) })
    response.end(JSON.stringify({ ...(result.data === undefined ? {} : { data: result.data }), error: { code: result.code, description: result.description } }))
  }

  const server = createServer({ key: certificate.key, cert: certificate.cert, minVersion: 'TLSv1.2' }, (incoming, response) => {
    handle(incoming, response).catch(() => { incoming.socket.destroy() })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    url: `https://127.0.0.1:${String((server.address() as AddressInfo).port)}`, array, faults,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => { server.close(() => { resolve() }) })
    },
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

/** `undefined`: no JSON object. */
async function readBody(incoming: IncomingMessage): Promise<Readonly<Record<string, unknown>> | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= longestBody) chunks.push(chunk)
  }
  if (size > longestBody) return undefined
  const text = Buffer.concat(chunks).toString('utf8')
  if (text === '') return {}
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

async function spoil({ effect }: ApplianceFault, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  if (typeof effect === 'number') {
    response.writeHead(effect).end('')
    return
  }
  switch (effect) {
    case 'html':
      response.writeHead(502, { 'Content-Type': 'text/html' }).end('<html><body><h1>502 Bad Gateway</h1></body></html>')
      return
    case 'garbage':
    case 'slow-body':
      response.writeHead(200, { 'Content-Type': 'application/json' })
      response.write('{"data":{"NA')
      await delay(20)
      response.end()
      return
    case 'hang':
    case 'slow':
      return
    case 'reset':
      incoming.socket.destroy()
  }
}
