import net from 'node:net'
import readline from 'node:readline'
import path from 'node:path'
import { OraError, type OraMessage } from '../engine/ora-error.ts'
import type { ParameterFile } from '../engine/parameter-file.ts'
import type { Host } from '../host/host.ts'
import { socketPath } from '../host/host.ts'
import { clusterSocket, type JoinRequest } from './cluster.ts'
import { bindSocket, canConnect, connectSocket } from './socket.ts'
import { spawnDetached } from './spawn.ts'

/**
 * An instance of a cluster. The database's one engine runs in a process of its own, which the first instance starts; this
 * process is the instance as the host sees it: while it lives, so does its part of the engine, and its clients come through it.
 * @throws OraError as the engine answers
 */
export async function runMember(host: Host, sid: string, { settings, spfile }: ParameterFile): Promise<void> {
  const database = (settings.get('db_unique_name') ?? settings.get('db_name') ?? '').toLowerCase()
  const engine = clusterSocket(host.labDir, database)
  if (!(await canConnect(engine))) {
    await spawnDetached({ name: `lab_cluster_${database}`, args: ['__cluster', '--lab', host.labDir, '--database', database], labDir: host.labDir, log: path.join(host.labDir, 'cluster', `${database}.out`) })
  }
  const control = await connectSocket(engine)
  const answers = readline.createInterface({ input: control })
  const request: JoinRequest = { join: { host: host.name, sid, settings: [...settings], spfile: spfile === undefined ? null : { path: spfile.path, entries: [...spfile.entries] } } }
  control.write(`${JSON.stringify(request)}\n`)
  await new Promise<void>((resolve, reject) => {
    answers.once('line', (line) => {
      const answer = JSON.parse(line) as { readonly ok: boolean; readonly messages?: OraMessage[] }
      if (answer.ok) resolve()
      else reject(new OraError(answer.messages ?? []))
    })
  })
  const server = net.createServer((client) => { relay(client, engine, sid) })
  const release = await bindSocket(server, socketPath(host, sid))
  // The engine's side ends when the instance was shut down, or when the engine itself is gone.
  control.on('error', () => undefined)
  control.on('close', () => {
    release()
    setTimeout(() => process.exit(0), 20)
  })
}

/** A client's bytes to the engine and back. */
function relay(client: net.Socket, engine: string, sid: string): void {
  client.on('error', () => undefined)
  client.pause()
  connectSocket(engine).then((server) => {
    server.on('error', () => undefined)
    server.write(`${JSON.stringify({ member: sid })}\n`)
    client.pipe(server)
    server.pipe(client)
    client.on('close', () => { server.destroy() })
    server.on('close', () => { client.destroy() })
  }, () => { client.destroy() })
}
