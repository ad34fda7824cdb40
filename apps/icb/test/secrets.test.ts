import { randomBytes } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, copyFileSync, cpSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { createStage, repositoryRoot, runningPrograms } from '@icb/testing'
import type { Stage, StageHost } from '@icb/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'

/** Planted secrets of every kind, an adapter that spills them wherever it can, a whole cycle with failures at debug level: no sink has one. */

const kinds = ['env', 'file', 'ini', 'command', 'unused', 'oracle', 'rest-user', 'rest-password', 'rest-session', 'ledger', 'os-user', 'wallet', 'webhook', 'heartbeat', 'mail'] as const
/** That of the wallet is replaced by what is in the lab's. */
const planted = Object.fromEntries(kinds.map((kind) => [kind, `S3cret-${kind}-${randomBytes(5).toString('hex')}`])) as Record<(typeof kinds)[number], string>
let stage: Stage
const configs: Partial<Record<StageHost, string>> = {}
/** Configurations of logins that fail. */
const others: Record<string, string> = {}
let vault: string
/** Addresses of those who are told, for the environment. */
let addresses: Readonly<Record<string, string>>
const servers: Server[] = []
let certificate: { readonly key: string; readonly cert: string }

async function listen(server: Server): Promise<number> {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** An array that refuses everything and repeats in its answers, and in their headers, what it was sent: Basic, user, key, session. */
async function startEchoingArray(): Promise<string> {
  const array = createServer(certificate, (request, response) => {
    const { authorization = '', 'x-auth-user': user = '', 'x-auth-key': password = '', 'x-auth-session': session = '' } = request.headers
    if (request.method === 'POST' && request.url?.startsWith('/api/access') === true) {
      response.writeHead(201, { 'x-auth-session': planted['rest-session'] }).end()
      return
    }
    const said = [authorization, Buffer.from(authorization.replace('Basic ', ''), 'base64').toString(), user, password, session].join(' ')
    const message = `login failed for ${said}`
    response.writeHead(401, { 'www-authenticate': `Basic realm="${Buffer.from(said).toString('base64')}"` }).end(JSON.stringify({ fault: { message, code: 401, name: 'ERR_UNAUTHORIZED' }, error: { message, code: '6691623' } }))
  })
  return `https://127.0.0.1:${String(await listen(array))}`
}

/** A receiver of webhooks and heartbeats that knows none of them, and repeats the address in its refusal. */
async function startEchoingReceiver(): Promise<string> {
  const receiver = createHttpServer((request, response) => {
    request.resume()
    response.writeHead(404, `nothing at ${request.url ?? ''}`).end()
  })
  return `http://127.0.0.1:${String(await listen(receiver))}`
}

/** A mail server that refuses every login and repeats it. */
async function startEchoingMailServer(): Promise<string> {
  const server = createTlsServer(certificate, (socket) => {
    socket.setEncoding('utf8').on('error', () => undefined)
    socket.write('220 mail.example\r\n')
    socket.on('data', (text) => {
      for (const line of String(text).split('\r\n').filter((each) => each !== '')) {
        const [, login] = /^AUTH PLAIN (\S+)/i.exec(line) ?? []
        if (login !== undefined) socket.write(`535 5.7.8 no login for ${Buffer.from(login, 'base64').toString().split('\0').join(' ')}, that is ${login}\r\n`)
        else socket.write(/^EHLO/i.test(line) ? '250-mail.example\r\n250 AUTH PLAIN\r\n' : '250 ok\r\n')
      }
    })
  })
  return `127.0.0.1:${String(await listen(server))}`
}

/** In the forms in which a careless program passes a secret on. */
function formsOf(secret: string): readonly string[] {
  return [secret, Buffer.from(secret).toString('base64'), encodeURIComponent(secret)]
}

/** Empty when the process has ended. */
function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${String(pid)}/environ`, 'latin1')
  } catch {
    return ''
  }
}

function hits(text: string): readonly string[] {
  return kinds.filter((kind) => formsOf(planted[kind]).some((form) => text.includes(form)))
}

beforeAll(async () => {
  stage = await createStage({ database: 'orcl' })
  vault = join(stage.directory, 'vault')
  const { user } = stage.programs
  const put = (name: string, text: string, mode: number): string => {
    const path = join(stage.directory, name)
    writeFileSync(path, text, { mode })
    chmodSync(path, mode)
    if (user !== undefined) chownSync(path, user.uid, user.gid)
    return path
  }
  const file = put('vault-file', `${planted.file}\n`, 0o600)
  const ini = put('vault-ini', `[array]\npassword = ${planted.ini}\n`, 0o600)
  put('vault-command-data', `${planted.command}\n`, 0o600)
  const command = put('vault-command', `#!/bin/sh\nexec cat '${join(stage.directory, 'vault-command-data')}'\n`, 0o700)
  const adapter = join(stage.directory, 'leaky.mjs')
  copyFileSync(fileURLToPath(new URL('fixtures/leaky-adapter.mjs', import.meta.url)), adapter)
  const [keyFile, certFile] = [join(stage.directory, 'vault-array.key'), join(stage.directory, 'vault-array.pem')]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-keyout', keyFile, '-out', certFile, '-subj', '/CN=array.example', '-addext', 'subjectAltName=IP:127.0.0.1'], { stdio: 'ignore' })
  certificate = { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') }
  const [url, receiver, mail] = await Promise.all([startEchoingArray(), startEchoingReceiver(), startEchoingMailServer()])
  addresses = { WEBHOOK: `${receiver}/hooks/${planted.webhook}`, HEARTBEAT: `${receiver}/ping?token=${planted.heartbeat}`, MAIL_SERVER: `smtps://icb:${planted.mail}@${mail}`, NODE_EXTRA_CA_CERTS: certFile }
  const notify = { webhook: { env: 'WEBHOOK' }, backupHeartbeat: { env: 'HEARTBEAT' }, mailServer: { env: 'MAIL_SERVER' }, mailTo: ['dba@example.com'] }
  for (const host of ['prod', 'sandbox'] as const) {
    configs[host] = stage.variant(host, 'leaky', (_, settings) => {
      settings['notify'] = notify
      settings['storage'] = { adapter: './leaky.mjs', secrets: { user: { env: 'ARRAY_PASSWORD' }, token: { file }, password: { file: ini, section: 'array', key: 'password' }, key: { command: [command] } } }
    })
  }
  const credentials = { user: { env: 'REST_USER' }, password: { env: 'REST_PASSWORD' } }
  const storages = {
    basic: { adapter: 'zfssa', url, pool: 'p1', project: 'backups', credentials, insecure: true },
    session: { adapter: 'zfssa', url, pool: 'p1', project: 'backups', credentials, insecure: true, login: 'token' },
    ontap: { adapter: 'ontap', filer: url, credentials, insecure: true },
  }
  for (const [name, storage] of Object.entries(storages)) others[name] = stage.variant('prod', name, (_, settings) => { settings['storage'] = storage })
  // As npm install oracledb beside the configuration leaves it.
  cpSync(join(repositoryRoot, 'node_modules', 'oracledb'), join(stage.directory, 'node_modules', 'oracledb'), { recursive: true, filter: (source) => !source.includes('/build/') })
  others['wrong-password'] = stage.variant('prod', 'wrong-password', (_, settings) => { Object.assign(settings, { driver: 'thin', user: 'sys', password: { env: 'DB_PASSWORD' } }) })
  const wallet = join(stage.labDirectory, 'tns', 'wallet', 'sys-password')
  planted.wallet = readFileSync(wallet, 'utf8').trim()
  const made = await stage.sqlplus('prod', `whenever sqlerror exit failure\nconn / as sysdba\ncreate user autorestore identified by "${planted.ledger}";\ngrant create session, create table, create sequence, create procedure, create view, create job to autorestore;\nalter user autorestore quota unlimited on users;\nexit\n`, { ORACLE_SID: 'orcl' })
  if (made.exitCode !== 0) throw new Error(made.stdout)
  // A cycle that succeeds: the right password of the database, of the ledger's schema, of the user of the jobs.
  const right = (whole: Parameters<Parameters<Stage['variant']>[2]>[0], settings: Record<string, unknown>): void => {
    whole.ledger = { catalog: '/@orcl', user: 'autorestore', password: { env: 'LEDGER_PASSWORD' } }
    Object.assign(settings, { notify, driver: 'thin', user: 'sys', password: { file: wallet }, osUser: user === undefined ? userInfo().username : 'nobody' })
  }
  others['right'] = stage.variant('prod', 'right', right)
  others['right-sandbox'] = stage.variant('sandbox', 'right-sandbox', right)
  others['wrong-ledger-password'] = stage.variant('prod', 'wrong-ledger-password', (whole) => { whole.ledger = { catalog: '/@orcl', user: 'autorestore', password: { env: 'DB_PASSWORD' } } })
}, 120_000)
afterAll(async () => {
  for (const server of servers) {
    if ('closeAllConnections' in server) (server as { closeAllConnections(): void }).closeAllConnections()
    server.close()
  }
  await (stage as Stage | undefined)?.[Symbol.asyncDispose]()
}, 60_000)

