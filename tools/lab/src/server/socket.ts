import { openSync, closeSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'

/** Longest path that fits in a Unix socket address, with room to spare. */
const LONGEST = 100

/**
 * An address for a Unix socket, also when its path is too long for one: then through an open directory of /proc.
 * Call `release` when the socket is bound or connected.
 */
export function socketAddress(file: string): { readonly address: string; release(): void } {
  if (Buffer.byteLength(file) <= LONGEST) return { address: file, release: () => undefined }
  const fd = openSync(path.dirname(file), 'r')
  return { address: `/proc/self/fd/${fd}/${path.basename(file)}`, release: () => { closeSync(fd) } }
}

/** Connects; rejects with the system's error (ENOENT, ECONNREFUSED) when nobody listens. */
export function connectSocket(file: string): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    let target: ReturnType<typeof socketAddress>
    try {
      target = socketAddress(file)
    } catch (error) {
      reject(error instanceof Error ? error : new Error(String(error)))
      return
    }
    const socket = net.connect(target.address)
    socket.once('connect', () => {
      target.release()
      socket.removeAllListeners('error')
      resolve(socket)
    })
    socket.once('error', (error) => {
      target.release()
      reject(error)
    })
  })
}

/** Whether somebody listens. */
export async function canConnect(file: string): Promise<boolean> {
  try {
    ;(await connectSocket(file)).destroy()
    return true
  } catch {
    return false
  }
}
