import net, { type AddressInfo, type Socket } from 'node:net'
import tls from 'node:tls'
import type { LabInstance } from '../engine/instance.ts'
import type { Host } from '../host/host.ts'
import { type ConnectWish, receiveConnect } from './connect-phase.ts'
import { NetConnection } from './net-connection.ts'
import { PacketWriter } from './packets.ts'
import { deregister, loopback, register } from './registration.ts'
import { containerOf, serviceNames } from './services.ts'
import { readServerIdentity } from './tls-files.ts'

/** How often the listener is told of services that came or went, such as those of PDBs. */
const registerMs = 1000

/** An instance's own end of Oracle Net. */
export interface NetServer {
  readonly port: number
  close(): void
}

/**
 * Listens for clients of Oracle Net and registers with the host's listener, unless LOCAL_LISTENER is an address of its own.
 * @returns `undefined` for an instance that no client can reach over the net
 */
export async function serveNet(instance: LabInstance, host: Host): Promise<NetServer | undefined> {
  if (host.lab.listeners?.some((listener) => listener.host === host.name) !== true) return undefined
  if (/PROTOCOL\s*=\s*IPC/i.test(instance.parameters.get('local_listener')?.value ?? '')) return undefined
  const sockets = new Set<Socket>()
  const client = (socket: Socket): void => {
    sockets.add(socket)
    socket.setNoDelay(true)
    // A client that is killed resets the connection.
    socket.on('error', () => undefined)
    socket.once('close', () => sockets.delete(socket))
    receiveConnect(socket, (wish) => { welcome(instance, socket, wish) })
  }
  const plain = net.createServer(client)
  const identity = await readServerIdentity(host.labDir)
  const secure = identity === undefined ? undefined : tls.createServer({ key: identity.key, cert: identity.cert, minVersion: 'TLSv1.2' }, client)
  secure?.on('tlsClientError', () => undefined)
  const port = await listen(plain)
  const securePort = secure === undefined ? undefined : await listen(secure)
  let registered = ''
  const refresh = (): void => {
    const services = serviceNames(instance)
    if (services.join() === registered) return
    registered = services.join()
    register(host, { sid: instance.sid, pid: process.pid, services, port, ...(securePort === undefined ? {} : { securePort }) })
  }
  refresh()
  const timer = setInterval(refresh, registerMs)
  timer.unref()
  return {
    port,
    close: () => {
      clearInterval(timer)
      deregister(host, instance.sid)
      plain.close()
      secure?.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

async function listen(server: net.Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, loopback, resolve)
  })
  return (server.address() as AddressInfo).port
}

/** Accepts a client that asks for this instance, in a state in which it lets clients in. */
function welcome(instance: LabInstance, socket: Socket, { service, sid, sessionDataUnit }: ConnectWish): void {
  const services = serviceNames(instance)
  if (service !== undefined ? !services.includes(service) : sid !== instance.sid.toLowerCase()) new PacketWriter(socket).refuse(service !== undefined ? 12514 : 12505)
  else if (instance.status === 'STARTED') new PacketWriter(socket).refuse(12528)
  else new NetConnection(instance, socket, service ?? services[0] ?? '', service === undefined ? 0 : containerOf(instance, service)).serve(sessionDataUnit)
}
