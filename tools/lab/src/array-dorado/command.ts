import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { faultOf } from '../appliance-zfssa/admin.ts'
import { makeCertificate } from '../appliance-zfssa/certificate.ts'
import { createDirectoryEngine } from '../volume-engine/directory-engine.ts'
import { DoradoArray } from './array.ts'
import { startDorado } from './server.ts'

interface DoradoCommandOptions {
  readonly vstore: string
  readonly user: string
  readonly port: string
}

/** Adds `dorado` to the command `appliance`: a simulated Huawei OceanStor Dorado in the foreground, until it is interrupted. */
export function addDoradoCommand(appliance: Command): void {
  appliance.command('dorado')
    .description('simulate a Huawei OceanStor Dorado: its REST API for file systems, snapshots, clones and NFS shares')
    .option('--vstore <name>', 'vStore beside the system\'s own', 'backup')
    .option('--user <name>', 'user; the password is read from the environment variable LAB_APPLIANCE_PASSWORD', 'icb')
    .option('--port <port>', 'port of the REST service (0: any)', '0')
    .action(runDorado)
}

async function runDorado({ vstore, user, port }: DoradoCommandOptions): Promise<void> {
  const password = process.env['LAB_APPLIANCE_PASSWORD']
  if (password === undefined || password === '') throw new Error('set LAB_APPLIANCE_PASSWORD to the password of the user')
  const directory = await mkdtemp(join(tmpdir(), 'icb-dorado-'))
  try {
    const engine = createDirectoryEngine(join(directory, 'files'))
    const certificate = await makeCertificate(directory, ['localhost'])
    await using running = await startDorado(new DoradoArray({ engine, users: new Map([[user, password]]), vstore }), { certificate, port: Number(port) })
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
      simulator: 'OceanStor Dorado of @icb/lab (a simulator, not a product of Huawei)', engine: engine.description, url: running.url, vstore, user, caFile: certificate.caFile, fingerprint: certificate.fingerprint,
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