it('[H46] no secret reaches an argument, a file, a log, a journal, an event, an error or the output', async () => {
  const sinks: { sink: string; size: number; hits: readonly string[] }[] = []
  const seenArguments = new Set<string>()
  const seenEnvironments = new Set<string>()
  const sampling = setInterval(() => {
    for (const { pid, arguments: words } of runningPrograms()) {
      const line = words.join(' ')
      seenArguments.add(line)
      // What the product starts, not the product itself, which is given some in its environment.
      if (line.includes(stage.directory) && !words.includes(stage.programs.icb)) seenEnvironments.add(environmentOf(pid))
    }
  }, 20)
  const commands: readonly (readonly [StageHost, number, ...string[]])[] = [
    ['prod', 0, 'config', 'show'],
    ['prod', 0, 'configure', 'orcl', '--yes'],
    ['prod', 0, 'backup', 'orcl'],
    ['prod', 1, 'backup', 'orcl'],
    ['prod', 1, 'backup', 'orcl', '--json'],
    ['prod', 1, 'snapshot', 'create', 'orcl', '--json'],
    ['prod', 0, 'snapshot', 'list', 'orcl'],
    ['sandbox', 1, 'restore-test', 'orcl'],
    ['prod', 0, 'ledger', 'list'],
  ]
  const successes: readonly (readonly [string, number, ...string[]])[] = [
    ['right', 0, 'ledger', 'create'],
    ['right', 0, 'backup', 'orcl'],
    ['right', 0, 'backup', 'orcl', '--json'],
    ['right', 0, 'schedule', 'install', 'orcl', '--yes'],
    ['right-sandbox', 0, 'restore-test', 'orcl', '--json'],
    ['right', 0, 'ledger', 'list', '--json'],
    ['right', 0, 'doctor', 'orcl', '--repair', '--json'],
  ]
  const failures: readonly (readonly [string, ...string[]])[] = [
    ...['basic', 'session', 'ontap'].flatMap((name) => [[name, 'snapshot', 'list', 'orcl'], [name, 'snapshot', 'list', 'orcl', '--json']] as const),
    ['session', 'doctor', 'orcl'],
    ['wrong-password', 'configure', 'orcl', '--dry-run'],
    ['wrong-password', 'backup', 'orcl', '--json'],
    ['wrong-ledger-password', 'ledger', 'list'],
  ]
  let verbose = ''
  try {
    for (const [host, exitCode, ...args] of [...commands, ...successes, ...failures.map(([name, ...args]) => [name, 1, ...args] as const)]) {
      const result = await stage.icb(host === 'sandbox' ? host : 'prod', [...args, '--verbose', '--events', join(stage.directory, 'all.events')], {
        config: others[host] ?? configs[host as StageHost]!,
        env: { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C', TZ: 'UTC', HOME: join(stage.directory, 'home'), ARRAY_PASSWORD: planted.env, DB_PASSWORD: planted.oracle, LEDGER_PASSWORD: planted.ledger, OSPASSWORD: planted['os-user'], ...addresses, REST_USER: planted['rest-user'], REST_PASSWORD: planted['rest-password'], UNRELATED_PASSWORD: planted.unused },
      })
      expect({ args, exitCode: result.exitCode, output: result.exitCode === exitCode ? '' : result.stdout + result.stderr }).toEqual({ args, exitCode, output: '' })
      verbose += result.stderr
      sinks.push({ sink: `stdout of icb ${args.join(' ')} (${host})`, size: result.stdout.length, hits: hits(result.stdout) }, { sink: `stderr of icb ${args.join(' ')} (${host})`, size: result.stderr.length, hits: hits(result.stderr) })
    }
  } finally {
    clearInterval(sampling)
  }
  // The adapter did try: what it logged is there, masked. So did those who are told.
  expect(verbose).toContain('login with')
  for (const refusal of ['404 nothing at', '535 5.7.8 no login for']) expect(verbose).toContain(refusal)
  sinks.push({ sink: `arguments of ${String(seenArguments.size)} processes`, size: [...seenArguments].join('').length, hits: hits([...seenArguments].join('\n')) })
  sinks.push({ sink: `environments of the programs that were started (${String(seenEnvironments.size)} different ones)`, size: [...seenEnvironments].join('').length, hits: hits([...seenEnvironments].join('\n')) })
  expect(seenEnvironments.size).toBeGreaterThan(2)
  const search = (path: string): void => {
    const facts = lstatSync(path)
    if (facts.isDirectory()) for (const name of readdirSync(path)) search(join(path, name))
    else if (facts.isFile() && !path.startsWith(vault) && !path.startsWith(join(stage.labDirectory, 'tns', 'wallet'))) sinks.push({ sink: path, size: facts.size, hits: hits(readFileSync(path, 'latin1')) })
  }
  for (const name of readdirSync(stage.directory).filter((entry) => !['programs', 'node_modules'].includes(entry))) search(join(stage.directory, name))
  for (const sink of ['state-prod', 'state-sandbox', 'ledger', 'scratch', 'lab/nfs/backup', 'all.events']) {
    const below = sinks.filter((entry) => entry.sink.startsWith(join(stage.directory, sink)))
    expect(below.length, sink).toBeGreaterThan(0)
    process.stdout.write(`searched ${sink}: ${String(below.length)} files, ${String(below.reduce((sum, entry) => sum + entry.size, 0))} bytes\n`)
  }
  for (const { sink, size } of sinks.filter((entry) => !entry.sink.startsWith('/'))) process.stdout.write(`searched ${sink}: ${String(size)} bytes\n`)
  const found = sinks.filter((entry) => entry.hits.length > 0)
  process.stdout.write(`${String(kinds.length)} kinds of secrets (${kinds.join(', ')}), each in ${String(formsOf('x').length)} forms, in ${String(sinks.length)} sinks: ${String(found.length)} hits\n`)
  expect(found).toEqual([])
}, 300_000)
