import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { faultOf } from '../appliance-zfssa/admin.ts'
import { makeCertificate } from '../appliance-zfssa/certificate.ts'
import { createDirectoryEngine } from '../volume-engine/directory-engine.ts'
import { SoftnasArray } from './array.ts'
import { startSoftnas } from './server.ts'

interface SoftnasCommandOptions {
  readonly pool: string
  readonly user: string
  readonly port: string
}

/** Adds `softnas` to the command `appliance`: a simulated SoftNAS server in the foreground, until it is interrupted. */
export function addSoftnasCommand(appliance: Command): void {
  appliance.command('softnas')
    .description('simulate a SoftNAS server: the opcodes of its REST API for volumes and snapshots, which it names by itself')
    .option('--pool <name>', 'its pool', 'pool1')
    .option('--user <name>', 'user; the password is read from the environment variable LAB_APPLIANCE_PASSWORD', 'softnas')
    .option('--port <port>', 'port of StorageCenter (0: any)', '0')
    .action(runSoftnas)
}

async function runSoftnas({ pool, user, port }: SoftnasCommandOptions): Promise<void> {
  const password = process.env['LAB_APPLIANCE_PASSWORD']
  if (password === undefined || password === '') throw new Error('set LAB_APPLIANCE_PASSWORD to the password of the user')
  const directory = await mkdtemp(join(tmpdir(), 'icb-softnas-'))
  try {
    const engine = createDirectoryEngine(join(directory, 'files'))
    const certificate = await makeCertificate(directory, ['localhost'])
    await using running = await startSoftnas(new SoftnasArray({ engine, users: new Map([[user, password]]), pool }), { certificate, port: Number(port) })
    // For scripting: GET /requests, POST /faults, DELETE /faults, POST /sessions/expire.
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
    const state = {
      simulator: 'SoftNAS of @icb/lab (a simulator, not the product)', engine: engine.description, serveraddress: running.address, pool, user, caFile: certificate.caFile, fingerprint: certificate.fingerprint,
      admin: `http://127.0.0.1:${String((admin.address() as AddressInfo).port)}`,
    }
    process.stdout.write(`${JSON.stringify(state, null, 2)}\n`)
    await new Promise<void>((resolve) => {
      process.once('SIGINT', resolve)
      process.once('SIGTERM', resolve)
    })
    admin.closeAllConnections()
    admin.close()
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
