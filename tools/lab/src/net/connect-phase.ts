import type { Socket } from 'node:net'
import { dataOf, type Packet, PacketCutter, packetType, parseConnect } from './packets.ts'

/** What a client wants before the server has answered anything. */
export interface ConnectWish {
  /** Lower case. */
  readonly service: string | undefined
  readonly sid: string | undefined
  readonly sessionDataUnit: number
}

/** How long a client may take to say what it wants. */
const patienceMs = 60_000

/** Value of a key in a connect descriptor, wherever it stands. */
export const descriptorValue = (descriptor: string, key: string): string | undefined => new RegExp(`\\(\\s*${key}\\s*=\\s*([^()\\s]+)\\s*\\)`, 'i').exec(descriptor)?.[1]

/**
 * Waits for CONNECT and its connect data. The socket is destroyed, and nothing answered, when something else comes.
 * @param then called once; the socket has no listener for data any more
 */
export function receiveConnect(socket: Socket, then: (wish: ConnectWish) => void): void {
  const cutter = new PacketCutter()
  let unit: number | undefined
  const timer = setTimeout(() => socket.destroy(), patienceMs)
  const stop = (): void => {
    clearTimeout(timer)
    socket.off('data', read)
  }
  const wish = (text: string): void => {
    stop()
    then({ service: descriptorValue(text, 'SERVICE_NAME')?.toLowerCase(), sid: descriptorValue(text, 'SID')?.toLowerCase(), sessionDataUnit: unit ?? 0 })
  }
  const packet = (received: Packet): void => {
    if (unit === undefined) {
      if (received.type !== packetType.connect) throw new RangeError('no CONNECT packet')
      const request = parseConnect(received)
      unit = request.sessionDataUnit
      if (request.connectData !== undefined) wish(request.connectData)
    } else if (received.type === packetType.data) wish(dataOf(received).toString('latin1'))
    else throw new RangeError('no connect data')
  }
  const read = (chunk: Buffer): void => {
    try {
      for (const received of cutter.take(chunk)) packet(received)
    } catch {
      stop()
      socket.destroy()
    }
  }
  socket.on('data', read)
  socket.once('close', stop)
}
