import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { LabHost } from '../engine/instance-api.ts'
import { ora } from '../engine/ora-error.ts'
import { isMissing } from '../storage/file-io.ts'
import { canConnect } from '../server/socket.ts'
import { openHost, socketPath } from './host.ts'
import { readLabFile } from './lab-file.ts'

/** An instance that an alias leads to. */
export interface NetTarget {
  readonly hostName: string
  readonly sid: string
  /** Upper case, from the wallet. */
  readonly user: string
  readonly socketPath: string
}

/**
 * What `/@alias` connects to: tnsnames.ora of TNS_ADMIN, then the wallet that sqlnet.ora names, then the lab's registry of
 * services.
 * @throws OraError 12154 unknown alias; 01017 no entry in the wallet; 12541 no such host; 12514 service not running
 */
export async function resolveAlias(tnsAdmin: string, alias: string, host: LabHost): Promise<NetTarget> {
  const descriptor = findDescriptor(await textOf(path.join(tnsAdmin, 'tnsnames.ora')), alias)
  if (descriptor === undefined) throw ora(12154, 'TNS:could not resolve the connect identifier specified')
  const user = await walletUser(tnsAdmin, alias)
  if (user === undefined) throw ora(1017, 'invalid username/password; logon denied')
  const lab = await readLabFile(host.labDir)
  const serverHost = (valueOf(descriptor, 'HOST') ?? '').split('.')[0]
  if (serverHost === undefined || !lab.hosts.includes(serverHost)) throw ora(12541, 'TNS:no listener')
  const service = (valueOf(descriptor, 'SERVICE_NAME') ?? valueOf(descriptor, 'SID') ?? '').toLowerCase()
  const database = lab.databases.find((d) => d.host === serverHost && (d.services.includes(service) || d.sid.toLowerCase() === service))
  const socket = database === undefined ? undefined : socketPath(openHost(host.labDir, serverHost), database.sid)
  if (database === undefined || socket === undefined || !(await canConnect(socket))) {
    throw ora(12514, 'TNS:listener does not currently know of service requested in connect descriptor')
  }
  return { hostName: database.host, sid: database.sid, user: user.toUpperCase(), socketPath: socket }
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
