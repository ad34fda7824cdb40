import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface ServerIdentity {
  readonly key: string
  readonly cert: string
}

const directoryOf = (labDir: string): string => path.join(labDir, 'tns', 'tls')
const files = (labDir: string): { readonly key: string; readonly cert: string } => ({ key: path.join(directoryOf(labDir), 'server.key'), cert: path.join(directoryOf(labDir), 'server.pem') })

/** Key and certificate of the lab's servers; `undefined` when the lab has no TLS. */
export async function readServerIdentity(labDir: string): Promise<ServerIdentity | undefined> {
  const { key, cert } = files(labDir)
  return existsSync(cert) ? { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') } : undefined
}

/**
 * Makes the servers' certificate, and the clients' wallet `<lab>/tns/tls/ewallet.pem` that trusts it. Needs the program `openssl`.
 */
export async function makeTlsFiles(labDir: string): Promise<void> {
  const directory = directoryOf(labDir)
  if (existsSync(path.join(directory, 'ewallet.pem'))) return
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const certify = (name: string, subject: string, extension: string): Promise<unknown> =>
    run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3650', '-subj', subject, '-addext', extension, '-keyout', path.join(directory, `${name}.key`), '-out', path.join(directory, `${name}.pem`)])
  await certify('client', '/CN=lab client', 'extendedKeyUsage=clientAuth')
  await certify('server', '/CN=localhost', 'subjectAltName=DNS:localhost,DNS:prod,IP:127.0.0.1')
  const parts = await Promise.all(['client.pem', 'client.key', 'server.pem'].map((name) => readFile(path.join(directory, name), 'utf8')))
  // The client's own certificate and key first, then whom it trusts.
  await writeFile(path.join(directory, 'ewallet.pem'), parts.join(''), { mode: 0o600 })
}
