import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Certificate {
  readonly key: string
  readonly cert: string
  /** The certificate is self-signed, so it is its own trust anchor. */
  readonly caFile: string
  /** SHA-256, as `AA:BB:…`. */
  readonly fingerprint: string
}

/** Makes a self-signed certificate as a new appliance has one. Needs the program `openssl`. */
export async function makeCertificate(directory: string, hostNames: readonly string[]): Promise<Certificate> {
  const [keyFile, caFile] = [join(directory, 'appliance.key'), join(directory, 'appliance.pem')]
  const names = ['IP:127.0.0.1', ...hostNames.map((name) => `DNS:${name}`)].join(',')
  await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30', '-subj', `/CN=${hostNames[0] ?? 'localhost'}`, '-addext', `subjectAltName=${names}`, '-keyout', keyFile, '-out', caFile])
  const { stdout } = await run('openssl', ['x509', '-in', caFile, '-noout', '-fingerprint', '-sha256'])
  return { key: await readFile(keyFile, 'utf8'), cert: await readFile(caFile, 'utf8'), caFile, fingerprint: stdout.trim().replace(/^.*=/, '') }
}
