import { readFile } from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import type { LabHost } from '../engine/instance-api.ts'
import { ora } from '../engine/ora-error.ts'
import { isMissing } from '../storage/file-io.ts'
import { canConnect } from '../server/socket.ts'
import { openHost, socketPath } from './host.ts'
import { registrations } from '../net/registration.ts'
import { type LabFile, instancesOf, readLabFile } from './lab-file.ts'

/** An instance that an alias leads to. */
export interface NetTarget {
  readonly hostName: string
  readonly sid: string
  /** Upper case, from the wallet. */
  readonly user: string
  readonly socketPath: string
  /** What was asked for, lower case. */
  readonly service: string
}

/** `host[:port]/service`, as Easy Connect writes it. */
const easyConnect = /^(?:\/\/)?([\w.-]+)(?::(\d+))?\/([\w.$#]+)$/

/**
 * What `/@alias` and `user@alias` connect to: tnsnames.ora of TNS_ADMIN or an Easy Connect string, then the wallet that sqlnet.ora names
 * (unless a user is given), then the lab's registry of services and, for who can be in a PDB, what is registered with the host's listener.
 * @throws OraError 12154 unknown alias; 01017 no entry in the wallet; 12541 no such host; 12514 service not running
 */
export async function resolveAlias(tnsAdmin: string, alias: string, host: LabHost, options: { readonly user?: string | undefined; readonly pluggable?: boolean } = {}): Promise<NetTarget> {
  const easy = easyConnect.exec(alias)
  const descriptor = easy === null ? findDescriptor(await textOf(path.join(tnsAdmin, 'tnsnames.ora')), alias) : `((ADDRESS=(HOST=${easy[1] ?? ''})(PORT=${easy[2] ?? '1521'}))(SERVICE_NAME=${easy[3] ?? ''}))`
  if (descriptor === undefined) throw ora(12154, 'TNS:could not resolve the connect identifier specified')
  const user = options.user ?? (await walletUser(tnsAdmin, alias))
  if (user === undefined) throw ora(1017, 'invalid username/password; logon denied')
  const lab = await readLabFile(host.labDir)
  const addresses = addressesOf(descriptor, lab)
  const answering = []
  for (const host of addresses) if (await listens(lab, host)) answering.push(host)
  if (answering.length === 0) throw ora(12541, 'TNS:no listener')
  const service = (valueOf(descriptor, 'SERVICE_NAME') ?? valueOf(descriptor, 'SID') ?? '').toLowerCase()
  const wanted = valueOf(descriptor, 'INSTANCE_NAME')?.toLowerCase()
  // The addresses in their order, as a client without load balancing tries them.
  for (const hostName of answering) {
    for (const database of lab.databases) {
      for (const { sid, host: on } of instancesOf(database)) {
        const registered = (): boolean => options.pluggable === true && registrations(openHost(host.labDir, on)).some((one) => one.sid === sid && one.services.includes(service))
        if (on !== hostName || !(database.services.includes(service) || sid.toLowerCase() === service || registered()) || (wanted !== undefined && sid.toLowerCase() !== wanted)) continue
        const socket = socketPath(openHost(host.labDir, on), sid)
        if (await canConnect(socket)) return { hostName: on, sid, user: user.toUpperCase(), socketPath: socket, service }
      }
    }
  }
  throw valueOf(descriptor, 'SERVICE_NAME') === undefined
    ? ora(12505, 'TNS:listener does not currently know of SID given in connect descriptor')
    : ora(12514, 'TNS:listener does not currently know of service requested in connect descriptor')
}

/** The lab hosts that the addresses of a descriptor mean: by name, or by the port of a listener on this machine. */
function addressesOf(descriptor: string, lab: LabFile): string[] {
  const found: string[] = []
  for (const [address] of descriptor.matchAll(/\(\s*ADDRESS\s*=\s*(?:\([^()]*\)\s*)*\)/gi)) {
    const name = (valueOf(address, 'HOST') ?? '').split('.')[0] ?? ''
    const port = Number(valueOf(address, 'PORT') ?? 1521)
    const host = lab.hosts.includes(name) ? name : lab.listeners?.find((listener) => listener.port === port || listener.securePort === port)?.host
    if (host !== undefined) found.push(host)
  }
  return found
}

/** Whether the host's listener answers; a host with databases and without a listener of its own needs none. */
async function listens(lab: LabFile, host: string): Promise<boolean> {
  const listener = lab.listeners?.find((one) => one.host === host)
  if (listener === undefined) return lab.listeners === undefined || lab.databases.some((database) => instancesOf(database).some((place) => place.host === host))
  return new Promise((resolve) => {
    const socket = net.connect(listener.port, '127.0.0.1')
    const done = (found: boolean) => (): void => {
      socket.destroy()
      resolve(found)
    }
    socket.once('connect', done(true)).once('error', done(false))
  })
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (isMissing(error)) return ''
    throw error
  }
}

/** The connect descriptor of an alias: names are case-insensitive, comments begin with `#`, the value is balanced parentheses. */
export function findDescriptor(tnsnames: string, alias: string): string | undefined {
  const text = tnsnames.replace(/#[^\n]*/g, '')
  const entry = /(^|\n)[ \t]*([A-Za-z0-9_.,\- \t]+?)\s*=\s*\(/g
  for (let match = entry.exec(text); match !== null; match = entry.exec(text)) {
    const start = match.index + match[0].length - 1
    let depth = 0
    let end = start
    do {
      if (text[end] === '(') depth += 1
      if (text[end] === ')') depth -= 1
      end += 1
    } while (depth > 0 && end < text.length)
    entry.lastIndex = end
    const names = (match[2] ?? '').split(',').map((n) => n.trim().toLowerCase())
    if (names.includes(alias.toLowerCase())) return text.slice(start, end)
  }
  return undefined
}

const valueOf = (descriptor: string, key: string): string | undefined => new RegExp(`\\(\\s*${key}\\s*=\\s*([^()\\s]+)\\s*\\)`, 'i').exec(descriptor)?.[1]

/** The lab's wallet is `lab-wallet.json`: user names by alias. Where Oracle keeps passwords, the lab needs none. */
async function walletUser(tnsAdmin: string, alias: string): Promise<string | undefined> {
  const sqlnet = await textOf(path.join(tnsAdmin, 'sqlnet.ora'))
  const directory = /DIRECTORY\s*=\s*([^()\s]+)/i.exec(sqlnet)?.[1]
  if (directory === undefined) return undefined
  const wallet = await textOf(path.join(path.resolve(tnsAdmin, directory.replace(/^\?\//, '')), 'lab-wallet.json'))
  if (wallet === '') return undefined
  const entries = JSON.parse(wallet) as Readonly<Record<string, string>>
  return Object.entries(entries).find(([name]) => name.toLowerCase() === alias.toLowerCase())?.[1]
}
