import { createServer } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Server as TcpServer } from 'node:net'
import { Secret, silentLogger, systemClock } from '@icb/runtime'
import { ManualClock } from '@icb/runtime/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { noticeMail, noticeText, postWebhook, sendHeartbeat, sendMail } from '../src/index.ts'
import type { DeliveryOptions, Notice } from '../src/index.ts'

/** Notices over real sockets: what is sent, what is tried again, and what nobody may read. */

const opened: (Server | TcpServer)[] = []
afterEach(async () => {
  for (const server of opened.splice(0)) await new Promise((resolve) => server.close(resolve))
})
const options: DeliveryOptions = { clock: systemClock, logger: silentLogger, signal: new AbortController().signal, timeoutMs: 2_000 }
const secret = new Secret('planted-token-9182', 'token of the webhook')
const notice: Notice = { database: 'orcl', action: 'restore-test', ok: false, summary: 'failed', details: ['BLOCK_CORRUPT: file 4 block 7', `conn sys/${secret.reveal()}`], runId: 'r1', host: 'sandbox', at: '2026-03-10T00:00:00.000Z' }

async function http(answers: readonly number[]): Promise<{ readonly address: Secret; readonly seen: { readonly method: string; readonly url: string; readonly body: string }[] }> {
  const seen: { method: string; url: string; body: string }[] = []
  const server = createServer((request: IncomingMessage, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => { body += chunk.toString() })
    request.on('end', () => {
      seen.push({ method: request.method ?? '', url: request.url ?? '', body })
      response.writeHead(answers[seen.length - 1] ?? 200, { connection: 'close' }).end('ok')
    })
  })
  opened.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { address: new Secret(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/hook/${secret.reveal()}`, 'webhook'), seen }
}

/** Takes every mail and keeps what was said. */
async function smtp(answerToData = '250 queued'): Promise<{ readonly server: Secret; readonly said: string[] }> {
  const said: string[] = []
  const server = createTcpServer((socket) => {
    let data = false
    let buffer = ''
    socket.write('220 mail\r\n')
    socket.on('data', (chunk) => {
      buffer += chunk.toString()
      for (let end = buffer.indexOf('\r\n'); end >= 0; end = buffer.indexOf('\r\n')) {
        const line = buffer.slice(0, end)
        buffer = buffer.slice(end + 2)
        said.push(line)
        if (data) {
          if (line === '.') {
            data = false
            socket.write(`${answerToData}\r\n`)
          }
        } else if (/^DATA/i.test(line)) {
          data = true
          socket.write('354 go on\r\n')
        } else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n')
        else socket.write('250 ok\r\n')
      }
    })
    socket.on('error', () => undefined)
  })
  opened.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server: new Secret(`smtp://127.0.0.1:${String((server.address() as AddressInfo).port)}`, 'mail server'), said }
}

describe('a webhook', () => {
  it('gets the notice as JSON, with a text for people and without secrets', async () => {
    const { address, seen } = await http([200])
    await postWebhook(address, notice, options)
    expect(seen.map(({ method, url }) => [method, url])).toEqual([['POST', `/hook/${secret.reveal()}`]])
    const body = JSON.parse(seen[0]?.body ?? '') as Record<string, unknown>
    expect(body).toMatchObject({ schema: 'icb/notice/1', database: 'orcl', action: 'restore-test', ok: false, host: 'sandbox', runId: 'r1' })
    expect(String(body['text']).split('\n')[0]).toBe('restore-test of orcl on sandbox FAILED: failed')
    expect(seen[0]?.body).not.toContain(secret.reveal())
  })

  it('is asked again while it is out of order, and not when it refuses', async () => {
    const clock = new ManualClock('2026-03-10T00:00:00Z')
    const flaky = await http([503, 429, 200])
    const sent = postWebhook(flaky.address, notice, { ...options, clock })
    await expect.poll(() => flaky.seen.length).toBe(1)
    for (const count of [2, 3]) await expect.poll(async () => { await clock.advance(1_000); return flaky.seen.length }).toBeGreaterThanOrEqual(count)
    await sent
    const refusing = await http([404])
    await expect(postWebhook(refusing.address, notice, options)).rejects.toMatchObject({ code: 'ICB_MONITORING_DELIVERY', message: expect.stringContaining('404') as unknown })
    expect(refusing.seen).toHaveLength(1)
  })

  it('says nothing of an address that does not work', async () => {
    for (const address of ['no address at all', 'ftp://host/planted-path-5521', 'http://127.0.0.1:1/planted-path-5521']) {
      const error = await postWebhook(new Secret(address, 'webhook'), notice, { ...options, attempts: 1 }).catch((thrown: unknown) => thrown as Error)
      expect(error).toMatchObject({ code: 'ICB_MONITORING_DELIVERY' })
      expect((error as Error).message).not.toContain('planted-path')
    }
  })
})

it('a heartbeat asks for its address', async () => {
  const { address, seen } = await http([200])
  await sendHeartbeat(address, options)
  expect(seen).toEqual([{ method: 'GET', url: `/hook/${secret.reveal()}`, body: '' }])
})

describe('a mail', () => {
  it('goes to every recipient with subject and text', async () => {
    const { server, said } = await smtp()
    await sendMail(server, noticeMail(notice, { from: 'icb@sandbox', to: ['dba@example.com', 'ops@example.com'] }), options)
    expect(said.filter((line) => line.startsWith('RCPT'))).toEqual(['RCPT TO:<dba@example.com>', 'RCPT TO:<ops@example.com>'])
    expect(said).toContain('Subject: icb: restore-test of orcl FAILED')
    expect(said.join('\n')).toContain('BLOCK_CORRUPT: file 4 block 7')
    expect(said.join('\n')).not.toContain(secret.reveal())
    expect(noticeText(notice)).not.toContain(secret.reveal())
  })

  it('is refused for good with a 5xx, and never logs in over a line that anybody can read', async () => {
    const refusing = await smtp('550 no')
    await expect(sendMail(refusing.server, noticeMail(notice, { from: 'icb@sandbox', to: ['dba@example.com'] }), options)).rejects.toMatchObject({ code: 'ICB_MONITORING_DELIVERY' })
    expect(refusing.said.filter((line) => line.startsWith('DATA'))).toHaveLength(1)
    const open = await smtp()
    const withPassword = new Secret(open.server.reveal().replace('smtp://', 'smtp://icb:planted-password@'), 'mail server')
    await expect(sendMail(withPassword, noticeMail(notice, { from: 'icb@sandbox', to: ['dba@example.com'] }), { ...options, attempts: 1 })).rejects.toMatchObject({ code: 'ICB_MONITORING_DELIVERY' })
    expect(open.said.join('\n')).not.toMatch(/AUTH|cGxhbnRlZ/)
  })
})
