import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Certificate } from '../appliance-zfssa/certificate.ts'
import { FaultDesk } from '../appliance-zfssa/faults.ts'
import type { ApplianceFault } from '../appliance-zfssa/faults.ts'
import { SoftnasError } from './array.ts'
import type { SoftnasArray } from './array.ts'
import { runOpcode } from './opcodes.ts'
import type { OpcodeAnswer } from './opcodes.ts'

/** A simulated SoftNAS server that answers over HTTPS. */
export interface RunningSoftnas extends AsyncDisposable {
  /** `127.0.0.1:<port>`. */
  readonly address: string
  readonly array: SoftnasArray
  readonly faults: FaultDesk
}

interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

const longestBody = 1024 * 1024
const loginPage = '<!DOCTYPE html>\n<html><head><title>SoftNAS StorageCenter login</title></head><body><form action="/softnas/login.php"></form></body></html>'

export async function startSoftnas(array: SoftnasArray, { certificate, port = 0 }: { readonly certificate: Certificate; readonly port?: number }): Promise<RunningSoftnas> {
  const faults = new FaultDesk()

  const wrap = (answer: Readonly<Record<string, unknown>>): unknown => (array.settings.wrapped ? { success: true, session_id: 8062, result: answer } : answer)

  const refused = (): Reply => {
    switch (array.settings.refusal) {
      case 'redirect':
        return { status: 302, headers: { Location: '/softnas/login.php' } }
      case 'page':
        return { status: 200, body: loginPage }
      case 'message':
        return { status: 200, body: wrap({ success: false, msg: 'Your session has expired. Please log in again.' }) }
    }
  }

  const answer = (method: string, path: string, cookie: string | undefined, operands: ReadonlyMap<string, string>): Reply => {
    if (method === 'POST' && path === '/softnas/login.php') {
      const session = array.logIn(operands.get('username') ?? '', operands.get('password') ?? '')
      // A session begins with the visit, whoever visits; only a good login is let in with it.
      return { status: session === undefined ? 200 : 302, headers: { 'Set-Cookie': `PHPSESSID=${session ?? 'visitor'}; path=/; secure; HttpOnly`, ...(session === undefined ? {} : { Location: '/softnas/storagecenter' }) }, ...(session === undefined ? { body: loginPage } : {}) }
    }
    if (path === '/softnas/logout.php') {
      array.endSession(cookie)
      return { status: 302, headers: { Location: '/softnas/login.php' } }
    }
    if (path !== '/softnas/snserver/snserv.php') return { status: 404, body: '<html><body><h1>Not Found</h1></body></html>' }
    if (!array.hasSession(cookie)) return refused()
    try {
      const { msg, records, total }: OpcodeAnswer = runOpcode(array, operands)
      return { status: 200, body: wrap({ success: true, msg, ...(records === undefined ? {} : { records }), ...(total === undefined ? {} : { total }) }) }
    } catch (error) {
      return { status: 200, body: wrap({ success: false, msg: error instanceof SoftnasError ? error.message : `Internal error: ${String(error)}` }) }
    }
  }

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname } = new URL(incoming.url ?? '/', 'https://server')
    const method = incoming.method ?? 'GET'
    const operands = await readForm(incoming)
    // Passwords stay out of the log.
    const shown = new URLSearchParams([...operands].filter(([name]) => ['opcode', 'command', 'start', 'limit'].includes(name))).toString()
    const path = shown === '' ? pathname : `${pathname}?${shown}`
    const fault = faults.take(`${method} ${path}`)
    const note = (status?: number): void => { faults.note({ at: Date.now(), node: 0, method, path, ...(status === undefined ? {} : { status }), ...(fault === undefined ? {} : { fault: `${fault.when} ${String(fault.effect)}` }) }) }
    if (fault?.when === 'before' && fault.effect !== 'slow') {
      note(typeof fault.effect === 'number' ? fault.effect : undefined)
      await spoil(fault, incoming, response)
      return
    }
    const reply = answer(method, pathname, incoming.headers.cookie, operands)
    note(reply.status)
    if (fault?.effect === 'slow') await delay(1000)
    else if (fault !== undefined) {
      await spoil(fault, incoming, response)
      return
    }
    // JSON comes as text/html, which is what PHP says of everything.
    response.writeHead(reply.status, { 'Content-Type': 'text/html; charset=UTF-8', ...reply.headers })
    response.end(reply.body === undefined ? '' : typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body))
  }

  const server = createServer({ key: certificate.key, cert: certificate.cert, minVersion: 'TLSv1.2' }, (incoming, response) => {
    handle(incoming, response).catch(() => { incoming.socket.destroy() })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    address: `127.0.0.1:${String((server.address() as AddressInfo).port)}`, array, faults,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => { server.close(() => { resolve() }) })
    },
  }
}

async function readForm(incoming: IncomingMessage): Promise<ReadonlyMap<string, string>> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= longestBody) chunks.push(chunk)
  }
  return new Map(new URLSearchParams(Buffer.concat(chunks).toString('utf8')))
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
      response.writeHead(200, { 'Content-Type': 'text/html' })
      response.write('{"success":tr')
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
