import { execFileSync } from 'node:child_process'
import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync, chmodSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unprivilegedUser } from '@icb/testing'
import { simpleParser } from 'mailparser'
import type { ParsedMail } from 'mailparser'
import { SMTPServer } from 'smtp-server'

/** A mail as it arrived, over an encrypted line and after a login. */
export interface ReceivedMail {
  readonly from: string
  readonly to: readonly string[]
  readonly mail: ParsedMail
}

/** Real receivers of everything that `notify` of a configuration names: HTTP, and SMTP that takes mail only after STARTTLS and a login. */
export interface Receivers extends AsyncDisposable {
  /** For a database's `notify`. */
  readonly notify: Readonly<Record<string, unknown>>
  /** Variables that the programs need to trust the mail server. */
  readonly env: Readonly<Record<string, string>>
  readonly requests: readonly { readonly method: string; readonly path: string; readonly body: string }[]
  readonly mails: readonly ReceivedMail[]
}

const recipients = ['dba@lab.example', 'oncall@lab.example'] as const
const login = { user: 'icb', password: 'mail-Password/77' } as const

export async function startReceivers(): Promise<Receivers> {
  const directory = mkdtempSync(join(tmpdir(), 'icb-receivers-'))
  chmodSync(directory, 0o755)
  const [key, cert] = [join(directory, 'mail.key'), join(directory, 'mail.pem')]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-keyout', key, '-out', cert, '-subj', '/CN=mail.lab.example', '-addext', 'subjectAltName=IP:127.0.0.1'], { stdio: 'ignore' })
  const requests: { method: string; path: string; body: string }[] = []
  const http = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => { body += chunk.toString() })
    request.on('end', () => {
      requests.push({ method: request.method ?? '', path: request.url ?? '', body })
      response.writeHead(200, { connection: 'close' }).end()
    })
  })
  const mails: ReceivedMail[] = []
  const smtp = new SMTPServer({
    key: readFileSync(key), cert: readFileSync(cert), authMethods: ['PLAIN', 'LOGIN'], authOptional: false, allowInsecureAuth: false,
    onAuth: (auth, session, answer) => { answer(auth.username === login.user && auth.password === login.password && session.secure ? null : new Error('no such login'), { user: login.user }) },
    onData: (stream, { envelope }, answer) => {
      simpleParser(stream).then((mail) => {
        mails.push({ from: envelope.mailFrom === false ? '' : envelope.mailFrom.address, to: envelope.rcptTo.map(({ address }) => address), mail })
        answer()
      }, answer)
    },
  })
  // A client that gives up is no fault of the server.
  smtp.on('error', () => undefined)
  await Promise.all([new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve)), new Promise<void>((resolve) => { smtp.listen(0, '127.0.0.1', resolve) })])
  const secretFile = (name: string, text: string): { readonly file: string } => {
    const path = join(directory, name)
    writeFileSync(path, `${text}\n`, { mode: 0o600 })
    const user = unprivilegedUser()
    if (user !== undefined) chownSync(path, user.uid, user.gid)
    return { file: path }
  }
  const base = `http://127.0.0.1:${String((http.address() as AddressInfo).port)}`
  return {
    notify: {
      webhook: secretFile('webhook', `${base}/hook`), backupHeartbeat: secretFile('backup-heartbeat', `${base}/alive/backup`), restoreTestHeartbeat: secretFile('restore-test-heartbeat', `${base}/alive/restore-test`),
      mailServer: secretFile('mail-server', `smtp://${login.user}:${encodeURIComponent(login.password)}@127.0.0.1:${String((smtp.server.address() as AddressInfo).port)}`), mailTo: recipients, mailFrom: 'icb@lab.example',
    },
    env: { NODE_EXTRA_CA_CERTS: cert },
    requests, mails,
    async [Symbol.asyncDispose]() {
      await Promise.all([new Promise((resolve) => http.close(resolve)), new Promise<void>((resolve) => { smtp.close(resolve) })])
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
