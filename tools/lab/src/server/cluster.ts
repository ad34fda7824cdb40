import { startJobQueue } from '../scheduler/job-queue.ts'
import { type Socket, createServer } from 'node:net'
import { mkdirSync, writeSync } from 'node:fs'
import path from 'node:path'
import { LabInstance } from '../engine/instance.ts'
import { OraError } from '../engine/ora-error.ts'
import type { ParameterSettings } from '../engine/parameter-file.ts'
import { openHost } from '../host/host.ts'
import { serveNet } from '../net/net-server.ts'
import { endWithLab } from './lifetime.ts'
import { serveClient } from './server.ts'
import { bindSocket } from './socket.ts'

/** First line of an instance's control connection. While it is open the instance lives. */
export interface JoinRequest {
  readonly join: { readonly host: string; readonly sid: string; readonly settings: readonly (readonly [string, string])[]; readonly spfile: { readonly path: string; readonly entries: readonly (readonly [string, string])[] } | null }
}

/** Where the engine of a clustered database listens. */
export const clusterSocket = (labDir: string, database: string): string => path.join(labDir, 'cluster', `${database}.sock`)

/**
 * The engine of a clustered database: one cache, one control file, a redo thread per instance. It ends with the last instance;
 * when that one was killed, at once and without writing, as a crash does.
 */
export async function runCluster(labDir: string, database: string): Promise<void> {
  const instances = new Map<string, LabInstance>()
  let spfileEntries: ParameterSettings | undefined
  mkdirSync(path.dirname(clusterSocket(labDir, database)), { recursive: true })

  const leave = (sid: string): void => {
    instances.delete(sid)
    if (instances.size === 0) process.exit(0)
  }
  const join = async (socket: Socket, { host, sid, settings, spfile }: JoinRequest['join']): Promise<void> => {
    if (spfile !== null) spfileEntries ??= new Map(spfile.entries)
    const net: { server?: { close(): void } | undefined } = {}
    const instance = new LabInstance({
      host: openHost(labDir, host), sid, settings: new Map(settings), spfile: spfile?.path ?? null, joins: [...instances.values()][0],
      ...(spfileEntries === undefined ? {} : { spfileEntries }),
      // The answer to SHUTDOWN has to leave first.
      exit: () => {
        instances.delete(sid)
        jobs.stop()
        net.server?.close()
        setTimeout(() => {
          socket.end()
          if (instances.size === 0) process.exit(0)
        }, 20)
      },
    })
    const jobs = startJobQueue(instance, () => [...instances.values()].find((member) => member.status === 'OPEN') === instance)
    instances.set(sid, instance)
    net.server = await serveNet(instance, openHost(labDir, host))
    socket.on('close', () => {
      if (instances.get(sid) !== instance) return
      net.server?.close()
      if (instances.size === 1) process.exit(0)
      instance.crash().catch((error: unknown) => { instance.diagnostics.alert(`PMON: ${String(error)}`) }).finally(() => { leave(sid) })
    })
    socket.write(`${JSON.stringify({ ok: true })}\n`)
  }

  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    firstLine(socket, (line) => {
      const request = JSON.parse(line) as JoinRequest | { readonly member: string }
      if ('join' in request) {
        join(socket, request.join).catch((error: unknown) => {
          socket.end(`${JSON.stringify({ ok: false, messages: error instanceof OraError ? error.messages : [{ code: 'ORA-00600', text: `internal error code, arguments: [${String(error)}]` }] })}\n`)
        })
        return
      }
      const instance = instances.get(request.member)
      if (instance === undefined) socket.destroy()
      else serveClient(instance, socket)
    })
  })
  await bindSocket(server, clusterSocket(labDir, database))
  writeSync(3, `${JSON.stringify({ ok: true })}\n`)
  endWithLab(labDir)
}

/** Hands over the first line; what came behind it stays in the socket. */
function firstLine(socket: Socket, take: (line: string) => void): void {
  let seen = Buffer.alloc(0)
  const onData = (chunk: Buffer): void => {
    seen = Buffer.concat([seen, chunk])
    const end = seen.indexOf(0x0a)
    if (end === -1) return
    socket.off('data', onData)
    socket.pause()
    const rest = seen.subarray(end + 1)
    if (rest.length > 0) socket.unshift(rest)
    take(seen.toString('utf8', 0, end))
    socket.resume()
  }
  socket.on('data', onData)
}
