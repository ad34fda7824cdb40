import { existsSync, rmSync, writeSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import net, { type AddressInfo, type Server, type Socket } from 'node:net'
import path from 'node:path'
import tls from 'node:tls'
import { type Host, openHost, socketPath } from '../host/host.ts'
import { type LabListener, readLabFile, writeLabFile } from '../host/lab-file.ts'
import { canConnect, socketAddress } from '../server/socket.ts'
import { type ConnectWish, receiveConnect } from './connect-phase.ts'
import { PacketWriter } from './packets.ts'
import { loopback as address, type Registration, registrations } from './registration.ts'
import { readServerIdentity } from './tls-files.ts'


/** What `lsnrctl status` is told. */
export interface ListenerStatus {
  readonly pid: number
  /** Milliseconds UTC. */
  readonly startedAt: number
  readonly port: number
  readonly securePort: number | undefined
  readonly services: readonly Registration[]
}

/** Where the listener of a host takes commands. */
export const listenerSocket = (host: Host): string => path.join(host.run, 'LISTENER')

/**
 * The listener of a host: sends each client on to the instance that serves what it asks for.
 * It keeps its port; when another program has taken that, it takes a free one and writes it to tnsnames.ora.
 */
export async function runListener(labDir: string, hostName: string): Promise<{ close(): void }> {
  const host = openHost(labDir, hostName)
  const own = host.lab.listeners?.find((listener) => listener.host === hostName)
  if (own === undefined) throw new Error(`host ${hostName} has no listener`)
  const identity = await readServerIdentity(labDir)
  const client = (isSecure: boolean) => (socket: Socket): void => {
    socket.on('error', () => undefined)
    receiveConnect(socket, (wish) => { void sendOn(host, socket, wish, isSecure) })
  }
  const plain = net.createServer(client(false))
  const secure = identity === undefined ? undefined : tls.createServer({ key: identity.key, cert: identity.cert, minVersion: 'TLSv1.2' }, client(true))
  secure?.on('tlsClientError', () => undefined)
  const port = await listen(plain, own.port)
  const securePort = secure === undefined ? undefined : await listen(secure, own.securePort ?? 0)
  await remember(labDir, own, { host: hostName, port, ...(securePort === undefined ? {} : { securePort }) })
  const startedAt = Date.now()
  const status = async (): Promise<ListenerStatus> => ({ pid: process.pid, startedAt, port, securePort, services: await alive(host) })
  const file = listenerSocket(host)
  rmSync(file, { force: true })
  const close = (): void => {
    plain.close()
    secure?.close()
    control.close()
    rmSync(file, { force: true })
  }
  const control = net.createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', (chunk: Buffer) => {
      const stop = chunk.toString('utf8').trim() === 'stop'
      if (stop) close()
      void status().then((found) => socket.end(`${JSON.stringify(found)}\n`))
    })
  })
  const target = socketAddress(file)
  await new Promise<void>((resolve, reject) => {
    control.once('error', reject)
    control.listen(target.address, resolve)
  })
  target.release()
  return { close }
}

/** Listens at the port, or at a free one when it is taken. */
async function listen(server: Server, port: number): Promise<number> {
  const at = (wanted: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(wanted, address, () => {
        server.off('error', reject)
        resolve()
      })
    })
  try {
    await at(port)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    await at(0)
  }
  return (server.address() as AddressInfo).port
}

/** Writes a new port where clients look for it. */
async function remember(labDir: string, was: LabListener, is: LabListener): Promise<void> {
  if (was.port === is.port && was.securePort === is.securePort) return
  const lab = await readLabFile(labDir)
  await writeLabFile(labDir, { ...lab, listeners: (lab.listeners ?? []).map((listener) => (listener.host === is.host ? is : listener)) })
  const names = path.join(labDir, 'tns', 'tnsnames.ora')
  const text = await readFile(names, 'utf8')
  const moved = (from: number | undefined, to: number | undefined, given: string): string => (from === undefined || to === undefined ? given : given.replaceAll(`(PORT = ${String(from)})`, `(PORT = ${String(to)})`))
  await writeFile(names, moved(was.securePort, is.securePort, moved(was.port, is.port, text)))
}

/** Registered instances that run. */
async function alive(host: Host): Promise<Registration[]> {
  const found = registrations(host)
  const running = await Promise.all(found.map(({ sid }) => canConnect(socketPath(host, sid))))
  return found.filter((_, index) => running[index] === true)
}

async function sendOn(host: Host, socket: Socket, { service, sid }: ConnectWish, isSecure: boolean): Promise<void> {
  const writer = new PacketWriter(socket)
  const found = (await alive(host)).find((instance) => (service !== undefined ? instance.services.includes(service) : instance.sid.toLowerCase() === sid))
  const port = isSecure ? found?.securePort : found?.port
  if (socket.destroyed) return
  if (port === undefined) writer.refuse(service !== undefined ? 12514 : 12505)
  else writer.redirect(`(ADDRESS=(PROTOCOL=${isSecure ? 'TCPS' : 'TCP'})(HOST=${address})(PORT=${String(port)}))`)
}

/** How often the process looks whether its lab is still there. */
const pollMs = 1000
/** Where the starter listens for one line. */
const readyFd = 3

/** The listener's process. Says on descriptor 3 when it listens. */
export async function runListenerProcess(labDir: string, hostName: string): Promise<void> {
  const ready = (line: string): void => { writeSync(readyFd, `${line}\n`) }
  process.title = 'tnslsnr LISTENER'
  try {
    const control = listenerSocket(openHost(labDir, hostName))
    const listener = await runListener(labDir, hostName)
    process.on('SIGTERM', () => { listener.close() })
    const timer = setInterval(() => {
      if (existsSync(path.join(labDir, 'lab.json')) && existsSync(control)) return
      clearInterval(timer)
      listener.close()
      setImmediate(() => process.exit(0))
    }, pollMs)
    ready(JSON.stringify({ ok: true }))
  } catch (error) {
    ready(JSON.stringify({ ok: false, message: error instanceof Error ? error.message : String(error) }))
    process.exitCode = 1
  }
}
