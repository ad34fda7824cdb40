import { Agent } from 'node:https'
import type { AgentOptions } from 'node:https'
import type { Duplex } from 'node:stream'
import { connect } from 'node:tls'
import type { ConnectionOptions, TLSSocket } from 'node:tls'

export interface TlsSettings {
  /** PEM texts that replace the system's authorities. */
  readonly ca: string | undefined
  /** SHA-256, hexadecimal digits without separators, upper case. */
  readonly fingerprint: string | undefined
  readonly servername: string | undefined
  readonly insecure: boolean
  readonly connectTimeoutMs: number
  readonly concurrency: number
}

/** Codes of errors that mean: nothing was sent. */
export const connectTimeoutCode = 'ICB_CONNECT_TIMEOUT'
export const wrongFingerprintCode = 'ICB_WRONG_FINGERPRINT'

function codedError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

/** Keeps connections open, and hands one out only after its certificate was checked: no password reaches an unverified server. */
class VerifyingAgent extends Agent {
  readonly #settings: TlsSettings

  constructor(settings: TlsSettings) {
    super({ keepAlive: true, maxSockets: settings.concurrency, scheduling: 'lifo' })
    this.#settings = settings
  }

  override createConnection(options: AgentOptions & ConnectionOptions, callback?: (error: Error | null, stream: Duplex) => void): Duplex | null | undefined {
    const { ca, fingerprint, servername, insecure, connectTimeoutMs } = this.#settings
    const name = servername ?? options.host
    const socket: TLSSocket = connect({
      host: options.host,
      port: options.port,
      // An address is no server name (RFC 6066); the certificate is compared with it all the same.
      ...(name === undefined || /^[\d.]+$|:/.test(name) ? {} : { servername: name }),
      ...(ca === undefined ? {} : { ca }),
      rejectUnauthorized: !insecure && fingerprint === undefined,
      minVersion: 'TLSv1.2',
    } as ConnectionOptions)
    const finish = (error: Error | null): void => {
      socket.setTimeout(0)
      socket.removeAllListeners('timeout')
      socket.off('error', finish)
      callback?.(error, socket)
    }
    socket.setTimeout(connectTimeoutMs, () => {
      socket.destroy(codedError(connectTimeoutCode, `no connection within ${connectTimeoutMs / 1000} s`))
    })
    socket.once('error', finish)
    socket.once('secureConnect', () => {
      const found = socket.getPeerCertificate().fingerprint256.replaceAll(':', '')
      if (fingerprint !== undefined && found !== fingerprint) socket.destroy(codedError(wrongFingerprintCode, `the certificate has the fingerprint ${found}`))
      else finish(null)
    })
    return undefined
  }
}

export function createTlsAgent(settings: TlsSettings): Agent {
  return new VerifyingAgent(settings)
}
