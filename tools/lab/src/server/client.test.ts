import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { connectInstance } from './client.ts'

it('rejects a call whose instance is gone, also when the write is what finds out', async () => {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'icb-client-'))
  const server = net.createServer()
  try {
    await new Promise<void>((resolve) => { server.listen(path.join(dir, 's'), resolve) })
    const accepted = once(server, 'connection') as Promise<[net.Socket]>
    const connection = await connectInstance(path.join(dir, 's'))
    const [socket] = await accepted
    // Closed here and written to in the same turn: the client has not read the end yet.
    socket.destroy()
    await expect(connection.call({ kind: 'mount' })).rejects.toThrow('ORA-03113')
    await expect(connection.call({ kind: 'mount' })).rejects.toThrow(/ORA-0311[34]/)
  } finally {
    server.close()
    await rm(dir, { recursive: true, force: true })
  }
}, 5000)
