import type { Duplex } from 'node:stream'
import { Agent } from 'node:https'
import { connect } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'
import type { TlsOptions } from './tls-options.ts'

/** The error code of a certificate that is not the pinned one. */
export const fingerprintMismatch = 'ICB_FINGERPRINT_MISMATCH'

/** An agent that verifies the server as the options say, before the first byte of a request is sent. */
export async function createTlsAgent(tls: TlsOptions, maxSockets: number, read: (path: string) => Promise<Buffer>): Promise<Agent> {
  const { caFile, certFile, keyFile, fingerprint, serverName, insecure = false } = tls
  const verification = {
    ...(caFile === undefined ? {} : { ca: await read(caFile) }),
    ...(certFile === undefined ? {} : { cert: await read(certFile) }),
    ...(keyFile === undefined ? {} : { key: await read(keyFile) }),
    ...(serverName === undefined ? {} : { servername: serverName }),
    rejectUnauthorized: !insecure && fingerprint === undefined,
    minVersion: 'TLSv1.2' as const,
  }
  const agentOptions = { keepAlive: true, maxSockets, ...verification }
  return fingerprint === undefined ? new Agent(agentOptions) : new PinningAgent(agentOptions, fingerprint)
}

/** Hands a connection over only after its certificate has been compared, so that no password reaches another server. */
class PinningAgent extends Agent {
  readonly #fingerprint: string

  constructor(options: ConstructorParameters<typeof Agent>[0], fingerprint: string) {
    super(options)
    this.#fingerprint = plain(fingerprint)
  }

  override createConnection(options: ConnectionOptions, callback?: (error: Error | null, stream: Duplex) => void): Duplex | null | undefined {
    const socket = connect(options)
    const fail = (error: Error): void => { callback?.(error, socket) }
    socket.once('error', fail)
    socket.once('secureConnect', () => {
      socket.off('error', fail)
      const found = plain(socket.getPeerCertificate().fingerprint256)
      if (found === this.#fingerprint) {
        callback?.(null, socket)
        return
      }
      socket.destroy()
      fail(Object.assign(new Error(`its certificate has the SHA-256 fingerprint ${found}, expected ${this.#fingerprint}`), { code: fingerprintMismatch }))
    })
    return undefined
  }
}

function plain(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase()
}
