import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** PEM files of an authority, of the server certificate that it signed, and of a client's. */
export interface Certificates {
  readonly caFile: string
  readonly certFile: string
  readonly keyFile: string
  readonly clientCertFile: string
  readonly clientKeyFile: string
}

/** Makes the certificates with the program openssl, once per directory. `client` is the common name of the client's. */
export function makeCertificates(directory: string, client: string): Certificates {
  const file = (name: string): string => join(directory, name)
  const files = { caFile: file('ca.pem'), certFile: file('server.pem'), keyFile: file('server.key'), clientCertFile: file('client.pem'), clientKeyFile: file('client.key') }
  if (existsSync(files.clientCertFile)) return files
  mkdirSync(directory, { recursive: true, mode: 0o755 })
  const openssl = (...args: readonly string[]): void => { execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] }) }
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  openssl('req', '-x509', ...newKey, '-days', '3650', '-keyout', file('ca.key'), '-out', files.caFile, '-subj', '/CN=lab filer authority', '-addext', 'keyUsage=critical,keyCertSign,cRLSign')
  const sign = (name: string, commonName: string, extensions: string): void => {
    writeFileSync(file(`${name}.ext`), extensions)
    openssl('req', ...newKey, '-keyout', file(`${name}.key`), '-out', file(`${name}.csr`), '-subj', `/CN=${commonName}`)
    openssl('x509', '-req', '-in', file(`${name}.csr`), '-CA', files.caFile, '-CAkey', file('ca.key'), '-CAcreateserial', '-days', '3650', '-extfile', file(`${name}.ext`), '-out', file(`${name}.pem`))
  }
  sign('server', 'lab-filer', 'subjectAltName=DNS:localhost,DNS:lab-filer,IP:127.0.0.1,IP:::1\nextendedKeyUsage=serverAuth\n')
  sign('client', client, 'extendedKeyUsage=clientAuth\n')
  return files
}
