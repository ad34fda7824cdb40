import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { faultOf } from '../appliance-zfssa/admin.ts'
import { makeCertificate } from '../appliance-zfssa/certificate.ts'
import type { Certificate } from '../appliance-zfssa/certificate.ts'
import type { FaultDesk } from '../appliance-zfssa/faults.ts'
import { createDirectoryEngine } from './directory-engine.ts'
import type { VolumeEngine } from './volume-engine.ts'

/** A simulated array that answers requests. */
export interface RunningArray extends AsyncDisposable {
  readonly faults: FaultDesk
  readonly array: { endAllSessions(): void }
}

export interface ForegroundArray<Running extends RunningArray> {
  /** What it calls itself, and that it is none. */
  readonly simulator: string
  readonly user: string
  readonly start: (setting: { readonly engine: VolumeEngine; readonly users: ReadonlyMap<string, string>; readonly certificate: Certificate }) => Promise<Running>
  /** Where it answers, and what else a client has to know. */
  readonly describe: (running: Running) => Readonly<Record<string, string>>
}

/**
 * Runs an array over copies of directories until SIGINT or SIGTERM. Its state goes to standard output as JSON, with the address of an
 * interface for scripts: GET /requests, POST /faults, DELETE /faults, POST /sessions/expire.
 * @throws when LAB_APPLIANCE_PASSWORD does not hold the user's password
 */
export async function runInForeground<Running extends RunningArray>({ simulator, user, start, describe }: ForegroundArray<Running>): Promise<void> {
  const password = process.env['LAB_APPLIANCE_PASSWORD']
  if (password === undefined || password === '') throw new Error('set LAB_APPLIANCE_PASSWORD to the password of the user')
  const directory = await mkdtemp(join(tmpdir(), 'icb-array-'))
  try {
    const engine = createDirectoryEngine(join(directory, 'files'))
    const certificate = await makeCertificate(directory, ['localhost'])
    await using running = await start({ engine, users: new Map([[user, password]]), certificate })
    const admin = createServer((incoming, response) => {
      void (async () => {
        const chunks: Buffer[] = []
        for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk)
        const asked = `${incoming.method ?? 'GET'} ${incoming.url ?? '/'}`
        if (asked === 'POST /faults') running.faults.add(faultOf(JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>))
        else if (asked === 'DELETE /faults') running.faults.clear()
        else if (asked === 'POST /sessions/expire') running.array.endAllSessions()
        else if (asked !== 'GET /requests') throw new RangeError(`no such call: ${asked}`)
        response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(asked === 'GET /requests' ? running.faults.log : {}))
      })().catch((error: unknown) => { response.writeHead(400).end(String(error)) })
    })
    await new Promise<void>((resolve) => { admin.listen(0, '127.0.0.1', resolve) })
    const ended = new Promise<void>((resolve) => { for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { resolve() }) })
    process.stdout.write(`${JSON.stringify({ simulator, engine: engine.description, ...describe(running), user, caFile: certificate.caFile, fingerprint: certificate.fingerprint, admin: `http://127.0.0.1:${String((admin.address() as AddressInfo).port)}` }, null, 2)}\n`)
    await ended
    admin.closeAllConnections()
    admin.close()
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
