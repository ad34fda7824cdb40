import type net from 'node:net'
import readline from 'node:readline'
import { OraError, ora } from '../engine/ora-error.ts'
import type { Request, Response } from '../engine/protocol.ts'
import { connectSocket } from './socket.ts'

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never
export type CallRequest = WithoutId<Request>

/** A client's connection to an instance: one session once `logon` was called. */
export interface InstanceConnection {
  /** Sends a request and waits for its end; `onLine` gets the lines an RMAN command prints. Rejects with OraError; ORA-03113 when the instance went away. */
  call(request: CallRequest, onLine?: (line: string) => void): Promise<unknown>
  close(): void
}

interface Pending {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
  readonly onLine: ((line: string) => void) | undefined
}

/** @throws OraError 01034 (with 27101) when no instance listens */
export async function connectInstance(socketPath: string): Promise<InstanceConnection> {
  let socket: net.Socket
  try {
    socket = await connectSocket(socketPath)
  } catch {
    throw ora(1034, 'ORACLE not available', [27101, 'shared memory realm does not exist'])
  }
  const pending = new Map<number, Pending>()
  let lastId = 0
  const lines = readline.createInterface({ input: socket, crlfDelay: Infinity })
  lines.on('line', (text) => {
    const response = JSON.parse(text) as Response
    const waiting = pending.get(response.id)
    if (waiting === undefined) return
    if ('line' in response) {
      waiting.onLine?.(response.line)
      return
    }
    pending.delete(response.id)
    if (response.ok) waiting.resolve(response.result)
    else {
      const error = new OraError(response.messages)
      error.offset = response.offset
      waiting.reject(error)
    }
  })
  const lost = (): void => {
    for (const waiting of pending.values()) waiting.reject(ora(3113, 'end-of-file on communication channel'))
    pending.clear()
  }
  // The interface passes on its input's errors. After a failed write it never closes, only the socket does.
  socket.on('error', () => undefined)
  lines.on('error', () => undefined)
  lines.on('close', lost)
  socket.on('close', lost)
  return {
    call: async (request, onLine) => {
      if (socket.destroyed || socket.readableEnded) throw ora(3114, 'not connected to ORACLE')
      lastId += 1
      const id = lastId
      const answer = new Promise<unknown>((resolve, reject) => pending.set(id, { resolve, reject, onLine }))
      socket.write(`${JSON.stringify({ ...request, id })}\n`)
      return answer
    },
    close: () => { socket.end() },
  }
}
