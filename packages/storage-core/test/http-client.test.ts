import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import type { Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { isIcbError, Secret, silentLogger } from '@icb/runtime'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createHttpClient } from '../src/http.ts'
import type { HttpClient, HttpClientOptions } from '../src/http.ts'

const directory = mkdtempSync(join(tmpdir(), 'icb-http-'))
const [keyFile, caFile] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
let server: Server
let baseUrl: string
let seen: { readonly url: string; readonly authorization: string | undefined }[] = []
let running = 0
let mostRunning = 0

beforeAll(async () => {
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-keyout', keyFile, '-out', caFile, '-subj', '/CN=filer.example', '-addext', 'subjectAltName=DNS:filer.example'], { stdio: 'ignore' })
  server = createServer({ key: readFileSync(keyFile), cert: readFileSync(caFile) }, (request, response) => {
    seen.push({ url: request.url ?? '', authorization: request.headers.authorization })
    mostRunning = Math.max(mostRunning, ++running)
    response.once('close', () => running--)
    const path = request.url?.split('?')[0]
    if (path === '/never') return
    if (path === '/cut') request.socket.destroy()
    else if (path === '/long') response.end('x'.repeat(5000))
    else if (path === '/slow') setTimeout(() => response.end('{}'), 20)
    else if (path === '/form') {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => response.end(JSON.stringify({ type: request.headers['content-type'], sent: Buffer.concat(chunks).toString('utf8') })))
    } else response.writeHead(path === '/missing' ? 404 : 200, { 'X-Test': 'yes' }).end('{"a":1}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  baseUrl = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
  rmSync(directory, { recursive: true, force: true })
})

const password = new Secret('S3cret-of-the-filer', 'password of the filer')
const open = (tls: HttpClientOptions['tls'], more: Partial<HttpClientOptions> = {}): HttpClient =>
  createHttpClient({ baseUrl, name: 'the filer', logger: silentLogger, basic: { user: 'icb', password }, ...(tls === undefined ? {} : { tls }), ...more })
const trusted = { caFile, serverName: 'filer.example' }
const codeOf = (call: Promise<unknown>): Promise<string> => call.then(() => 'no error', (error: unknown) => (isIcbError(error) ? error.code : String(error)))

describe('the HTTPS client', () => {
  it('sends the login, answers every status and parses JSON', async () => {
    const client = open(trusted)
    expect(await client.request({ method: 'GET', path: '/missing', query: { name: 'a b&c' } })).toMatchObject({ status: 404, body: { a: 1 }, headers: { 'x-test': 'yes' } })
    expect(seen.at(-1)).toEqual({ url: '/missing?name=a%20b%26c', authorization: `Basic ${Buffer.from('icb:S3cret-of-the-filer').toString('base64')}` })
    expect(client.sent).toBe(1)
    client.close()
  })

  it('sends a form as a browser does', async () => {
    const client = open(trusted)
    expect(await client.request({ method: 'POST', path: '/form', form: { user: 'a b', password: 'ü&=' } })).toMatchObject({ body: { type: 'application/x-www-form-urlencoded', sent: 'user=a+b&password=%C3%BC%26%3D' } })
    client.close()
  })

  it.each([
    ['nothing configured', {}],
    ['an authority, but another name', { caFile }],
    ['an authority file that is missing', { caFile: join(directory, 'none.pem') }],
    ['another fingerprint', { fingerprint: '00'.repeat(32) }],
  ])('sends nothing to a server that it cannot verify: %s', async (_what, tls) => {
    seen = []
    expect(await codeOf(open(tls).request({ method: 'GET', path: '/' }))).toBe('ICB_STORAGE_TLS')
    expect(seen).toEqual([])
  })

  it('accepts the pinned certificate, and any when told so', async () => {
    const { fingerprint256 } = new X509Certificate(readFileSync(caFile))
    for (const tls of [{ fingerprint: fingerprint256 }, { fingerprint: fingerprint256.replaceAll(':', '').toLowerCase() }, { insecure: true }]) {
      const client = open(tls)
      expect((await client.request({ method: 'GET', path: '/' })).status).toBe(200)
      client.close()
    }
  })

  it('tells what to do with a request without answer, and never the password', async () => {
    const client = open(trusted, { timeoutMs: 150, maxBodyBytes: 1000 })
    expect(await codeOf(client.request({ method: 'GET', path: '/never' }))).toBe('ICB_STORAGE_UNREACHABLE')
    expect(await codeOf(client.request({ method: 'GET', path: '/long' }))).toBe('ICB_STORAGE_PROTOCOL')
    const error: unknown = await client.request({ method: 'GET', path: '/cut' }).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'ICB_STORAGE_UNREACHABLE', remedy: 'retry' })
    expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/S3cret|Authorization|aWNiOl/i)
    expect(await codeOf(createHttpClient({ baseUrl: 'https://127.0.0.1:1', name: 'nobody', logger: silentLogger }).request({ method: 'GET', path: '/' }))).toBe('ICB_STORAGE_UNREACHABLE')
    client.close()
  })

  it('keeps to its number of requests at once, and to the signal', async () => {
    mostRunning = 0
    const client = open(trusted, { concurrency: 3 })
    await Promise.all(Array.from({ length: 12 }, () => client.request({ method: 'GET', path: '/slow' })))
    expect(mostRunning).toBe(3)
    const reason = new Error('enough')
    await expect(client.request({ method: 'GET', path: '/', signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const stop = new AbortController()
    const waiting = client.request({ method: 'GET', path: '/never', signal: stop.signal })
    stop.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    client.close()
  })
})
